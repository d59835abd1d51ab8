"""The conditions a policy test should see true and false: what stands between `&&`, `||`, `!` and in macros."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from policy_gate.expression.compiling import OUT_OF_STEPS
from policy_gate.expression.explaining import Observer
from policy_gate.expression.kleene import OutOfStepsError
from policy_gate.expression.nodes import Logic, Macro, Node, Not
from policy_gate.expression.values import Truth, Unknown, truth_of
from policy_gate.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Branch:
    """One condition without a connective; `id` counts from 0 in the order they are written, `column` from 1."""

    id: int
    text: str
    column: int


@dataclass(frozen=True, slots=True)
class Trace:
    """The decision, and for each branch that was reached every answer it gave."""

    result: bool | Unknown
    outcomes: Mapping[int, frozenset[Truth]]


def atoms(node: Node) -> Iterator[Node]:
    """The conditions an expression is put together from."""
    match node:
        case Not():
            yield from atoms(node.operand)
        case Logic():
            for part in node.parts:
                yield from atoms(part)
        case Macro():
            yield from atoms(node.body)
        case _:
            yield node


def branches(node: Node) -> tuple[Branch, ...]:
    """All conditions, in the order they are written."""
    return tuple(Branch(number, atom.text, atom.column) for number, atom in enumerate(atoms(node)))


def trace(node: Node, environment: Mapping[str, object]) -> Trace:
    """Decide, and note what each branch answered; a branch that was not reached is not in the outcomes."""
    observer = Observer(environment)
    result = _observed(observer, node)
    found = ((number, observer.answers.get(id(atom), [])) for number, atom in enumerate(atoms(node)))
    return Trace(result, {number: frozenset(map(truth_of, answers)) for number, answers in found if answers})


def _observed(observer: Observer, node: Node) -> bool | Unknown:
    try:
        return observer.truth(node).answer
    except OutOfStepsError:
        return OUT_OF_STEPS
