"""`==`, `!=`, the orders and `in`, for values of any type: true, false, or unknown with its reason."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from policy_gate.expression.kleene import Steps, all_of, any_of, negated, not_known, spend, wrong_type
from policy_gate.expression.limits import COMPARED_DEPTH_MAX
from policy_gate.expression.values import NUMBERS, Cause, Kind, Unknown, finite, kind_of, plain, shown

Comparison = Callable[[Any, Any], bool]  # Any: two numbers, two texts or two truths
COMPARISONS: Mapping[str, Comparison] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_ORDERED = (Kind.TEXT, Kind.BOOL)
_SIMPLE = (Kind.TEXT, Kind.BOOL, Kind.NULL)


def compare(sign: str, left: object, right: object, text: str, steps: Steps) -> bool | Unknown:
    """The answer of a comparison whose operands may be anything; text is what the rule wrote."""
    if sign == "==":
        return equal(left, right, text, steps)
    if sign == "!=":
        return negated(equal(left, right, text, steps))
    missing = not_known(left, right)
    if missing is not None:
        return missing
    kinds = kind_of(left), kind_of(right)
    if kinds[0] in NUMBERS and kinds[1] in NUMBERS:
        return _numbers(COMPARISONS[sign], plain(left), plain(right), text)
    if kinds[0] is kinds[1] and kinds[0] in _ORDERED:
        return COMPARISONS[sign](plain(left), plain(right))
    return wrong_type(f"`{text}` compares {_both(left, right)}")


def _numbers(comparison: Comparison, left: Any, right: Any, text: str) -> bool | Unknown:  # Any: two numbers
    """Compare exactly; unknown where rounding the integer to a double would change the answer."""
    if not (finite(left) and finite(right)):
        return Unknown(Cause.NOT_FINITE, f"`{text}` compares {shown(left)} with {shown(right)}")
    exact = comparison(left, right)
    if type(left) is type(right):
        return exact
    try:
        rounded = comparison(float(left), float(right))
    except OverflowError:  # an integer beyond every double: its order is certain
        return exact
    if rounded is exact:
        return exact
    return Unknown(Cause.NOT_EXACT, f"`{text}` compares {shown(left)} with {shown(right)}, which differ by rounding")


def equal(left: object, right: object, text: str, steps: Steps, depth: int = 0) -> bool | Unknown:
    """Whether two values are the same; lists and maps element by element, and unknown where types differ."""
    missing = not_known(left, right)
    if missing is not None:
        return missing
    kinds = kind_of(left), kind_of(right)
    if kinds[0] in NUMBERS and kinds[1] in NUMBERS:
        return _numbers(operator.eq, plain(left), plain(right), text)
    if kinds[0] is not kinds[1]:
        return across_types(left, right, text)
    if kinds[0] in _SIMPLE:
        return bool(plain(left) == plain(right))
    if depth >= COMPARED_DEPTH_MAX:
        return Unknown(Cause.TOO_LARGE, f"`{text}` compares values nested more than {COMPARED_DEPTH_MAX} deep")
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return _equal_maps(left, right, text, steps, depth + 1)
    if isinstance(left, Sequence) and isinstance(right, Sequence) and kinds[0] is Kind.LIST:
        return _equal_lists(left, right, text, steps, depth + 1)
    return wrong_type(f"`{text}` compares {_both(left, right)}")


def across_types(left: object, right: object, text: str) -> bool | Unknown:
    """Values of two types: CEL says they differ, here it is unknown. The one place where we answer less than CEL."""
    return Unknown(Cause.DIFFERENT_TYPES, f"`{text}` compares {_both(left, right)}")


def _equal_lists(
    left: Sequence[object], right: Sequence[object], text: str, steps: Steps, depth: int
) -> bool | Unknown:
    if len(left) != len(right):
        return False
    spend(steps, len(left))
    return all_of(equal(one, other, text, steps, depth) for one, other in zip(left, right, strict=True))


def _equal_maps(
    left: Mapping[object, object], right: Mapping[object, object], text: str, steps: Steps, depth: int
) -> bool | Unknown:
    spend(steps, len(left) + len(right))
    keys = [*left, *(key for key in right if key not in left)]
    if not all(type(key) is str for key in keys):
        return wrong_type(f"`{text}` compares maps with keys that are not text")
    return all_of(
        equal(left[key], right[key], text, steps, depth)
        if key in left and key in right
        else _lonely(left[key] if key in left else right[key])
        for key in keys
    )


def _lonely(found: object) -> bool | Unknown:
    """A key that only one of two maps has is a difference, unless it is not known to be there."""
    missing = not_known(found)
    return False if missing is None else missing


def contained(element: object, holder: object, text: str, steps: Steps) -> bool | Unknown:
    """`element in holder`: an element of a list, or a key of a map."""
    missing = not_known(holder, element)
    if missing is not None:
        return missing
    if isinstance(holder, Mapping):
        return _has_key(element, holder, text)
    if kind_of(holder) is not Kind.LIST or not isinstance(holder, Sequence):
        return wrong_type(f"`{text}` looks into {kind_of(holder)}, not a list or a map")
    spend(steps, len(holder))
    return any_of(equal(element, one, text, steps) for one in holder)


def _has_key(key: object, holder: Mapping[object, object], text: str) -> bool | Unknown:
    if not holder:
        return False
    if kind_of(key) is not Kind.TEXT:
        return across_types(key, "", text)
    word = plain(key)
    if word not in holder:
        return False
    missing = not_known(holder[word])
    return True if missing is None else missing


def _both(left: object, right: object) -> str:
    return f"{kind_of(left)} with {kind_of(right)}"
