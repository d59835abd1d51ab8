"""What the privacy area knows of a release that claims no guarantee: purpose, lawful basis, conditions, assessment."""

from __future__ import annotations

from typing import ClassVar

from policy_gate.frozen import dataclass
from policy_gate.model import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose(Fact):
    """What personal data is used for; `words` counts different ones, `placeholder` is one that stands for none.

    `needed` is whether people are, or may be, in the data behind the release.
    """

    name: ClassVar[str] = "privacy.purpose"
    purpose: str
    words: int
    placeholder: str = ""
    needed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class LawfulBasis(Fact):
    """Why one personal data set may be used; `until` is "" where the basis has no end.

    About the release, with `node` "", where no data set behind it holds personal data.
    """

    name: ClassVar[str] = "privacy.lawful_basis"
    node: str
    kind: str = ""
    legal_basis: str = ""
    until: str = ""
    days_left: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialCategoryUse(Fact):
    """The data sets of a special category behind the release, beside what the privacy section states of them."""

    name: ClassVar[str] = "privacy.special_categories"
    nodes: tuple[str, ...]
    stated: bool
    present: bool
    condition: str = ""
    safeguards: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessmentDocument(Fact):
    """The assessment's file beside what is stated of it; `path` is "" where none is named and none is needed.

    `is_text` is whether its words could be read, else `file_format` is what it says it is: `words` counts different
    ones, `marker` is what is left of a template, `unmentioned` are covered ids that it does not name, `states_date`
    whether it names its day. `strangers` are covered ids that no node has. `approved_by` are approvers who signed its
    digest, `refusal` says why none counts.
    """

    name: ClassVar[str] = "privacy.assessment"
    path: str
    claimed: str = ""
    computed: str = ""
    date: str = ""
    age_days: int = 0
    size_bytes: int = 0
    is_text: bool = False
    file_format: str = ""
    words: int = 0
    marker: str = ""
    states_date: bool = False
    covers: tuple[str, ...] = ()
    unmentioned: tuple[str, ...] = ()
    strangers: tuple[str, ...] = ()
    approved_by: tuple[str, ...] = ()
    refusal: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnclaimedData(Fact):
    """The personal data behind a release, and what of it the assessment covers.

    `without` counts sets and models that state to hold none. Of the sets that an assessment has to name, `uncovered`
    are those that it does not list, `unmentioned` those that its text does not name; `doubt` says why the file itself
    is not relied on, or "".
    """

    name: ClassVar[str] = "privacy.unclaimed_data"
    claim_type: str
    personal: tuple[str, ...]
    without: int
    assessment: str = ""
    uncovered: tuple[str, ...] = ()
    unmentioned: tuple[str, ...] = ()
    doubt: str = ""
