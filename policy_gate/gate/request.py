"""What a run of the gate is asked, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import date
from pathlib import Path
from typing import Generic, TypeVar

from policy_gate.approval_reviews import Reviews
from policy_gate.errors import Problem
from policy_gate.frozen import dataclass
from policy_gate.model import FailOn, Preview, ReleaseEvent, Stage
from policy_gate.review import PolicyReview
from policy_gate.source import git_root

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to judge, against what, by which policy."""

    root: Path
    tree: str = "working"
    """`working`, `index`, a revision, or the path of a bundle after `bundle:`."""
    base: str = ""
    """The base revision; empty: compare with HEAD where there is one, and trust the head's own policies."""
    compare: str = ""
    """An earlier run's record after `record:`, or an earlier release after `bundle:`, to compare with; "" for git's."""
    config: str = ""
    policies: tuple[str, ...] = ()
    stage: Stage | None = None
    event: ReleaseEvent | None = None
    """What a service says this run is for, beside a change of a branch; the configuration says which stage that is."""
    fail_on: FailOn | None = None
    manifests: tuple[str, ...] = ()
    exceptions: bool = True
    """Whether waivers and the baseline count; who writes them asks what is found without them."""
    today: date
    in_ci: bool = False
    """Whether a pull request is judged by a service: then the base cannot be the very commit that is judged."""
    reviews: Reviews | None = None
    """Who approves the judged commit by a review on GitHub; None where nobody looked."""
    progress: Callable[[int], None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report(Generic[T]):
    """What one run found: records (or what was made of them) in order of path, problems, and the exit code."""

    presented: tuple[T, ...]
    problems: tuple[Problem, ...]
    exit_code: int
    notes: tuple[str, ...] = ()
    previews: Mapping[str, Preview] = field(default_factory=dict)
    review: PolicyReview | None = None
    """What the change does to its judge; None where it does nothing, or where nothing is compared."""


def default_root(start: Path) -> Path:
    """The top of the git repository `start` lies in, else `start` itself."""
    return git_root(start) or start
