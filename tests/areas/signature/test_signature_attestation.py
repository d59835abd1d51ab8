"""One attestation: whose signature counts, of what it has to be, and what of it is given back."""

from __future__ import annotations

import base64
import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from signature_world import ALICE, BOB, MALLORY, TODAY, edited, entry, sha256, trust_in

from policy_gate.areas.signature.attestation import Attested, verify_attestation
from policy_gate.areas.signature.keys import public_half
from policy_gate.areas.signature.sign import sign_payload
from policy_gate.areas.signature.statement import STATEMENT_TYPE
from policy_gate.areas.signature.steps import RefusedEnvelopeError
from policy_gate.areas.signature.suite_run import read_suite_run
from policy_gate.errors import EvidenceError, GateError, Reason

SLSA = "https://slsa.dev/provenance/v1"
MODEL = sha256(b"model")
BUILDER = trust_in(entry(ALICE, id="alice", roles=["releaser", "builder"]), entry(BOB, id="bob"))


def statement(**changes) -> bytes:
    content = {
        "_type": STATEMENT_TYPE,
        "predicateType": SLSA,
        "subject": [{"name": "kws.onnx", "digest": {"sha256": MODEL.removeprefix("sha256:")}}],
        "predicate": {"builder": {"id": "ci"}},
        **changes,
    }
    return json.dumps({key: one for key, one in content.items() if one is not ...}).encode()


def verified(content: bytes, trust=BUILDER, today: date = TODAY, roles=("builder", "tester")) -> Attested:
    return verify_attestation(content, trust, today, roles)


def refusal(content: bytes, **changes) -> str:
    with pytest.raises(RefusedEnvelopeError) as refused:
        verified(content, **changes)
    return str(refused.value)


# Who signed


def test_a_statement_without_an_envelope_proves_nothing():
    with pytest.raises(EvidenceError) as refused:
        verified(statement())
    assert refused.value.reason is Reason.UNREADABLE


def test_an_envelope_that_nobody_signed_is_refused():
    assert refusal(edited(sign_payload(statement(), [ALICE]), signatures=[])).startswith("step 3")


def test_a_key_that_nobody_trusts_is_refused_and_nothing_it_says_is_read():
    assert refusal(sign_payload(b"no JSON", [MALLORY])) == (
        "step 4: too few distinct keys in good standing signed, of 1 of role builder or 1 of role tester: "
        "none of its signatures is by a trusted key"
    )


def test_a_trusted_key_of_another_role_is_refused_and_named():
    assert refusal(sign_payload(statement(), [BOB])).endswith("key bob is releaser")
    assert refusal(sign_payload(statement(), [ALICE]), roles=("tester",)).endswith("key alice is builder, releaser")


@pytest.mark.parametrize(
    ("changes", "today", "said"),
    [
        ({"revoked": {"at": "2026-11-19", "reason": "lost"}}, TODAY, "revoked"),
        ({}, date(2026, 9, 1), "not yet valid"),
        ({}, date(2027, 3, 1), "past its signing window"),
    ],
)
def test_a_key_out_of_its_time_is_refused(changes, today, said):
    trust = trust_in(entry(ALICE, id="alice", roles=["releaser", "builder"], **changes))
    assert refusal(sign_payload(statement(), [ALICE]), trust=trust, today=today).endswith(f"key alice is {said}")


def test_a_threshold_counts_distinct_keys_of_one_role():
    trust = trust_in(
        entry(ALICE, roles=["releaser", "builder"]),
        entry(BOB, roles=["builder"]),
        entry(MALLORY, roles=["approver"]),
        thresholds={"releaser": 1, "builder": 2},
    )
    for keys in ([ALICE], [ALICE, ALICE], [ALICE, MALLORY]):
        assert refusal(sign_payload(statement(), keys), trust=trust).startswith("step 4")
    assert len(verified(sign_payload(statement(), [ALICE, BOB]), trust=trust).signers) == 2


def test_two_roles_do_not_add_up_to_the_threshold_of_one():
    trust = trust_in(
        entry(ALICE, roles=["releaser", "builder"]),
        entry(BOB, roles=["tester"]),
        entry(MALLORY, roles=["builder", "tester"]),
        thresholds={"releaser": 1, "builder": 2, "tester": 2},
    )
    assert refusal(sign_payload(statement(), [ALICE, BOB]), trust=trust).startswith("step 4")


