"""The language of `assert:` and `when:`: a strict subset of CEL whose answers are true, false and unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_gate.expression.roots import LEAF, OPEN, Root, closed
from policy_gate.expression.values import Absent, Cause, ExpressionError, Summary, Truth, Unknown

if TYPE_CHECKING:
    from policy_gate.expression.coverage import Branch, Trace
    from policy_gate.expression.evidence import Explanation, Reading
    from policy_gate.expression.expressions import Expression, parse
    from policy_gate.expression.lint import Constant
    from policy_gate.expression.metering import Meter
    from policy_gate.expression.templates import Template, parse_template

__all__ = [
    "LEAF",
    "OPEN",
    "Absent",
    "Branch",
    "Cause",
    "Constant",
    "Explanation",
    "Expression",
    "ExpressionError",
    "Meter",
    "Reading",
    "Root",
    "Summary",
    "Template",
    "Trace",
    "Truth",
    "Unknown",
    "closed",
    "parse",
    "parse_template",
]
_HOMES = {
    "Branch": "coverage",
    "Constant": "lint",
    "Explanation": "evidence",
    "Expression": "expressions",
    "Meter": "metering",
    "Reading": "evidence",
    "Template": "templates",
    "Trace": "coverage",
    "parse": "expressions",
    "parse_template": "templates",
}


def __getattr__(name: str) -> object:
    """Import what reads and judges when it is asked for (PEP 562): a policy without expressions pays for none of it."""
    if name not in _HOMES:
        raise AttributeError(name)
    from importlib import import_module

    return getattr(import_module(f"policy_gate.expression.{_HOMES[name]}"), name)
