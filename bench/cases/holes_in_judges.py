"""Holes in what judges: waivers, bases, budgets and signatures that only look as if they were there."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Mapping

from case_changes import (
    BUDGET,
    CONFIGURATION,
    POLICY,
    Change,
    all_of,
    configured,
    digest_of,
    edited,
    judged_by_pack,
    pack_of,
)
from example_world import EXAMPLE_KEY, FOLDER, MODEL, OTHER_KEY, SIGNATURE, Checkout
from gate_cases import Case, leave_unsigned
from hole import Hole

from policy_gate.areas.signature.sign import sign_payload

NO_GROWTH = frozenset({"COST-002", "COST-003", "COST-004", "COST-012", "COST-018", "COST-019"})
UNSIGNED = frozenset({"SIG-001", "SIG-002", "SIG-003"})
AT_SIGNING = "signing: {release: signatures/release.dsse.json}"
MODEL_SIGNATURE = "signatures/model.oms.sigstore.json"


# A wildcard waiver until 9999

WAIVER = """\
apiVersion: policy-gate/v1alpha1
kind: WaiverList
waivers:
  - id: W-1
    rule: {rule}
    release: keyword-spotting
    subject: {subject}
    owner: jane@example.invalid
    approved_by: [anybody@example.invalid]
    reason: because we say so
    expires: 9999-12-31
