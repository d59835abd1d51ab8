"""Pairs of normal mixtures on a line: their loss, its inverse, and the exact mass of each cell of loss."""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import StrEnum

import numpy as np

from policy_gate.areas.privacy.accounting.cells import MOST_CELLS, UNIT, Cells, Reals, Window, nodes, slices
from policy_gate.areas.privacy.accounting.tails import upper_tail
from policy_gate.errors import EvidenceError, Reason
from policy_gate.frozen import dataclass

_LOG_SQRT_2_PI = 0.5 * math.log(2.0 * math.pi)
_FARTHEST = 37.0
"""Standard deviations: beyond, densities are no normal doubles."""
_STEP = 0.03
"""Width of an interval times r of `nodes`: the quadrature error is then below 4e-16."""
_MOST_WORK = 1 << 28
_HALVINGS = 60
_CHORDS = 3


class Shape(StrEnum):
    """Which of P and Q is the mixture: P, Q (reflected) or both."""

    REMOVED = "removed"
    ADDED = "added"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class NormalPair:
    """Mixtures sum_j w_j N(j mean, 1) against N(0, 1), or the other way round, or against their mirror image.

    `log_terms` holds log w_j - (j mean)^2 / 2, so that A(x) = sum_j exp(log_terms_j + j mean x) is the likelihood ratio
    of the mixture to N(0, 1). The loss log A(x), -log A(-x), log A(x) - log A(-x) rises with x. `cut_off` is the
    weight left out of P, `weight_error` the relative error of the weights.
    """

    mean: float
    counts: tuple[float, ...]
    log_terms: tuple[float, ...]
    shape: Shape
    cut_off: float = 0.0
    weight_error: float = 0.0

    @property
    def largest_atom(self) -> float:
        """No outcome has a probability of its own."""
        return 0.0

    @property
    def largest_loss(self) -> float:
        """What no outcome exceeds."""
        if self.shape is Shape.ADDED and self.counts[0] == 0.0:
            return -self.log_terms[0] * (1.0 + 4.0 * UNIT) + self.weight_error
        return math.inf

    def sketch(self) -> tuple[Reals, Reals]:
        """Losses and log probabilities on an even grid, to plan with."""
        step = min(0.05, 0.2 / self.mean)
        x = np.arange(-_FARTHEST, _FARTHEST + self._farthest_mean() + step, step)
        return self._loss(x), self._log_density(x) + math.log(step)

    def cells(self, window: Window) -> Cells:
        """Integrate the density of P between the points where the loss crosses a knot.

        A mass errs by the rounding of its largest exponent and the quadrature; a loss by the rounding of its own
        exponents and by how far the found points miss their knots, which is measured.
        """
        grid = self._grid(window)
        losses = self._loss(grid)
        first = max(window.first, math.floor(window.place(float(losses[0]))))
        last = min(window.last, math.ceil(window.place(float(losses[-1]))))
        if last <= first or last - first > MOST_CELLS:
            raise EvidenceError(Reason.NOT_PROVEN, f"one step's loss needs {last - first} cells of {window.width:g}")
        knots = window.knots(first, last)
        edges, miss = self._inverse(knots, grid, losses)
        inside = grid[(grid > edges[0]) & (grid < edges[-1])]
        mass, rise = self._integrals(edges, np.sort(np.concatenate([edges, inside])), knots[:-1], window.width)
        farthest = max(abs(float(grid[0])), abs(float(grid[-1])))
        exponents = farthest * self._farthest_mean() + 0.5 * self._farthest_mean() ** 2
        # Around 1, log A is as right as its own size: the terms besides w_0 sum to at most 2 (1 - w_0) below it.
        extent = max(abs(float(losses[0])), abs(float(losses[-1]))) - 4.0 * math.expm1(self.log_terms[0])
        size = min(1.0, extent) if self._is_near_one(grid) else 1.0
        relative = (16.0 + 4.0 * exponents + len(self.counts)) * UNIT + self.weight_error
        loss_error = miss + relative * size
        mass_error = miss + relative + (farthest * farthest + 16.0) * 2.0 * UNIT
        below, above = self._tail(float(edges[0]), upper=False), self._tail(float(edges[-1]), upper=True)
        return Cells(first, mass, rise, below, above, (), self.cut_off, mass_error, loss_error)

    def _farthest_mean(self) -> float:
        return self.mean * self.counts[-1]

    def _log_mixture(self, x: Reals) -> Reals:
        """Log of A(x). Around 1 the sum of differences from 1 is exact where the sum itself is not."""
        if len(self.counts) == 1:
            line: Reals = self.log_terms[0] + (self.counts[0] * self.mean) * x
            return line
        if self._is_near_one(x):
            total = np.zeros_like(x)
            for count, term in zip(self.counts[1:], self.log_terms[1:], strict=True):
                shift = count * self.mean
                weight = math.exp(term + 0.5 * shift * shift)
                total += weight * np.expm1(shift * x - 0.5 * shift * shift)
            return np.log1p(total)
        terms = list(zip(self.counts, self.log_terms, strict=True))
        highest = np.full_like(x, -np.inf)
        for count, term in terms:
            np.maximum(highest, term + count * self.mean * x, out=highest)
        total = np.zeros_like(x)
        for count, term in terms:
            total += np.exp(term + count * self.mean * x - highest)
        return highest + np.log(total)

    def _is_near_one(self, x: Reals) -> bool:
        """Whether most of the mixture is N(0, 1) itself, and nothing overflows."""
        farthest = float(np.max(np.abs(x))) if x.size else 0.0
        return math.exp(self.log_terms[0]) > 0.5 and self.counts[0] == 0.0 and self._farthest_mean() * farthest < 500.0

    def _loss(self, x: Reals) -> Reals:
        if self.shape is Shape.REMOVED:
            return self._log_mixture(x)
        if self.shape is Shape.ADDED:
            return -self._log_mixture(-x)
        return self._log_mixture(x) - self._log_mixture(-x)

    def _log_density(self, x: Reals) -> Reals:
        base = -0.5 * x * x - _LOG_SQRT_2_PI
        return base if self.shape is Shape.ADDED else base + self._log_mixture(x)

    def _tail(self, x: float, *, upper: bool) -> float:
        """Probability under P of more than x, or of less."""
        side = 1.0 if upper else -1.0
        if self.shape is Shape.ADDED:
            return upper_tail(side * x)
        shifts = [count * self.mean for count in self.counts]
        weights = [math.exp(term + 0.5 * shift**2) for term, shift in zip(self.log_terms, shifts, strict=True)]
        return math.fsum(
            [weight * upper_tail(side * (x - shift)) for weight, shift in zip(weights, shifts, strict=True)]
        )

    def _grid(self, window: Window) -> Reals:
        farthest = _FARTHEST + self._farthest_mean()
        lowest = window.offset + window.first * window.width
        low = _crossing(-farthest, farthest, lambda x: float(self._loss(np.array([x]))[0]) < lowest)[0]
        high = _crossing(-farthest, farthest, lambda x: self._tail(x, upper=True) > window.tail)[1]
        rough = max(abs(low), abs(high)) + self._farthest_mean() + 3.0
        if not low < high:
            raise EvidenceError(Reason.NOT_PROVEN, "no outcome of one step is within reach of the grid")
        count = math.ceil((high - low) * rough / _STEP) + 2
        if count * len(self.counts) > _MOST_WORK // 8:
            raise EvidenceError(Reason.NOT_PROVEN, f"a mean {self._farthest_mean():g} times the noise is too large")
        return np.linspace(low, high, count)

    def _inverse(self, knots: Reals, grid: Reals, losses: Reals) -> tuple[Reals, float]:
        """Points where the loss crosses the knots, and by how much (in loss) the worst one misses.

        Linear interpolation, then chords of the bracket: each takes the error down by the share by which the loss
        bends within one bracket. Knots beyond the grid give its ends.
        """
        at = np.clip(np.searchsorted(losses, knots) - 1, 0, len(grid) - 2)
        left, right = grid[at], grid[at + 1]
        rise = np.maximum(losses[at + 1] - losses[at], 1e-300)
        slope = (right - left) / rise
        x = np.clip(left + (knots - losses[at]) * slope, left, right)
        for _ in range(_CHORDS):
            for part in slices(len(x)):
                moved = x[part] - (self._loss(x[part]) - knots[part]) * slope[part]
                x[part] = np.clip(moved, left[part], right[part])
        inside = (knots >= losses[0]) & (knots <= losses[-1])
        miss = np.abs(self._loss(x[inside]) - knots[inside])
        return np.maximum.accumulate(x), float(np.max(miss, initial=0.0))

    def _integrals(self, edges: Reals, points: Reals, knots: Reals, width: float) -> tuple[Reals, Reals]:
        """Mass and rise of each cell, whose share of the points is cut finer where the density bends."""
        owner = np.clip(np.searchsorted(edges, points[:-1], side="right") - 1, 0, len(knots) - 1)
        mass, risen = np.zeros(len(knots)), np.zeros(len(knots))
        if len(points) * len(self.counts) > _MOST_WORK:
            raise EvidenceError(Reason.NOT_PROVEN, "the records of one unit make the grid too large")
        for part in slices(len(owner)):
            cells = owner[part]
            base = int(cells[0])
            held, rising = np.zeros(len(cells)), np.zeros(len(cells))
            for x, weight in nodes(points[:-1][part], points[1:][part]):
                share = weight * np.exp(self._log_density(x))
                held += share
                rising -= share * np.expm1(knots[cells] - self._loss(x))
            for into, values in ((mass, held), (risen, rising)):
                sums = np.bincount(cells - base, weights=values)
                into[base : base + len(sums)] += sums
        share = np.divide(risen, mass, out=np.zeros_like(mass), where=mass > 0.0)
        return mass, np.clip(share / -math.expm1(-width), 0.0, 1.0)


def _crossing(low: float, high: float, is_before: Callable[[float], bool]) -> tuple[float, float]:
    """Enclose where a condition that holds below stops to hold."""
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if is_before(middle) else (low, middle)
    return low, high
