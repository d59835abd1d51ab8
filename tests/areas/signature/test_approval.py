"""An approval is proven by the right keys over the right entry, and by nothing else."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from signature_world import (
    ALICE,
    BOB,
    MALLORY,
    TODAY,
    ed25519,
    edited,
    entry,
    p256,
    payload_of,
    sha256,
    signed,
    trust_in,
)

from policy_gate.areas.signature.approval import APPROVAL_PREDICATE, SUBJECT, prove_approval, sign_approval
from policy_gate.areas.signature.sign import sign_payload
from policy_gate.policy.exceptions import NotProven, Proven

DIGEST, OTHER = sha256(b"waiver"), sha256(b"another waiver")
CAROL = ed25519("carol")


def approver(private, name: str, **changes) -> dict:
    return entry(private, id=name, roles=["approver"], **changes)


RELEASER = entry(BOB, id="bob")
TRUST = trust_in(approver(ALICE, "alice"), approver(CAROL, "carol"), RELEASER)
TWO_NEEDED = trust_in(
    approver(ALICE, "alice"), approver(CAROL, "carol"), RELEASER, thresholds={"releaser": 1, "approver": 2}
)


def proven(envelope: bytes, trust=TRUST, digest=DIGEST, today=TODAY, proposer="jane@example.invalid"):
    return prove_approval(envelope, digest, trust, today, proposer=proposer)


def why_not(envelope: bytes, **changes) -> str:
    proof = proven(envelope, **changes)
    assert isinstance(proof, NotProven)
    return proof.reason


def test_an_approver_proves_what_they_signed() -> None:
    assert proven(sign_approval(DIGEST, [ALICE])) == Proven(by=("alice",))
    assert proven(sign_approval(DIGEST, [CAROL, ALICE])) == Proven(by=("alice", "carol"))


def test_a_key_on_another_curve_proves_it_too() -> None:
    private = p256()
    assert proven(sign_approval(DIGEST, [private]), trust=trust_in(approver(private, "p"), RELEASER)) == Proven(
        by=("p",)
    )


@pytest.mark.parametrize("proposer", ["alice", "Alice", " ALICE ", "@alice", "ａlice"])
def test_who_proposes_cannot_approve(proposer) -> None:
    reason = why_not(sign_approval(DIGEST, [ALICE]), proposer=proposer)
    assert "key alice is the proposer's own: who proposes cannot approve" in reason
    assert proven(sign_approval(DIGEST, [ALICE, CAROL]), proposer=proposer) == Proven(by=("carol",))


def test_the_proposer_is_not_one_of_two_approvers_either() -> None:
    envelope = sign_approval(DIGEST, [ALICE, CAROL])
    assert proven(envelope, trust=TWO_NEEDED) == Proven(by=("alice", "carol"))
    assert "1 of 2 distinct keys" in why_not(envelope, trust=TWO_NEEDED, proposer="carol")


def test_one_key_that_signs_twice_is_one_approver() -> None:
    assert "1 of 2 distinct keys" in why_not(sign_approval(DIGEST, [ALICE, ALICE]), trust=TWO_NEEDED)


def test_a_key_without_a_label_is_known_by_its_digest_and_its_holder_may_propose_by_it() -> None:
    nameless = {key: one for key, one in approver(ALICE, "x").items() if key != "id"}
    trust = trust_in(nameless, RELEASER)
    assert isinstance(proven(sign_approval(DIGEST, [ALICE]), trust=trust), Proven)
    assert "proposer's own" in why_not(sign_approval(DIGEST, [ALICE]), trust=trust, proposer=nameless["spki"])


def test_a_releaser_is_no_approver() -> None:
    assert "key bob is releaser only" in why_not(sign_approval(DIGEST, [BOB]))


def test_a_stranger_proves_nothing_also_under_a_trusted_key_id() -> None:
    envelope = json.loads(sign_approval(DIGEST, [MALLORY]))
    envelope["signatures"][0]["keyid"] = json.loads(sign_approval(DIGEST, [ALICE]))["signatures"][0]["keyid"]
    assert "none of them is a trusted key" in why_not(json.dumps(envelope).encode())


def test_where_nobody_is_an_approver_nothing_is_proven() -> None:
    assert "0 of 1" in why_not(sign_approval(DIGEST, [ALICE]), trust=trust_in(entry(ALICE, id="alice")))


def test_an_approval_of_something_else_proves_nothing() -> None:
    assert "step 7: what was approved is not this entry" in why_not(sign_approval(OTHER, [ALICE]))


def test_the_signature_of_a_release_is_no_approval_and_the_other_way_round() -> None:
    release = signed(ALICE, subjects={SUBJECT: DIGEST})
    assert f"step 6: predicateType should be {APPROVAL_PREDICATE}" in why_not(release)
    from policy_gate.areas.signature.dsse import verify

    trust = trust_in(entry(ALICE, id="alice", roles=["approver", "releaser"]))
    envelope = sign_approval(DIGEST, [ALICE])
    result = verify(envelope, trust, {SUBJECT: DIGEST}, signing_day=TODAY, today=TODAY)
    assert any("step 6" in one for one in result.refusals)


def statement(**changes) -> bytes:
    return json.dumps({**payload_of(sign_approval(DIGEST, [])), **changes}).encode()


ONE = {"name": SUBJECT, "digest": {"sha256": DIGEST.removeprefix("sha256:")}}


@pytest.mark.parametrize(
    ("payload", "step"),
    [
        (b"", 5),
        (b"[]", 6),
        (b'{"a": 1, "a": 2}', 5),
        (statement(_type="https://in-toto.io/Statement/v0.1"), 6),
        (statement(predicateType="https://policy-gate.dev/approval/v2"), 6),
        (statement(predicateType=None), 6),
        (statement(subject=None), 6),
        (statement(subject=[]), 7),
        (statement(subject=[ONE, ONE]), 7),
        (statement(subject=[ONE, {**ONE, "name": "another"}]), 7),
        (statement(subject=[{**ONE, "name": "waiver"}]), 7),
        (statement(subject=[{**ONE, "digest": {"sha512": "00"}}]), 7),
        (statement(subject=[{**ONE, "digest": {"sha256": DIGEST.removeprefix("sha256:").upper()}}]), 7),
        (statement(subject=["approved"]), 7),
    ],
)
def test_an_approver_who_signs_another_statement_approves_nothing(payload, step) -> None:
    assert f"step {step}" in why_not(sign_payload(payload, [ALICE]))


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b"null", b"\xff", b"{" * 5000, b" " * (1024 * 1024 + 1), b'{"payload": NaN}']
)
def test_bytes_that_are_no_envelope_prove_nothing_and_break_nothing(content) -> None:
    assert "step 1" in why_not(content)


@pytest.mark.parametrize(
    ("changes", "step"),
    [({"payloadType": "text/plain"}, 2), ({"payload": "!"}, 3), ({"signatures": []}, 3), ({"payloadUtf8": "x"}, 3)],
)
def test_an_envelope_that_is_changed_names_its_step(changes, step) -> None:
    assert f"step {step}" in why_not(edited(sign_approval(DIGEST, [ALICE]), **changes))


@pytest.mark.parametrize(
    ("key", "today", "state"),
    [
        ({"revoked": {"at": "2026-11-19", "reason": "lost"}}, TODAY, "revoked"),
        ({}, date(2026, 9, 30), "not yet valid"),
        ({}, date(2027, 1, 2), "past its signing window"),
        ({"verify": {"not_after": "2027-01-01"}, "sign": {"not_before": "2026-10-01", "not_after": "2027-01-01"}},
         date(2027, 1, 2), "past"),
    ],
)  # fmt: skip
def test_a_key_out_of_its_windows_or_revoked_approves_nothing(key, today, state) -> None:
    trust = trust_in(approver(ALICE, "alice", **key), RELEASER)
    assert state in why_not(sign_approval(DIGEST, [ALICE]), trust=trust, today=today)


@given(st.binary(max_size=200))
def test_no_bytes_prove_anything_by_chance(content) -> None:
    assert isinstance(proven(content), NotProven)


@given(st.integers(0, 1000), st.integers(1, 255))
def test_an_envelope_with_one_byte_changed_proves_nothing_or_the_same(position, change) -> None:
    envelope = bytearray(sign_approval(DIGEST, [ALICE]))
    envelope[position % len(envelope)] ^= change
    proof = proven(bytes(envelope))
    assert isinstance(proof, NotProven) or proof == Proven(by=("alice",))
