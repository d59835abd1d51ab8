"""What the privacy area knows of who is covered by a claim, and of accountants that report too little."""

from __future__ import annotations

from typing import ClassVar

from policy_gate.frozen import dataclass
from policy_gate.model import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalCoverage(Fact):
    """One data set behind a release that claims privacy, and the phases that account for it.

    `kind` is what is stated of the people in it; `uncovered` are the sets prepared from it, or itself, that go into a
    model outside every phase.
    """

    name: ClassVar[str] = "privacy.personal_coverage"
    dataset: str
    kind: str
    phases: tuple[str, ...]
    uncovered: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderReporting(Fact):
    """A claim whose accountant is known to report less than was spent; `accountant` is "" for any other.

    `reported_epsilon` is what such an accountant gives for the stated phases, 0 where it gives nothing, beside the
    certified interval, 0 where none is known. `source` says where the accountant is named.
    """

    name: ClassVar[str] = "privacy.under_reporting"
    accountant: str
    source: str
    reported_epsilon: float
    claimed_epsilon: float
    epsilon_lower: float
    epsilon_upper: float
