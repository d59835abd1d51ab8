"""Typed limits: what a check may be told by a policy, with range, direction of tightening and words."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, field, fields
from typing import Any, Literal

from policy_gate.frozen import dataclass

Stricter = Literal["lower", "higher", "subset", "superset", "true", "false", ""]
"""Which way a value tightens: smaller, larger, fewer members, more members, set, not set; "" has no direction."""


class LimitValueError(ValueError):
    """A limit has the wrong type or is out of range; the text says what it should be."""


@dataclass(frozen=True, slots=True)
class LimitType:
    """How one limit is read: `words` names the type for people, `schema` for editors."""

    words: str
    parse: Callable[[object], object]
    schema: Mapping[str, object]


def number(minimum: float = -math.inf, maximum: float = math.inf, *, above: float = -math.inf) -> LimitType:
    """A finite number within [minimum, maximum] and greater than `above`."""
    bounds = [
        *([f"at least {minimum:g}"] if minimum > -math.inf else []),
        *([f"above {above:g}"] if above > -math.inf else []),
        *([f"at most {maximum:g}"] if maximum < math.inf else []),
    ]
    words = " ".join(["a number", " and ".join(bounds)]).strip()

    def parse(given: object) -> float | int:
        # A bool is an int to Python, and never a number to a policy.
        if isinstance(given, bool) or not isinstance(given, (int, float)) or not math.isfinite(given):
            raise LimitValueError(words)
        if not minimum <= given <= maximum or given <= above:
            raise LimitValueError(words)
        return given

    schema: dict[str, object] = {"type": "number"}
    schema |= {"minimum": minimum} if minimum > -math.inf else {}
    schema |= {"maximum": maximum} if maximum < math.inf else {}
    schema |= {"exclusiveMinimum": above} if above > -math.inf else {}
    return LimitType(words, parse, schema)


def whole_number(minimum: int = 0, maximum: int = 2**53 - 1) -> LimitType:
    """A whole number within [minimum, maximum]."""
    words = f"a whole number from {minimum} to {maximum}"

    def parse(given: object) -> int:
        if isinstance(given, bool) or not isinstance(given, int) or not minimum <= given <= maximum:
            raise LimitValueError(words)
        return given

    return LimitType(words, parse, {"type": "integer", "minimum": minimum, "maximum": maximum})


def ratio(maximum: float = 1000.0) -> LimitType:
    """A share or growth as a ratio: 0.05 means five percent."""
    inner = number(0.0, maximum)
    return LimitType("a ratio such as 0.05 for five percent", inner.parse, inner.schema)


def flag() -> LimitType:
    """True or false."""

    def parse(given: object) -> bool:
        if not isinstance(given, bool):
            raise LimitValueError("true or false")
        return given

    return LimitType("true or false", parse, {"type": "boolean"})


def choice(*allowed: str) -> LimitType:
    """One of a closed list of words."""
    words = f"one of {', '.join(allowed)}"

    def parse(given: object) -> str:
        if not isinstance(given, str) or given not in allowed:
            raise LimitValueError(words)
        return given

    return LimitType(words, parse, {"enum": list(allowed)})


def text(pattern: str = r".{1,256}", what: str = "a text") -> LimitType:
    """A text that matches `pattern` whole."""
    compiled = re.compile(pattern)

    def parse(given: object) -> str:
        if not isinstance(given, str) or not compiled.fullmatch(given):
            raise LimitValueError(what)
        return given

    return LimitType(what, parse, {"type": "string"})


def text_set(pattern: str = r".{1,256}", what: str = "texts") -> LimitType:
    """A set of texts, each matching `pattern` whole; kept sorted, so that order never matters."""
    words = f"a list of {what} without repetition"
    compiled = re.compile(pattern)

    def parse(given: object) -> tuple[str, ...]:
        if not isinstance(given, list) or not all(isinstance(one, str) and compiled.fullmatch(one) for one in given):
            raise LimitValueError(words)
        if len(set(given)) != len(given):
            raise LimitValueError(words)
        return tuple(sorted(given))

    return LimitType(words, parse, {"type": "array", "items": {"type": "string"}, "uniqueItems": True})


def map_of(inner: LimitType, key: str = "name") -> LimitType:
    """A map from names (of targets, devices …) to one kind of limit; "*" is the value for all others."""
    words = f"a map from {key} to {inner.words}"

    def parse(given: object) -> tuple[tuple[str, object], ...]:
        if not isinstance(given, dict):
            raise LimitValueError(words)
        return tuple(sorted((str(name), inner.parse(one)) for name, one in given.items()))

    return LimitType(words, parse, {"type": "object", "additionalProperties": dict(inner.schema)})


def limit(
    kind: LimitType, words: str, *, stricter: Stricter = "", default: object = MISSING
) -> Any:  # Any: as dataclasses.field
    """Declare one limit of a check's limits dataclass; without a default a policy must give it."""
    metadata = {"kind": kind, "words": words, "stricter": stricter}
    if default is MISSING:
        return field(metadata=metadata)
    return field(default=default, metadata=metadata)


def lookup(limits: tuple[tuple[str, Any], ...], name: str) -> Any | None:  # Any: the map's own value type
    """The limit for one name in a `map_of`, else that of "*", else None: no limit was given."""
    table = dict(limits)
    return table.get(name, table.get("*"))


def bind_limits(kind: type, given: Mapping[str, object]) -> tuple[object, list[tuple[str, str]]]:
    """Build a limits dataclass; returns it (or None) and the problems as (field, message)."""
    known = {one.name: one for one in fields(kind)}
    problems: list[tuple[str, str]] = [
        (name, f"unknown limit '{name}'; known: {', '.join(sorted(known)) or 'none'}")
        for name in given
        if name not in known
    ]
    parsed: dict[str, object] = {}
    for name, one in known.items():
        if name not in given:
            if one.default is MISSING:
                problems.append(("", f"limit '{name}' is required: {one.metadata['words']}"))
            continue
        try:
            parsed[name] = one.metadata["kind"].parse(given[name])
        except LimitValueError as error:
            problems.append((name, f"limit '{name}' must be {error}"))
    return (None if problems else kind(**parsed)), problems
