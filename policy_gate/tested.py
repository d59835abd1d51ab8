"""What a run of policy tests found, as frozen values: every report about it is rendered from them and nothing else."""

from __future__ import annotations

from enum import StrEnum

from policy_gate.errors import Problem
from policy_gate.frozen import dataclass
from policy_gate.model import Outcome, Place

SCHEMA = "policy-gate/policy-test/v1alpha1"


class CaseState(StrEnum):
    """How a case came out; a known gap must stay one until its `todo` is removed."""

    HELD = "held"
    FAILED = "failed"
    KNOWN_GAP = "known gap"
    GAP_CLOSED = "gap closed"

    @property
    def is_finding(self) -> bool:
        """Whether the run fails by it."""
        return self in (CaseState.FAILED, CaseState.GAP_CLOSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """One expectation that did not hold: what was wanted and what was judged, in words, with both places."""

    rule: str
    expected: str
    actual: str
    message: str
    written: Place
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """One case: `number` counts from 1; `misses` are what did not hold."""

    name: str
    number: int
    state: CaseState
    place: Place
    misses: tuple[Miss, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchCoverage:
    """One condition of an assertion, and whether some case saw it true and some case false; `column` from 1.

    `cannot` are the answers that the file says it never gives.
    """

    text: str
    column: int
    was_true: bool
    was_false: bool
    cannot: tuple[bool, ...] = ()

    @property
    def lacking(self) -> tuple[bool, ...]:
        """The answers that no case saw, though it can give them."""
        seen = {True: self.was_true, False: self.was_false}
        return tuple(answer for answer in (True, False) if not seen[answer] and answer not in self.cannot)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCoverage:
    """What the cases reached of one rule: outcomes that a case expected and got, those that are wanted and lacking.

    `cannot` are the outcomes that the file says the rule never has.
    """

    rule: str
    reached: tuple[Outcome, ...]
    lacking: tuple[Outcome, ...]
    cannot: tuple[Outcome, ...]
    branches: tuple[BranchCoverage, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FileResult:
    """One test file with its cases and coverage; `findings` are what is lacking, each at its place.

    `problems` say why it could not be run; then there are no cases.
    """

    path: str
    cases: tuple[CaseResult, ...] = ()
    rules: tuple[RuleCoverage, ...] = ()
    findings: tuple[Problem, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 when every case holds and nothing is lacking, 1 when not, 2 when the file could not be run."""
        if self.problems:
            return 2
        return 1 if self.findings or any(case.state.is_finding for case in self.cases) else 0
