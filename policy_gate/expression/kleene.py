"""Three-valued logic, and the steps an evaluation may take."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from policy_gate.errors import InternalError
from policy_gate.expression.values import Absent, Cause, Unknown, kind_of

Steps = list[Any]  # Any: the first element counts the steps left down; a compiled expression keeps its values behind


class OutOfStepsError(InternalError):
    """An evaluation took all its steps; it never leaves this room: the answer becomes unknown."""


def spend(steps: Steps, count: int) -> None:
    """Take steps away; raises `OutOfStepsError` where none are left."""
    steps[0] -= count
    if steps[0] < 0:
        raise OutOfStepsError("an evaluation took too many steps")


def wrong_type(detail: str) -> Unknown:
    """Unknown, because an operator or a step of a path does not take values of this type."""
    return Unknown(Cause.WRONG_TYPE, detail)


def not_known(*operands: object) -> Unknown | None:
    """The reason of the first operand that is not known; none where all are."""
    for one in operands:
        if isinstance(one, Unknown):
            return one
        if isinstance(one, Absent):
            return Unknown(one.reason, one.detail)
    return None


def as_truth(found: object, text: str) -> bool | Unknown:
    """A value where a condition is needed: only true and false are conditions."""
    if found is True or found is False:
        return found
    reason = not_known(found)
    return wrong_type(f"{text} is {kind_of(found)}, not true or false") if reason is None else reason


def negated(truth: bool | Unknown) -> bool | Unknown:
    """Not; unknown stays unknown."""
    return truth if isinstance(truth, Unknown) else not truth


def all_of(truths: Iterable[bool | Unknown]) -> bool | Unknown:
    """False where one is false, else unknown where one is unknown, else true (Kleene's strong conjunction)."""
    pending: Unknown | None = None
    for truth in truths:
        if truth is False:
            return False
        if pending is None and isinstance(truth, Unknown):
            pending = truth
    return True if pending is None else pending


def any_of(truths: Iterable[bool | Unknown]) -> bool | Unknown:
    """True where one is true, else unknown where one is unknown, else false (Kleene's strong disjunction)."""
    return negated(all_of(negated(truth) for truth in truths))
