"""One envelope over one release: every way to cheat names the step that refuses it."""

from __future__ import annotations

import base64
import copy
import json
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from signature_world import (
    ALICE,
    ALICE_ALONE,
    BOB,
    MALLORY,
    SUBJECTS,
    TODAY,
    edited,
    entry,
    p256,
    payload_of,
    sha256,
    signed,
    trust_in,
    verified,
)

from policy_gate.areas.signature.dsse import pre_authentication_encoding
from policy_gate.areas.signature.keys import public_half
from policy_gate.areas.signature.sign import release_statement, sign_payload
from policy_gate.areas.signature.statement import RELEASE_PREDICATE, STATEMENT_TYPE, Coverage
from policy_gate.errors import EvidenceError, Reason

EXACT = Coverage(missing=(), extra=(), changed=(), malformed=())
SHA256_OF_BENCH = SUBJECTS["evidence/bench.json"].removeprefix("sha256:")


def refusal_of(envelope: bytes, **where) -> str:
    """What refuses the envelope; nothing in it is read as covered."""
    verification = verified(envelope, **where)
    assert verification.refusals
    assert not isinstance(verification.coverage, Coverage)
    return "\n".join(verification.refusals)


def unreadable(envelope: bytes) -> EvidenceError:
    with pytest.raises(EvidenceError, match="step 1") as refused:
        verified(envelope)
    return refused.value


def with_statement(**changes) -> bytes:
    """A well-signed envelope over a statement with some fields replaced."""
    statement = {**json.loads(release_statement(SUBJECTS)), **changes}
    return sign_payload(json.dumps(statement).encode(), [ALICE])


def with_subjects(*subjects) -> Coverage:
    coverage = verified(with_statement(subject=list(subjects))).coverage
    assert isinstance(coverage, Coverage)
    return coverage


def honest_subjects() -> list[dict]:
    return payload_of(signed(ALICE))["subject"]


# Step 1: strict JSON of bounded size


def test_an_envelope_of_ten_megabytes_is_not_read():
    assert unreadable(edited(signed(ALICE), padding="x" * 10_000_000)).reason is Reason.TOO_LARGE


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"null",
        b"[]",
        b"{}",
        b'"payload"',
        b'{"payload": NaN, "payloadType": "", "signatures": []}',
        b'{"payload": "", "payloadType": ""}',
        b"[" * 100_000,
        b'{"payload": "", "payloadType": "", "signatures": [' + b"1e999" + b"]}",
    ],
    ids=lambda content: content[:30],
)
def test_what_is_no_envelope_in_strict_json_is_unreadable_and_never_a_pass(content):
    assert unreadable(content).reason is Reason.UNREADABLE


def test_a_second_payload_behind_the_signed_one_is_refused():
    envelope = signed(ALICE).decode()
    doubled = envelope.replace("{", '{"payload": "e30=",', 1)
    assert "given twice" in str(unreadable(doubled.encode()))


def test_a_key_given_twice_inside_a_signature_is_refused():
    doubled = signed(ALICE).decode().replace('"sig"', '"sig": "", "sig"')
    unreadable(doubled.encode())


def test_an_envelope_cut_anywhere_never_verifies():
    envelope = signed(ALICE).rstrip()
    for length in range(0, len(envelope), 7):
        unreadable(envelope[:length])


# Step 2: payload type


@pytest.mark.parametrize("kind", ["application/json", "", "application/vnd.in-toto+json ", None, 1, ["x"]])
def test_another_payload_type_is_refused(kind):
    assert refusal_of(edited(signed(ALICE), payloadType=kind)).startswith("step 2")


def test_an_envelope_signed_for_another_payload_type_does_not_hold_for_the_one_of_in_toto():
    signed_as_text = sign_payload(release_statement(SUBJECTS), [ALICE], payload_type="text/plain")
    assert refusal_of(signed_as_text).startswith("step 2")
    relabelled = edited(signed_as_text, payloadType="application/vnd.in-toto+json")
    assert refusal_of(relabelled).startswith("step 4")


