"""Puts together what a profile is fitted on: its own rows, and families borrowed from other versions of its runtime."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import median

from policy_gate.areas.cost.device import RowLabels
from policy_gate.areas.cost.fitting.forms import Sums, added, sums_of
from policy_gate.areas.cost.fitting.rows import Row, by_labels, counts
from policy_gate.frozen import dataclass

BORROWED_WEIGHT = 0.5
"""A borrowed family weighs half as much as one that was measured under the version itself."""
LEAST_PAIRS = 3
LEAST_PAIRED_FAMILIES = 2
"""Fewer models measured under both versions do not say how much faster one of them is."""
SAME_COUNT = 0.01
"""Counts of a model that differ by less are those of the same model, exported twice."""

Families = Mapping[str, Sequence[Row]]


@dataclass(frozen=True, slots=True)
class Borrowed:
    """Rows of a family under another version, and what their latencies are multiplied by."""

    family: str
    rows: tuple[Row, ...]
    scale: float


@dataclass(frozen=True, slots=True)
class Training:
    """Rows of one device, engine, element type and runtime version, by family, and those of other versions."""

    own: Families
    siblings: tuple[Families, ...]

    def without(self, family: str) -> Training:
        """The same without one family, under every version."""
        return Training(_without(self.own, family), tuple(_without(one, family) for one in self.siblings))

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows of the version itself."""
        return tuple(row for rows in self.own.values() for row in rows)


def gather(rows: Iterable[Row], labels: RowLabels, *, borrow: bool) -> Training:
    """Pick the rows with these labels and, to `borrow` from, those that differ in nothing but the runtime."""
    grouped = by_labels(rows)
    same = (labels.device, labels.engine, labels.dtype)
    siblings = [
        found
        for one, found in grouped.items()
        if borrow and one != labels and (one.device, one.engine, one.dtype) == same
    ]
    return Training(_by_family(grouped.get(labels, [])), tuple(map(_by_family, siblings)))


def borrowed(training: Training) -> tuple[Borrowed, ...]:
    """Families that the version lacks, from the version whose models keep the steadiest ratio to its own first."""
    candidates = []
    for at, sibling in enumerate(training.siblings):
        ratios = _ratios(training.own, sibling)
        if len(ratios) >= LEAST_PAIRS and len({family for family, _ in ratios}) >= LEAST_PAIRED_FAMILIES:
            scale = median(ratio for _, ratio in ratios)
            spread = median(abs(ratio / scale - 1) for _, ratio in ratios)
            candidates.append((spread, at, scale))
    found: dict[str, Borrowed] = {}
    for _, at, scale in sorted(candidates):
        for family, rows in training.siblings[at].items():
            if family not in training.own:
                found.setdefault(family, Borrowed(family, tuple(rows), scale))
    return tuple(found[family] for family in sorted(found))


def training_sums(training: Training) -> Sums:
    """Sum up the training rows: families weigh the same, borrowed ones half."""
    own = [sums_of(rows) for rows in training.own.values()]
    lent = [sums_of(one.rows, weight=BORROWED_WEIGHT, scale=one.scale) for one in borrowed(training)]
    return added([*own, *lent])


def own_sums(training: Training) -> Sums:
    """Sum up the rows of the version itself."""
    return added(sums_of(rows) for rows in training.own.values())


def different_models(families: Families, most: int) -> list[Row]:
    """Rows of models that differ in what they count, at most `most` of each family.

    A row that stands twice, was measured again or got the name of another family says nothing of other models.
    """
    found: list[Row] = []
    for rows in families.values():
        own = len(found) + most
        for row in rows:
            if len(found) == own:
                break
            if not any(_same_model(row, one) for one in found):
                found.append(row)
    return found


def _by_family(rows: Iterable[Row]) -> Families:
    families: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda one: (one.family, counts(one.features), one.latency_ms)):
        families.setdefault(row.family, []).append(row)
    return families


def _without(families: Families, family: str) -> Families:
    return {name: rows for name, rows in families.items() if name != family}


def _ratios(own: Families, sibling: Families) -> list[tuple[str, float]]:
    """Latency under the one version by that under the other, for each pair of rows of the same model."""
    return [
        (family, mine.latency_ms / theirs.latency_ms)
        for family, rows in own.items()
        for mine in rows
        for theirs in sibling.get(family, ())
        if _same_model(mine, theirs)
    ]


def _same_model(left: Row, right: Row) -> bool:
    pairs = zip(counts(left.features), counts(right.features), strict=True)
    return all(abs(mine - theirs) <= SAME_COUNT * max(mine, theirs) for mine, theirs in pairs)
