"""Reads the certified ends off a composed loss: delta at an epsilon, and epsilon at a delta.

In units of exp(log_scale - theta m), m about the epsilon in question, the sum over s > epsilon of
g(s) exp(-theta (s - m)) (1 - exp(epsilon - s)) is S1 - exp(epsilon - m) S2 with two running sums from above. The upper
end takes g + noise, the lower g - noise, where that is positive; the errors are those of convolve.py.
"""

from __future__ import annotations

import math

import numpy as np

from policy_gate.areas.privacy.accounting.cells import UNIT, Reals, losses_of
from policy_gate.areas.privacy.accounting.convolve import Tilted

_LARGEST_EXPONENT = 600.0


class Curve:
    """One end of the privacy curve of a composed loss."""

    def __init__(self, tilted: Tilted, *, is_upper: bool) -> None:
        plan = tilted.plan
        self._is_upper, self._tilted, self._theta = is_upper, tilted, plan.theta
        side = 1.0 if is_upper else -1.0
        self._near = plan.epsilon
        bottom = (self._near - _LARGEST_EXPONENT / (plan.theta + 1.0) - tilted.offset) / plan.width - tilted.first
        # An epsilon far above the whole window is out of its sight.
        self._is_blind = bottom > plan.size - 1
        self._skipped = 0 if self._is_blind else max(0, math.ceil(bottom))
        first = tilted.first + self._skipped
        g = np.maximum(tilted.g[self._skipped :] + side * tilted.noise, 0.0)
        self._losses = losses_of(tilted.offset, first, first + len(g) - 1, plan.width)
        apart = np.maximum(self._losses - self._near, -_LARGEST_EXPONENT / (plan.theta + 1.0))
        weighted = g * np.exp(-plan.theta * apart)
        farthest = max(abs(float(self._losses[0])), abs(float(self._losses[-1])))
        room = 1.0 + side * 4.0 * UNIT * (len(g) + (plan.theta + 1.0) * farthest + _LARGEST_EXPONENT)
        self._sums = np.append(np.cumsum(weighted[::-1])[::-1], 0.0) * room
        self._scaled = np.append(np.cumsum((weighted * np.exp(-apart))[::-1])[::-1], 0.0) * (2.0 - room)
        spread = abs(tilted.log_scale) + abs(plan.theta * self._near) + 1.0
        self._log_unit = tilted.log_scale - plan.theta * self._near
        self._log_unit += side * (tilted.mass_error * (1.0 + 1e-6) + 8.0 * UNIT * spread)

    def delta(self, epsilon: float) -> float:
        """The end of delta at one epsilon: at most 1 above, at least 0 below."""
        if self._is_blind:
            return 1.0 if self._is_upper else 0.0
        if self._is_upper:
            shifted = epsilon - self._tilted.loss_error
            if self._skipped and shifted < self._losses[0]:
                return 1.0
            log_value = _log(self._value(shifted)) + self._log_unit
            return min(1.0, math.exp(min(log_value, 0.0)) + self._tilted.certain)
        log_value = _log(self._value(epsilon + self._tilted.loss_error)) + self._log_unit
        return math.exp(min(log_value, 0.0))

    def epsilon(self, delta: float) -> float:
        """The end of epsilon at one delta: infinity above or minus infinity below where none is certain."""
        left = delta - self._tilted.certain if self._is_upper else delta
        log_budget = _log(left) - self._log_unit
        if self._is_blind or not -_LARGEST_EXPONENT < log_budget < _LARGEST_EXPONENT:
            return math.inf if self._is_upper else -math.inf
        budget = math.exp(log_budget)
        # On a knot: the outcomes above it.
        apart = np.minimum(self._losses - self._near, _LARGEST_EXPONENT)
        values = self._sums[1:] - np.exp(apart) * self._scaled[1:] + self._strays(self._losses)
        if self._is_upper:
            return self._from_above(values, budget) + self._tilted.loss_error
        return self._from_below(values, budget) - self._tilted.loss_error

    def _from_above(self, values: Reals, budget: float) -> float:
        enough = np.flatnonzero(values <= budget)
        if not len(enough):
            return math.inf
        at = int(enough[0])
        knot = float(self._losses[at])
        if at == 0:
            return knot
        before = float(self._losses[at - 1])
        return max(before, min(knot, self._crossing(at, before, budget)))

    def _from_below(self, values: Reals, budget: float) -> float:
        enough = np.flatnonzero((values >= budget) & (self._losses - self._near < _LARGEST_EXPONENT))
        if not len(enough):
            return -math.inf
        at = int(enough[-1])
        knot = float(self._losses[at])
        if at + 1 == len(self._losses):
            return knot
        return max(knot, min(float(self._losses[at + 1]), self._crossing(at + 1, knot, budget)))

    def _crossing(self, at: int, knot: float, budget: float) -> float:
        """Where the value between two knots, with what strays taken at the lower one, is the budget."""
        over = float(self._sums[at]) + float(self._strays(np.array([knot]))[0]) - budget
        under = float(self._scaled[at])
        if over <= 0.0 or under <= 0.0:
            return -math.inf if over <= 0.0 else math.inf
        return self._near + math.log(over / under)

    def _value(self, epsilon: float) -> float:
        at = int(np.searchsorted(self._losses, epsilon, side="right"))
        strays = float(self._strays(np.array([epsilon]))[0])
        apart = min(epsilon - self._near, _LARGEST_EXPONENT)
        return float(self._sums[at]) - math.exp(apart) * float(self._scaled[at]) + strays

    def _strays(self, epsilons: Reals) -> Reals:
        """The most that mass outside the window can add, or take away."""
        exponents = np.minimum(self._theta * (self._near - epsilons), _LARGEST_EXPONENT)
        weights: Reals = np.exp(exponents) * (self._tilted.outside / (1.0 + self._theta))
        return weights if self._is_upper else -weights


def _log(number: float) -> float:
    return math.log(number) if number > 0.0 else -math.inf
