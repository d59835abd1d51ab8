"""The trust file: nothing in it is taken on its word, and every refusal has a place."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import date, timedelta

import pytest
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st
from signature_world import ALICE, BOB, TODAY, entry, p256, trust_document, trust_in

from policy_gate.areas.signature.facts import Standing
from policy_gate.areas.signature.keys import private_key_from_seed, public_half
from policy_gate.areas.signature.trust import EXAMPLE_KEY_DIGESTS, decode_trust, standing
from policy_gate.document import load
from policy_gate.errors import GateError, PolicyError

EXAMPLE_KEY = private_key_from_seed(
    hashlib.sha256(b"policy-gate example key: never trust it outside examples/").digest()
)


def refusals(*entries, **changes) -> str:
    document = trust_document(*entries, **changes)
    with pytest.raises(PolicyError) as refused:
        decode_trust(document)
    assert all(problem.path == document.path and problem.line for problem in refused.value.problems)
    return str(refused.value)


def test_a_private_key_in_the_trust_file_is_refused_whatever_field_or_comment_holds_it():
    pem = ALICE.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    der = ALICE.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    for text in (pem.decode(), base64.b64encode(der).decode()):
        said = refusals(entry(ALICE, public_key=text))
        assert "holds a private key" in said
        assert text not in said
    commented = b"# " + pem.replace(b"\n", b"\n# ") + b"\nkind: TrustFile\n"
    with pytest.raises(PolicyError, match=r"trust\.yaml:1: the trust file holds a private key"):
        decode_trust(load(commented, "trust.yaml"))


def test_the_example_key_is_the_one_whose_seed_everyone_knows():
    assert public_half(EXAMPLE_KEY).digest in EXAMPLE_KEY_DIGESTS


@pytest.mark.parametrize("path", ["trust.json", "gate/trust.json", "myexamples/trust.json", "gate/examples"])
def test_the_key_of_the_examples_is_refused_outside_examples(path):
    assert "public key of the examples" in refusals(entry(EXAMPLE_KEY), path=path)


def test_the_key_of_the_examples_is_accepted_under_examples():
    assert trust_in(entry(EXAMPLE_KEY), path="examples/keyword-spotting/trust.json").keys


def test_a_key_under_the_digest_of_another_is_refused_and_the_real_digest_is_given():
    said = refusals(entry(ALICE, spki=public_half(BOB).digest))
    assert "not the one of the public key" in said
    assert public_half(ALICE).digest in said


def test_an_upper_case_a_short_and_a_bare_digest_are_refused():
    digest = public_half(ALICE).digest
    for spelling in (digest.upper(), "sha256:" + digest[7:].upper(), digest[:-1], digest[7:], "md5:" + "0" * 32):
        assert "sha256" in refusals(entry(ALICE, spki=spelling))


def test_one_key_under_two_ids_is_refused():
    said = refusals(entry(ALICE, id="one"), entry(ALICE, id="two"), thresholds={"releaser": 2})
    assert "already listed as keys[0]" in said
    assert "2 keys and 1 hold it" in said


def test_two_keys_under_one_id_are_refused():
    assert "the id 'one' is already listed" in refusals(entry(ALICE, id="one"), entry(BOB, id="one"))


@pytest.mark.parametrize("threshold", [0, -1, True, "1", 1.0, None])
def test_a_threshold_that_is_no_positive_whole_number_is_refused(threshold):
    refusals(entry(ALICE), thresholds={"releaser": threshold})


def test_a_threshold_that_no_set_of_keys_can_meet_is_refused():
    assert "needs 3 keys and 2 hold it" in refusals(entry(ALICE), entry(BOB), thresholds={"releaser": 3})
    assert "needs 1 keys and 0 hold it" in refusals(entry(ALICE), thresholds={"releaser": 1, "approver": 1})


def test_an_empty_trust_file_trusts_nobody_and_is_refused():
    refusals()
    refusals(entry(ALICE), algorithms=[])
    refusals(entry(ALICE, roles=[]))


def test_unknown_fields_roles_kinds_and_algorithms_are_refused():
    refusals(entry(ALICE, role="releaser"))
    refusals(entry(ALICE, roles=["owner"]))
    refusals(entry(ALICE, algorithm="rsa"))
    refusals(entry(ALICE), kind="ReleaseManifest")
    refusals(entry(ALICE), thresholds={"owner": 1})


@pytest.mark.parametrize(
    "private", [rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP384R1())], ids=["rsa", "p384"]
)
def test_a_key_of_another_algorithm_is_refused_at_its_line(private):
    spki = private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    assert "neither Ed25519" in refusals(entry(ALICE, public_key=base64.b64encode(spki).decode()))


def test_a_key_that_is_said_to_be_of_the_other_algorithm_is_refused():
    assert "is ed25519" in refusals(entry(ALICE, algorithm="ecdsa-p256"))


def test_a_key_whose_algorithm_is_not_accepted_is_refused():
    assert "not among the accepted" in refusals(entry(p256()), algorithms=["ed25519"])


@pytest.mark.parametrize(
    "changes",
    [
        {"sign": {"not_before": "2026-02-30", "not_after": "2027-01-01"}},
        {"sign": {"not_before": "2026-10-01T25:00:00Z", "not_after": "2027-01-01"}},
        {"sign": {"not_before": "2026-10-01T09:00:00+02:00", "not_after": "2027-01-01"}},
        {"sign": {"not_before": "٢٠٢٦-١٠-٠١", "not_after": "2027-01-01"}},
        {"sign": {"not_before": "", "not_after": "2027-01-01"}},
        {"sign": {"not_before": "2026-10-01"}},
        {"sign": {"not_before": "2027-01-02", "not_after": "2027-01-01"}},
        {"verify": {"not_after": "2026-12-31"}},
        {"verify": {}},
        {"revoked": {"at": "soon", "reason": "lost"}},
        {"revoked": {"at": "2026-11-01"}},
    ],
    ids=str,
)
def test_windows_that_are_open_impossible_or_upside_down_are_refused(changes):
    refusals(entry(ALICE, **changes))


def test_all_problems_of_a_trust_file_are_reported_in_one_run():
    said = refusals(entry(ALICE, spki=public_half(BOB).digest), entry(p256(), algorithm="ed25519"))
    assert "not the one of the public key" in said
    assert "is ecdsa-p256" in said


def standing_of(today: date, skew_seconds: int = 0, **changes) -> Standing:
    trust = trust_in(entry(ALICE, **changes), clock_skew_seconds=skew_seconds)
    return standing(trust.keys[0], today, today, trust.clock_skew)


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (date(1, 1, 1), Standing.NOT_YET_VALID),
        (date(2026, 9, 30), Standing.NOT_YET_VALID),
        (date(2026, 10, 1), Standing.GOOD),
        (date(2027, 1, 1), Standing.GOOD),
        (date(2027, 1, 2), Standing.SIGNING_ENDED),
        (date(9999, 12, 31), Standing.SIGNING_ENDED),
    ],
)
def test_a_signing_window_given_in_days_includes_both_its_ends(today, expected):
    assert standing_of(today) is expected
    assert standing_of(today, skew_seconds=3600) is expected


def test_a_window_that_starts_or_ends_within_the_day_does_not_hold_the_whole_day():
    late = {"not_before": "2026-11-20T09:00:00Z", "not_after": "2027-01-01"}
    early = {"not_before": "2026-10-01", "not_after": "2026-11-20T09:00:00Z"}
    assert standing_of(TODAY, sign=late) is Standing.NOT_YET_VALID
    assert standing_of(TODAY, sign=early) is Standing.SIGNING_ENDED
    assert standing_of(TODAY + timedelta(days=1), sign=late) is Standing.GOOD
    assert standing_of(TODAY - timedelta(days=1), sign=early) is Standing.GOOD


def test_a_clock_that_is_minutes_off_is_forgiven_only_as_far_as_the_trust_file_says():
    window = {"not_before": "2026-11-20T00:05:00Z", "not_after": "2027-01-01"}
    assert standing_of(TODAY, sign=window, skew_seconds=299) is Standing.NOT_YET_VALID
    assert standing_of(TODAY, sign=window, skew_seconds=300) is Standing.GOOD


def test_an_old_signature_is_accepted_until_its_verification_window_ends():
    trust = trust_in(entry(ALICE))
    signing_day = date(2026, 12, 1)
    assert standing(trust.keys[0], signing_day, date(2027, 7, 1), trust.clock_skew) is Standing.GOOD
    assert standing(trust.keys[0], signing_day, date(2027, 7, 2), trust.clock_skew) is Standing.VERIFICATION_ENDED


@given(st.dates(min_value=date(2026, 10, 1), max_value=date(2027, 1, 1)))
def test_a_revoked_key_is_worth_nothing_from_that_day_on(today):
    revoked = standing_of(today, revoked={"at": "2026-11-20T18:00:00Z", "reason": "laptop lost"}, skew_seconds=3600)
    assert (revoked is Standing.REVOKED) == (today >= date(2026, 11, 20))


def test_a_file_that_does_not_say_how_many_releasers_sign_is_refused_and_gets_no_default():
    content = json.loads(trust_document(entry(ALICE)).text)
    del content["thresholds"]
    with pytest.raises(PolicyError, match="thresholds"):
        decode_trust(load(json.dumps(content).encode(), "trust.json"))
    assert "how many keys of the role releaser" in refusals(entry(ALICE), thresholds={})
    assert "how many keys of the role releaser" in refusals(
        entry(ALICE), entry(BOB, roles=["tester"]), thresholds={"tester": 1}
    )


@given(kept=st.integers(min_value=0))
def test_a_trust_file_that_lost_its_last_lines_never_asks_for_fewer_releasers(kept):
    whole = trust_document(entry(ALICE), entry(BOB), thresholds={"releaser": 2})
    text = yaml.safe_dump(json.loads(whole.text), sort_keys=False)
    lines = text.splitlines(keepends=True)
    try:
        trust = decode_trust(load("".join(lines[: kept % len(lines)]).encode(), "trust.yaml"))
    except GateError:
        return
    assert trust.threshold("releaser") == 2


def test_the_threshold_of_a_role_that_is_not_named_is_one():
    assert trust_in(entry(ALICE)).threshold("approver") == 1


def test_a_key_without_an_id_is_called_by_its_digest():
    assert trust_in(entry(ALICE)).keys[0].label == public_half(ALICE).digest[:19]
