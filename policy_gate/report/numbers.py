"""Numbers as a reader wants them: grouped digits, a unit, and words for what is no number."""

from __future__ import annotations

from policy_gate.model import Scalar
from policy_gate.report.escaping import safe


def with_unit(value: Scalar, unit: str) -> str:
    """A value with its unit, such as `2,656,768 MAC`."""
    return f"{shown(value)} {safe(unit)}" if unit else shown(value)


def shown(value: Scalar) -> str:
    """A value: digits of whole numbers in groups, true and false as policies write them."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:,}" if isinstance(value, int) else safe(str(value))
