"""Tails of the normal distribution in the ranges where `math.erfc` alone underflows or cancels."""

from __future__ import annotations

import math
from collections.abc import Sequence

SQRT_2 = math.sqrt(2.0)
_SQRT_2_PI = math.sqrt(2.0 * math.pi)
_DIRECT_UP_TO = 10.0
_FRACTION_TERMS = 60
"""For arguments of 10 and more, sixty terms leave less than 1e-16 (checked against the direct form at 10)."""


def normal_density(x: float) -> float:
    """Density of the standard normal distribution."""
    return math.exp(-0.5 * x * x) / _SQRT_2_PI


def upper_tail(x: float) -> float:
    """Probability that a standard normal variable exceeds x."""
    return 0.5 * math.erfc(x / SQRT_2)


def mills_ratio(x: float) -> float:
    """Upper tail over density, for x >= 0; a continued fraction where the direct form would lose digits.

    Laplace's continued fraction (Abramowitz & Stegun 26.2.14).
    """
    if x < _DIRECT_UP_TO:
        return upper_tail(x) / normal_density(x)
    denominator = x
    for term in range(_FRACTION_TERMS, 0, -1):
        denominator = x + term / denominator
    return 1.0 / denominator


def log_upper_tail(x: float) -> float:
    """Natural logarithm of the upper tail; finite for every finite x below 1e150."""
    if x < _DIRECT_UP_TO:
        return math.log(upper_tail(x))
    return -0.5 * x * x - math.log(_SQRT_2_PI) + math.log(mills_ratio(x))


def log_sum(logs: Sequence[float]) -> float:
    """Logarithm of a sum of positive terms given by their logarithms; -inf for none."""
    highest = max(logs, default=-math.inf)
    if math.isinf(highest):
        return highest
    return highest + math.log(math.fsum([math.exp(one - highest) for one in logs]))


def log_expm1(x: float) -> float:
    """Logarithm of exp(x) - 1 for x > 0, without overflow."""
    if x < 1.0:
        return math.log(math.expm1(x))
    return x + math.log1p(-math.exp(-x))
