"""Everything the gate refuses: one tree, each kind with its exit code."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from policy_gate.frozen import dataclass


class Reason(StrEnum):
    """Why something could not be established; the text is what a reader sees."""

    NOT_DECLARED = "not declared"
    NOT_IN_TREE = "not in checkout"
    LFS_POINTER = "LFS pointer"
    HARD_LINKED = "more than one hard link"
    PATH_REFUSED = "path refused"
    UNREADABLE = "unreadable"
    UNSUPPORTED_FORMAT = "unsupported format"
    UNSUPPORTED_OPERATOR = "unsupported operator"
    UNBOUND_DIMENSION = "unbound dimension"
    TOO_LARGE = "over the reader's limits"
    NOT_PROVEN = "not proven"
    INTERVAL_STRADDLES = "limit lies inside the interval"
    NOT_TRUSTED = "nothing trusted to compare with"
    NOTHING_TO_JUDGE = "nothing to judge"
    NO_BASELINE = "no baseline"
    BASE_UNKNOWN = "base not established"
    NOT_COMPARABLE = "values do not compare"
    NOT_IN_RECORD = "not in the record"
    MISSING_EXTRA = "missing extra"
    CRASHED = "check crashed"
    OUT_OF_SCOPE = "rule does not apply"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, at one place: line and column are 1-based, 0 means the whole file."""

    message: str
    path: str = ""
    line: int = 0
    column: int = 0
    hint: str = ""

    def __str__(self) -> str:
        """Render as `path:line:column: message`, leaving out what is not known."""
        place = ":".join([self.path, *(str(n) for n in (self.line, self.column) if n)]) if self.path else ""
        text = f"{place}: {self.message}" if place else self.message
        return f"{text}\n  {self.hint}" if self.hint else text


class GateError(Exception):
    """The gate could not judge; carries every problem found, not only the first."""

    exit_code = 2

    def __init__(self, problems: Problem | str | Iterable[Problem]) -> None:
        """Take one message, one problem or many."""
        if isinstance(problems, str):
            problems = Problem(problems)
        self.problems: tuple[Problem, ...] = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class UsageError(GateError):
    """The command line asks for something that cannot be done."""


class DocumentError(GateError):
    """A YAML or JSON document is not well-formed, or breaks the loader's limits."""


class ManifestError(GateError):
    """A release manifest is readable but not a valid manifest."""


class PolicyError(GateError):
    """A policy, pack, configuration or trust file is not valid."""


class TooMuchWorkError(PolicyError):
    """Expressions of a policy that nobody trusts yet took more work together than they may."""


class SourceError(GateError):
    """A tree could not be opened: no such directory, revision or archive, or git refuses."""


class MissingExtraError(GateError):
    """Something needs an optional dependency that is not installed."""

    def __init__(self, what: str, extra: str) -> None:
        """Name the extra that brings it."""
        super().__init__(Problem(f"{what} needs the extra [{extra}]: pip install 'policy-gate[{extra}]'"))


class EvidenceError(GateError):
    """One piece of evidence could not be read; a collector turns it into a missing fact."""

    def __init__(self, reason: Reason, detail: str, *, fix: str = "") -> None:
        """Say why, in the vocabulary of `Reason`, what was seen, and how to mend it."""
        self.reason = reason
        self.detail = detail
        self.fix = fix
        super().__init__(Problem(f"{reason}: {detail}", hint=fix))


class InternalError(GateError):
    """The gate itself failed; never a statement about the release."""

    exit_code = 3
