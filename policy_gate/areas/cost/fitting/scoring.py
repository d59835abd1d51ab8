"""Scores predictions beside measurements: mean error, share within 20 %, how many under the upper bound."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from policy_gate.areas.cost.device import LeftOutErrors
from policy_gate.frozen import dataclass

WITHIN = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """One measurement beside its prediction, upper bound and what MACs alone predict, all in milliseconds."""

    family: str
    measured_ms: float
    mid_ms: float
    high_ms: float
    naive_ms: float


def score(predictions: Sequence[Prediction]) -> LeftOutErrors | None:
    """Score predictions; None when there are none."""
    if not predictions:
        return None
    weights = family_weights(one.family for one in predictions)
    errors = [abs(one.mid_ms / one.measured_ms - 1) for one in predictions]
    naive = [abs(one.naive_ms / one.measured_ms - 1) for one in predictions]
    widths = [one.high_ms / one.measured_ms for one in predictions]
    return LeftOutErrors(
        rows=len(predictions),
        mape_percent=100 * _mean(errors, weights),
        within_20_percent=100 * math.fsum(w for error, w in zip(errors, weights, strict=True) if error <= WITHIN),
        covered=sum(one.measured_ms <= one.high_ms for one in predictions),
        median_upper_over_measured=quantile(widths, weights, 0.5),
        naive_mape_percent=100 * _mean(naive, weights),
    )


def family_weights(families: Iterable[str]) -> list[float]:
    """Weights of rows that sum up to 1, each family as much as any other."""
    listed = list(families)
    sizes = Counter(listed)
    return [1 / (sizes[family] * len(sizes)) for family in listed]


def quantile(amounts: Sequence[float], weights: Sequence[float], share: float) -> float:
    """The smallest amount at or below which at least this share of the weight lies."""
    total = math.fsum(weights)
    reached: list[float] = []
    ordered = sorted(zip(amounts, weights, strict=True))
    for amount, weight in ordered:
        reached.append(weight)
        if math.fsum(reached) >= share * total * (1 - 1e-12):  # weights such as 1/3 do not sum up exactly
            return amount
    return ordered[-1][0]


def _mean(amounts: Sequence[float], weights: Sequence[float]) -> float:
    return math.fsum(amount * weight for amount, weight in zip(amounts, weights, strict=True))
