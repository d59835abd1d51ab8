"""What an expression may read: names at the top, and below them anything or a closed tree of names."""

from __future__ import annotations

from collections.abc import Mapping

from policy_gate.expression.nodes import Index, Literal, Name, Node, Select
from policy_gate.expression.values import ExpressionError
from policy_gate.expression.vocabulary import nearest
from policy_gate.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Root:
    """What stands at one name: where `names` is empty a value, with any path below it if it `is_open`.

    Where `names` holds something, one of these names must follow, so a typing error is found when a policy is loaded.
    """

    names: Mapping[str, Root]
    is_open: bool = False


OPEN = Root({}, is_open=True)
LEAF = Root({})


def closed(names: Mapping[str, Root]) -> Root:
    """A tree of known names, such as the parameters of a policy; it is never read as a whole."""
    return Root(names)


@dataclass(frozen=True, slots=True)
class _Step:
    """One static name of a path, and where it is written; a step that is computed has `is_static` false."""

    name: str
    column: int
    is_static: bool


def split_path(path: Node) -> tuple[Name, list[_Step]]:
    """The first name of a path and the steps after it."""
    steps: list[_Step] = []
    while not isinstance(path, Name):
        if isinstance(path, Select):
            steps.append(_Step(path.name, path.name_column, is_static=True))
            path = path.base
        elif isinstance(path, Index):
            key = path.key.scalar if isinstance(path.key, Literal) else None
            steps.append(_Step(key if isinstance(key, str) else "", path.key.column, isinstance(key, str)))
            path = path.base
        else:
            raise TypeError(path)
    return path, steps[::-1]


def static_prefix(path: Node) -> tuple[str, ...]:
    """The names a path begins with, up to the first step that is computed or is a number."""
    first, steps = split_path(path)
    names = [first.name]
    for step in steps:
        if not step.is_static:
            break
        names.append(step.name)
    return tuple(names)


def check_path(path: Node, roots: Mapping[str, Root], variables: frozenset[str]) -> None:
    """Raise where a path begins with an unknown name, or leaves a closed tree of names.

    Raises:
        ExpressionError: at the name that is not known, with the nearest one that is.
    """
    first, steps = split_path(path)
    if first.name in variables:
        return
    if first.name not in roots:
        raise _unknown_name(first, roots, variables)
    here, written = roots[first.name], first.name
    column = first.column
    for step in steps:
        if here.is_open and step.name not in here.names:
            return
        if not here.names:
            raise ExpressionError(f"{written} is a single value: nothing stands below it", step.column)
        if not step.is_static:
            raise ExpressionError(f"{written} is followed by a name, written out", step.column, _choices(here))
        if step.name not in here.names:
            hint = nearest(step.name, here.names) or _choices(here)
            raise ExpressionError(f"{written} has no '{step.name}'", step.column, hint)
        here, written, column = here.names[step.name], f"{written}.{step.name}", step.column
    if here.names and not here.is_open:
        raise ExpressionError(f"{written} is followed by a name", column, _choices(here))


def _unknown_name(first: Name, roots: Mapping[str, Root], variables: frozenset[str]) -> ExpressionError:
    known = {*roots, *variables}
    hint = nearest(first.name, {*known, "true", "false", "null"})
    return ExpressionError(f"'{first.name}' is not known here", first.column, hint or f"known are {_listed(known)}")


def _choices(root: Root) -> str:
    return f"known are {_listed(root.names)}"


def _listed(names: Mapping[str, object] | set[str]) -> str:
    ordered = sorted(names)
    more = f" and {len(ordered) - 8} more" if len(ordered) > 8 else ""
    return ", ".join(ordered[:8]) + more
