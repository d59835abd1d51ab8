"""What a manifest may claim about the release itself: rollback, documents, certification, compatibility, quality."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field, RootModel

from policy_gate.manifest import ClaimModel, Items
from policy_gate.manifest.claims import MAX_SEQUENCE, Digest, Identifier, RelativePath, Text

Sequence = Annotated[int, Field(ge=0, le=MAX_SEQUENCE)]


def _calendar_day(text: str) -> str:
    try:
        date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"'{text}' is no day of the calendar") from None
    return text


Day = Annotated[
    str,
    Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", description="a day as in 2027-11-20"),
    AfterValidator(_calendar_day),
]


class RollbackTarget(ClaimModel):
    """The release a device returns to, named by the digest of its manifest."""

    version: Text
    sequence: Sequence
    manifest: Digest


class Rollback(ClaimModel):
    """Where a device goes back to, and the lowest sequence it may ever run."""

    to: RollbackTarget
    min_sequence: Sequence | None = None


class ReleaseDocument(ClaimModel):
    """A document that belongs to the release, such as a model card, and who approved it."""

    path: RelativePath
    digest: Digest | None = None
    sections: Items[Text] = ()
    approval: RelativePath | None = None


class Documents(RootModel[Items[ReleaseDocument]]):
    """The documents of the release."""


class CertificationEntry(ClaimModel):
    """One certification, the document that states it, and its last valid day (UTC)."""

    scheme: Text
    class_: Annotated[Text, Field(alias="class")]
    document: Digest | None = None
    valid_until: Day


class Certification(RootModel[Items[CertificationEntry]]):
    """The certifications of the release."""


class CompatibilityEntry(ClaimModel):
    """The test suite one artifact passed on one target."""

    target: Identifier
    artifact: Identifier
    suite: Digest | None = None
    evidence: RelativePath | None = None
    required: Items[Text] = ()


class Compatibility(RootModel[Items[CompatibilityEntry]]):
    """What was tested where."""


class QualityEntry(ClaimModel):
    """One figure of quality of one artifact, measured on one target or anywhere."""

    artifact: Identifier
    target: Identifier | None = None
    metric: Text
    value: float
    evidence: RelativePath | None = None


class Quality(RootModel[Items[QualityEntry]]):
    """The figures of quality of the release."""
