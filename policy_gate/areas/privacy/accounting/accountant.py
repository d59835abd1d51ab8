"""Composes mechanisms into a certified interval of epsilon at one delta; standard library only."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from policy_gate.areas.privacy.accounting.gaussian import gaussian_epsilon
from policy_gate.areas.privacy.accounting.mechanisms import require_number
from policy_gate.areas.privacy.accounting.tuning import Spending
from policy_gate.errors import EvidenceError, Reason
from policy_gate.frozen import dataclass

MIN_DELTA = 1e-250
FLOOR = 1e-9
"""No bound is reported below this: a release that says 0 says that nothing was learnt."""
WHOLE_ORDERS: tuple[float, ...] = (
    *(float(order) for order in range(2, 65)),
    *(float(round(64 * 1.15**power)) for power in range(1, 55)),
)
"""From 2 to about 120,000: high orders are what tiny sampling rates and small losses need."""
SMALL_ORDERS: tuple[float, ...] = tuple(1.0 + 2.0**-power for power in range(12, 3, -1))
"""Close to 1: what losses in the thousands need."""
_FRACTIONS_UP_TO = 12
_ROUNDING = 1e-8
"""Relative room for the rounding of the divergences; far below what a reader sees."""
_GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0


@dataclass(frozen=True, slots=True)
class EpsilonInterval:
    """Epsilon lies within [lower, upper]; lower is 0 where nothing certifies one. `method` proved the upper end.

    `stage` is 2 where the tight accountant was asked; `unresolved` says why it could not answer, "" otherwise.
    """

    lower: float
    upper: float
    method: str
    stage: int = 1
    unresolved: str = ""


def account(mechanisms: Sequence[Spending], delta: float) -> EpsilonInterval:
    """Enclose epsilon of the joint release of all mechanisms at `delta`, 0 < delta < 1.

    The upper end is the least of what holds: pure composition, the exact Gaussian curve, Renyi composition.
    Raises EvidenceError for no mechanism, a parameter out of range or a result that is no finite number.
    """
    require_number("delta", delta, MIN_DELTA, 1.0 - 2.0**-53)
    if not mechanisms:
        raise EvidenceError(Reason.NOT_PROVEN, "no phase to account for")
    candidates = []
    pure = math.fsum([one.pure_epsilon for one in mechanisms])
    if math.isfinite(pure):
        candidates.append((pure, "pure composition"))
    if all(math.isfinite(one.mu) for one in mechanisms):
        candidates.append((_gaussian(mechanisms, delta)[1], "Gaussian closed form"))
    else:
        candidates.append(_renyi(mechanisms, delta))
    upper, method = min(candidates)
    upper = max(upper * (1.0 + _ROUNDING), FLOOR)
    if not math.isfinite(upper):
        raise EvidenceError(Reason.NOT_PROVEN, "the privacy loss is beyond what the accountant can bound")
    # Leaving a phase out never raises epsilon: the Gaussian ones alone are a lower end that closes.
    lower = _gaussian([one for one in mechanisms if one.attained and math.isfinite(one.mu)], delta)[0]
    return EpsilonInterval(min(lower * (1.0 - _ROUNDING), upper), upper, method)


def _gaussian(mechanisms: Sequence[Spending], delta: float) -> tuple[float, float]:
    return gaussian_epsilon(math.hypot(*(one.mu for one in mechanisms)), delta) if mechanisms else (0.0, 0.0)


def _renyi(mechanisms: Sequence[Spending], delta: float) -> tuple[float, str]:
    rho = math.fsum([one.rho for one in mechanisms])
    if math.isfinite(rho):
        linear = _least_over_all_orders(lambda order: epsilon_at_order(rho * order, order, delta))
        if not any(math.isfinite(one.pure_epsilon) for one in mechanisms):
            return linear, "zero-concentrated composition"
        return min((linear, "zero-concentrated composition"), _least_over_grid(mechanisms, delta))
    return _least_over_grid(mechanisms, delta)


def epsilon_at_order(divergence: float, order: float, delta: float) -> float:
    """Convert a Renyi divergence into epsilon at delta.

    Canonne, Kamath, Steinke, "The Discrete Gaussian for Differential Privacy" (2020), proposition 12; where the
    total variation is below delta (Bretagnolle & Huber), epsilon is 0.
    """
    if delta * delta + math.expm1(-divergence) > 0.0:
        return 0.0
    return max(0.0, divergence + math.log1p(-1.0 / order) - (math.log(delta) + math.log(order)) / (order - 1.0))


def _least_over_grid(mechanisms: Sequence[Spending], delta: float) -> tuple[float, str]:
    """The least epsilon over a fixed grid, so that more noise can never look worse through the choice of order."""

    def epsilon(order: float) -> tuple[float, float, float]:
        divergence = math.fsum([one.rdp(order) for one in mechanisms])
        return epsilon_at_order(divergence, order, delta), order, divergence

    best = epsilon(SMALL_ORDERS[0])
    if best[0] == 0.0:
        return 0.0, "total variation below delta"
    for order in WHOLE_ORDERS:
        found = epsilon(order)
        best = min(best, found)
        # Divergence rises with the order, and the rest of the conversion is hardly below zero: no higher one helps.
        if found[2] > best[0] + 2.0 / order + delta:
            break
    if best[1] <= _FRACTIONS_UP_TO:
        best = min([best, *(epsilon(order) for order in _orders_around(best[1]))])
    return best[0], f"Renyi composition, order {best[1]:g}"


def _orders_around(best: float) -> list[float]:
    whole = max(2.0, best)
    tenths = [whole + tenth / 10 for tenth in range(-9, 10) if tenth]
    return [*SMALL_ORDERS, *tenths] if whole == 2.0 else tenths


def _least_over_all_orders(epsilon: Callable[[float], float]) -> float:
    """Golden-section search over log(order - 1); every order gives a valid bound, so a miss only costs tightness."""
    low, high = math.log(1e-9), math.log(1e12)
    for _ in range(120):
        left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        if epsilon(1.0 + math.exp(left)) <= epsilon(1.0 + math.exp(right)):
            high = right
        else:
            low = left
    return epsilon(1.0 + math.exp(0.5 * (low + high)))
