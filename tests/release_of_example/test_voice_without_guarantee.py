"""A voice model without differential privacy: allowed with its documents in order, blocked by the rule of each other."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from example_world import CONFIG, EXAMPLE_KEY, FOLDER, MANIFEST, TODAY, Checkout
from voice_world import (
    ASSESSMENT,
    DAY,
    DPIA,
    PURPOSE,
    assess,
    calls_from,
    digest_of,
    never_claimed,
    section,
    without_guarantee,
)

from policy_gate.areas.signature.keys import read_public_key

DOCUMENTS = {"PRIV-014", "PRIV-020", "PRIV-021", "PRIV-022", "PRIV-023"}
APPROVAL = "evidence/assessment.dsse.json"

pytestmark = pytest.mark.slow


@pytest.fixture
def check(gate):
    """Runs the real command on a checkout after signing it; gives its exit code and its judgements."""

    def run(checkout: Checkout, *, sign: bool = True) -> tuple[int, list[dict]]:
        if sign:
            checkout.sign()
        asked = ["--base", "HEAD", "--stage", "release", "--config", CONFIG, "--now", TODAY.isoformat()]
        done = gate("check", *asked, "--format", "json", cwd=checkout.root)
        assert done.stderr == ""
        (record,) = json.loads(done.stdout)["records"]
        return done.returncode, record["judgements"]

    return run


@pytest.fixture
def voice(checkout: Checkout) -> Checkout:
    """The next release of a team that never claimed a guarantee."""
    never_claimed(checkout)
    return checkout


def blocking(judgements: list[dict]) -> set[str]:
    return {
        one["rule"] for one in judgements if one["mode"] == "enforce" and one["outcome"] in ("fail", "unknown", "error")
    }


def outcomes(judgements: list[dict]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for one in judgements:
        found.setdefault(one["rule"], set()).add(one["outcome"])
    return found


def test_a_voice_model_with_its_documents_in_order_is_allowed_without_a_waiver(voice, check) -> None:
    code, judgements = check(voice)
    assert (code, blocking(judgements)) == (0, set())
    found = outcomes(judgements)
    assert all(found[rule] == {"pass"} for rule in DOCUMENTS)
    assert found["PRIV-002"] == {"not_applicable"}
    assert not any("waived" in one for one in found.values())


def test_a_first_release_with_its_documents_in_order_is_allowed(checkout, check) -> None:
    checkout.edit("name: keyword-spotting\n", "name: keyword-spotting-2\n")
    (checkout.folder / MANIFEST).rename(checkout.folder / "held.yaml")
    checkout.commit()
    (checkout.folder / "held.yaml").rename(checkout.folder / MANIFEST)
    without_guarantee(checkout)
    code, judgements = check(checkout)
    assert (code, blocking(judgements)) == (0, set())


def test_a_model_of_things_needs_no_document(checkout, check) -> None:
    without_guarantee(checkout)
    checkout.edit(section(digest_of(DPIA)).partition("claim_type: none\n")[2], "\n")
    checkout.edit("personal_data: pseudonymous", "personal_data: none")
    checkout.commit()
    checkout.bump()
    code, judgements = check(checkout)
    assert (code, blocking(judgements)) == (0, set())
    found = outcomes(judgements)
    assert {rule: found[rule] for rule in ("PRIV-014", "PRIV-023")} == {
        "PRIV-014": {"pass"},
        "PRIV-023": {"not_applicable"},
    }


def edited(before: str, after: str) -> Callable[[Checkout], None]:
    return lambda checkout: checkout.edit(before, after)


def reviewed_long_ago(checkout: Checkout) -> None:
    assess(checkout, DAY, "2025-11-22")
    checkout.edit(f'date: "{DAY}"', 'date: "2025-11-22"')


def another_source(checkout: Checkout) -> None:
    """More voices, of which the assessment does not speak; the manifest says that it does."""
    checkout.edit("  activities:\n", f"{MORE}  activities:\n")
    checkout.edit("uses: [dataset:speech]", 'uses: [dataset:speech, "dataset:calls"]')


MORE = calls_from("data/speech.sha256")

FAULTS: dict[str, tuple[Callable[[Checkout], None], set[str]]] = {
    "the purpose is gone": (edited(f"  purpose: {PURPOSE}\n", ""), {"PRIV-020", "REL-014"}),
    "the purpose is for later": (edited(PURPOSE, "TODO write down what this is for"), {"PRIV-020"}),
    "the purpose says nothing": (edited(PURPOSE, "improve our services"), {"PRIV-020"}),
    "the assessment is named no more": (
        lambda checkout: checkout.edit(section(digest_of(DPIA)).partition("  assessment:")[2], "\n"),
        {"PRIV-014", "PRIV-023", "REL-014"},
    ),
    "the assessment was edited": (
        lambda checkout: checkout.edit("risk is low", "risk is nil", ASSESSMENT),
        {"PRIV-014", "PRIV-023"},
    ),
    "another digest is stated": (edited(digest_of(DPIA), digest_of("another")), {"PRIV-014", "PRIV-023"}),
    "the assessment is a year old": (reviewed_long_ago, {"PRIV-023"}),
    "only the manifest says that it was reviewed": (edited(f'"{DAY}"', '"2026-11-20"'), {"PRIV-023"}),
    "it is said to be reviewed tomorrow": (edited(f'"{DAY}"', '"2026-11-24"'), {"PRIV-023"}),
    "the assessment is a template": (
        lambda checkout: assess(checkout, "The remaining risk is low.", "TODO"),
        {"PRIV-023"},
    ),
    "the assessment is of no data": (edited('covers: ["dataset:speech"]', "covers: []"), {"PRIV-014", "REL-014"}),
    "the assessment is of data that is not used": (
        edited('covers: ["dataset:speech"]', 'covers: ["dataset:speeches"]'),
        {"PRIV-014", "PRIV-023"},
    ),
    "voices were added, and the manifest lists them": (
        lambda checkout: (another_source(checkout), checkout.edit('covers: ["', 'covers: ["dataset:calls", "')),
        {"PRIV-014"},
    ),
    "voices were added, and nobody speaks of them": (another_source, {"PRIV-014"}),
    "nobody says whether people are in the data": (
        edited("      personal_data: pseudonymous\n", ""),
        {"LIN-009", *(DOCUMENTS - {"PRIV-020", "PRIV-023"})},
    ),
    "the voices tell who speaks, and the section denies it": (
        edited("personal_data: pseudonymous", "personal_data: special-category"),
        {"PRIV-022"},
    ),
    "the data rests on nothing": (
        edited('      legal_basis: {kind: consent, expires: "2099-06-30"}\n', ""),
        {"LIN-009", "PRIV-021"},
    ),
    "the consent ended": (edited('expires: "2099-06-30"', 'expires: "2026-11-22"'), {"LIN-009", "PRIV-021"}),
}


@pytest.mark.parametrize("words", FAULTS)
def test_a_document_that_is_missing_old_or_changed_is_found_by_its_own_rule(words, voice, check) -> None:
    tell, expected = FAULTS[words]
    tell(voice)
    code, judgements = check(voice)
    assert (code, blocking(judgements)) == (1, expected)


def test_an_assessment_that_is_not_in_the_tree_is_missed(voice, check) -> None:
    voice.sign()
    (voice.folder / ASSESSMENT).unlink()
    code, judgements = check(voice, sign=False)
    assert (code, blocking(judgements)) == (1, {"PRIV-014", "PRIV-023", "SIG-002"})


def test_a_release_that_says_nothing_of_privacy_any_more_meets_every_rule(voice, check) -> None:
    voice.edit(section(digest_of(DPIA)), "")
    code, judgements = check(voice)
    assert code == 1
    assert blocking(judgements) > {*DOCUMENTS, "PRIV-002", "PRIV-008", "REL-014"} - {"PRIV-021"}


def test_a_guarantee_that_is_dropped_is_missed_whatever_the_documents_say(checkout, check) -> None:
    checkout.bump()
    without_guarantee(checkout)
    code, judgements = check(checkout)
    blocked = blocking(judgements)
    assert code == 1
    assert {"PRIV-002", "PRIV-003", "REL-014"} <= blocked
    assert not blocked & DOCUMENTS
    found = {one["rule"]: one for one in judgements}
    assert found["PRIV-002"]["place"]["pointer"] == "/privacy/claim_type"


def test_a_team_that_starts_to_claim_a_guarantee_keeps_its_documents_for_one_release(checkout, check) -> None:
    claimed = checkout.text
    never_claimed(checkout)
    start, end = claimed.index("privacy:\n"), claimed.index("\ntelemetry:")
    documents = section(digest_of(DPIA)).partition("claim_type: none\n")[2]
    stated = claimed[start:end].replace("claim_type: central-dp\n", f"claim_type: central-dp\n{documents.rstrip()}\n")
    checkout.edit(section(digest_of(DPIA)), f"{stated}\n")
    code, judgements = check(checkout)
    assert (code, blocking(judgements)) == (0, set())
    assert outcomes(judgements)["PRIV-002"] == {"pass"}


APPROVER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def approver_is_trusted(checkout: Checkout) -> None:
    """The base trusts a second key, whose role is approver, and demands approval of the assessment."""
    pem = APPROVER.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    lines = "".join(f"      {line}\n" for line in pem.splitlines())
    entry = (
        f'  - id: privacy-officer\n    spki: "{read_public_key(pem).digest}"\n    public_key: |\n{lines}'
        "    algorithm: ed25519\n    roles: [approver]\n"
        '    sign: {not_before: "2026-01-01", not_after: "2099-12-31"}\n    verify: {not_after: "2099-12-31"}\n'
    )
    checkout.edit("# How many different keys", f"{entry}# How many different keys", "trust.yaml")
    checkout.edit("{releaser: 1}", "{releaser: 1, approver: 1}", "trust.yaml")
    checkout.edit("  parameters:\n", "  parameters:\n    require_assessment_approval: true\n", "policy-gate.yaml")
    checkout.write("officer.pem", APPROVER.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    checkout.commit()


def test_an_approval_that_policy_demands_is_signed_with_one_command_and_counts_for_these_bytes(
    checkout, check, gate
) -> None:
    approver_is_trusted(checkout)
    never_claimed(checkout)
    code, judgements = check(checkout)
    assert (code, blocking(judgements)) == (1, {"PRIV-023"})
    command = next(fix["text"] for one in judgements if one["rule"] == "PRIV-023" for fix in one["fixes"])
    assert f"policy-gate waive --approve {digest_of(DPIA)} --key KEY --output FILE" in command
    signed = gate(
        *("waive", "--approve", digest_of(DPIA), "--key", f"{FOLDER}/officer.pem"),
        *("--output", f"{FOLDER}/{APPROVAL}", "--config", CONFIG, "--now", TODAY.isoformat()),
        cwd=checkout.root,
    )
    assert signed.returncode == 0, signed.stderr
    checkout.edit('covers: ["dataset:speech"]\n', f'covers: ["dataset:speech"]\n    approval: {APPROVAL}\n')
    code, judgements = check(checkout)
    assert (code, blocking(judgements)) == (0, set())
    (found,) = (one for one in judgements if one["rule"] == "PRIV-023")
    assert found["basis"] == "attested"
    assess(checkout, "risk is low", "risk is nil")
    code, judgements = check(checkout)
    assert (code, blocking(judgements)) == (1, {"PRIV-023"})


def test_the_releaser_is_no_approver(checkout, check) -> None:
    from policy_gate.areas.signature.approval import sign_approval

    approver_is_trusted(checkout)
    never_claimed(checkout)
    checkout.write(APPROVAL, sign_approval(digest_of(DPIA), [EXAMPLE_KEY]))
    checkout.edit('covers: ["dataset:speech"]\n', f'covers: ["dataset:speech"]\n    approval: {APPROVAL}\n')
    code, judgements = check(checkout)
    assert (code, blocking(judgements)) == (1, {"PRIV-023"})


def test_the_baseline_policy_asks_for_no_guarantee_and_for_no_document(voice, gate) -> None:
    voice.edit(section(digest_of(DPIA)), "")
    voice.commit()
    done = gate(
        *("check", f"{FOLDER}/release.yaml", "--policy", "builtin:edge-baseline", "--base", "HEAD"),
        *("--format", "json", "--now", TODAY.isoformat()),
        cwd=voice.root,
    )
    (record,) = json.loads(done.stdout)["records"]
    assert not [one["rule"] for one in record["judgements"] if one["rule"].startswith(("PRIV", "TEL"))]
    assert not blocking(record["judgements"])
