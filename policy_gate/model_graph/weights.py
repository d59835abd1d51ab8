"""Which constants are weights, how large they are, and which call uses them first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from policy_gate.errors import EvidenceError, Reason
from policy_gate.model_graph.dtypes import BITS, byte_count
from policy_gate.model_graph.graph import Graph, Model, Node, Tensor
from policy_gate.model_graph.traits import traits_of
from policy_gate.model_graph.values import MAX_EXTENT, Value, size_of
from policy_gate.model_graph.walked import Body, Step, distinct

SHAPE_ELEMENTS = 128
"""An int64 constant of at most one dimension and this many elements is taken for a shape, not for weights."""

_INDICES = frozenset({"int32", "int64"})
"""Other structural inputs of ONNX operators are scales and zero points."""


@dataclass(slots=True)
class Weights:
    """The weights of a model: elements in all, bytes by element type, bytes by the call that uses them first.

    `shape_bytes` are those of constants that are no weights: shapes, indices, axes; none of them is in the others.
    """

    elements: int = 0
    generated: int = 0
    shape_bytes: int = 0
    by_dtype: dict[str, int] = field(default_factory=dict)
    by_step: dict[Step, int] = field(default_factory=dict)


def find_weights(main: Body) -> Weights:
    """Follow each call's constant inputs back to the constants they are made of.

    Raises:
        CostUnknown: a generated weight has an unknown shape.
    """
    search = _Search()
    for step, owner in _every(main.steps, None):
        search.visit(step, owner)
    search.take(main.outputs)
    return search.found


class _Search:
    """Finds each stored or generated constant once in a whole model."""

    def __init__(self) -> None:
        self.found = Weights()
        self._producers: dict[Value, Step] = {}
        self._seen: set[int] = set()
        self._shapes: set[int] = set()

    def visit(self, step: Step, owner: Step) -> None:
        """Take what a call uses first, in the name of the outermost call that runs it."""
        outputs = step.outputs
        if outputs and outputs[0].constant and step.operator is not None and all(value.constant for value in outputs):
            self._producers.update(dict.fromkeys(outputs, step))
            return
        constants = [value for value in step.inputs if value is not None and value.constant]
        if not constants:
            return
        if step.operator is not None and step.operator.structural:
            self._take_shapes(step)
            constants = list(_data_inputs(step))
        size = self.take(constants)
        if size:
            self.found.by_step[owner] = self.found.by_step.get(owner, 0) + size

    def take(self, values: Iterable[Value]) -> int:
        """Count the constants behind values that were not met before; returns their bytes."""
        size = 0
        waiting = [value for value in values if value.constant]
        while waiting:
            value = waiting.pop()
            key = id(value.tensor) if value.tensor is not None else id(value)
            if key in self._seen:
                continue
            self._seen.add(key)
            step = self._producers.get(value)
            if value.tensor is not None or (step is not None and step.node.op == "ConstantOfShape"):
                size += self._take_shape(value.tensor) if _is_shape(value) else _take(value, self.found)
            elif step is not None:
                waiting.extend(_data_inputs(step))
        return size

    def _take_shape(self, tensor: Tensor | None) -> int:
        self.found.shape_bytes += 0 if tensor is None else tensor.stored_bytes
        return 0

    def _take_shapes(self, step: Step) -> None:
        """Count the stored constants that a call reads as shapes or indices, not as scales and zero points."""
        traits = traits_of(step.node)
        if step.operator is None or traits.quantises or traits.dequantises:
            return
        for index in step.operator.structural:
            value = step.inputs[index] if index < len(step.inputs) else None
            tensor = value.tensor if value is not None else None
            if tensor is None or id(tensor) in self._seen or id(tensor) in self._shapes:
                continue
            if tensor.dtype in _INDICES or step.node.domain == "tflite":
                self._shapes.add(id(tensor))
                self.found.shape_bytes += tensor.stored_bytes


def _every(steps: Iterable[Step], owner: Step | None) -> Iterator[tuple[Step, Step]]:
    """Go through all steps, those of subgraphs before the call that runs them, each with the outermost call."""
    for step in steps:
        for body in distinct(step.bodies):
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
    """Add up what all constants take in the file: initializers and attributes, of subgraphs and functions too.

    Bytes that several constants share count once.
    """
    total = 0
    graphs: list[Graph] = [model.graph, *(entry.graph for entry in model.entries)]
    nodes: list[Node] = [node for function in model.functions for node in function.nodes]
    seen: set[int] = set()
    places: dict[object, int] = {}
    while graphs or nodes:
        if graphs:
            graph = graphs.pop()
            if id(graph) in seen:
                continue
            seen.add(id(graph))
            for tensor in graph.constants.values():
                _store(tensor, places)
            nodes.extend(graph.nodes)
        for node in nodes:
            for attribute in node.attributes.values():
                parts = attribute if isinstance(attribute, tuple) else (attribute,)
                if parts and isinstance(parts[0], Graph):  # a list holds one kind of thing
                    graphs.extend(part for part in parts if isinstance(part, Graph))
                total += _stored_attribute(attribute)
        nodes = []
    return total + sum(places.values())


def _store(tensor: Tensor, places: dict[object, int]) -> None:
    """Note what a constant takes by where it stands; one without a place in the file has one of its own."""
    payload = tensor.payload
    place = id(tensor) if payload is None else (payload.path, payload.offset)
    places[place] = max(places.get(place, 0), tensor.stored_bytes)


def _stored(tensor: Tensor) -> int:
    return tensor.stored_bytes  # of a sparse one with its coordinates


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
