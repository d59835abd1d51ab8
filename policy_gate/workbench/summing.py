"""Sums up a replay: releases in order, each record once, the counts, and the exit code they come to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from policy_gate import __version__
from policy_gate.engine.past import Compared
from policy_gate.errors import Problem
from policy_gate.frozen import dataclass
from policy_gate.model import Outcome
from policy_gate.replayed import SCHEMA, Replayed, ReplayedRelease, Said, Totals, Waivable


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """What is replayed, in words: as the fields of `Replayed`."""

    policy: str
    against: str
    shard: str


def summed_up(
    heading: Heading, compared: Iterable[Compared], problems: Iterable[Problem], notes: Iterable[str]
) -> Replayed:
    """Everything one replay found; `compared` and `problems` in the order of the input, which copies are told by."""
    everything = list(compared)
    once = list({one.release.digest: one for one in reversed(everything)}.values())
    releases = tuple(sorted((one.release for one in once), key=_order))
    gone, new = _rules_that_differ(once)
    problems = tuple(dict.fromkeys(problems))
    return Replayed(
        schema=SCHEMA,
        tool_version=__version__,
        policy=heading.policy,
        against=heading.against,
        shard=heading.shard,
        releases=releases,
        copies=len(everything) - len(once),
        rules_gone=gone,
        rules_new=new,
        problems=problems,
        notes=tuple(notes),
        totals=_totals(releases),
        exit_code=_exit_code(releases, problems),
    )


def _order(release: ReplayedRelease) -> tuple[str, int, str, str, str, str]:
    return release.name, release.sequence, release.version, release.day, release.stage.value, release.digest


def _rules_that_differ(compared: Iterable[Compared]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    gone: set[str] = set()
    new: set[str] = set()
    for one in compared:
        gone |= one.rules_before - one.rules_after
        new |= one.rules_after - one.rules_before
    return tuple(sorted(gone)), tuple(sorted(new))


def _totals(releases: Sequence[ReplayedRelease]) -> Totals:
    flips = [flip for release in releases for flip in release.flips]
    newly = [flip for flip in flips if flip.newly_blocks]
    return Totals(
        releases=len(releases),
        newly_blocked=sum(one.before is not Said.BLOCKED and one.after is Said.BLOCKED for one in releases),
        newly_allowed=sum(one.before is Said.BLOCKED and one.after is Said.ALLOWED for one in releases),
        not_established=sum(one.after is Said.NOT_ESTABLISHED for one in releases),
        flips=len(flips),
        newly_blocking=len(newly),
        waivers_needed=sum(flip.waivable is Waivable.YES for flip in newly),
        not_waivable=sum(flip.waivable is Waivable.NO for flip in newly),
        unsaid=sum(len(one.unsaid) for one in releases),
    )


def _exit_code(releases: Sequence[ReplayedRelease], problems: Sequence[Problem]) -> int:
    """The highest of: 3 a check crashes on a record, 2 something is unreadable or not established, 1 newly blocked."""
    flips = [flip for release in releases for flip in release.flips]
    if any(flip.after is Outcome.ERROR for flip in flips):
        return 3
    if problems or any(one.after is Said.NOT_ESTABLISHED for one in releases):
        return 2
    return 1 if any(flip.newly_blocks for flip in flips) else 0