def test_the_encoding_that_is_signed_is_the_one_of_the_specification():
    # The example of the DSSE protocol, version 1.0.
    assert pre_authentication_encoding("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


def test_lengths_in_the_encoding_count_bytes_and_not_characters():
    assert pre_authentication_encoding("é", "é".encode()) == "DSSEv1 2 é 2 é".encode()


# Step 3: base64


def respelled(envelope: bytes, spell) -> list[bytes]:
    """The envelope with its payload, then its signature, spelled another way."""
    content = json.loads(envelope)
    payload, sig = spell(content["payload"]), spell(content["signatures"][0]["sig"])
    return [edited(envelope, payload=payload), edited(envelope, signatures=[{"sig": sig}])]


@pytest.mark.parametrize(
    "spell",
    [
        lambda text: text + "\n",
        lambda text: " " + text,
        lambda text: text[:8] + "\r\n" + text[8:],
        lambda text: text.rstrip("=") + "====",
        lambda text: base64.urlsafe_b64encode(b"\xfb\xff\xfe").decode() + text,
        lambda _: "YWJjZA",
        lambda _: None,
        lambda _: 7,
        lambda _: {},
    ],
    ids=["newline", "space", "folded", "overpadded", "url-safe", "unpadded", "null", "number", "object"],
)
def test_base64_spelled_another_way_is_refused(spell):
    for envelope in respelled(signed(ALICE), spell):
        assert refusal_of(envelope).startswith("step 3")


def test_a_second_payload_as_text_is_refused():
    assert "two payloads" in refusal_of(edited(signed(ALICE), payloadUtf8="{}"))


@pytest.mark.parametrize("signatures", [[], None, {}, "x", [None], [[]], [{}], [{"keyid": "a"}], [{"sig": ""}] * 17])
def test_signatures_that_are_none_no_list_too_many_or_without_sig_are_refused(signatures):
    assert refusal_of(edited(signed(ALICE), signatures=signatures)).startswith("step 3")


def test_a_key_id_that_is_no_text_is_refused():
    sig = json.loads(signed(ALICE))["signatures"][0]["sig"]
    assert refusal_of(edited(signed(ALICE), signatures=[{"sig": sig, "keyid": 1}])).startswith("step 3")


def test_a_signature_as_long_as_a_book_is_refused():
    long = base64.b64encode(b"x" * 129).decode()
    assert refusal_of(edited(signed(ALICE), signatures=[{"sig": long}])).startswith("step 3")


# Step 4: keys


def test_an_envelope_by_a_key_that_is_not_trusted_is_refused():
    assert "none is by a trusted key" in refusal_of(signed(MALLORY))


def test_a_key_that_the_envelope_brings_along_is_not_asked():
    public = base64.b64encode(public_half(MALLORY).spki).decode()
    content = edited(signed(MALLORY), publicKey=public, verificationMaterial={"publicKey": {"rawBytes": public}})
    assert refusal_of(content).startswith("step 4")


def test_a_foreign_signature_that_claims_a_trusted_key_id_is_refused():
    signature = json.loads(signed(MALLORY))["signatures"][0]
    signature["keyid"] = public_half(ALICE).digest
    assert refusal_of(edited(signed(MALLORY), signatures=[signature])).startswith("step 4")


@pytest.mark.parametrize("key_id", [{}, {"keyid": ""}, {"keyid": "somebody else"}, {"keyid": public_half(BOB).digest}])
def test_a_good_signature_holds_whatever_its_key_id_says(key_id):
    sig = json.loads(signed(ALICE))["signatures"][0]["sig"]
    verification = verified(edited(signed(ALICE), signatures=[{"sig": sig, **key_id}]))
    assert verification.refusals == ()
    assert verification.coverage == EXACT


def test_a_trusted_key_of_another_role_does_not_sign_a_release():
    trust = trust_in(entry(ALICE, id="alice", roles=["builder", "tester"]), entry(BOB))
    said = refusal_of(signed(ALICE), trust=trust)
    assert "0 of 1 distinct keys of role releaser count" in said
    assert "key alice is builder, tester only" in said


TWO_NEEDED = trust_in(entry(ALICE), entry(BOB), thresholds={"releaser": 2})


def test_one_key_that_signs_twice_under_two_ids_is_one_key():
    signatures = json.loads(signed(ALICE, ALICE))["signatures"]
    signatures[1]["keyid"] = public_half(BOB).digest
    assert "1 of 2 distinct keys" in refusal_of(edited(signed(ALICE), signatures=signatures), trust=TWO_NEEDED)


def test_two_different_signatures_by_one_ecdsa_key_are_one_key():
    private = p256()
    trust = trust_in(entry(private), entry(BOB), thresholds={"releaser": 2})
    envelope = signed(private, private)
    first, second = json.loads(envelope)["signatures"]
    assert first["sig"] != second["sig"]
    assert "1 of 2 distinct keys" in refusal_of(envelope, trust=trust)


def test_a_second_signature_that_does_not_verify_does_not_count():
    signatures = json.loads(signed(ALICE, MALLORY))["signatures"]
    assert "1 of 2" in refusal_of(edited(signed(ALICE), signatures=signatures), trust=TWO_NEEDED)


def test_two_distinct_keys_meet_a_threshold_of_two():
    verification = verified(signed(ALICE, BOB), trust=TWO_NEEDED)
    assert verification.refusals == ()
    assert len(verification.signers) == 2


def test_a_bogus_signature_beside_a_good_one_changes_nothing():
    verification = verified(signed(MALLORY, ALICE))
    assert verification.refusals == ()
    assert verification.coverage == EXACT


def test_an_edited_payload_is_refused_before_it_is_parsed():
    forged = base64.b64encode(b"{ this is not even JSON").decode()
    assert refusal_of(edited(signed(ALICE), payload=forged)).startswith("step 4")


def test_a_p256_signature_verifies():
    verification = verified(signed(p256()), trust=trust_in(entry(p256())))
    assert verification.refusals == ()
    assert verification.coverage == EXACT


@settings(max_examples=60)
@given(st.data())
def test_a_flipped_bit_anywhere_in_payload_or_signature_never_verifies(data):
    content = json.loads(signed(ALICE))
    holder, key = data.draw(st.sampled_from([(content, "payload"), (content["signatures"][0], "sig")]))
    raw = bytearray(base64.b64decode(holder[key]))
    position = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[position // 8] ^= 1 << position % 8
    holder[key] = base64.b64encode(bytes(raw)).decode()
    assert refusal_of(json.dumps(content).encode()).startswith("step 4")


# Step 5: the payload


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"not json",
        b'{"_type": "a", "_type": "b"}',
        b'{"x": NaN}',
        b'{"x": Infinity}',
        b"[" * 1000,
        b"\xff",
        release_statement(SUBJECTS).replace(b'"subject"', b'"subject":[],"subject"'),
    ],
)
def test_a_signed_payload_that_is_no_strict_json_is_refused(payload):
    assert refusal_of(sign_payload(payload, [ALICE])).startswith("step 5")


