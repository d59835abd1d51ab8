"""What the signature area knows: who signed the release, what the signature covers, where evidence lies."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from policy_gate.frozen import dataclass
from policy_gate.model import Fact


class Standing(StrEnum):
    """Whether a key may be relied on at the signing time."""

    GOOD = "in good standing"
    NOT_YET_VALID = "not yet valid"
    SIGNING_ENDED = "past its signing window"
    VERIFICATION_ENDED = "past its verification window"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseSignature(Fact):
    """The release's envelope: distinct trusted keys in good standing and of the role that signed it.

    `refusals` name the numbered verification steps that did not hold; none means the envelope verifies.
    """

    name: ClassVar[str] = "signature.release_signature"
    path: str
    role: str
    threshold: int
    signers: tuple[str, ...]
    refusals: tuple[str, ...]
    signing_time: str
    time_source: str
    trust_path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedSubjects(Fact):
    """The files an envelope by trusted keys names, against the manifest and the files that it names.

    `changed` have another digest than the one computed; `malformed` are subjects without a strict SHA-256 digest.
    """

    name: ClassVar[str] = "signature.signed_subjects"
    path: str
    files: int
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    changed: tuple[str, ...]
    malformed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey(Fact):
    """One trusted key that signed the release; dates are ISO 8601, UTC, both ends inclusive."""

    name: ClassVar[str] = "signature.signing_key"
    key: str
    algorithm: str
    roles: tuple[str, ...]
    standing: Standing
    signing_time: str
    time_source: str
    sign_not_before: str
    sign_not_after: str
    verify_not_after: str
    revocation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedFile:
    """A signature or a piece of evidence, and where the manifest names it."""

    path: str
    pointer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidencePlacement(Fact):
    """How many signatures and evidence files the manifest names, and those that lie in the folder that ships."""

    name: ClassVar[str] = "signature.evidence_placement"
    root: str
    files: int
    inside: tuple[PlacedFile, ...]
