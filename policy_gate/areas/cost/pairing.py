"""Finds the counterpart of every layer of a model in its base, by structure, name, order and likeness. Pure.

Exporters rename and renumber: inserting one layer may shift the name of every layer behind it. So a layer is known by
its structure first (what it computes on what shapes), and what is left between two such layers is paired there.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Hashable, Iterator, Sequence

from policy_gate.areas.cost.facts import Layer

MAX_CELLS = 200_000
"""How many pairs of layers one comparison may weigh; what is beyond pairs in order."""
UNLIKE = 1000
"""How unlike two layers can be: thousandths of the larger one's amount."""

_SKIP_ROW, _SKIP_COLUMN, _PAIR = 1, 2, 3

Key = Callable[[Layer], Hashable]
"""What two layers must have in common; None pairs with nothing."""


def pair_layers(layers: Sequence[Layer], base: Sequence[Layer]) -> list[tuple[Layer, Layer | None]]:
    """Give each layer its counterpart in the base, None when it is new; see `counterparts`."""
    return [
        (layer, None if at is None else base[at]) for layer, at in zip(layers, counterparts(layers, base), strict=True)
    ]


def counterparts(layers: Sequence[Layer], base: Sequence[Layer]) -> list[int | None]:
    """Give the position in the base of each layer's counterpart of the same operator, None when it is new.

    Equal structures pair first, those of one name before others, then in order. What is left between two of them pairs
    there: by name where the neighbours kept theirs, then so that amounts change least. What moved pairs last, by name
    and by operator, in order. So a layer is new only when its model has more of its operator than before. Takes time
    that grows with n log n, and memory with n.
    """
    found = _Pairing(layers, base)
    everything = range(len(layers)), range(len(base))
    found.pair(_structure_and_name, *everything)
    found.pair(_structure, *everything)
    for now, before, names_kept in list(found.gaps()):
        if names_kept:
            found.pair(_name, now, before)
        found.pair_alike(found.open_layers(now), found.open_base(before))
    found.pair(_name, *everything)
    found.pair(_operator, *everything)
    return found.counterparts


def _structure_and_name(layer: Layer) -> Hashable:
    return (layer.structure, layer.op, layer.name) if layer.structure else None


def _structure(layer: Layer) -> Hashable:
    return (layer.structure, layer.op) if layer.structure else None


def _name(layer: Layer) -> Hashable:
    return layer.name, layer.op


def _operator(layer: Layer) -> Hashable:
    return layer.op


class _Pairing:
    """Who is paired with whom so far, by position; `counterparts` has one entry for each layer."""

    def __init__(self, layers: Sequence[Layer], base: Sequence[Layer]) -> None:
        self._layers, self._base = layers, base
        self._taken = bytearray(len(base))
        self._cells = MAX_CELLS
        self.counterparts: list[int | None] = [None] * len(layers)

    def open_layers(self, among: Sequence[int]) -> list[int]:
        """Positions of layers that have no counterpart yet."""
        return [at for at in among if self.counterparts[at] is None]

    def open_base(self, among: Sequence[int]) -> list[int]:
        """Positions in the base that nothing is paired with yet."""
        return [at for at in among if not self._taken[at]]

    def pair(self, key: Key, now: Sequence[int], before: Sequence[int]) -> None:
        """Pair what has the same key, in order."""
        waiting: dict[Hashable, list[int]] = {}
        for at in reversed(self.open_base(before)):
            waiting.setdefault(key(self._base[at]), []).append(at)
        waiting.pop(None, None)
        for at in self.open_layers(now):
            positions = waiting.get(key(self._layers[at]))
            if positions:
                self._join(at, positions.pop())

    def pair_alike(self, now: Sequence[int], before: Sequence[int]) -> None:
        """Pair as many as can be without crossing, and of those pairings the one whose amounts change least."""
        cells = len(now) * len(before)
        if cells > self._cells:
            self.pair(_operator, now, before)
            return
        self._cells -= cells
        unlikeness = [[self._unlikeness(at, other) for other in before] for at in now]
        for row, column in _cheapest(unlikeness, len(before)):
            self._join(now[row], before[column])

    def gaps(self) -> Iterator[tuple[range, range, bool]]:
        """What lies between pairs that keep their order: positions now and before, and whether names were kept there.

        Names count as kept where both neighbours, as far as there are any, have the name of their counterparts.
        """
        last_now, last_before, kept = -1, -1, True
        for at, other in [*self._in_order(), (len(self._layers), len(self._base))]:
            is_end = at == len(self._layers)
            kept_here = is_end or self._layers[at].name == self._base[other].name
            now, before = range(last_now + 1, at), range(last_before + 1, other)
            if now and before:
                yield now, before, kept and kept_here
            last_now, last_before, kept = at, other, kept_here

    def _in_order(self) -> list[tuple[int, int]]:
        """The longest run of pairs whose order is the same in both (patience sorting)."""
        smallest: list[int] = []  # the smallest base position that ends a run of each length
        ends: list[int] = []
        previous: dict[int, int] = {}
        for at, other in enumerate(self.counterparts):
            if other is None:
                continue
            length = bisect_left(smallest, other)
            smallest[length : length + 1] = [other]
            ends[length : length + 1] = [at]
            previous[at] = ends[length - 1] if length else -1
        run: list[tuple[int, int]] = []
        at = ends[-1] if ends else -1
        while at >= 0:
            other = self.counterparts[at]
            run += [(at, other)] if other is not None else []
            at = previous[at]
        return run[::-1]

    def _unlikeness(self, at: int, other: int) -> int | None:
        """0 for equal amounts to 1000; None for two operators that do not pair."""
        layer, was = self._layers[at], self._base[other]
        if layer.op != was.op:
            return None
        return UNLIKE * abs(layer.amount - was.amount) // max(layer.amount, was.amount, 1)

    def _join(self, at: int, other: int) -> None:
        self.counterparts[at] = other
        self._taken[other] = 1


def _cheapest(unlikeness: Sequence[Sequence[int | None]], columns: int) -> Iterator[tuple[int, int]]:
    """Rows and columns to pair, from the last: most pairs first, then least unlike, the first where they tie.

    The alignment of two sequences by dynamic programming (Needleman and Wunsch, 1970), with no price on what pairs.
    """
    alone = UNLIKE * (len(unlikeness) + columns + 1)  # more than all that pairing can cost
    above = [alone * column for column in range(columns + 1)]
    choices: list[bytearray] = []
    for row, costs in enumerate(unlikeness):
        line, choice = [alone * (row + 1)], bytearray(columns + 1)
        for column, cost in enumerate(costs):
            best, choice[column + 1] = line[column] + alone, _SKIP_COLUMN
            if above[column + 1] + alone < best:
                best, choice[column + 1] = above[column + 1] + alone, _SKIP_ROW
            if cost is not None and above[column] + cost < best:
                best, choice[column + 1] = above[column] + cost, _PAIR
            line.append(best)
        above = line
        choices.append(choice)
    row, column = len(unlikeness), columns
    while row and column:
        step = choices[row - 1][column]
        if step == _PAIR:
            yield row - 1, column - 1
        row -= step != _SKIP_COLUMN
        column -= step != _SKIP_ROW
