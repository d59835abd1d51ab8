"""What the signature area knows: who signed the release, what that covers, what attestations and evidence prove."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Attestation(Fact):
    """One attestation the manifest names, held against what it says of it: predicate type and artifacts.

    `path` is "" where the manifest names none. `refusals` are the verification steps that did not hold. `missing` are
    named artifacts whose digest is no subject, `extra` digests of subjects that are no named artifact.
    """

    name: ClassVar[str] = "signature.attestation"
    path: str
    predicate_type: str
    artifacts: tuple[str, ...]
    signers: tuple[str, ...]
    refusals: tuple[str, ...]
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    trust_path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttestedFile(Fact):
    """A file that enough keys of a role attest beside every model of this release; `path` is "" where none is.

    `commit` is "" for a file of the judged tree; `digest` is that of its bytes, which the attestation names.
    """

    name: ClassVar[str] = "signature.attested_file"
    path: str
    commit: str
    digest: str
    role: str
    signers: tuple[str, ...]
    attestation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentApproval(Fact):
    """Who of role approver signed the computed digest of a document; `approval` is "" where the manifest names none.

    `refusal` says why nobody's signature counts, "" where enough do.
    """

    name: ClassVar[str] = "signature.document_approval"
    path: str
    approval: str
    digest: str
    signers: tuple[str, ...]
    refusal: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSignature(Fact):
    """A signature of the model that lies where the manifest names it, "" for none; nothing in it was verified."""

    name: ClassVar[str] = "signature.model_signature"
    path: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CompatibilityEvidence(Fact):
    """A test result that enough testers signed, held against the entry that names it; `path` is "" without entries.

    `is_about_artifact` is whether its subjects hold the digest computed of the artifact; `names_target` and
    `names_suite` whether its configuration does (the latter also where no suite is stated).
    `not_passed` are required tests that it does not list as passed, and nowhere else.
    """

    name: ClassVar[str] = "signature.compatibility_evidence"
    path: str
    artifact: str
    target: str
    signers: tuple[str, ...]
    is_about_artifact: bool
    result: str
    required: tuple[str, ...]
    not_passed: tuple[str, ...]
    names_target: bool
    names_suite: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureEvidence(Fact):
    """A statement that enough testers signed and that an entry of `section` names for its figures; `path` "" for none.

    `is_about_artifact` is whether its subjects hold the digest computed of the artifact; its figures are not read.
    """

    name: ClassVar[str] = "signature.figure_evidence"
    section: str
    path: str
    artifact: str
    signers: tuple[str, ...]
    is_about_artifact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundDimension:
    """A dimension that a model leaves open, and the extent it had in a measurement."""

    name: str
    extent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredFigure:
    """One measured figure; its key names the unit. `upper` is what no run was to exceed, by the tester's statement."""

    key: str
    mid: float
    upper: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement(Fact):
    """A measurement that enough testers signed and that an entry about cost names.

    `is_about_artifact` is whether its subjects hold the digest computed of the artifact. Whether device, runtime and
    dimensions are the target's, who uses it has to compare.
    """

    name: ClassVar[str] = "signature.measurement"
    path: str
    signers: tuple[str, ...]
    is_about_artifact: bool
    device: str
    runtime_name: str
    runtime_version: str
    dimensions: tuple[BoundDimension, ...]
    runs: int
    figures: tuple[MeasuredFigure, ...]
