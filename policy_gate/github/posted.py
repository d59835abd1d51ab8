"""What became of a publication: what was written, what was not, and why, in words."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from policy_gate.frozen import dataclass
from policy_gate.github.failure import GithubError


class Level(StrEnum):
    """How much of what was to stand there does."""

    FULL = "full"
    PARTIAL = "partial"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """The end of a publication: the writes made, and the reasons for those that are missing; both are for people.

    `full` without a write says that everything stood there already.
    """

    level: Level
    writes: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """One thing that does not stand there, such as `3 line comments`, and why."""

    what: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What became of one kind of thing: the writes made and what is missing; neither says that nothing was to do."""

    writes: tuple[str, ...] = ()
    missed: tuple[Missed, ...] = ()


def missed(what: str, failure: GithubError) -> Part:
    """A part that failed as a whole."""
    return Part(missed=(Missed(what=what, why=failure.words),))


def folded(parts: Iterable[Part]) -> Posted:
    """All parts together: a reason that several share, such as a permission, is given once."""
    parts = tuple(parts)
    writes = tuple(write for part in parts for write in part.writes)
    by_reason: dict[str, list[str]] = {}
    for one in (one for part in parts for one in part.missed):
        by_reason.setdefault(one.why, []).append(one.what)
    reasons = tuple(f"not written: {', '.join(what)}: {why}" for why, what in by_reason.items())
    if not reasons:
        return Posted(level=Level.FULL, writes=writes)
    stands = writes or any(not part.missed for part in parts)
    return Posted(level=Level.PARTIAL if stands else Level.NONE, writes=writes, reasons=reasons)


def counted(count: int, thing: str) -> str:
    """`1 line comment`, `2 line comments`."""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"
