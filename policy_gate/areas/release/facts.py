"""What the release area knows: identity, time, who runs what, what is claimed, where a device goes back to."""

from __future__ import annotations

from typing import ClassVar

from policy_gate.frozen import dataclass
from policy_gate.model import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseState(Fact):
    """Sequence and manifest digest: two manifests of one release with one sequence have one digest."""

    name: ClassVar[str] = "release.state"
    sequence: int
    manifest_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseName(Fact):
    """The release's name beside the one its manifest path had in the base ("" for a new path)."""

    name: ClassVar[str] = "release.name"
    release: str
    base_known: bool
    name_at_path: str
    known_in_base: bool
    nearest_in_base: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreationTime(Fact):
    """When the release says it was made: `well_formed` is RFC 3339 in UTC, the rest is 0 when it is not.

    Times are milliseconds since 1970-01-01T00:00:00Z; `end_of_today_ms` is the first instant after today.
    """

    name: ClassVar[str] = "release.creation_time"
    created: str
    well_formed: bool
    created_ms: int
    end_of_today_ms: int
    today: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelUse(Fact):
    """The targets that run one model, and one artifact some target runs that was derived from it, "" for none.

    `stays_behind` is whether its file lies outside the folder that ships; never so where no such folder is named.
    """

    name: ClassVar[str] = "release.model_use"
    targets: tuple[str, ...]
    derivative: str
    stays_behind: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetUse(Fact):
    """What one target runs: artifacts of role model, and others."""

    name: ClassVar[str] = "release.target_use"
    models: tuple[str, ...]
    assets: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundModel:
    """One file that is a model; `format` is what its content is, "" when only its name says so."""

    path: str
    format: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSurvey(Fact):
    """The search for model files that no manifest names: what was found, and what could not be looked into.

    `files` were compared by name, `opened` of them by content too.
    """

    name: ClassVar[str] = "release.model_survey"
    files: int
    opened: int
    unlisted: tuple[FoundModel, ...]
    unread: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackPlan(Fact):
    """Where a device goes back to; `min_sequence` is the lowest it may ever run, -1 when none is given."""

    name: ClassVar[str] = "release.rollback_plan"
    sequence: int
    to_version: str
    to_sequence: int
    min_sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceFloor(Fact):
    """The lowest sequence that devices may ever run; -1 when the manifest gives none."""

    name: ClassVar[str] = "release.sequence_floor"
    min_sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificationTerm(Fact):
    """One certification and how many days it is still valid, negative when it is over."""

    name: ClassVar[str] = "release.certification_term"
    scheme: str
    valid_until: str
    days_left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentDigest(Fact):
    """The digest the manifest claims for a document, beside the one computed."""

    name: ClassVar[str] = "release.document_digest"
    path: str
    claimed: str
    computed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DanglingReference:
    """A name in a section that no target or artifact has; `nearest` is the likeliest one that was meant, or ""."""

    pointer: str
    kind: str
    name: str
    nearest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class References(Fact):
    """How many names of targets and artifacts the sections use, and those that name nothing."""

    name: ClassVar[str] = "release.references"
    checked: int
    dangling: tuple[DanglingReference, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedClaim:
    """One claim by name: what the entry or section is about, and which of its values, "" for the entry itself.

    `kind` is that of the value; `entry` points at the entry or section in the manifest that makes the claim.
    """

    about: str
    what: str
    kind: str
    entry: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedClaims(Fact):
    """Everything a manifest claims: names only, since whether a value holds is for other rules."""

    name: ClassVar[str] = "release.stated_claims"
    claims: tuple[StatedClaim, ...]
