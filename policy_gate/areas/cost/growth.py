"""Compares two lists of layers: which of them make a model more expensive than its base. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from policy_gate.areas.cost.facts import Layer, ModelInput
from policy_gate.frozen import dataclass

K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Growth:
    """One layer that takes more than before; `before` is 0 and `is_new` set when the base has no such layer."""

    layer: Layer
    before: int
    is_new: bool

    @property
    def increase(self) -> int:
        """How much more it takes, in the unit that was compared."""
        return self.layer.amount - self.before


def pair_layers(layers: Sequence[Layer], base: Sequence[Layer]) -> list[tuple[Layer, Layer | None]]:
    """Give each layer its counterpart in the base: by name and operator, else the next unpaired one of its operator.

    Names that occur more than once pair in order, and a renamed layer is still found by its operator and order.
    """
    named: dict[tuple[str, str], list[int]] = {}
    for position in reversed(range(len(base))):
        named.setdefault((base[position].name, base[position].op), []).append(position)
    by_name = [_take(named, (layer.name, layer.op)) for layer in layers]
    paired = {position for position in by_name if position is not None}
    left: dict[str, list[int]] = {}
    for position in reversed(range(len(base))):
        if position not in paired:
            left.setdefault(base[position].op, []).append(position)
    found = [
        position if position is not None else _take(left, layer.op)
        for layer, position in zip(layers, by_name, strict=True)
    ]
    return [
        (layer, None if position is None else base[position]) for layer, position in zip(layers, found, strict=True)
    ]


def grown_layers(layers: Sequence[Layer], base: Sequence[Layer]) -> tuple[Growth, ...]:
    """Layers that take more than their counterpart in the base, largest increase first, then by name."""
    found = [
        Growth(layer, 0 if before is None else before.amount, before is None)
        for layer, before in pair_layers(layers, base)
    ]
    grown = [one for one in found if one.increase > 0]
    return tuple(sorted(grown, key=lambda one: (-one.increase, one.layer.name, one.layer.op)))


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
        for axis in one.bound_axes:
            was = before[axis] if axis < len(before) else 0
            if one.extents[axis] < was:
                return one, axis, was
    return None


def _take(waiting: dict[K, list[int]], key: K) -> int | None:
    positions = waiting.get(key)
    return positions.pop() if positions else None
