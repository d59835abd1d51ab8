"""Proves an approval by a DSSE envelope over the digest of what was approved: bytes in, a proof or a reason out.

The steps are those of `dsse`, by the same numbers, with these differences: the predicate type is that of an approval,
its one subject is the digest of the approved entry, and the keys that count are those of the role approver. A key that
bears the name of whoever proposes the entry never counts: who proposes cannot approve.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from policy_gate.areas.signature.dsse import open_envelope, verified_keys
from policy_gate.areas.signature.facts import Standing
from policy_gate.areas.signature.sign import sign_payload
from policy_gate.areas.signature.statement import STATEMENT_TYPE, STRICT, compare, read_subjects
from policy_gate.areas.signature.steps import RefusedEnvelopeError, Step
from policy_gate.areas.signature.trust import standing
from policy_gate.document import load_json
from policy_gate.errors import DocumentError
from policy_gate.policy.exceptions import NotProven, Proof, Proven, same_person

if TYPE_CHECKING:
    from datetime import date

    from policy_gate.areas.signature.dsse import Envelope
    from policy_gate.areas.signature.keys import PrivateKey
    from policy_gate.areas.signature.trust import Role, Trust, TrustedKey

APPROVAL_PREDICATE = "https://policy-gate.dev/approval/v1alpha1"
"""An identifier of what an approval states; nothing has to answer at this address."""

APPROVER: Role = "approver"
"""The role whose keys approve exceptions."""

SUBJECT = "approved"
"""The name of the one subject: an entry of a policy file is no file, so that it has no name of its own."""


def prove_approval(content: bytes, digest: str, trust: Trust, today: date, *, proposer: str) -> Proof:
    """Prove that enough approvers, and not the proposer alone, have signed `digest`; else say why not.

    Nothing proves when a signature was made, so that today is its time. Never raises for hostile bytes.
    """
    try:
        envelope = _open(content)  # steps 1 to 3
        approvers = _approvers(envelope, trust, today, proposer)  # steps 4 and 8
        _hold_statement(envelope.payload, digest)  # steps 5 to 7
    except RefusedEnvelopeError as error:
        return NotProven(reason=error.problems[0].message)
    except DocumentError as error:
        return NotProven(reason=f"no strict JSON (step 1): {error.problems[0].message}")
    return Proven(by=tuple(sorted(key.label for key in approvers)))


def sign_approval(digest: str, private_keys: Sequence[PrivateKey]) -> bytes:
    """Sign the digest of an entry as an approver; returns the envelope as JSON bytes."""
    return sign_payload(approval_statement(digest), private_keys)


def approval_statement(digest: str) -> bytes:
    """Write the in-toto statement of an approval: one subject, no predicate, canonical JSON."""
    statement = {
        "_type": STATEMENT_TYPE,
        "predicateType": APPROVAL_PREDICATE,
        "subject": [{"name": SUBJECT, "digest": {"sha256": digest.removeprefix("sha256:")}}],
    }
    return json.dumps(statement, sort_keys=True, separators=(",", ":")).encode("utf-8")


def _open(content: bytes) -> Envelope:
    root = load_json(content, "approval", STRICT).root
    if not isinstance(root, dict) or not {"payload", "payloadType", "signatures"} <= root.keys():
        raise DocumentError("it should be a DSSE envelope: an object with payload, payloadType and signatures")
    return open_envelope(root)


def _approvers(envelope: Envelope, trust: Trust, today: date, proposer: str) -> tuple[TrustedKey, ...]:
    """Steps 4 and 8: enough distinct keys of the role, in good standing, and of somebody else than the proposer."""
    counted, causes = [], []
    for key in verified_keys(envelope, trust.keys):
        objection = _objection(key, trust, today, proposer)
        if objection:
            causes.append(f"key {key.label} {objection}")
        else:
            counted.append(key)
    threshold = max(1, trust.threshold(APPROVER))
    if len(counted) < threshold:
        found = f"{len(counted)} of {threshold} distinct keys of role {APPROVER} count"
        raise RefusedEnvelopeError(Step.SIGNATURES, "; ".join([found, *(causes or ["none of them is a trusted key"])]))
    return tuple(counted)


def _objection(key: TrustedKey, trust: Trust, today: date, proposer: str) -> str:
    if APPROVER not in key.roles:
        return f"is {', '.join(key.roles)} only"
    if same_person(key.label, proposer) or same_person(key.public.digest, proposer):
        return "is the proposer's own: who proposes cannot approve"
    held = standing(key, today, today, trust.clock_skew)
    return "" if held is Standing.GOOD else f"is {held}"


def _hold_statement(payload: bytes, digest: str) -> None:
    """Steps 5 to 7: a statement of the one type of approvals, about exactly this digest."""
    try:
        statement = load_json(payload, "payload", STRICT).root  # step 5
    except DocumentError as error:
        what = f"the payload is no strict JSON: {error.problems[0].message}"
        raise RefusedEnvelopeError(Step.PAYLOAD, what) from None
    if not isinstance(statement, dict) or statement.get("_type") != STATEMENT_TYPE:  # step 6
        raise RefusedEnvelopeError(Step.STATEMENT, f"_type should be {STATEMENT_TYPE}")
    if statement.get("predicateType") != APPROVAL_PREDICATE:
        raise RefusedEnvelopeError(Step.STATEMENT, f"predicateType should be {APPROVAL_PREDICATE}")
    coverage = compare(read_subjects(statement), {SUBJECT: digest})  # step 7
    if coverage.changed:
        raise RefusedEnvelopeError(Step.SUBJECTS, "what was approved is not this entry: it changed since")
    if coverage.missing or coverage.extra or coverage.malformed:
        raise RefusedEnvelopeError(Step.SUBJECTS, f"its subject should be '{SUBJECT}' and no other")
