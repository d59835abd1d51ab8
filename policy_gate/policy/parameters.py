"""Parameters: typed values that a pack offers and configuration may set, within what their direction allows."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

from policy_gate.policy.limits import (
    LimitType,
    LimitValueError,
    choice,
    flag,
    map_of,
    number,
    ratio,
    text_set,
    whole_number,
)

if TYPE_CHECKING:
    from policy_gate.policy.pack import Parameter

LICENSE = r"[A-Za-z0-9*][A-Za-z0-9.+*-]{0,127}"
"""An SPDX licence id, or a pattern of them with `*`."""
IDENTITY = r"[^\s*][^\s*]{0,511}"
"""A key id or a workflow's identity, written out: a pattern would trust names that nobody chose."""
TEXT = r".{1,256}"

ITEMS = {"text": TEXT, "license": LICENSE, "identity": IDENTITY}
DIRECTIONS = {
    "number": ("lower", "higher"),
    "integer": ("lower", "higher"),
    "ratio": ("lower", "higher"),
    "date": ("lower", "higher"),
    "flag": ("true", "false"),
    "set": ("subset", "superset"),
    "list": ("subset", "superset"),
}
"""The directions in which values of a type can tighten; a map tightens as its values do, a text not at all."""


def parameter_type(parameter: Parameter) -> LimitType:
    """How values of a parameter are read; raises ValueError when its declaration makes no sense, saying why."""
    kind = parameter.type
    if parameter.stricter not in ("", *_directions(parameter)):
        known = " or ".join(_directions(parameter)) or "nothing"
        raise ValueError(f"a {kind} can be stricter by {known}, not by {parameter.stricter}")
    if kind == "map":
        return map_of(_scalar(parameter.of or "", parameter), parameter.by)
    if kind in ("set", "list"):
        if parameter.of not in ITEMS:
            raise ValueError(f"a {kind} is of {', '.join(ITEMS)}: say `of: text`")
        return text_set(ITEMS[parameter.of], _plural(parameter.of))
    return _scalar(kind, parameter)


def _directions(parameter: Parameter) -> tuple[str, ...]:
    kind = parameter.of if parameter.type == "map" else parameter.type
    return DIRECTIONS.get(kind or "", ())


def _plural(of: str) -> str:
    return {"text": "texts", "license": "licence ids", "identity": "identities"}[of]


def _scalar(kind: str, parameter: Parameter) -> LimitType:
    if kind == "number":
        return number(_bound(parameter.minimum, -1), _bound(parameter.maximum, 1), above=_bound(parameter.above, -1))
    if kind == "integer":
        return whole_number(_whole(parameter.minimum, 0), _whole(parameter.maximum, 2**53 - 1))
    if kind == "ratio":
        return ratio(1000.0 if parameter.maximum is None else parameter.maximum)
    if kind == "flag":
        return flag()
    if kind == "date":
        return LimitType("a day such as 2027-01-31", _parse_date, {"type": "string", "format": "date"})
    if kind in ITEMS:
        return choice(*parameter.choices) if parameter.choices else _matching(kind)
    raise ValueError("a map says what its values are: `of: number`" if not kind else f"there are no values of {kind}")


def _matching(kind: str) -> LimitType:
    pattern = re.compile(ITEMS[kind])
    words = {"text": "a text", "license": "a licence id", "identity": "an identity without patterns"}[kind]

    def parse(given: object) -> str:
        if not isinstance(given, str) or not pattern.fullmatch(given):
            raise LimitValueError(words)
        return given

    return LimitType(words, parse, {"type": "string"})


def _parse_date(given: object) -> str:
    try:
        if not isinstance(given, str) or date.fromisoformat(given).isoformat() != given:
            raise LimitValueError("a day such as 2027-01-31")
    except ValueError as error:
        raise LimitValueError("a day such as 2027-01-31") from error
    return given


def _bound(given: float | None, sign: int) -> float:
    return sign * float("inf") if given is None else given


def _whole(given: float | None, otherwise: int) -> int:
    if given is None:
        return otherwise
    if given != int(given):
        raise ValueError("the bounds of an integer are whole numbers")
    return int(given)
