"""What a model expects at one place: known field names for suggestions, the description for messages."""

from __future__ import annotations

import collections.abc
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Literal, Union, get_args, get_origin

from pydantic import BaseModel, RootModel
from pydantic.fields import FieldInfo

from policy_gate.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_LISTS = (list, tuple, set, frozenset, collections.abc.Sequence)
_MAPPINGS = (dict, collections.abc.Mapping)


@dataclass(frozen=True, slots=True)
class Expected:
    """Fields that may stand at a place, and what the model says of the value there."""

    fields: tuple[str, ...]
    description: str


@dataclass(frozen=True, slots=True)
class _Form:
    annotation: object
    description: str


def expected_at(model: type[BaseModel], steps: Sequence[tuple[str | int, bool]]) -> Expected:
    """Walk a model's annotations; a step is an element of pydantic's location and whether it is a name or a tag."""
    forms = list(_plain(model, ""))
    for element, is_name in steps:
        if is_name:
            forms = [below for form in forms for below in _below(form, element)]
        else:
            forms = _tagged(forms, element)
    fields = [name for form in forms if _is_model(form.annotation) for name in _field_names(form.annotation)]
    descriptions = [form.description for form in forms if form.description]
    return Expected(tuple(dict.fromkeys(fields)), descriptions[0] if descriptions else "")


def _is_model(annotation: object) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _fields(annotation: object) -> dict[str, FieldInfo]:
    """Fields of a model by the name that stands in the document."""
    if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
        return {}
    return {field.alias or name: field for name, field in annotation.model_fields.items()}


def _field_names(annotation: object) -> tuple[str, ...]:
    return tuple(_fields(annotation))


def _plain(annotation: object, description: str) -> Iterator[_Form]:
    """Take off aliases, metadata and unions."""
    annotation = getattr(annotation, "__value__", annotation)
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *metadata = get_args(annotation)
        told = [item.description for item in metadata if isinstance(item, FieldInfo) and item.description]
        yield from _plain(inner, told[-1] if told else description)
    elif origin in (Union, UnionType):
        for member in get_args(annotation):
            yield from _plain(member, description)
    elif isinstance(annotation, type) and issubclass(annotation, RootModel):
        yield from _plain(annotation.model_fields["root"].annotation, description)
    else:
        yield _Form(annotation, description)


def _below(form: _Form, element: str | int) -> Iterator[_Form]:
    if isinstance(element, str) and (field := _fields(form.annotation).get(element)):
        yield from _plain(field.annotation, field.description or "")
        return
    origin, arguments = get_origin(form.annotation), get_args(form.annotation)
    if isinstance(element, int) and origin in _LISTS and arguments:
        yield from _plain(_item(arguments, element), "")
    elif isinstance(element, str) and origin in _MAPPINGS and len(arguments) == 2:
        yield from _plain(arguments[1], "")


def _item(arguments: tuple[object, ...], index: int) -> object:
    is_fixed = len(arguments) > 1 and arguments[-1] is not Ellipsis
    return arguments[index] if is_fixed and index < len(arguments) else arguments[0]


def _tagged(forms: list[_Form], element: str | int) -> list[_Form]:
    """Keep the union members that a tag in the location stands for; all of them when it names none."""
    return [form for form in forms if _has_tag(form.annotation, element)] or forms


def _has_tag(annotation: object, element: str | int) -> bool:
    if getattr(annotation, "__name__", None) == element:
        return True
    literals = (field.annotation for field in _fields(annotation).values())
    return any(get_origin(literal) is Literal and element in get_args(literal) for literal in literals)
