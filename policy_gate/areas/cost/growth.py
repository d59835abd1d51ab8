"""Compares two lists of layers: which of them make a model more expensive than its base. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from policy_gate.areas.cost.facts import Layer, ModelInput
from policy_gate.areas.cost.pairing import counterparts
from policy_gate.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Growth:
    """One layer that takes another amount than before; `before` is 0 and `is_new` set when the base has no such layer.

    A layer of the base that is gone has the amount 0.
    """

    layer: Layer
    before: int
    is_new: bool

    @property
    def increase(self) -> int:
        """How much more it takes, in the unit that was compared; negative for less."""
        return self.layer.amount - self.before


@dataclass(frozen=True, slots=True)
class OperatorGrowth:
    """What the layers of one operator explain of an increase: how many grew, by how much, and in whole percent."""

    op: str
    layers: int
    increase: int
    share_percent: int


def changed_layers(layers: Sequence[Layer], base: Sequence[Layer]) -> tuple[Growth, ...]:
    """Every layer that takes another amount than its counterpart in the base, largest increase first, then in order.

    Their increases add up to exactly what the layers take together more than the base's.
    """
    places = counterparts(layers, base)
    found = [
        Growth(layer, 0 if at is None else base[at].amount, at is None)
        for layer, at in zip(layers, places, strict=True)
    ]
    kept = {at for at in places if at is not None}
    found += [Growth(replace(one, amount=0), one.amount, is_new=False) for at, one in enumerate(base) if at not in kept]
    changed = [one for one in found if one.increase]
    return tuple(sorted(changed, key=lambda one: -one.increase))


def grown_layers(layers: Sequence[Layer], base: Sequence[Layer]) -> tuple[Growth, ...]:
    """Layers that take more than their counterpart in the base, largest increase first, then in order."""
    return tuple(one for one in changed_layers(layers, base) if one.increase > 0)


def peak_layer(layers: Sequence[Layer]) -> Layer | None:
    """The layer while which a model's peak is reached; None where that is not known."""
    return next((one for one in layers if one.sets_peak), None)


def by_operator(grown: Sequence[Growth], whole: int = 0) -> tuple[OperatorGrowth, ...]:
    """What each operator explains of an increase, largest first; shares add up to 100 where the layers explain all.

    `whole` is the increase where the layers are not all of it.
    """
    increases: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for one in grown:
        if one.increase > 0:
            increases[one.layer.op] += one.increase
            counts[one.layer.op] += 1
    ordered = sorted(increases.items(), key=lambda one: (-one[1], one[0]))
    shares = shares_percent([increase for _, increase in ordered], whole)
    return tuple(
        OperatorGrowth(op, counts[op], increase, share) for (op, increase), share in zip(ordered, shares, strict=True)
    )


def shares_percent(parts: Sequence[int], whole: int = 0) -> tuple[int, ...]:
    """Parts of a whole, at least their sum, in whole percent that add up as the parts do (largest remainder)."""
    total = max(whole, sum(parts))
    if total <= 0:
        return (0,) * len(parts)
    shares = [100 * part // total for part in parts]
    left = share_percent(sum(parts), total) - sum(shares)
    by_remainder = sorted(range(len(parts)), key=lambda at: (-(100 * parts[at] % total), at))
    for at in by_remainder[: max(left, 0)]:
        shares[at] += 1
    return tuple(shares)


def share_percent(part: int, whole: int) -> int:
    """Part of a whole in percent, rounded half up; integers only, so that it is exact. 0 of nothing."""
    return (200 * part + whole) // (2 * whole) if whole > 0 else 0


def most_allowed(base: int, max_growth: float) -> int:
    """The largest whole number within `base` x (1 + max_growth), for exactly the decimal that a policy wrote."""
    from fractions import Fraction  # costs 4 ms; only a comparison with a base pays

    return base + int(Fraction(str(max_growth)) * base)


def pair_inputs(inputs: Sequence[ModelInput], base: Sequence[ModelInput]) -> list[tuple[ModelInput, ModelInput | None]]:
    """Give each input its counterpart in the base: of the same name, else the next one left, since exporters rename."""
    named = {one.name: one for one in base}
    taken = [named.pop(one.name, None) for one in inputs]
    left = iter([one for one in base if one.name in named])
    return [(one, found or next(left, None)) for one, found in zip(inputs, taken, strict=True)]


def other_inputs(inputs: Sequence[ModelInput], base: Sequence[ModelInput]) -> bool:
    """Whether inputs differ in number or rank from the base's while a target binds any axis: which is which is open."""
    if not any(one.bound_axes for one in (*inputs, *base)):
        return False
    pairs = pair_inputs(inputs, base)
    return len(inputs) != len(base) or any(
        before is None or len(one.extents) != len(before.extents) for one, before in pairs
    )


def smaller_binding(inputs: Sequence[ModelInput], base: Sequence[ModelInput]) -> tuple[ModelInput, int, int] | None:
    """The first axis a target binds to less than the base release had there: input, axis and the base's extent.

    A binding is a claim; with a smaller one a larger model looks no more expensive. An axis the base does not have
    counts as extent 0; `other_inputs` tells that.
    """
    for one, counterpart in pair_inputs(inputs, base):
        before = counterpart.extents if counterpart is not None else ()
        # Of a resizable input the file's extent counts where nothing is bound: leaving a binding out is a claim too.
        left_out = counterpart.bound_axes if counterpart is not None and one.resizable else ()
        for axis in sorted({*one.bound_axes, *(axis for axis in left_out if axis < len(one.extents))}):
            was = before[axis] if axis < len(before) else 0
            if one.extents[axis] < was:
                return one, axis, was
    return None
