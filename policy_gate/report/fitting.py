"""Fits a report into a budget: parts give up their last entries, the least needed part first, and say how many."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TypeVar, overload

from policy_gate.frozen import dataclass

T = TypeVar("T")
Size = Callable[[str], int]
"""How a text is counted: UTF-8 bytes, UTF-16 units."""


class Written(Sequence[str]):
    """Texts that are made when they are asked for, once: of 5,000 findings a small report shows a few."""

    def __init__(self, things: Iterable[T], write: Callable[[T], str]) -> None:
        self._makers = [partial(write, one) for one in things]
        self._made: dict[int, str] = {}

    def __len__(self) -> int:
        return len(self._makers)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> list[str]: ...
    def __getitem__(self, at: int | slice) -> str | list[str]:
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(len(self)))]
        if at not in self._made:
            self._made[at] = self._makers[at]()
        return self._made[at]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Entries between an opening and a closing, which stand or fall together with the entries; all end in a newline.

    `rank` says who gets room first (0 before 1), whatever the order on the page. `entry` is the word for one entry.
    Where not one entry fits, only the line that counts what is left out is shown.
    """

    rank: int
    entries: Sequence[str]
    opening: str = ""
    closing: str = ""
    entry: str = "finding"

    def written(self, shown: int) -> str:
        """The part with its first `shown` entries."""
        total = len(self.entries)
        if not total:
            return ""
        body = f"{self.opening}{''.join(self.entries[:shown])}{self.closing}" if shown else ""
        return body + (self._rest(shown) if shown < total else "")

    def _rest(self, shown: int) -> str:
        total = len(self.entries)
        word = self.entry if total == 1 else f"{self.entry}s"
        return f"\n**{shown:,} of {total:,} {word} shown, {total - shown:,} left out; the JSON report has all.**\n\n"


def fitted(parts: Iterable[Part], budget: int, size: Size) -> str:
    """The parts in their order, of at most `budget` in all; `size` adds up over texts.

    What says how many are left out is paid for first. The first parts by rank must be small enough on their own.
    """
    listed = list(parts)
    shown = [0] * len(listed)
    left = budget - sum(size(part.written(0)) for part in listed)
    for at in sorted(range(len(listed)), key=lambda at: listed[at].rank):
        shown[at] = _most(listed[at], left, size)
        left -= size(listed[at].written(shown[at])) - size(listed[at].written(0))
    return "".join(part.written(number) for part, number in zip(listed, shown, strict=True))


def _most(part: Part, left: int, size: Size) -> int:
    """How many entries fit into what is left, all of them or some with the line that counts the rest."""
    total = len(part.entries)
    room = left + size(part.written(0))
    counting = size(part.written(0)) + len(f"{total:,}")
    used, most = size(part.opening) + size(part.closing), 0
    for at, entry in enumerate(part.entries, start=1):
        used += size(entry)
        if used > room:
            return most
        if used + counting <= room:
            most = at
    return total
