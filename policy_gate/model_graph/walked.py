"""A graph as walked: the names it sees, its calls in order with their values and their work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field

from policy_gate.frozen import dataclass
from policy_gate.model_graph.graph import Node, Tensor, ValueInfo
from policy_gate.model_graph.operators.table import NO_WORK, Operator, Work
from policy_gate.model_graph.values import CostUnknown, UnknownCost, Value, broken


@dataclass(slots=True)
class Scope:
    """The names one graph sees: its own values and constants, then those of the graphs around it.

    `claims` is what a TFLite file says of its tensors; only types that no rule gives are taken from there.
    """

    values: dict[str, Value]
    constants: Mapping[str, Tensor]
    opsets: Mapping[str, int]
    outer: Scope | None = None
    prefix: str = ""
    attributes: Mapping[str, object] | None = None
    absent: frozenset[str] = frozenset()
    claims: Mapping[str, ValueInfo] = field(default_factory=dict)

    def holds(self, name: str) -> bool:
        """Whether a name stands for a value or a constant of this graph."""
        return name in self.values or name in self.constants

    def find(self, name: str) -> Value | None:
        """Return the value a name stands for; None for an optional parameter that a function call leaves out."""
        scope: Scope | None = self
        while scope is not None:
            value = scope.values.get(name)
            if value is not None:
                return value
            tensor = scope.constants.get(name)
            if tensor is not None:
                value = scope.values[name] = Value(tensor.dtype, tensor.dims, constant=True, tensor=tensor)
                return value
            if name in scope.absent:
                return None
            scope = scope.outer
        raise broken(f"it reads {name!r}, which nothing before it makes")


@dataclass(slots=True, eq=False)
class Step:
    """One call as walked: `cause` says why `work` is not known, `runs` how often its bodies run.

    Not frozen, as Value.
    """

    node: Node
    name: str
    operator: Operator | None
    inputs: Sequence[Value | None]
    outputs: Sequence[Value]
    work: Work
    cause: UnknownCost | None = None
    bodies: Sequence[Body] = ()
    runs: int = 1


@dataclass(frozen=True, slots=True)
class Body:
    """A walked graph; `captures` are the values of graphs around it that it reads."""

    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    steps: tuple[Step, ...]
    captures: frozenset[Value] = frozenset()

    @classmethod
    def of(cls, inputs: tuple[Value, ...], outputs: tuple[Value, ...], steps: Sequence[Step]) -> Body:
        """Build one of a subgraph, and find what it reads from outside."""
        own = {value for step in steps for value in step.outputs}.union(inputs)
        read = {value for step in steps for value in reads(step)}.union(outputs)
        return cls(inputs, outputs, tuple(steps), frozenset(read - own))

    def work(self) -> Work:
        """Add up one run; CostUnknown when one call's work is not known."""
        total = NO_WORK
        for step in self.steps:
            if step.cause is not None:
                raise CostUnknown(step.cause)
            if step.work is not NO_WORK:
                total = total.plus(step.work)
        return total.times(1)


def distinct(bodies: Sequence[Body]) -> Sequence[Body]:
    """Return each body once: a call may run one for many elements, and nested ones would multiply."""
    return bodies if len(bodies) < 2 else list({id(body): body for body in bodies}.values())


def reads(step: Step) -> Iterator[Value]:
    """Return what a call reads, inside its subgraphs too."""
    for value in step.inputs:
        if value is not None:
            yield value
    for body in step.bodies:
        yield from body.captures
