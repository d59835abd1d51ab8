"""Rounds figures of a profile to few digits; bounds outward, so that it promises no more than its fit."""

from __future__ import annotations

import math

DIGITS = 6
"""Significant digits of a coefficient; more would differ by platform before they meant anything."""
BOUND_STEPS = 1000
"""Bounds are multiples of a thousandth."""


def rounded(number: float) -> float:
    """A figure to six significant digits."""
    return float(f"{number:.{DIGITS}g}")


def rounded_up(number: float) -> float:
    """The least thousandth at or above a bound; one that rounding alone put above it stays."""
    return math.ceil(number * BOUND_STEPS - 1e-6) / BOUND_STEPS


def rounded_down(number: float) -> float:
    """The greatest thousandth at or below a bound."""
    return math.floor(number * BOUND_STEPS + 1e-6) / BOUND_STEPS