"""


def waived(rule: str, subject: str) -> Change:
    """The configuration names a file with one waiver."""

    def change(checkout: Checkout) -> None:
        checkout.write("waivers.yaml", WAIVER.format(rule=rule, subject=subject))
        checkout.edit(POLICY, f"{POLICY}\n  waivers: waivers.yaml", CONFIGURATION)

    return change


ENDLESS_WAIVER = Hole(
    words="a wildcard waiver until 9999",
    tool="ota-policy-gate 0.1.0",
    did='One exception with rule_ids ["*"], no subject, the year 9999 and any name as approver made its "risky" '
    "example pass, rejected signature included.",
    cases=(
        Case(
            words="for every rule",
            base_has=waived('"*"', "release"),
            sign=leave_unsigned,
            said=r"waivers\.yaml:5:11: '\*' is no rule",
        ),
        Case(
            words="for every subject",
            base_has=waived("COST-005", '"*"'),
            sign=leave_unsigned,
            said=r"waivers\.yaml:7:14: '\*' is no subject",
        ),
        Case(
            words="for a signature",
            base_has=waived("SIG-002", "release"),
            sign=leave_unsigned,
            said=r"waivers\.yaml:5:11: rule SIG-002 cannot be waived",
        ),
        Case(
            words="that the change grants itself",
            spoil=waived('"*"', "release"),
            sign=leave_unsigned,
            rules=frozenset({"SIG-002"}),
        ),
    ),
)


# An unreadable base


def lost_object(path: str) -> Change:
    """The clone does not have the content of one path of the base."""

    def lose(checkout: Checkout) -> None:
        named = ["git", "rev-parse", f"HEAD:{FOLDER}/{path}" if path else "HEAD"]
        found = subprocess.run(named, cwd=checkout.root, capture_output=True, text=True, check=True).stdout.strip()
        lost = checkout.root / ".git" / "objects" / found[:2] / found[2:]
        lost.chmod(0o600)
        lost.unlink()

    return lose


UNREADABLE_BASE = Hole(
    words="an unreadable base",
    tool="ml-ci-action; MLBuild 0.3.0",
    did="Any error while fetching the base was a warning, and the action went on without one (an earlier commit). "
    "MLBuild skips the comparison when there is no base: exit 0.",
    cases=(
        Case(words="not fetched", base="origin/main", said="the revision 'origin/main' is not in this clone"),
        Case(
            words="not named, in CI", base=None, env={"CI": "true"}, said="in CI a release is judged against its base"
        ),
        Case(
            words="its manifest is no YAML",
            base_has=edited("kind: ReleaseManifest", "kind: [ReleaseManifest"),
            spoil=edited("kind: [ReleaseManifest", "kind: ReleaseManifest"),
            rules=NO_GROWTH
            | {"COST-017", "COST-020", "REL-001", "REL-010", "REL-011", "REL-012", "REL-013", "REL-014"}
            | {"PRIV-014", "PRIV-020", "PRIV-021", "PRIV-022", "PRIV-023", "TEL-007"},
        ),
        *(
            Case(
                words=f"its {word} is not in the clone",
                spoil=lost_object(path),
                said="the base is not whole: its content is not in this clone",
            )
            for word, path in (("model", MODEL), ("manifest", "release.yaml"))
        ),
        Case(
            words="its configuration is not in the clone",
            spoil=lost_object(CONFIGURATION),
            said=r"policy-gate\.yaml: not in checkout: .* its content is not in this clone",
        ),
        Case(
            words="its commit is not in the clone, and nobody named it",
            spoil=lost_object(""),
            base=None,
            said="HEAD is commit [0-9a-f]{12}, which cannot be read in this clone",
        ),
    ),
)


# A budget that is loaded but never evaluated

NO_SUCH_TARGET = r"policy-gate\.yaml:9:\d+: .*'max_macs'.* the target 'node-v9', which no manifest has"
BASELINE = configured(POLICY, 'policy: ["builtin:edge-baseline"]')

UNEVALUATED = Hole(
    words="a budget that is loaded but never evaluated",
    tool="MLBuild 0.3.0",
    did="p95 of 9,999 ms with a budget of 1 ms passed, and so did memory: the run never hands these two to the check, "
    'while it says "Budget constraints loaded". A misspelt key of budget.toml is ignored.',
    cases=(
        Case(
            words="for a target that does not exist",
            base_has=configured(BUDGET, "max_macs: {node-v9: 1}"),
            rules=frozenset({"COST-005"}),
            said=NO_SUCH_TARGET,
        ),
        Case(
            words='for a target that does not exist, beside one for "*"',
            base_has=configured(BUDGET, 'max_macs: {node-v9: 1, "*": 3000000}'),
            said=NO_SUCH_TARGET,
        ),
        Case(words="taken away", base_has=configured(f"    {BUDGET}\n", ""), rules=frozenset({"COST-005"})),
        Case(
            words="under a misspelt key",
            base_has=configured(BUDGET, "max_mac: {node-v2: 1}"),
            said=r"policy-gate\.yaml:9:\d+: .*'max_mac'",
        ),
        Case(
            words="under a misspelt `parameters`",
            base_has=configured("  parameters:", "  paramaters:"),
            said=r"policy-gate\.yaml:8:3: unknown field 'paramaters'",
        ),
        Case(
            words="that no selected rule reads",
            base_has=all_of(BASELINE, configured(BUDGET, "max_macs: {node-v2: 1}")),
            said=r"policy-gate\.yaml:9:15: parameter 'max_macs' is set, and no rule of the policy reads it",
        ),
        Case(
            words="that no selected rule reads, and is text",
            base_has=all_of(BASELINE, configured(BUDGET, "max_macs: never")),
            said=r"policy-gate\.yaml:9:15: parameter 'max_macs' must be a map",
        ),
        Case(
            words="that a pack declares and no rule of it reads",
            base_has=judged_by_pack(
                pack_of(
                    "check: fingerprint.digest_matches",
                    parameters="  parameters:\n    ceiling: {type: number, default: 1, words: the ceiling}\n",
                )
            ),
            said="no rule of this pack reads its parameter 'ceiling'",
        ),
    ),
)


# Asked to sign and not able to

UNABLE_TO_SIGN = Hole(
    words="asked to sign and not able to",
    tool="squash 3.1.0",
    did="--sign without its signing library: a warning, and exit 0. Verifying without a bundle answers `skipped`.",
    cases=(
        Case(
            words="the signature was never made",
            spoil=lambda checkout: (checkout.folder / SIGNATURE).unlink(),
            sign=leave_unsigned,
            rules=UNSIGNED,
        ),
        Case(
            words="nothing is said about a signature",
            spoil=edited(f"{AT_SIGNING}\n", ""),
            sign=leave_unsigned,
            rules=UNSIGNED | {"SIG-004", "REL-014"},
        ),
        Case(
            words="no key is trusted",
            base_has=configured("  trust: trust.yaml\n", ""),
            rules=UNSIGNED,
        ),
        Case(words="`sign` without a key", command=("sign", f"{FOLDER}/release.yaml"), said="sign|key"),
        Case(
            words="a signature of the model that is not there",
            spoil=edited(AT_SIGNING, AT_SIGNING.replace("}", f", model: {MODEL_SIGNATURE}}}")),
            rules=frozenset({"SIG-006"}),
        ),
        Case(
            words="a signature of the model that is some file",
            spoil=all_of(
                edited(AT_SIGNING, AT_SIGNING.replace("}", f", model: {MODEL_SIGNATURE}}}")),
                lambda checkout: checkout.write(MODEL_SIGNATURE, "{}"),
            ),
            rules=frozenset({"SIG-006"}),
        ),
        Case(
            words="a signature of the model that nobody could verify is taken away",
            base_has=edited(AT_SIGNING, AT_SIGNING.replace("}", f", model: {MODEL_SIGNATURE}}}")),
            spoil=edited(f", model: {MODEL_SIGNATURE}", ""),
            rules=frozenset({"REL-014"}),
        ),
    ),
)


# An unsigned statement


def statement_alone(checkout: Checkout) -> None:
    """The statement that should be in the envelope, without one."""
    checkout.sign()
    envelope = json.loads((checkout.folder / SIGNATURE).read_text(encoding="utf-8"))
    checkout.write(SIGNATURE, base64.b64decode(envelope["payload"]))


def empty_signatures(checkout: Checkout) -> None:
    """An envelope that nobody signed."""
    checkout.sign()
    envelope = json.loads((checkout.folder / SIGNATURE).read_text(encoding="utf-8"))
    checkout.write(SIGNATURE, json.dumps({**envelope, "signatures": []}))


SLSA = "https://slsa.dev/provenance/v1"
ENTRY = f'{{type: "{SLSA}", path: evidence/build.slsa.json, subjects: [kws]}}'
PROVENANCE = f"attestations: [{ENTRY}]"
AT_QUALITY = "quality: [{artifact: kws, metric: top1, value: 0.9, evidence: evidence/eval.dsse.json}]"
AT_TESTS = "compatibility: [{target: node-v2, artifact: kws, required: [boots, io-shape]}]"
TRUSTED_BUILDER = edited("roles: [releaser]", "roles: [releaser, builder]", "trust.yaml")


def unsigned_provenance(checkout: Checkout) -> None:
    """The manifest claims provenance; the file is a statement about nothing that nobody signed."""
    checkout.add(f"{AT_SIGNING}\n", f"{PROVENANCE}\n")
    statement = {"_type": "https://in-toto.io/Statement/v1", "predicateType": SLSA}
    checkout.write("evidence/build.slsa.json", json.dumps({**statement, "subject": [], "predicate": {}}))


def provenance(
    kind: str = SLSA, subjects: Mapping[str, str] | None = None, more: Mapping[str, str] | None = None
) -> Change:
    """The manifest claims provenance of the model, and the example's key signed a statement of some type about it."""

    def change(checkout: Checkout) -> None:
        checkout.add(f"{AT_SIGNING}\n", f"{PROVENANCE}\n")
        about = subjects or {MODEL: digest_of((checkout.folder / MODEL).read_bytes())}
        statement = {
            "_type": "https://in-toto.io/Statement/v1",
            "predicateType": kind,
            "subject": [
                {"name": name, "digest": {"sha256": digest.removeprefix("sha256:")}}
                for name, digest in {**about, **(more or {})}.items()
            ],
            "predicate": {},
        }
        checkout.write("evidence/build.slsa.json", sign_payload(json.dumps(statement).encode(), [EXAMPLE_KEY]))

    return change


