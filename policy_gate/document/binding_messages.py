"""Words for pydantic's errors: what is, what should be, and the nearest name that is known."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from policy_gate.document.pointer import join, readable, split
from policy_gate.document.rules import shown
from policy_gate.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic_core import ErrorDetails

    from policy_gate.document.expectations import Expected


@dataclass(frozen=True, slots=True)
class Said:
    """A message with its hint; `below` names a member of the value where the place lies."""

    message: str
    hint: str = ""
    below: str | None = None


_KINDS = {
    "string": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "list": "a list",
    "tuple": "a list",
    "set": "a list",
    "frozen_set": "a list",
    "iterable": "a list",
    "dict": "a mapping",
    "mapping": "a mapping",
    "model": "a mapping",
    "dataclass": "a mapping",
    "date": "a date such as 2026-11-20",
    "datetime": "a time such as 2026-11-20T09:14:03Z",
}
_KIND_SUFFIXES = re.compile(r"_(?:type|parsing|from_float|attributes_type|from_date_parsing|from_datetime_parsing)$")

_BOUNDS = {
    "greater_than": "greater than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
    "multiple_of": "a multiple of {multiple_of}",
    "finite_number": "a finite number",
    "string_too_short": "at least {min_length} characters long",
    "string_too_long": "at most {max_length} characters long",
    "too_short": "at least {min_length} entries long",
    "too_long": "at most {max_length} entries long",
    "literal_error": "{expected}",
    "enum": "{expected}",
    "none_required": "null",
}


def describe(error: ErrorDetails, name: str, pointer: str, expected: Expected) -> Said:
    """Say one error of what `name` names; `expected` is of its parent where a field is missing or unknown."""
    kind = error["type"]
    context = error.get("ctx", {})
    if kind == "missing":
        return _missing(pointer)
    if kind == "extra_forbidden":
        return _unknown_field(pointer, expected.fields)
    if kind.startswith("union_tag"):
        return _tag(error, context)
    if kind in ("value_error", "assertion_error"):
        return Said(f"{name}: {context.get('error') or error['msg']}")
    wanted = _wanted(kind, context, expected.description)
    found = _found(error["input"])
    if not wanted:
        return Said(f"{name} is {found}: {error['msg'][:1].lower()}{error['msg'][1:]}")
    return Said(f"{name} is {found}; it should be {wanted}", _hint(error, context))


def _missing(pointer: str) -> Said:
    *above, field = split(pointer)
    return Said(f"{readable(join('', *above))} has no {shown(field)}, which is required")


def _unknown_field(pointer: str, known: Sequence[str]) -> Said:
    field = split(pointer)[-1]
    suggestion = nearest(field, known)
    if suggestion:
        return Said(f"unknown field {shown(field)}", f"did you mean {suggestion!r}?")
    return Said(f"unknown field {shown(field)}", f"known fields: {', '.join(sorted(known))}" if known else "")


def _tag(error: ErrorDetails, context: Mapping[str, object]) -> Said:
    name = str(context.get("discriminator", "")).strip("'")
    if error["type"] == "union_tag_not_found":
        return Said(f"the field {shown(name)} is missing; it says which kind this is", below=name)
    tag, tags = str(context.get("tag", "")), str(context.get("expected_tags", ""))
    suggestion = nearest(tag, re.findall(r"'([^']*)'", tags))
    hint = f"did you mean {suggestion!r}?" if suggestion else ""
    return Said(f"{name} is {shown(tag)}; it should be one of {tags}", hint, below=name)


def _wanted(kind: str, context: Mapping[str, object], description: str) -> str:
    """Say what should stand there; empty when only pydantic has words for it."""
    if kind == "string_pattern_mismatch":
        return description or f"text that matches {context.get('pattern', '')}"
    if kind in _BOUNDS:
        return _BOUNDS[kind].format(**context)
    return _KINDS.get(_KIND_SUFFIXES.sub("", kind), "")


def _hint(error: ErrorDetails, context: Mapping[str, object]) -> str:
    found = error["input"]
    if error["type"] == "string_type" and isinstance(found, int | float):
        return "Quote it."
    if error["type"] in ("literal_error", "enum") and isinstance(found, str):
        suggestion = nearest(found, re.findall(r"'([^']*)'", str(context.get("expected", ""))))
        return f"did you mean {suggestion!r}?" if suggestion else ""
    return ""


def _found(value: object) -> str:
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return f"a list of {len(value)}" if len(value) != 1 else "a list of one"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    return shown(value) if isinstance(value, str) else str(value)


def nearest(word: str, known: Sequence[str]) -> str:
    """Give the known word nearest to a misspelt one, or nothing."""
    from difflib import get_close_matches  # only a misspelt document pays

    return next(iter(get_close_matches(word[:128], known, n=1)), "")
