"""Everything one run says, as one frozen value: what every report of a job is rendered from."""

from __future__ import annotations

from policy_gate.errors import Problem
from policy_gate.frozen import dataclass
from policy_gate.model import Record, Verdict
from policy_gate.review import PolicyReview

NAME = "policy-gate"
"""What a job is called where it does not say; jobs of another name keep comments of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Where a reader finds things; "" where nobody knows.

    `server` and `run` are URLs, `repository` is owner/name. `head` and `base` are the object ids of the commit that
    is judged (of a pull request its own head, not GitHub's merge of it) and of the commit that judges it.
    """

    server: str = ""
    repository: str = ""
    head: str = ""
    base: str = ""
    run: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """Whole lines of one file with derived values written into them; it mends all of `findings` (their ids).

    `start_line` to `end_line` (1-based, inclusive) of the head's file hold `before`; `after` takes their place.
    Lines have no line ends. Values are derived by computation alone: never a budget, a limit or a waiver.
    """

    findings: tuple[str, ...]
    path: str
    start_line: int
    end_line: int
    before: tuple[str, ...]
    after: tuple[str, ...]
    words: str
    """What is written, for a reader, such as `write the computed digest`."""
    changes_signed_bytes: bool = False
    one_click: bool = True
    """Whether the lines are those of the pull request's own head, with plain line ends; else they are only shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """What one run found over all releases, in order of path, and how to get the same again."""

    tool_version: str
    records: tuple[Record, ...]
    problems: tuple[Problem, ...]
    exit_code: int
    review: PolicyReview | None = None
    notes: tuple[str, ...] = ()
    name: str = NAME
    links: Links = Links()
    suggestions: tuple[Suggestion, ...] = ()
    reproduce: str = ""
    """The command that gives the same result in a clone of the repository."""
    reported_by_fork: bool = False
    """Whether nobody but the pull request's own run says all this: then it is a report, and no verdict of ours."""

    @property
    def verdict(self) -> Verdict | None:
        """Blocked where anything is, allowed where all is, None where something could not be judged at all."""
        if self.problems or self.exit_code not in (0, 1):
            return None
        found = [one.verdict for one in self.records] + ([self.review.verdict] if self.review is not None else [])
        return Verdict.BLOCKED if self.exit_code == 1 or Verdict.BLOCKED in found else Verdict.ALLOWED
