"""Bounds for a reader: few digits, always rounded to the side on which they still hold."""

from __future__ import annotations

DIGITS = 4


def up(number: float, digits: int = DIGITS) -> str:
    """An upper bound, rounded up to so many significant digits."""
    return _rounded(number, digits, upward=True)


def down(number: float, digits: int = DIGITS) -> str:
    """A lower bound, rounded down to so many significant digits."""
    return _rounded(number, digits, upward=False)


def percent_up(share: float) -> str:
    """A share from 0 to 1 as a percentage, rounded up to three digits and never above 100 %."""
    return f"{_rounded(min(share, 1.0) * 100, 3, upward=True)} %"


def _rounded(number: float, digits: int, *, upward: bool) -> str:
    from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal  # costs 3 ms; only bounds pay it

    # Twelve digits first: 2.4 is a little more than the nearest double of it, and is to be shown as 2.4.
    settled = Context(prec=12).create_decimal(Decimal(number))
    rounded = Context(prec=digits, rounding=ROUND_CEILING if upward else ROUND_FLOOR).create_decimal(settled)
    return f"{float(rounded):.{digits}g}"
