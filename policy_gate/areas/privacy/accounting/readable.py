"""What an epsilon means for one person: how often somebody who guesses whether they took part is right at most.

Sources: Wasserman & Zhou (2010) and Kairouz, Oh, Viswanath, "The Composition Theorem for Differential Privacy" (2015):
(epsilon, delta) leaves every test with false-alarm rate a at most the power min(e^epsilon a + delta,
1 - e^-epsilon (1 - delta - a)). Every pair on the curve holds, so the least over several pairs does too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from policy_gate.areas.privacy.accounting.accountant import EpsilonInterval, epsilon_at_order
from policy_gate.areas.privacy.accounting.tails import upper_tail
from policy_gate.areas.privacy.accounting.tuning import Spending
from policy_gate.frozen import dataclass

FALSE_ALARM_RATES = (1e-4, 1e-3, 1e-2, 1e-1)
_DELTAS = (0.3, 0.1, 0.03, 0.01, 1e-3, 1e-4, 1e-6)
_ORDERS = (1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 11.0, 16.0, 23.0, 32.0, 64.0, 128.0)
_EPSILONS = (0.0, 1.0, 2.5)
_MOST_PARTS = 4
"""A curve takes the tight accountant longer than one epsilon; a hostile manifest must not hang."""
_ORDER_NEAR_ONE = 1.0 + 2.0**-12
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Readable:
    """`advantage`: found rate minus false-alarm rate of any attack, at most; `found_rates` one for each rate above."""

    advantage: float
    found_rates: tuple[float, ...]

    @property
    def accuracy(self) -> float:
        """How often a guess is right at most where taking part is as likely as not."""
        return 0.5 + 0.5 * self.advantage


def readable(mechanisms: Sequence[Spending], delta: float, interval: EpsilonInterval) -> Readable:
    """Bound what an attacker learns of one unit from all mechanisms together; `interval` is theirs at `delta`.

    Closed form for Gaussians; else the least over pairs of stage 1, and of stage 2 where it ran for `interval`.
    """
    if all(math.isfinite(one.mu) for one in mechanisms):
        return _of_gaussian(math.hypot(*(one.mu for one in mechanisms)))
    pairs = [(interval.upper, delta), *_pairs_by_stage_one(mechanisms)]
    if interval.stage == 2 and len(mechanisms) <= _MOST_PARTS:
        pairs += _pairs_by_stage_two(mechanisms)
    advantage = min(1.0, _by_divergence(mechanisms), *(_advantage(*pair) for pair in pairs))
    found = (min(1.0, alarms + advantage, *(_found(*pair, alarms) for pair in pairs)) for alarms in FALSE_ALARM_RATES)
    return Readable(_up(advantage), tuple(_up(one) for one in found))


def _of_gaussian(mu: float) -> Readable:
    """Dong, Roth, Su, "Gaussian Differential Privacy" (2019): power Phi(Phi^-1(a) + mu)."""
    return Readable(
        _up(math.erf(mu / (2.0 * math.sqrt(2.0)))),
        tuple(_up(upper_tail(_quantile_above(alarms) - mu)) for alarms in FALSE_ALARM_RATES),
    )


def _quantile_above(probability: float) -> float:
    """The point that a standard normal variable exceeds with this probability, rounded down."""
    low, high = 0.0, 40.0
    for _ in range(80):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if upper_tail(middle) > probability else (low, middle)
    return low


def _pairs_by_stage_one(mechanisms: Sequence[Spending]) -> list[tuple[float, float]]:
    """The pure loss, and Renyi pairs from a few orders: close enough for words, and a millisecond's work."""
    divergences = [(math.fsum([one.rdp(order) for one in mechanisms]), order) for order in _ORDERS]
    renyi = ((min(epsilon_at_order(*pair, delta) for pair in divergences), delta) for delta in _DELTAS)
    return [(math.fsum([one.pure_epsilon for one in mechanisms]), 0.0), *renyi]


def _pairs_by_stage_two(mechanisms: Sequence[Spending]) -> list[tuple[float, float]]:
    from policy_gate.areas.privacy.accounting.proving import curve, is_quick  # numpy is loaded by now

    if not is_quick(mechanisms):
        return []
    return [(epsilon, delta) for epsilon, delta in zip(_EPSILONS, curve(mechanisms, _EPSILONS), strict=False)]


def _by_divergence(mechanisms: Sequence[Spending]) -> float:
    """Bretagnolle & Huber (1979): total variation is at most sqrt(1 - exp(-KL)), and KL at most any divergence."""
    divergence = math.fsum([one.rdp(_ORDER_NEAR_ONE) for one in mechanisms])
    return math.sqrt(-math.expm1(-divergence)) if divergence >= 0.0 else 1.0


def _advantage(epsilon: float, delta: float) -> float:
    shrunk = math.exp(-epsilon)
    return (1.0 - shrunk + 2.0 * delta * shrunk) / (1.0 + shrunk)


def _found(epsilon: float, delta: float, alarms: float) -> float:
    risen = math.exp(min(epsilon, 700.0)) * alarms + delta
    return min(risen, 1.0 - math.exp(-epsilon) * max(0.0, 1.0 - delta - alarms))


def _up(share: float) -> float:
    return min(1.0, share * (1.0 + _ROUNDING) + 1e-300)
