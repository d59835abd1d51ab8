"""Which lines of the ledgers are about the people of one release, and which of them its window still holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import TypeAlias

from policy_gate.areas.privacy.ledger.chain import Line
from policy_gate.areas.privacy.ledger.entry import LedgerEntry, tree_of
from policy_gate.errors import EvidenceError, Reason
from policy_gate.frozen import dataclass
from policy_gate.record import canonical

USUAL_DAYS = 365
MAX_COUNTED = 256
"""More releases about one population in one window are not composed: the accountant's time is bounded."""
_SPENT = ("phases", "tuning", "unit", "adjacency")

Key: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Window:
    """The `days` days that end with `until`."""

    until: date
    days: int

    def holds(self, day: date) -> bool:
        """Whether a day still counts; one that is still to come does."""
        return (self.until - day).days < self.days

    def leaves(self, day: date) -> date:
        """The first day on which a line of this day counts no more."""
        try:
            return day + timedelta(days=self.days)
        except OverflowError:
            return date.max


def same_people(own: LedgerEntry, lines: Iterable[Line], own_path: str) -> tuple[Line, ...]:
    """The lines about the population of `own`, in their order.

    The same id or one data set in common is the same population, and so is what is the same population as that. So is
    an earlier release of the same name in the repository's own ledger, `own_path`: data and id can change together.
    """
    known = tuple(lines)
    by_key: dict[Key, list[Line]] = {}
    for line in known:
        for key in _keys(line.entry, by_name=line.path == own_path):
            by_key.setdefault(key, []).append(line)
    waiting = list(_keys(own, by_name=True))
    seen = set(waiting)
    found: set[tuple[str, int]] = set()
    while waiting:
        for line in by_key.get(waiting.pop(), ()):
            if (line.path, line.number) in found:
                continue
            found.add((line.path, line.number))
            fresh = [key for key in _keys(line.entry, by_name=line.path == own_path) if key not in seen]
            seen.update(fresh)
            waiting.extend(fresh)
    return tuple(line for line in known if (line.path, line.number) in found)


def _keys(entry: LedgerEntry, *, by_name: bool) -> Iterator[Key]:
    yield "population", entry.population.id
    yield from (("data", digest) for digest in entry.population.datasets)
    if by_name:
        yield "release", entry.release.name


@dataclass(frozen=True, slots=True)
class Counted:
    """What the window of one release holds: `lines`, and the release itself where `own_counts`.

    `repeats` is the earlier release whose bytes it ships again, "" for none: then nothing more is spent.
    """

    lines: tuple[Line, ...]
    own_counts: bool
    repeats: str = ""


def counted(own: LedgerEntry, related: Sequence[Line], window: Window, *, landed: bool) -> Counted:
    """Choose what counts of the lines about one population; raises EvidenceError for too many.

    `landed` says that the release's own line is one of the base: it counts on its day, like any other.
    """
    others = [line for line in related if line.entry.release != own.release]
    own_lines = [line for line in related if line.entry.release == own.release]
    shipped = _Shipped()
    lines = [line for line in others if not shipped.again(line.entry) and window.holds(line.entry.day)]
    if len(lines) > MAX_COUNTED:
        what = f"{len(lines)} releases about one population in {window.days} days; at most {MAX_COUNTED} are composed"
        raise EvidenceError(Reason.TOO_LARGE, what)
    repeats = shipped.again(own)
    is_over = landed and not any(window.holds(line.entry.day) for line in own_lines)
    return Counted(tuple(lines), own_counts=not lines or not (repeats or is_over), repeats=repeats)


class _Shipped:
    """Bytes that were released, by what was spent on them: shipping them once more tells nobody anything new."""

    def __init__(self) -> None:
        self._first: dict[str, str] = {}

    def again(self, entry: LedgerEntry) -> str:
        """The earlier release that had just these artifacts for the same spending, "" for none; then this is one.

        A part of them is no such release: one line that lists many files could stand for the training of each.
        """
        tree = tree_of(entry)
        spent = canonical({**{key: tree[key] for key in _SPENT}, "artifacts": sorted(set(entry.artifacts))})
        if spent in self._first:
            return self._first[spent]
        self._first[spent] = entry.words
        return ""
