"""The closures most evaluations spend their time in: the common types are answered at once, all others by `comparing`.

Nothing here answers differently from the functions it stands in for; tests hold both against each other.
"""

from __future__ import annotations

import operator

from policy_gate.expression.calculating import calculate, elements, size
from policy_gate.expression.comparing import Comparison, compare, contained
from policy_gate.expression.functions import Function, call
from policy_gate.expression.kleene import OutOfStepsError, Steps, spend
from policy_gate.expression.paths import Evaluate
from policy_gate.expression.values import Unknown

_ADDING = {"+": operator.add, "-": operator.sub}


def compare_with_number(left: Evaluate, comparison: Comparison, sign: str, literal: float | str, text: str) -> Evaluate:
    """A path against a literal below 2^53, where comparing exactly and by rounding is the same."""

    def decide(frame: Steps) -> bool | Unknown:
        found = left(frame)
        kind = type(found)
        if kind is int or (kind is float and found - found == 0.0):  # neither NaN nor infinite
            return comparison(found, literal)
        return compare(sign, found, literal, text, frame)

    return decide


def compare_with_text(left: Evaluate, comparison: Comparison, sign: str, literal: float | str, text: str) -> Evaluate:
    """A path against a literal text."""

    def decide(frame: Steps) -> bool | Unknown:
        found = left(frame)
        if type(found) is str:
            return comparison(found, literal)
        return compare(sign, found, literal, text, frame)

    return decide


def compare_any(left: Evaluate, right: Evaluate, comparison: Comparison, sign: str, text: str) -> Evaluate:
    """Two values that are known only when the document is read."""

    def decide(frame: Steps) -> bool | Unknown:
        one, other = left(frame), right(frame)
        kind = type(one)
        if kind is type(other):
            if kind is int or kind is str:
                return comparison(one, other)
            if kind is float and one - one == 0.0 and other - other == 0.0:  # neither NaN nor infinite
                return comparison(one, other)
        return compare(sign, one, other, text, frame)

    return decide


def arithmetic(left: Evaluate, right: Evaluate, sign: str, text: str) -> Evaluate:
    """`+`, `-`, `*`: at once for decimals, and for integers so small that the result fits into 64 bits."""
    operation, most = (operator.mul, 2**31) if sign == "*" else (_ADDING[sign], 2**62)

    def made(frame: Steps) -> object:
        one, other = left(frame), right(frame)
        kind = type(one)
        if kind is type(other):
            if kind is int and -most < one < most and -most < other < most:
                return operation(one, other)
            if kind is float and (found := operation(one, other)) - found == 0.0:  # neither NaN nor infinite
                return found
        return calculate(sign, one, other, text, frame)

    return made


def in_texts(left: Evaluate, literals: list[str], text: str) -> Evaluate:
    """A path in a list of literal texts."""
    known, count = frozenset(literals), len(literals)

    def decide(frame: Steps) -> bool | Unknown:
        found = left(frame)
        if type(found) is not str:
            return contained(found, literals, text, frame)
        spend(frame, count)
        return found in known

    return decide


def in_any(left: Evaluate, right: Evaluate, text: str) -> Evaluate:
    """A value in a list or a map; a list of plain texts is searched at once."""

    def decide(frame: Steps) -> bool | Unknown:
        found, holder = left(frame), right(frame)
        if type(found) is not str or type(holder) is not list:
            return contained(found, holder, text, frame)
        if found not in holder:
            for one in holder:
                if type(one) is not str:
                    return contained(found, holder, text, frame)
        spend(frame, len(holder))
        return found in holder

    return decide


def size_of(measured: Evaluate, text: str) -> Evaluate:
    """The size of a list, a map or a text."""

    def count(frame: Steps) -> object:
        found = measured(frame)
        return len(found) if type(found) is list or type(found) is str else size(found, text, frame)

    return count


def answer_of_one(argument: Evaluate, function: Function, text: str) -> Evaluate:
    """A function of one text, such as a typed format."""
    answer, per_step = function.answer, function.text_per_step

    def decide(frame: Steps) -> object:
        found = argument(frame)
        if type(found) is not str:
            return call(function, [found], text, frame)
        spend(frame, len(found) // per_step)
        return answer(found)

    return decide


def answer_with_literal(argument: Evaluate, literal: str, function: Function, text: str) -> Evaluate:
    """A function of a text and a literal, such as `x.startsWith('v')`."""
    answer, per_step = function.answer, function.text_per_step
    cost = len(literal) // per_step

    def decide(frame: Steps) -> object:
        found = argument(frame)
        if type(found) is not str:
            return call(function, [found, literal], text, frame)
        spend(frame, cost + len(found) // per_step)
        return answer(found, literal)

    return decide


def negation(operand: Evaluate) -> Evaluate:
    """Not; unknown stays unknown."""

    def decide(frame: Steps) -> bool | Unknown:
        found: bool | Unknown = operand(frame)
        if found is True:
            return False
        return True if found is False else found

    return decide


def logic(operator: str, parts: list[Evaluate]) -> Evaluate:
    """`&&` ends at the first false, `||` at the first true; else the first unknown wins (Kleene)."""
    decisive, usual = operator == "||", operator == "&&"
    if len(parts) == 2:
        return _logic_of_two(parts[0], parts[1], decisive=decisive)

    def decide(frame: Steps) -> bool | Unknown:
        pending: bool | Unknown = usual
        for part in parts:
            found: bool | Unknown = part(frame)
            if found is decisive:
                return decisive
            if pending is usual:
                pending = found
        return pending

    return decide


def _logic_of_two(first: Evaluate, second: Evaluate, *, decisive: bool) -> Evaluate:
    usual = not decisive

    def decide(frame: Steps) -> bool | Unknown:
        left: bool | Unknown = first(frame)
        if left is decisive:
            return decisive
        right: bool | Unknown = second(frame)
        return right if left is usual or right is decisive else left

    return decide


def over(subject: Evaluate, body: Evaluate, text: str, slot: int, cost: int, *, decisive: bool) -> Evaluate:
    """`all` ends at the first false, `exists` at the first true; every element costs the steps of the body.

    All elements are paid for before the first is visited, so that whether an evaluation ends does not hang on order.
    """
    usual = not decisive

    def decide(frame: Steps) -> bool | Unknown:
        found = subject(frame)
        among = found if type(found) is list else elements(found, text)
        if isinstance(among, Unknown):
            return among
        frame[0] -= cost * len(among)
        if frame[0] < 0:
            raise OutOfStepsError("an evaluation took too many steps")
        pending: bool | Unknown = usual
        for one in among:
            frame[slot] = one
            answer: bool | Unknown = body(frame)
            if answer is decisive:
                return decisive
            if pending is usual:
                pending = answer
        return pending

    return decide
