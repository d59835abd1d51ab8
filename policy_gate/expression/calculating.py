"""`+`, `-`, `*` and `size`, for values of any type, bounded before anything is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from policy_gate.expression.kleene import Steps, not_known, spend, wrong_type
from policy_gate.expression.limits import EXACT_INT, INT_MAX, INT_MIN, MADE_LIST_MAX, MADE_TEXT_MAX, TEXT_PER_STEP
from policy_gate.expression.values import NUMBERS, Cause, Kind, Unknown, finite, kind_of, plain


def calculate(sign: str, left: object, right: object, text: str, steps: Steps) -> object:
    """`+`, `-` and `*` of numbers, and `+` of two texts or two lists; text is what the rule wrote."""
    missing = not_known(left, right)
    if missing is not None:
        return missing
    kinds = kind_of(left), kind_of(right)
    if kinds[0] in NUMBERS and kinds[1] in NUMBERS:
        return _number(sign, plain(left), plain(right), text)
    if sign == "+" and kinds[0] is kinds[1] and kinds[0] in {Kind.TEXT, Kind.LIST}:
        return _joined(plain(left), plain(right), text, steps)
    return wrong_type(f"`{text}` takes {kinds[0]} and {kinds[1]}")


def opposite(found: object, text: str) -> object:
    """Unary minus."""
    missing = not_known(found)
    if missing is not None:
        return missing
    if kind_of(found) in NUMBERS:
        return _number("-", 0, plain(found), text)
    return wrong_type(f"`{text}` takes {kind_of(found)}")


def _number(sign: str, left: Any, right: Any, text: str) -> object:  # Any: two numbers
    if type(left) is not type(right):
        if _is_inexact(left) or _is_inexact(right):
            return Unknown(Cause.NOT_EXACT, f"`{text}` takes an integer beyond 2^53 next to a decimal")
        left, right = float(left), float(right)
    elif isinstance(left, int) and not (INT_MIN <= left <= INT_MAX and INT_MIN <= right <= INT_MAX):
        return Unknown(Cause.OUT_OF_RANGE, f"`{text}` takes an integer beyond 64 bits")
    made = left + right if sign == "+" else left - right if sign == "-" else left * right
    if isinstance(made, int):
        return made if INT_MIN <= made <= INT_MAX else Unknown(Cause.OUT_OF_RANGE, f"`{text}` is beyond 64 bits")
    return made if finite(made) else Unknown(Cause.NOT_FINITE, f"`{text}` is {made}")


def _is_inexact(number: float) -> bool:
    return isinstance(number, int) and abs(number) > EXACT_INT


def _joined(left: Any, right: Any, text: str, steps: Steps) -> object:  # Any: two texts or two lists
    count = len(left) + len(right)
    most, unit = (MADE_TEXT_MAX, "characters") if isinstance(left, str) else (MADE_LIST_MAX, "elements")
    if count > most:
        return Unknown(Cause.TOO_LARGE, f"`{text}` has {count} {unit}, at most {most} are made")
    spend(steps, count // TEXT_PER_STEP)
    return left + right if isinstance(left, str) else [*left, *right]


def size(found: object, text: str, steps: Steps) -> object:
    """How many characters, elements or keys; unknown for a map with a value nobody knows."""
    missing = not_known(found)
    if missing is not None:
        return missing
    if isinstance(found, str):
        return len(found)
    if isinstance(found, Mapping):
        spend(steps, len(found) // TEXT_PER_STEP)
        missing = not_known(*found.values())
        return len(found) if missing is None else missing
    if kind_of(found) is Kind.LIST and isinstance(found, Sequence):
        return len(found)
    return wrong_type(f"`{text}` measures {kind_of(found)}, not a list, a map or text")


def elements(found: object, text: str) -> Sequence[object] | Unknown:
    """What a macro goes over: the elements of a list or the keys of a map; a key whose value nobody knows is absent."""
    missing = not_known(found)
    if missing is not None:
        return missing
    if isinstance(found, Mapping):
        return [_key(key, found[key]) for key in found]
    if kind_of(found) is Kind.LIST and isinstance(found, Sequence):
        return found
    return wrong_type(f"{text} is {kind_of(found)}, not a list or a map")


def _key(key: object, below: object) -> object:
    missing = not_known(below)
    if missing is not None:
        return missing
    return key if type(key) is str else wrong_type("a key of a map is not text")
