"""The privacy loss of one step, cut into equal cells: what each holds, where, and how exactly that is known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from policy_gate.frozen import dataclass

Reals: TypeAlias = NDArray[np.float64]
UNIT = 2.0**-53
"""Relative error of one rounding."""
MOST_CELLS = 1 << 22


@dataclass(frozen=True, slots=True)
class Window:
    """What part of a step's loss is looked at: knot i is the loss offset + i * width, for i from `first` to `last`.

    Of P, an upper tail of probability `tail` may be left out besides.
    """

    width: float
    offset: float
    first: int
    last: int
    tail: float

    def knots(self, first: int, last: int) -> Reals:
        """The losses of the knots from first to last."""
        return losses_of(self.offset, first, last, self.width)

    def place(self, loss: float) -> float:
        """Where a loss stands, counted in knots."""
        return (loss - self.offset) / self.width


@dataclass(frozen=True, slots=True)
class Cells:
    """Outcomes of one step by loss: cell i lies between the knots first + i and first + i + 1.

    `mass` is the probability under P. `rise` is E_P[1 - exp(knot - loss)] / (1 - exp(-width)) within the cell: 0 where
    all loss is at the lower knot, 1 at the upper one. `atoms` are probabilities that stand on a knot itself. `below`
    and `above` hold what is outside, `certain` what makes the loss infinite. Each mass is right within a factor
    1 +- `mass_error`, each loss within +- `loss_error`.
    """

    first: int
    mass: Reals
    rise: Reals
    below: float
    above: float
    atoms: tuple[tuple[int, float], ...]
    certain: float
    mass_error: float
    loss_error: float


# Three-point Gauss-Legendre quadrature (Abramowitz & Stegun 25.4.30).
_NODES = (-(0.6**0.5), 0.0, 0.6**0.5)
_WEIGHTS = (5.0 / 9.0, 8.0 / 9.0, 5.0 / 9.0)
_CHUNK = 1 << 16


def losses_of(offset: float, first: int, last: int, width: float) -> Reals:
    """The losses offset + i * width, for i from first to last."""
    losses: Reals = offset + np.arange(first, last + 1, dtype=np.float64) * width
    return losses


def slices(count: int) -> Iterator[slice]:
    """Cut a range into pieces that stay within the processor's cache."""
    for start in range(0, count, _CHUNK):
        yield slice(start, min(start + _CHUNK, count))


def nodes(low: Reals, high: Reals) -> Iterator[tuple[Reals, Reals]]:
    """Points and weights that integrate over each interval; the relative error is below (r w)^6 / 2e6.

    w is the interval's width and r bounds the logarithmic derivatives of the integrand (A&S 25.4.30, f^(6) <= r^6 f).
    """
    middle, half = 0.5 * (low + high), 0.5 * (high - low)
    for node, weight in zip(_NODES, _WEIGHTS, strict=True):
        yield middle + node * half, weight * half
