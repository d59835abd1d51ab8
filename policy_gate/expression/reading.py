"""One step down a path: the value below, nothing, or unknown because there can be nothing below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Final

from policy_gate.expression.kleene import not_known, wrong_type
from policy_gate.expression.values import Cause, Kind, Unknown, kind_of, plain


class Nothing(Enum):
    """The map has no such key, or the list no such element."""

    HERE = "nothing here"


NOTHING: Final = Nothing.HERE


def member(base: object, name: str, where: str) -> object:
    """`base.name`; where is the text of the base, for the reason."""
    missing = not_known(base)
    if missing is not None:
        return missing
    if isinstance(base, Mapping):
        return base.get(name, NOTHING)
    return wrong_type(f"{where} is {kind_of(base)}, not a map")


def element(base: object, key: object, where: str) -> object:
    """`base[key]`: an element of a list by number from 0, or a value of a map by text."""
    missing = not_known(base, key)
    if missing is not None:
        return missing
    if isinstance(base, Mapping):
        if kind_of(key) is Kind.TEXT:
            return member(base, str(plain(key)), where)
        return wrong_type(f"{where} is a map: its keys are text, not {kind_of(key)}")
    if not isinstance(base, Sequence) or kind_of(base) is not Kind.LIST:
        return wrong_type(f"{where} is {kind_of(base)}, not a list or a map")
    number = plain(key)
    if isinstance(number, float) and number.is_integer():
        number = int(number)
    if kind_of(key) is Kind.BOOL or not isinstance(number, int):
        return wrong_type(f"{where} is a list: its elements are counted by integers, not by {kind_of(key)}")
    return base[number] if 0 <= number < len(base) else NOTHING


def not_there(path: str, base: object) -> Unknown:
    """Unknown, because nothing stands at a path below a map or a list."""
    if isinstance(base, Mapping):
        return Unknown(Cause.NOT_DECLARED, f"{path} is not declared")
    return Unknown(Cause.NO_ELEMENT, f"{path} does not exist")
