"""Leaves each family out in turn: what the fit would have said of a kind of model it has not seen."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median

from policy_gate.areas.cost.device import Coefficients
from policy_gate.areas.cost.fitting.forms import (
    coefficients,
    fit_forms,
    fit_naive,
    predicted_ms,
    rates_of,
)
from policy_gate.areas.cost.fitting.rows import Row
from policy_gate.areas.cost.fitting.scoring import Prediction, family_weights, quantile
from policy_gate.areas.cost.fitting.training import Training, own_sums, training_sums
from policy_gate.frozen import dataclass

LEAST_UPPER_FACTOR = 1.5
"""New families are worse than those fitted on: bounds by left-out quantiles alone held for 54 to 74 % of other rows."""
SCREENING_UPPER_FACTOR = 2.0
UPPER_SHARE = 0.95
LEAST_FAMILIES = 3
NS_PER_MS = 1e6
MOST_RATIO = 1e6

Fitter = Callable[[Training], Coefficients]


@dataclass(frozen=True, slots=True)
class Factors:
    """What a prediction is multiplied by for its bounds."""

    lower: float
    upper: float


def fit_rates(training: Training) -> Coefficients:
    """The mean of all forms, fitted to the rows."""
    return fit_forms(training_sums(training))


def scaled_shape(shape: Coefficients) -> Fitter:
    """Fit one scale to few rows: the mean of the shape and of MACs alone, each times the median of what it misses by.

    On boards with three models each, a left-out one was missed by 31 % by the shape, 33 % by MACs, and 18 % by their
    mean (68 rows of 14 systems, published MLPerf Tiny results with STM32Cube.AI).
    """
    alone = coefficients([1.0, 1.0, 0.0, 0.0, 0.0, 0.0])

    def fit(training: Training) -> Coefficients:
        both = (_scaled(shape, training), _scaled(alone, training))
        return coefficients([(left + right) / 2 for left, right in zip(*both, strict=True)])

    return fit


def _scaled(rates: Coefficients, training: Training) -> list[float]:
    told = [(row.latency_ms, predicted_ms(rates, row)) for row in training.rows]
    scales = [measured / predicted for measured, predicted in told if predicted > 0]
    return [median(scales) * rate for rate in rates_of(rates)] if scales else [0.0] * len(rates_of(rates))


def left_out(training: Training, fit: Fitter, least_upper: float) -> list[Prediction]:
    """Predict every row, in the order of `training.rows`, by a fit without its family.

    The bound too comes from the other families alone. Nothing when there is one family.
    """
    if len(training.own) < 2:
        return []
    found: list[Prediction] = []
    for family, rows in training.own.items():
        rest = training.without(family)
        rates, upper = fit(rest), factors(rest, fit, least_upper).upper
        naive = fit_naive(own_sums(rest))
        found.extend(predict(row, rates, upper, naive) for row in rows)
    return found


def factors(training: Training, fit: Fitter, least_upper: float) -> Factors:
    """Factors that hold the left-out measurements: the upper one 95 % of them, and neither below its floor."""
    ratios, weights = _ratios(training, fit) if len(training.own) >= LEAST_FAMILIES else ([], [])
    if not ratios:
        return Factors(1 / least_upper, least_upper)
    upper = quantile(ratios, weights, UPPER_SHARE)
    lower = -quantile([-one for one in ratios], weights, UPPER_SHARE)
    return Factors(min(1 / least_upper, lower), max(least_upper, upper))


def _ratios(training: Training, fit: Fitter) -> tuple[list[float], list[float]]:
    """Measured by predicted for every row whose family was left out, and its weight."""
    ratios: list[float] = []
    names: list[str] = []
    for family, rows in training.own.items():
        rates = fit(training.without(family))
        ratios.extend(_ratio(row, rates) for row in rows)
        names.extend(family for _ in rows)
    return ratios, family_weights(names)


def _ratio(row: Row, rates: Coefficients) -> float:
    """A prediction of nothing is off by more than any factor; a large one stands for that."""
    predicted = predicted_ms(rates, row)
    return min(row.latency_ms / predicted, MOST_RATIO) if predicted > 0 else MOST_RATIO


def predict(row: Row, rates: Coefficients, upper: float, naive_ns_per_mac: float) -> Prediction:
    """Put a measurement beside what these rates, and what MACs alone, say of it."""
    mid = predicted_ms(rates, row)
    return Prediction(
        family=row.family,
        measured_ms=row.latency_ms,
        mid_ms=mid,
        high_ms=mid * upper,
        naive_ms=naive_ns_per_mac * row.macs / NS_PER_MS,
    )
