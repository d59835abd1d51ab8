"""What choosing the best of several private training runs costs on top of the one that was released."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Literal, TypeAlias

from policy_gate.areas.privacy.accounting.extra import TruncatedPoisson
from policy_gate.areas.privacy.accounting.mechanisms import (
    MAX_STEPS,
    Mechanism,
    Pure,
    RandomizedResponse,
    ZeroConcentrated,
    require_number,
)
from policy_gate.areas.privacy.accounting.without_replacement import SubsetGaussian
from policy_gate.errors import EvidenceError, Reason
from policy_gate.frozen import dataclass

MAX_MEAN_TRIALS = 1e9
_SECOND_ORDERS: tuple[float, ...] = (
    *(1.0 + 2.0**-power for power in range(10, 0, -1)),
    *(float(order) for order in range(2, 65)),
    *(float(round(64 * 1.5**power)) for power in range(1, 13)),
)
"""Where the second order of both theorems is looked for; any of them gives a bound."""

Run: TypeAlias = Mechanism | SubsetGaussian | TruncatedPoisson
"""What one phase of one training run is accounted for as."""


@dataclass(frozen=True, slots=True)
class Selected:
    """The best of a random number of runs, each of them all of `runs`; the number is drawn before and kept secret.

    `distribution` of the number, with mean `mean_trials`: geometric on 1, 2, ... or Poisson (0 runs publish nothing).
    Every run must cost at most what `runs` do, and the score that chooses must be public or among them.
    """

    runs: tuple[Run, ...]
    distribution: Literal["geometric", "poisson"]
    mean_trials: float
    pure_epsilon = math.inf
    mu = math.inf
    rho = math.inf
    attained = False

    def __post_init__(self) -> None:
        """Refuse parameters the theorems do not hold for."""
        require_number("the mean number of trials", self.mean_trials, 1.0, MAX_MEAN_TRIALS)
        if not self.runs:
            raise EvidenceError(Reason.NOT_PROVEN, "no phase to account for")

    def rdp(self, order: float) -> float:
        """Divergence at one order.

        Papernot & Steinke, "Hyperparameter Tuning with Renyi Differential Privacy" (2022): theorem 2 with eta = 1
        for the geometric distribution, theorem 6 for the Poisson one.
        """
        once = _divergence(self.runs, order) + math.log(self.mean_trials) / (order - 1.0)
        if self.distribution == "geometric":
            return once + _least_second_order(self.runs, self.mean_trials)
        return once + self.mean_trials * _delta_at(self.runs, -math.log1p(-1.0 / order))

    @property
    def always(self) -> tuple[Run, ...]:
        """What was certainly run: a Poisson number of trials may be none."""
        return self.runs if self.distribution == "geometric" else ()

    def quieter(self, factor: float) -> Selected:
        """The same trials with `factor` times the noise in each run."""
        return replace(self, runs=tuple(one.quieter(factor) for one in self.runs))


Spending: TypeAlias = Run | Selected
"""All that the accountant composes."""


def repeated(runs: Sequence[Run], trials: int) -> list[Spending]:
    """All of a fixed number of trials, as if each were released; only the released one is certainly spent.

    Raises EvidenceError where they are more than the accountant counts.
    """
    require_number("the number of trials", trials, 1, MAX_STEPS)
    return [*runs, *(_unreleased(one, trials - 1) for one in runs if trials > 1)]


def _unreleased(run: Run, trials: int) -> Run:
    if isinstance(run, ZeroConcentrated):
        return ZeroConcentrated(run.rho * trials)
    if isinstance(run, Pure):
        return Pure(run.pure_epsilon * trials)
    if isinstance(run, RandomizedResponse):
        return replace(run, reports=run.reports * trials, attained=False)
    if isinstance(run, (SubsetGaussian, TruncatedPoisson)):
        return replace(run, steps=run.steps * trials)
    return replace(run, steps=run.steps * trials, attained=False)


def _divergence(runs: Sequence[Run], order: float) -> float:
    return math.fsum([one.rdp(order) for one in runs])


@lru_cache(maxsize=64)  # the same at every first order
def _second_divergences(runs: tuple[Run, ...]) -> tuple[float, ...]:
    return tuple(_divergence(runs, order) for order in _SECOND_ORDERS)


@lru_cache(maxsize=64)  # as above
def _least_second_order(runs: tuple[Run, ...], mean_trials: float) -> float:
    """The part of theorem 2 that may use an order of its own: 2 (1 - 1/l) RDP(l) + 2 log(1/gamma)/l, gamma = 1/mean."""
    log_mean = math.log(mean_trials)
    pairs = zip(_SECOND_ORDERS, _second_divergences(runs), strict=True)
    return 2.0 * min((1.0 - 1.0 / order) * divergence + log_mean / order for order, divergence in pairs)


def _delta_at(runs: tuple[Run, ...], epsilon: float) -> float:
    """Bound delta at epsilon (Canonne, Kamath, Steinke 2020, proposition 12, solved for delta)."""
    logs = [
        (order - 1.0) * (divergence - epsilon + math.log1p(-1.0 / order)) - math.log(order)
        for order, divergence in zip(_SECOND_ORDERS, _second_divergences(runs), strict=True)
    ]
    return math.exp(min(0.0, *logs))