UNSIGNED_STATEMENT = Hole(
    words="an unsigned statement",
    tool="LLM-Supply-Chain-Attestation",
    did="Its gate counts types of attestation, also in plain .json files that nobody signed, and does not call verify.",
    cases=(
        Case(words="a statement without envelope", sign=statement_alone, rules=UNSIGNED),
        Case(words="an envelope without signatures", sign=empty_signatures, rules=UNSIGNED),
        Case(words="a key that nobody trusts", sign=lambda checkout: checkout.sign(OTHER_KEY), rules=UNSIGNED),
        Case(
            words="provenance that nobody signed",
            spoil=unsigned_provenance,
            rules=frozenset({"SIG-005"}),
        ),
        Case(
            words="provenance signed by the key that signs releases",
            spoil=provenance(),
            rules=frozenset({"SIG-005"}),
        ),
        Case(
            words="provenance of another file",
            base_has=TRUSTED_BUILDER,
            spoil=provenance(subjects={"model/kws.onnx": f"sha256:{'ab' * 32}"}),
            rules=frozenset({"SIG-005"}),
        ),
        Case(
            words="provenance of the model and of a file that does not ship",
            base_has=TRUSTED_BUILDER,
            spoil=provenance(more={"model/other.onnx": f"sha256:{'ab' * 32}"}),
            rules=frozenset({"SIG-005"}),
        ),
        Case(
            words="a statement of another type, called provenance",
            base_has=TRUSTED_BUILDER,
            spoil=provenance(kind="https://example.invalid/vsa/v1"),
            rules=frozenset({"SIG-005"}),
        ),
        Case(
            words="provenance that nobody signed, taken away instead",
            base_has=unsigned_provenance,
            spoil=edited(f"{PROVENANCE}\n", ""),
            rules=frozenset({"REL-014"}),
        ),
        Case(
            words="a bench log, called evidence of a latency",
            spoil=all_of(
                edited("macs: 2656768}", "macs: 2656768, latency_ms: 3, evidence: evidence/bench.json}"),
                lambda checkout: checkout.write("evidence/bench.json", '{"latency_ms": 3}'),
            ),
            rules=frozenset({"REL-016"}),
        ),
        Case(
            words="evidence of an accuracy that is not there",
            spoil=edited(AT_SIGNING, f"{AT_QUALITY}\n{AT_SIGNING}"),
            rules=frozenset({"REL-016", "SIG-002"}),
            sign=leave_unsigned,
        ),
        Case(
            words="a list of tests that nobody ran",
            spoil=edited(AT_SIGNING, f"{AT_TESTS}\n{AT_SIGNING}"),
            rules=frozenset({"REL-015"}),
        ),
    ),
)


