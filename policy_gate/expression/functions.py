"""The closed list of functions and methods: what each takes, gives and answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from policy_gate.expression.formats import (
    is_date,
    is_git_commit,
    is_purl,
    is_semver,
    is_sha256,
    is_spdx,
    is_uri,
)
from policy_gate.expression.globs import glob
from policy_gate.expression.kleene import Steps, not_known, spend, wrong_type
from policy_gate.expression.limits import GLOB_TEXT_PER_STEP, TEXT_PER_STEP
from policy_gate.expression.values import Cause, Kind, Unknown, kind_of, shown
from policy_gate.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Function:
    """A function of texts: its parameters for messages, the kind it gives, and the answer for plain texts."""

    parameters: tuple[str, ...]
    gives: Kind
    answer: Callable[..., Any]  # Any: one to two texts in; true, false, an integer or unknown out
    text_per_step: int = TEXT_PER_STEP


def days_between(first: str, last: str) -> int | Unknown:
    """Days from one date to another, negative where the second is earlier; unknown where one is no date."""
    for text in (first, last):
        if not is_date(text):
            return Unknown(Cause.NOT_A_DATE, f"'{shown(text)}' is not a date such as 2026-01-31")
    from datetime import date  # most expressions ask for no date

    return (date.fromisoformat(last) - date.fromisoformat(first)).days


def contains(text: str, part: str) -> bool:
    """Whether a text holds another."""
    return part in text


def _format(answer: Callable[[str], bool | Unknown]) -> Function:
    return Function(("text",), Kind.BOOL, answer)


FUNCTIONS: Mapping[str, Function] = {
    "is_sha256": _format(is_sha256),
    "is_semver": _format(is_semver),
    "is_spdx": _format(is_spdx),
    "is_purl": _format(is_purl),
    "is_uri": _format(is_uri),
    "is_git_commit": _format(is_git_commit),
    "is_date": _format(is_date),
    "glob": Function(("text", "pattern"), Kind.BOOL, glob, GLOB_TEXT_PER_STEP),
    "days_between": Function(("first day", "last day"), Kind.INTEGER, days_between),
    "startsWith": Function(("text", "prefix"), Kind.BOOL, str.startswith),
    "endsWith": Function(("text", "suffix"), Kind.BOOL, str.endswith),
    "contains": Function(("text", "part"), Kind.BOOL, contains),
}


def call(function: Function, arguments: list[object], text: str, steps: Steps) -> object:
    """The answer of a function; unknown where an argument is not known or not text. Reading text takes steps."""
    missing = not_known(*arguments)
    if missing is not None:
        return missing
    texts: list[str] = []
    for found, parameter in zip(arguments, function.parameters, strict=True):
        if not isinstance(found, str):
            return wrong_type(f"the {parameter} of `{text}` is {kind_of(found)}, not text")
        texts.append(str.__str__(found))
        spend(steps, len(found) // function.text_per_step)
    return function.answer(*texts)
