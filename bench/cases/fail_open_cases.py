"""The inputs at which tools pass what they could not judge: for us as a case, for peers as document and policy."""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode, b64encode
from dataclasses import dataclass

from case_changes import (
    BUDGET,
    PACK_HEAD,
    POLICY,
    TRUST,
    Change,
    all_of,
    configured,
    edited,
    judged_by_pack,
    pack_of,
)
from example_world import SIGNATURE, Checkout
from gate_cases import Case, leave_unsigned
from signature_lies import another_key

EPSILON = "epsilon: 4.3"
MACS = "macs: 2656768"
NO_RULE = f"{PACK_HEAD}spec: {{rules: []}}\n"
DIGESTS = "check: fingerprint.digest_matches"
PRIVACY_UNKNOWN = frozenset({"PRIV-002", "PRIV-003", "PRIV-004", "PRIV-005"})


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row: our case, and the same for peers: an edit of their document, or one of their policies.

    `edit` is None where there is no document at all; `policy` names an entry of `peer_tools.POLICIES`.
    """

    ours: Case
    edit: tuple[str, str] | None = ("", "")
    policy: str = "usual"
    passes: bool | None = None
    """What every peer must answer, where the row is a control that shows that their policies work."""


def md5_as_the_second(checkout: Checkout) -> None:
    """Two signatures: a good one, and an MD5 digest of the payload."""
    checkout.sign()
    envelope = json.loads((checkout.folder / SIGNATURE).read_text(encoding="utf-8"))
    digest = hashlib.md5(b64decode(envelope["payload"])).digest()
    envelope["signatures"].append({"keyid": "other", "sig": b64encode(digest).decode()})
    checkout.write(SIGNATURE, json.dumps(envelope))


def empty_folder(checkout: Checkout) -> None:
    checkout.write("packs/.keep", "")
    checkout.edit(POLICY, 'policy: ["packs"]', "policy-gate.yaml")


def candidate(checkout: Checkout) -> None:
    checkout.edit("stage: release", "stage: candidate", "policy-gate.yaml")


def two_keys_needed(checkout: Checkout) -> None:
    checkout.edit("thresholds: {releaser: 1}", another_key("releaser") + "thresholds: {releaser: 2}", TRUST)


def no_manifest(checkout: Checkout) -> None:
    (checkout.folder / "release.yaml").unlink()


def _epsilon(words: str, written: str, said: str) -> Row:
    new = f"epsilon: {written}"
    case = Case(words=f"epsilon is {words}", spoil=edited(EPSILON, new), said=rf"release\.yaml:45:20: {said}")
    return Row(ours=case, edit=(EPSILON, new))


def _policy(words: str, base_has: Change, policy: str, said: str, **more: str) -> Row:
    """The release breaks the rule that the policy fails to state, so that to pass is to let it through."""
    case = Case(words=words, base_has=base_has, said=said, **more)
    return Row(ours=case, edit=(EPSILON, "epsilon: 99"), policy=policy)


def _assert(expression: str) -> str:
    return f'assert: "{expression}", message: it does not hold'


CONTROLS = (
    Row(ours=Case(words="control: nothing is wrong"), passes=True),
    Row(
        ours=Case(
            words="control: the limit is below epsilon",
            base_has=configured("  parameters:\n", "  parameters:\n    max_epsilon: 4\n"),
            rules=frozenset({"PRIV-003"}),
        ),
        policy="low limit",
        passes=False,
    ),
)

MANIFESTS = (
    Row(
        ours=Case(
            words="the manifest is no YAML",
            spoil=edited("kind: ReleaseManifest", "kind: [ReleaseManifest"),
            said=r"release\.yaml:\d+:\d+: this is not YAML",
        ),
        edit=("kind: ReleaseManifest", "kind: [ReleaseManifest"),
    ),
    Row(
        ours=Case(
            words="the manifest's kind is misspelt",
            spoil=edited("kind: ReleaseManifest", "kind: ReleaseManifset"),
            said=r"release\.yaml:3:7: kind is 'ReleaseManifset'; it should be 'ReleaseManifest'",
        ),
        edit=("kind: ReleaseManifest", "kind: ReleaseManifset"),
    ),
    Row(
        ours=Case(
            words="there is no manifest",
            spoil=no_manifest,
            sign=leave_unsigned,
            said=r"release\.yaml: .*there is no 'examples/keyword-spotting/release\.yaml'",
        ),
        edit=None,
    ),
)

POLICIES = (
    _policy(
        "a rule has an unknown operator",
        judged_by_pack(pack_of("check: {cost.macs_within_budget: {at_most: {node-v2: 1}}}")),
        "unknown operator",
        r"own\.yaml:6:\d+: unknown limit 'at_most'",
    ),
    _policy(
        "a rule has an unknown check",
        judged_by_pack(pack_of(DIGESTS, "check: cost.at_most")),
        "unknown operator",
        r"own\.yaml:7:\d+: there is no check 'cost\.at_most'",
    ),
    _policy(
        "a rule of the other stage has an unknown check",
        all_of(judged_by_pack(pack_of(DIGESTS, "check: cost.at_most, stages: [release]")), candidate),
        "unknown operator",
        r"own\.yaml:7:\d+: there is no check 'cost\.at_most'",
    ),
    _policy(
        "an assert has an unknown operator",
        judged_by_pack(pack_of(_assert("manifest.privacy.claim.epsilon =~ 10"))),
        "unknown operator",
        r"own\.yaml:6:\d+: '=' \(U\+003D\) is not part of this language",
    ),
    _policy(
        "an assert has an unknown function",
        judged_by_pack(pack_of(_assert("at_most(manifest.privacy.claim.epsilon, 10)"))),
        "unknown operator",
        r"own\.yaml:6:\d+: the function at_most\(\) is not known",
    ),
    Row(
        ours=Case(
            words="an assert negates a misspelt path",
            base_has=judged_by_pack(pack_of(_assert("!(manifest.privacy.claim.epsilonn > 4.0)"))),
            rules=frozenset({"OWN-001"}),
        ),
        edit=(EPSILON, "epsilon: 99"),
        policy="misspelt path",
    ),
    Row(
        ours=Case(
            words="the only rule is about other releases",
            base_has=judged_by_pack(pack_of(f"{DIGESTS}, when: \"manifest.metadata.name == 'other'\"")),
            spoil=lambda checkout: checkout.write("model/labels.txt", "other"),
            unjudged=True,
        ),
        edit=(EPSILON, "epsilon: 99"),
        policy="other kind",
    ),
    _policy("the policy folder is empty", empty_folder, "empty", r"packs: path refused: .* is a folder"),
    _policy(
        "the policy has no rule", judged_by_pack(f"{PACK_HEAD}spec: {{rules: []}}\n"), "no rule", "selects no rule"
    ),
    _policy(
        "the policy is an empty file",
        judged_by_pack(""),
        "empty file",
        r"own\.yaml:1:1: the document is empty",
    ),
    _policy(
        "the limit is text",
        configured(BUDGET, 'max_macs: {node-v2: "1"}'),
        "text limit",
        r"policy-gate\.yaml:9:\d+: .*'?max_macs'?.* whole number",
    ),
)

VALUES = (
    _epsilon("NaN", ".nan", r"\.nan is not a finite number"),
    _epsilon("-1", "-1", r"privacy\.claim\.epsilon is -1; it should be greater than 0"),
    _epsilon("1e400", "1e400", r"the number '1e400' is too large"),
    Row(
        ours=Case(
            words="epsilon is missing",
            spoil=edited("{epsilon: 4.3, ", "{"),
            said=r"release\.yaml:45:3: privacy\.claim has no 'epsilon', which is required",
        ),
        edit=("{epsilon: 4.3, ", "{"),
    ),
    Row(
        ours=Case(
            words="the whole claim is null",
            spoil=edited("claim: {epsilon: 4.3, delta: 1.0e-6}", "claim:"),
            rules=PRIVACY_UNKNOWN | {"PRIV-009", "PRIV-010", "REL-014"},
        ),
        edit=("claim: {epsilon: 4.3, delta: 1.0e-6}", "claim:"),
    ),
    _epsilon("null", "null", r"privacy\.claim\.epsilon is null; it should be a number"),
    _epsilon('"high"', '"high"', r"privacy\.claim\.epsilon is 'high'; it should be a number"),
    _epsilon("true", "true", r"privacy\.claim\.epsilon is true; it should be a number"),
    Row(
        ours=Case(
            words="a cost over the limit is text",
            spoil=edited(MACS, 'macs: "9999999"'),
            said=r"release\.yaml:41:44: cost\[0\]\.macs is '9999999'; it should be a whole number",
        ),
        edit=(MACS, 'macs: "9999999"'),
    ),
    Row(
        ours=Case(
            words="one of two signatures has a bad algorithm",
            base_has=two_keys_needed,
            sign=md5_as_the_second,
            rules=frozenset({"SIG-001", "SIG-002"}),
        ),
        edit=("key: b, alg: ed25519", "key: b, alg: md5"),
    ),
)

ROWS = (*CONTROLS, *MANIFESTS, *POLICIES, *VALUES)
