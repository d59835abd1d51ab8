"""Pydantic's errors at their places in the document: its locations read, its words replaced by ours."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from policy_gate.document.binding_messages import describe
from policy_gate.document.expectations import expected_at
from policy_gate.document.places import problem
from policy_gate.document.pointer import join, readable, split
from policy_gate.errors import Problem
from policy_gate.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import BaseModel
    from pydantic_core import ErrorDetails

    from policy_gate.document.places import Document
    from policy_gate.document.rules import Value

_KEY_MARK = "[key]"
"""Ends pydantic's location of an error in a mapping's key."""


def placed_problems(
    document: Document, model: type[BaseModel], base: str, errors: Sequence[ErrorDetails]
) -> tuple[Problem, ...]:
    """Say every error of the value at `base`, sorted by line; what is more than the document's limit is counted."""
    most = document.limits.max_problems
    errors = [error for error in errors if not _counts_the_valid_only(error)]
    found = _without_other_members([_found(document, model, base, error) for error in errors[:most]])
    if len(errors) > most:
        found.append(Problem(f"{len(errors) - most} more problems are not shown", document.path))
    return tuple(sorted(set(found), key=lambda one: (one.line or inf, one.column, one.message)))


def _counts_the_valid_only(error: ErrorDetails) -> bool:
    """Whether a list is called too short only because pydantic counts the entries that are valid themselves."""
    given = error["input"]
    return (
        error["type"] == "too_short"
        and isinstance(given, list)
        and len(given) >= error.get("ctx", {}).get("min_length", 0)
    )


@dataclass(frozen=True, slots=True)
class _Found:
    """One problem, and the pointer it is about; `ends_in_tag` when its location ends in a member of a union."""

    problem: Problem
    pointer: str
    ends_in_tag: bool


@dataclass(frozen=True, slots=True)
class _Reading:
    """One way to read pydantic's location: names that exist in the document, the rest are tags of unions.

    `is_name` tells of each element of the location whether it is such a name.
    """

    parts: tuple[str | int, ...]
    is_name: tuple[bool, ...]
    reached: Value


def _without_other_members(found: list[_Found]) -> list[Problem]:
    """Leave out that a value is no such other member of its union, where a member that it is has problems inside."""
    above = {join("", *parts[:depth]) for one in found for parts in [split(one.pointer)] for depth in range(len(parts))}
    return [one.problem for one in found if not (one.ends_in_tag and one.pointer in above)]


def _found(document: Document, model: type[BaseModel], base: str, error: ErrorDetails) -> _Found:
    location, kind = error["loc"], error["type"]
    about_key = location[-1:] == (_KEY_MARK,)
    path = location[:-1] if about_key else location
    reading = _read_location(document.get(base), path, is_missing=kind == "missing")
    pointer = join(base, *reading.parts)
    steps = list(zip(path, reading.is_name, strict=True))
    expected = expected_at(model, steps[:-1] if kind in ("missing", "extra_forbidden") else steps)
    name = f"a key of {readable(join(base, *reading.parts[:-1]))}" if about_key else readable(pointer)
    said = describe(error, name, pointer, expected)
    at = pointer if said.below is None else join(pointer, said.below)
    ends_in_tag = bool(path) and not reading.is_name[-1]
    if (about_key or kind == "extra_forbidden") and document.has(at):
        span = document.key_span(at)
        return _Found(Problem(said.message, document.path, span.line, span.column, said.hint), pointer, ends_in_tag)
    return _Found(problem(document, at, said.message, said.hint), pointer, ends_in_tag)


def _read_location(value: Value, location: tuple[str | int, ...], *, is_missing: bool) -> _Reading:
    """Tell names from tags in pydantic's location, which holds both without a mark.

    A tag can be equal to a key (`kind: path` beside `path:`): the reading that reaches the end of the location holds.
    """
    above = location[:-1] if is_missing else location
    greedy = _follow(value, above, None)
    readings = [greedy]
    readings += [_follow(value, above, index) for index, element in enumerate(above) if isinstance(element, str)]
    for reading in readings:
        if reading and (_lacks(reading, location[-1]) if is_missing else all(reading.is_name[-1:])):
            break
    else:
        reading = greedy or _Reading((), (False,) * len(above), value)
    if not is_missing:
        return reading
    return _Reading((*reading.parts, location[-1]), (*reading.is_name, True), reading.reached)


def _lacks(reading: _Reading, field: str | int) -> bool:
    return isinstance(reading.reached, dict) and field not in reading.reached


def _follow(value: Value, location: tuple[str | int, ...], tag: int | None) -> _Reading | None:
    """Descend by every name that exists, but for the one at `tag`; None when a list index does not exist."""
    parts: list[str | int] = []
    is_name: list[bool] = []
    for index, element in enumerate(location):
        exists = False
        if isinstance(element, int):
            if not (isinstance(value, list) and 0 <= element < len(value)):
                return None
            value, exists = value[element], True
        elif index != tag and isinstance(value, dict) and element in value:
            value, exists = value[element], True
        is_name.append(exists)
        if exists:
            parts.append(element)
    return _Reading(tuple(parts), tuple(is_name), value)
