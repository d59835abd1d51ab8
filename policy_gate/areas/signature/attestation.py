"""Verifies one attestation: bytes in, what enough keys of a role have signed out; no file and no clock.

The steps are those of `dsse`, by the same numbers, with these differences: the keys that count are those of the roles
the caller names, the predicate type is the caller's to judge, and the subjects are given back by their digests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from policy_gate.areas.signature.dsse import open_envelope, read_envelope, verified_keys
from policy_gate.areas.signature.facts import Standing
from policy_gate.areas.signature.statement import parse_statement, read_subjects
from policy_gate.areas.signature.steps import RefusedEnvelopeError, Step
from policy_gate.areas.signature.trust import standing
from policy_gate.frozen import dataclass

if TYPE_CHECKING:
    from datetime import date

    from policy_gate.areas.signature.dsse import Envelope
    from policy_gate.areas.signature.trust import Role, Trust, TrustedKey
    from policy_gate.document import Value

MAX_SHOWN_KEYS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Attested:
    """What was signed: the digests of its subjects, its predicate, and the digests of the keys that count."""

    role: str
    signers: tuple[str, ...]
    predicate_type: str
    predicate: Mapping[str, Value]
    digests: frozenset[str]


def verify_attestation(content: bytes, trust: Trust, today: date, roles: Sequence[Role]) -> Attested:
    """Verify an envelope for any one of some roles; nothing proves when it was signed, so that today is its time.

    EvidenceError when the bytes are no envelope (step 1), RefusedEnvelopeError when a later step does not hold.
    """
    envelope = open_envelope(read_envelope(content))  # steps 1 to 3
    role, keys = _signers(envelope, trust, today, roles)  # steps 4 and 8
    statement = parse_statement(envelope.payload)  # steps 5 and 6
    predicate_type, predicate = statement.get("predicateType"), statement.get("predicate", {})
    if not isinstance(predicate_type, str) or not isinstance(predicate, dict):
        raise RefusedEnvelopeError(Step.STATEMENT, "predicateType should be a text, and predicate an object")
    return Attested(
        role=role,
        signers=tuple(sorted(key.public.digest for key in keys)),
        predicate_type=predicate_type,
        predicate=predicate,
        digests=_digests(statement),  # step 7
    )


def _signers(
    envelope: Envelope, trust: Trust, today: date, roles: Sequence[Role]
) -> tuple[Role, tuple[TrustedKey, ...]]:
    """Steps 4 and 8: the first role of which enough distinct keys in good standing have signed."""
    held = [(key, standing(key, today, today, trust.clock_skew)) for key in verified_keys(envelope, trust.keys)]
    for role in roles:
        counted = tuple(key for key, its_standing in held if role in key.roles and its_standing is Standing.GOOD)
        if len(counted) >= max(1, trust.threshold(role)):
            return role, counted
    wanted = " or ".join(f"{max(1, trust.threshold(role))} of role {role}" for role in roles)
    found = [
        f"key {key.label} is {', '.join(key.roles) if its_standing is Standing.GOOD else its_standing}"
        for key, its_standing in held
    ]
    seen = "; ".join(found[:MAX_SHOWN_KEYS]) or "none of its signatures is by a trusted key"
    raise RefusedEnvelopeError(Step.SIGNATURES, f"too few distinct keys in good standing signed, of {wanted}: {seen}")


def _digests(statement: Mapping[str, Value]) -> frozenset[str]:
    """Step 7, as far as it is the same for all: there are subjects, and each has one strict SHA-256 digest."""
    subjects = read_subjects(statement)
    if not subjects:
        raise RefusedEnvelopeError(Step.SUBJECTS, "it has no subject, so that it is about nothing")
    for name, digest in subjects:
        if not digest:
            shown = ascii(name)[:80]
            raise RefusedEnvelopeError(Step.SUBJECTS, f"the subject {shown} has no name or no strict SHA-256 digest")
    return frozenset(digest for _, digest in subjects)
