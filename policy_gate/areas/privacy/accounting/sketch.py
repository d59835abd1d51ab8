"""A rough sketch of the composed loss, to plan with: moments, tilts and tails, none of them certified."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from policy_gate.areas.privacy.accounting.cells import Reals
from policy_gate.areas.privacy.accounting.pairs import Part
from policy_gate.frozen import dataclass

_HALVINGS = 60
_LARGEST_LOG_TILT = 30.0
_ALONE = 1e-4


@dataclass(frozen=True, slots=True)
class Moments:
    """Log moment of the composed loss at one tilt, with its first two derivatives."""

    log: float
    mean: float
    variance: float


@dataclass(frozen=True, slots=True)
class _Step:
    """One step's losses in rising order, with their log probabilities, and how many such steps there are."""

    losses: Reals
    log_masses: Reals
    steps: int

    def without(self, tail: float, beyond: float) -> _Step:
        held = (np.cumsum(np.exp(self.log_masses)[::-1])[::-1] > tail) & (self.losses < beyond)
        held[0] = True
        return _Step(self.losses[held], self.log_masses[held], self.steps)

    def moments(self, theta: float) -> Moments:
        exponents = self.log_masses + theta * self.losses
        top = float(np.max(exponents))
        weights: Reals = np.exp(exponents - top)
        total = float(np.sum(weights))
        centre = float(np.dot(weights, self.losses)) / total
        variance = float(np.dot(weights, (self.losses - centre) ** 2)) / total
        return Moments(self.steps * (top + math.log(total)), self.steps * centre, self.steps * variance)

    def median(self, theta: float) -> float:
        exponents = self.log_masses + theta * self.losses
        shares = np.cumsum(np.exp(exponents - np.max(exponents)))
        return float(self.losses[int(np.searchsorted(shares, 0.5 * shares[-1]))])

    def lowest(self, theta: float, share: float) -> float:
        """A loss below which everything, moved up to it, is no more than a share of the tilted law."""
        below = np.cumsum(np.exp(self.log_masses))
        exponents = self.log_masses + theta * self.losses
        top = float(np.max(exponents))
        total = top + math.log(float(np.sum(np.exp(exponents - top))))
        with np.errstate(divide="ignore"):
            small = np.log(below) + theta * self.losses - total < math.log(share)
        at = max(int(np.argmin(small)) - 1, 0)
        return float(self.losses[at])


class Sketch:
    """The composed loss, good enough to plan with."""

    def __init__(self, steps: Sequence[_Step]) -> None:
        self._each = tuple(steps)
        self.steps = sum(one.steps for one in steps)

    def without(self, *, tail: float = 0.0, beyond: float = math.inf) -> Sketch:
        """The same without the losses that no more than `tail` of one step's outcomes exceed, or `beyond` a loss."""
        return Sketch([one.without(tail, beyond) for one in self._each])

    def moments(self, theta: float) -> Moments:
        """Sum of the log moments of all steps, and derivatives."""
        found = [one.moments(theta) for one in self._each]
        return Moments(
            sum(one.log for one in found), sum(one.mean for one in found), sum(one.variance for one in found)
        )

    def medians(self, theta: float) -> list[float]:
        """The median loss of one step of each part under a tilt."""
        return [one.median(theta) for one in self._each]

    def highest(self) -> list[float]:
        """For each part the largest loss of one step."""
        return [float(one.losses[-1]) for one in self._each]

    def lowest(self, theta: float, share: float) -> list[float]:
        """For each part a loss so low that what is below does not count."""
        return [one.lowest(theta, share / self.steps) for one in self._each]

    def tilt_for_delta(self, delta: float) -> float:
        """The tilt whose mean is about the epsilon at this delta (saddle point)."""
        goal = math.log(delta)
        return self._tilt(lambda theta, at: log_delta(theta, at) > goal)

    def tilt_for_epsilon(self, epsilon: float) -> float:
        """The tilt whose mean is epsilon; 0 where the mean is beyond it without any."""
        if self.moments(0.0).mean >= epsilon:
            return 0.0
        return self._tilt(lambda _, at: at.mean < epsilon)

    def _tilt(self, is_too_low: Callable[[float, Moments], bool]) -> float:
        """Bisect for a tilt, short of one that leaves the largest loss alone: nothing is gained by it."""
        largest = sum(one.steps * float(one.losses[-1]) for one in self._each)
        alone = largest - _ALONE * (largest - self.moments(0.0).mean)
        low, high = -_LARGEST_LOG_TILT, _LARGEST_LOG_TILT
        for _ in range(_HALVINGS):
            theta = math.exp(0.5 * (low + high))
            at = self.moments(theta)
            if at.mean < alone and is_too_low(theta, at):
                low = 0.5 * (low + high)
            else:
                high = 0.5 * (low + high)
        return math.exp(high)


def sketch_of(parts: Sequence[Part]) -> Sketch:
    """Sketch the joint loss of all parts."""
    return Sketch([_step(*part.pair.sketch(), part.steps) for part in parts])


def _step(losses: Reals, log_masses: Reals, steps: int) -> _Step:
    order = np.argsort(losses)
    return _Step(losses[order], log_masses[order] - math.log(float(np.sum(np.exp(log_masses)))), steps)


def log_delta(theta: float, at: Moments) -> float:
    """Saddle-point estimate of log delta at the mean; flattened where the tilt is below one standard deviation."""
    spread = theta * math.sqrt(2.0 * math.pi * max(at.variance, 0.0))
    return at.log - theta * at.mean - math.log(2.0 + spread) - math.log1p(theta)