# Step 6: the statement


@pytest.mark.parametrize("payload", [b"[]", b"null", b"7", b'"x"', b"{}"])
def test_a_signed_payload_that_is_no_statement_is_refused(payload):
    assert refusal_of(sign_payload(payload, [ALICE])).startswith("step 6")


@pytest.mark.parametrize(
    "changes",
    [
        {"_type": "https://in-toto.io/Statement/v0.1"},
        {"_type": [STATEMENT_TYPE]},
        {"predicateType": "https://slsa.dev/provenance/v1"},
        {"predicateType": "https://model_signing/signature/v1.0"},
        {"predicateType": RELEASE_PREDICATE + "/"},
        {"predicateType": RELEASE_PREDICATE.upper()},
        {"predicateType": "\x1b[2J" * 1_000},
        {"predicateType": None},
        {"predicateType": {"a": 1}},
    ],
    ids=lambda changes: str(changes)[:40],
)
def test_a_well_signed_statement_of_another_type_says_nothing_about_a_release(changes):
    said = refusal_of(with_statement(**changes))
    assert said.startswith("step 6")
    assert said.isprintable()
    assert len(said) < 300


def test_fields_that_are_unknown_are_ignored_as_in_toto_and_dsse_demand():
    envelope = edited(with_statement(predicate={"later": 1}, extension=[1, 2]), extension={"a": 1})
    verification = verified(envelope)
    assert verification.refusals == ()
    assert verification.coverage == EXACT