# A shallow clone


def shallow(checkout: Checkout) -> Checkout:
    """What a CI job has that fetched one commit: the change itself, committed."""
    checkout.commit()
    place = checkout.root.parent / f"{checkout.root.name}-shallow"
    subprocess.run(["git", "clone", "--quiet", "--depth=1", checkout.root.as_uri(), place], check=True)
    return Checkout(place)


def loosened(checkout: Checkout) -> Checkout:
    """A change that brings its own policy, in a clone that has nothing else."""
    configured(BUDGET, "max_macs: {node-v2: 999999999}")(checkout)
    checkout.sign()
    return shallow(checkout)


SHALLOW = Hole(
    words="a shallow clone",
    tool="LLM-Supply-Chain-Attestation",
    did="git failing, or a clone without HEAD~1, is an empty list of changes: no gate fires.",
    cases=(
        Case(words="the base is the commit before", spoil=shallow, base="HEAD~1", said="the revision 'HEAD~1' is not"),
        Case(
            words="the base is a branch that was not fetched",
            spoil=shallow,
            base="origin/release",
            said="not in this clone",
        ),
        Case(
            words="no base is named, in CI",
            spoil=shallow,
            base=None,
            env={"CI": "true"},
            said="in CI a release is judged against its base",
        ),
        Case(
            words="the change is named as its own base, in CI",
            spoil=loosened,
            sign=leave_unsigned,
            env={"CI": "true"},
            said="the very commit that is judged",
        ),
    ),
)
