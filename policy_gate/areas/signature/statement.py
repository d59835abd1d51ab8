"""Reads the in-toto statement inside an envelope, and compares what it names with what we computed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

from policy_gate.areas.signature.steps import RefusedEnvelopeError, Step
from policy_gate.document import Limits, load_json
from policy_gate.errors import DocumentError
from policy_gate.frozen import dataclass

if TYPE_CHECKING:
    from policy_gate.document import Value

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
RELEASE_PREDICATE = "https://policy-gate.dev/release/v1alpha1"
"""An identifier of what a release signature states; nothing has to answer at this address."""

MAX_ENVELOPE_BYTES = 1024 * 1024
STRICT = Limits(max_bytes=MAX_ENVELOPE_BYTES, max_scalar_chars=MAX_ENVELOPE_BYTES, max_problems=1)

_SHA256 = re.compile(r"[0-9a-f]{64}")
_MAX_SHOWN = 80

Subjects: TypeAlias = tuple[tuple[str, str], ...]
"""Pairs of name and digest (`sha256:` and 64 hex digits, or "" where a subject has no strict one)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Names of subjects, sorted, that differ from the manifest and the files it names; all empty when exact."""

    missing: tuple[str, ...]
    extra: tuple[str, ...]
    changed: tuple[str, ...]
    malformed: tuple[str, ...]


def read_statement(payload: bytes, predicate_type: str = RELEASE_PREDICATE) -> Mapping[str, Value]:
    """Steps 5 and 6: parse the payload, then hold it to one predicate type: a release's unless another is given."""
    statement = parse_statement(payload)
    found = statement.get("predicateType")
    if found != predicate_type:
        shown = ascii(found)[:_MAX_SHOWN]
        raise RefusedEnvelopeError(Step.STATEMENT, f"predicateType is {shown}; it should be {predicate_type}")
    return statement


def parse_statement(payload: bytes) -> Mapping[str, Value]:
    """Step 5, and of step 6 that the payload is an in-toto Statement, of whatever predicate type."""
    try:
        statement = load_json(payload, "payload", STRICT).root  # step 5
    except DocumentError as error:
        what = f"the payload is no strict JSON: {error.problems[0].message}"
        raise RefusedEnvelopeError(Step.PAYLOAD, what) from None
    if not isinstance(statement, dict) or statement.get("_type") != STATEMENT_TYPE:  # step 6
        raise RefusedEnvelopeError(Step.STATEMENT, f"_type should be {STATEMENT_TYPE}")
    return statement


def read_subjects(statement: Mapping[str, Value]) -> Subjects:
    """Read the subjects of a statement; one without a name or a strict SHA-256 digest has "" for a digest.

    Other algorithms beside it are ignored: what they say is never believed.
    """
    subjects = statement.get("subject")
    if not isinstance(subjects, list):
        raise RefusedEnvelopeError(Step.STATEMENT, "subject should be a list")
    return tuple(_subject(subject, position) for position, subject in enumerate(subjects))


def _subject(subject: Value, position: int) -> tuple[str, str]:
    if not isinstance(subject, dict):
        return f"subject[{position}]", ""
    name, digests = subject.get("name"), subject.get("digest")
    if not isinstance(name, str) or not name:
        return f"subject[{position}]", ""
    sha256 = digests.get("sha256") if isinstance(digests, dict) else None
    if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
        return name, ""
    return name, f"sha256:{sha256}"


def compare(subjects: Subjects, expected: Mapping[str, str]) -> Coverage:
    """Step 7: each expected file once, with the digest we computed, and nothing else."""
    signed = dict(subjects)
    times = Counter(name for name, _ in subjects)
    malformed = {name for name, digest in subjects if not digest or times[name] > 1}
    return Coverage(
        missing=tuple(sorted(expected.keys() - signed.keys())),
        extra=tuple(sorted(signed.keys() - expected.keys() - malformed)),
        changed=tuple(
            sorted(
                name
                for name, digest in expected.items()
                if name in signed and name not in malformed and signed[name] != digest
            )
        ),
        malformed=tuple(sorted(malformed)),
    )