# Step 7: the subjects


def test_a_file_that_the_signature_leaves_out_is_named():
    for left_out in SUBJECTS:
        rest = {name: digest for name, digest in SUBJECTS.items() if name != left_out}
        coverage = verified(signed(ALICE, subjects=rest)).coverage
        assert coverage == Coverage(missing=(left_out,), extra=(), changed=(), malformed=())


def test_a_file_that_the_manifest_does_not_name_is_named():
    coverage = verified(signed(ALICE, subjects={**SUBJECTS, "model/backdoor.onnx": sha256(b"x")})).coverage
    assert coverage == Coverage(missing=(), extra=("model/backdoor.onnx",), changed=(), malformed=())


def test_a_signature_over_another_manifest_names_the_manifest():
    coverage = verified(signed(ALICE, subjects={**SUBJECTS, "release.yaml": sha256(b"another")})).coverage
    assert coverage == Coverage(missing=(), extra=(), changed=("release.yaml",), malformed=())


def test_two_files_that_swapped_their_contents_are_both_named():
    swapped = dict(zip(SUBJECTS, [SUBJECTS["release.yaml"], *reversed(list(SUBJECTS.values())[1:])], strict=True))
    coverage = verified(signed(ALICE, subjects=swapped)).coverage
    assert coverage == Coverage(missing=(), extra=(), changed=("evidence/bench.json", "model/kws.onnx"), malformed=())