# What was signed


@pytest.mark.parametrize(
    ("changes", "step"),
    [
        ({"_type": "https://in-toto.io/Statement/v0.1"}, 6),
        ({"predicateType": ...}, 6),
        ({"predicateType": ["x"]}, 6),
        ({"predicate": []}, 6),
        ({"subject": ...}, 6),
        ({"subject": {}}, 6),
        ({"subject": []}, 7),
        ({"subject": [None]}, 7),
        ({"subject": [{"name": "kws.onnx"}]}, 7),
        ({"subject": [{"name": "kws.onnx", "digest": {"sha1": "ab" * 20}}]}, 7),
        ({"subject": [{"name": "kws.onnx", "digest": {"sha256": "AB" * 32}}]}, 7),
        ({"subject": [{"name": "\x1b[2J", "digest": {"sha256": "ab"}}]}, 7),
    ],
)
def test_a_statement_of_another_shape_or_about_nothing_is_refused(changes, step):
    said = refusal(sign_payload(statement(**changes), [ALICE]))
    assert said.startswith(f"step {step}: ")
    assert said.isprintable()


def test_a_whole_sigstore_bundle_is_of_a_format_that_is_not_supported_yet():
    bundle = {"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "dsseEnvelope": {}}
    with pytest.raises(EvidenceError) as refused:
        verified(json.dumps(bundle).encode())
    assert refused.value.reason is Reason.UNSUPPORTED_FORMAT


ENVELOPE = sign_payload(statement(), [ALICE])


@given(position=st.integers(0, len(ENVELOPE) - 1), byte=st.integers(0, 255))
def test_no_changed_byte_makes_it_say_anything_else(position, byte):
    changed = ENVELOPE[:position] + bytes([byte]) + ENVELOPE[position + 1 :]
    try:
        found = verified(changed)
    except GateError:
        return
    assert found == verified(ENVELOPE)


@given(st.binary(max_size=300))
def test_no_payload_crashes_it_even_if_a_trusted_key_signed_it(payload):
    with pytest.raises(GateError):
        verified(sign_payload(payload, [ALICE]))


def test_what_a_builder_signed_is_given_back():
    found = verified(sign_payload(statement(), [ALICE]))
    assert found == Attested(
        role="builder",
        signers=(public_half(ALICE).digest,),
        predicate_type=SLSA,
        predicate={"builder": {"id": "ci"}},
        digests=frozenset({MODEL}),
    )


def test_key_ids_of_the_envelope_decide_nothing():
    content = json.loads(sign_payload(statement(), [ALICE]))
    content["signatures"][0]["keyid"] = public_half(BOB).digest
    assert verified(json.dumps(content).encode()).signers == (public_half(ALICE).digest,)


def test_the_payload_is_the_bytes_that_were_signed():
    content = json.loads(sign_payload(statement(), [ALICE]))
    content["payload"] = base64.b64encode(statement(subject=[])).decode()
    assert refusal(json.dumps(content).encode()).startswith("step 4")


# Test results


@pytest.mark.parametrize(
    "predicate",
    [
        {},
        {"result": "passed"},
        {"result": ["PASSED"]},
        {"result": "PASSED", "passedTests": "boots"},
        {"result": "PASSED", "configuration": {}},
    ],
)
def test_a_test_result_of_another_shape_is_refused(predicate):
    with pytest.raises(RefusedEnvelopeError):
        read_suite_run(predicate)


def test_a_test_that_failed_or_warned_too_did_not_pass():
    run = read_suite_run(
        {"result": "PASSED", "passedTests": ["a", "b", "c", 1], "warnedTests": ["b"], "failedTests": ["c"]}
    )
    assert run.passed == {"a"}


def test_names_and_strict_digests_of_the_configuration_are_read():
    configuration = [{"name": "node"}, {"digest": {"sha256": "ab" * 32}}, {"digest": {"sha256": "AB"}}, None, {}]
    run = read_suite_run({"result": "WARNED", "configuration": configuration})
    assert (run.result, run.names, run.digests) == ("WARNED", {"node"}, {"sha256:" + "ab" * 32})
