"""Documents to models: every error of pydantic at its line and column, in words a reader can act on."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from policy_gate.document.places import Document, problem
from policy_gate.document.pointer import readable
from policy_gate.errors import GateError, ManifestError, Problem

if TYPE_CHECKING:
    from pydantic import BaseModel

    Model = TypeVar("Model", bound=BaseModel)


def bind(document: Document, model: type[Model], pointer: str = "", *, error: type[GateError] = ManifestError) -> Model:
    """Validate the value at a pointer; raises `error` with every problem, each at its place, sorted by line."""
    bound, problems = bind_problems(document, model, pointer)
    if bound is None:
        raise error(problems)
    return bound


def bind_problems(
    document: Document, model: type[Model], pointer: str = ""
) -> tuple[Model | None, tuple[Problem, ...]]:
    """As `bind`, but hands the problems back: a caller that reads several sections collects them all."""
    from pydantic import ValidationError  # pydantic costs 60 ms; only a run that binds pays

    if not document.has(pointer):
        return None, (problem(document, pointer, f"{readable(pointer)} is missing"),)
    try:
        return model.model_validate(document.get(pointer)), ()
    except ValidationError as invalid:
        errors = invalid.errors(include_url=False)
    from policy_gate.document.binding_problems import placed_problems  # only an invalid document pays

    return None, placed_problems(document, model, pointer, errors)