@pytest.mark.parametrize(
    "digest",
    [
        {"sha256": SHA256_OF_BENCH.upper()},
        {"sha256": SHA256_OF_BENCH[:4]},
        {"sha256": SHA256_OF_BENCH + "00"},
        {"sha256": "sha256:" + SHA256_OF_BENCH},
        {"sha256": SHA256_OF_BENCH + "\n"},
        {"sha256": None},
        {"sha256": [SHA256_OF_BENCH]},
        {"md5": "d41d8cd98f00b204e9800998ecf8427e"},
        {"sha1": "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
        {"SHA256": SHA256_OF_BENCH},
        {},
        [],
        None,
        SHA256_OF_BENCH,
    ],
    ids=lambda digest: str(digest)[:30],
)
def test_a_subject_without_a_strict_sha256_digest_is_named(digest):
    subjects = copy.deepcopy(honest_subjects())
    bench = next(subject for subject in subjects if subject["name"] == "evidence/bench.json")
    bench["digest"] = digest
    assert with_subjects(*subjects) == Coverage(missing=(), extra=(), changed=(), malformed=("evidence/bench.json",))


def test_a_digest_of_another_algorithm_beside_the_right_one_is_not_believed_and_does_not_harm():
    subjects = [{**subject, "digest": {**subject["digest"], "md5": "0" * 32}} for subject in honest_subjects()]
    assert with_subjects(*subjects) == EXACT


def test_a_file_named_twice_is_refused_even_if_one_of_the_digests_is_right():
    wrong = {"name": "model/kws.onnx", "digest": {"sha256": "0" * 64}}
    for subjects in ([wrong, *honest_subjects()], [*honest_subjects(), wrong]):
        assert with_subjects(*subjects).malformed == ("model/kws.onnx",)


@pytest.mark.parametrize("subject", [None, 1, "model/kws.onnx", [], {}, {"name": ""}, {"name": 7, "digest": {}}])
def test_a_subject_without_a_name_is_called_by_its_position(subject):
    assert with_subjects(*honest_subjects(), subject).malformed == ("subject[3]",)


@pytest.mark.parametrize("subject", [None, {}, "all", 1])
def test_subjects_that_are_no_list_are_refused(subject):
    assert refusal_of(with_statement(subject=subject)).startswith("step 6")


def test_no_subjects_cover_nothing():
    assert with_subjects().missing == tuple(sorted(SUBJECTS))


def test_six_thousand_subjects_are_compared_in_one_pass():
    names = {f"f{number}": sha256(b"") for number in range(6_000)}
    coverage = verified(signed(ALICE, subjects={**SUBJECTS, **names})).coverage
    assert isinstance(coverage, Coverage)
    assert len(coverage.extra) == 6_000


@given(st.dictionaries(st.sampled_from([*SUBJECTS, "x", "y"]), st.sampled_from([*SUBJECTS.values(), sha256(b"z")])))
def test_only_exactly_the_expected_subjects_are_exact_coverage(subjects):
    coverage = verified(signed(ALICE, subjects=subjects)).coverage
    assert (coverage == EXACT) == (subjects == SUBJECTS)


# Step 8: time


@pytest.mark.parametrize(
    ("changes", "today", "words"),
    [
        ({}, date(2026, 9, 30), "not yet valid"),
        ({}, date(2027, 1, 2), "past its signing window"),
        ({"revoked": {"at": "2026-11-20", "reason": "stolen"}}, TODAY, "revoked"),
    ],
)
def test_a_key_out_of_its_time_does_not_count_but_what_it_signed_is_still_compared(changes, today, words):
    trust = trust_in(entry(ALICE, id="alice", **changes))
    verification = verified(signed(ALICE), trust=trust, today=today)
    assert verification.refusals == (
        "step 8: 0 of 1 distinct keys of role releaser count",
        f"step 8: key alice is {words}",
    )
    assert verification.coverage == EXACT


def test_a_revoked_key_does_not_help_to_meet_a_threshold():
    trust = trust_in(
        entry(ALICE), entry(BOB, revoked={"at": "2026-11-01", "reason": "left"}), thresholds={"releaser": 2}
    )
    assert verified(signed(ALICE, BOB), trust=trust).refusals[0].startswith("step 8: 1 of 2")


# The honest way


def test_an_honest_envelope_verifies_and_covers_everything():
    verification = verified(signed(ALICE))
    assert verification.refusals == ()
    assert verification.coverage == EXACT
    assert [signer.key.label for signer in verification.signers] == ["alice"]
    assert all(signer.counts for signer in verification.signers)


def test_the_same_release_signed_twice_gives_the_same_bytes():
    assert signed(ALICE) == signed(ALICE, subjects=dict(reversed(SUBJECTS.items())))


@settings(max_examples=100)
@given(st.binary(max_size=300))
def test_no_bytes_crash_the_verification(content):
    try:
        verification = verified(content, trust=ALICE_ALONE)
    except EvidenceError:
        return
    assert verification.refusals


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["sig", "keyid", "a"]), inner),
    max_leaves=6,
)


@settings(max_examples=100)
@given(st.fixed_dictionaries({"payload": JSON_VALUES, "payloadType": JSON_VALUES, "signatures": JSON_VALUES}))
def test_no_values_in_the_fields_of_an_envelope_crash_the_verification(fields):
    envelopes = [fields, *({**json.loads(signed(ALICE)), key: fields[key]} for key in fields)]
    for envelope in envelopes:
        refusal_of(json.dumps(envelope).encode())


@settings(max_examples=100)
@given(JSON_VALUES, st.sampled_from(["_type", "predicateType", "subject", "predicate"]))
def test_no_value_in_a_signed_statement_crashes_the_verification(value, field):
    verification = verified(with_statement(**{field: value}))
    assert verification.refusals or field in ("subject", "predicate")
