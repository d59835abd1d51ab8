"""Which constants are weights, how large they are, and which call uses them first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from policy_gate.errors import EvidenceError, Reason
from policy_gate.model_graph.dtypes import BITS, byte_count
from policy_gate.model_graph.graph import Graph, Model, Node, Tensor
from policy_gate.model_graph.values import MAX_EXTENT, Value, size_of
from policy_gate.model_graph.walked import Body, Step

SHAPE_ELEMENTS = 128
"""An int64 constant of at most one dimension and this many elements is taken for a shape, not for weights."""


@dataclass(slots=True)
class Weights:
    """The weights of a model: elements in all, bytes by element type, bytes by the call that uses them first."""

    elements: int = 0
    generated: int = 0
    by_dtype: dict[str, int] = field(default_factory=dict)
    by_step: dict[Step, int] = field(default_factory=dict)


def find_weights(main: Body) -> Weights:
    """Follow each call's constant inputs back to the constants they are made of.

    Raises:
        CostUnknown: a generated weight has an unknown shape.
    """
    found = Weights()
    producers: dict[Value, Step] = {}
    seen: set[int] = set()
    for step, owner in _every(main.steps, None):
        if step.outputs and step.operator is not None and all(value.constant for value in step.outputs):
            producers.update(dict.fromkeys(step.outputs, step))
            continue
        size = sum(_take(value, found) for value in _leaves(_data_inputs(step), producers, seen))
        if size:
            found.by_step[owner] = found.by_step.get(owner, 0) + size
    for value in _leaves(main.outputs, producers, seen):
        _take(value, found)
    return found


def _every(steps: Iterable[Step], owner: Step | None) -> Iterator[tuple[Step, Step]]:
    """Go through all steps, those of subgraphs before the call that runs them, each with the outermost call."""
    for step in steps:
        for body in step.bodies:
            yield from _every(body.steps, owner or step)
            for value in body.outputs:
                if value.constant:
                    yield Step(step.node, step.name, None, (value,), (), step.work), owner or step
        yield step, owner or step


def _data_inputs(step: Step) -> Iterator[Value]:
    """Return the inputs that may carry weights: not shapes, indices or quantisation parameters."""
    structural = step.operator.structural if step.operator is not None else frozenset()
    for index, value in enumerate(step.inputs):
        if value is not None and value.constant and index not in structural:
            yield value


def _leaves(values: Iterable[Value], producers: dict[Value, Step], seen: set[int]) -> Iterator[Value]:
    """Return the stored or generated constants behind values, each once in a whole model."""
    waiting = [value for value in values if value.constant]
    while waiting:
        value = waiting.pop()
        key = id(value.tensor) if value.tensor is not None else id(value)
        if key in seen:
            continue
        seen.add(key)
        step = producers.get(value)
        if value.tensor is not None or (step is not None and step.node.op == "ConstantOfShape"):
            if not _is_shape(value):
                yield value
        elif step is not None:
            waiting.extend(_data_inputs(step))


def _is_shape(value: Value) -> bool:
    shape: Sequence[object] = value.dims
    return value.dtype == "int64" and len(shape) <= 1 and size_of(value) <= SHAPE_ELEMENTS


def _take(value: Value, found: Weights) -> int:
    elements = size_of(value)
    if value.dtype in BITS:
        size = byte_count(elements, value.dtype)
    else:
        size = value.tensor.stored_bytes if value.tensor is not None else 0
    if found.elements + elements > MAX_EXTENT:
        raise EvidenceError(Reason.TOO_LARGE, "more than 2^62 parameters")
    found.elements += elements
    found.generated += elements if value.tensor is None else 0
    found.by_dtype[value.dtype] = found.by_dtype.get(value.dtype, 0) + size
    return size


def stored_constant_bytes(model: Model) -> int:
    """Add up what all constants take in the file: initializers and attributes, of subgraphs and functions too."""
    total = 0
    graphs: list[Graph] = [model.graph]
    nodes: list[Node] = [node for function in model.functions for node in function.nodes]
    seen: set[int] = set()
    while graphs or nodes:
        if graphs:
            graph = graphs.pop()
            if id(graph) in seen:
                continue
            seen.add(id(graph))
            total += sum(map(_stored, graph.constants.values()))
            nodes.extend(graph.nodes)
        for node in nodes:
            for attribute in node.attributes.values():
                parts = attribute if isinstance(attribute, tuple) else (attribute,)
                graphs.extend(part for part in parts if isinstance(part, Graph))
                total += _stored_attribute(attribute)
        nodes = []
    return total


def _stored(tensor: Tensor) -> int:
    return tensor.stored_bytes + (tensor.indices.stored_bytes if tensor.indices is not None else 0)


def _stored_attribute(attribute: object) -> int:
    if isinstance(attribute, Tensor):
        return _stored(attribute)
    if not isinstance(attribute, tuple) or not attribute:
        return len(attribute) if isinstance(attribute, bytes) else 0
    if isinstance(attribute[0], Tensor):
        return sum(_stored(tensor) for tensor in attribute if isinstance(tensor, Tensor))
    if isinstance(attribute[0], (str, bytes)):
        return sum(len(text) for text in attribute if isinstance(text, (str, bytes)))
    return {int: 8, float: 4}.get(type(attribute[0]), 0) * len(attribute)
