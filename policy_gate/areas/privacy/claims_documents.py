"""What a manifest states of personal data beside any guarantee: its purpose, special categories, the assessment."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from policy_gate.manifest.claims import ClaimModel, Digest, Identifier, Items, RelativePath, Text

MAX_COVERED = 1000
_DAY_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"


def _in_calendar(day: str) -> str:
    try:
        date.fromisoformat(day)
    except ValueError:
        raise PydanticCustomError("day_form", "a day is written as in 2026-09-01 and stands in the calendar") from None
    return day


Day = Annotated[
    str, Field(pattern=_DAY_PATTERN, description="a UTC day such as 2026-09-01"), AfterValidator(_in_calendar)
]
Condition = Literal[
    "explicit-consent",
    "employment-and-social-law",
    "vital-interests",
    "non-profit-body",
    "made-public-by-the-person",
    "legal-claims",
    "substantial-public-interest",
    "health-care",
    "public-health",
    "archiving-research-statistics",
]
"""The ten conditions of GDPR Article 9(2), in its order (a) to (j)."""


class SpecialCategories(ClaimModel):
    """Whether data is of a special category (GDPR Article 9(1)), and why it may be processed all the same."""

    present: bool
    condition: Condition | None = None
    safeguards: Text | None = None

    @model_validator(mode="after")
    def _absent_has_no_condition(self) -> SpecialCategories:
        if not self.present and (self.condition is not None or self.safeguards is not None):
            raise ValueError("present is false, yet a condition or safeguards are stated")
        return self


class Assessment(ClaimModel):
    """The data-protection impact assessment: the file, the day it was made or last reviewed, what it covers."""

    path: RelativePath
    digest: Digest | None = None
    date: Day | None = None
    covers: Annotated[Items[Identifier], Field(max_length=MAX_COVERED, description="ids of lineage nodes")] = ()
    approval: RelativePath | None = None
