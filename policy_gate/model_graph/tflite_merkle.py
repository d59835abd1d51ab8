"""Hashes a TFLite graph by what it computes: quantisation counts with the contents, state in the order of its use."""

from __future__ import annotations

from collections.abc import Mapping

from policy_gate.errors import EvidenceError, Reason
from policy_gate.model_graph.graph import Graph, Model, Node, Scaling, Tensor, ValueInfo
from policy_gate.model_graph.merkle import (
    STRUCTURAL_BYTES,
    GraphHasher,
    Pair,
    Scopes,
    Symbols,
    both,
    digest,
    joined,
    output_of,
    resolve,
    trimmed,
)
from policy_gate.model_graph.tflite_schema import CUSTOM_DOMAIN


class TfliteHasher(GraphHasher):
    """As `GraphHasher`, for graphs that see nothing around them.

    - A small int32 constant without scales is a shape, an axis or an index here: it counts by value in the structure.
    - The scales and zero points of every value and constant are part of what is bound.
    - Variable tensors are numbered by their first use. What a call does to state cannot be seen in its outputs, so
      calls on variables and resources, custom ones, and those with subgraphs or without outputs count in order.
    """

    def model(self, model: Model) -> Pair:
        """Hash the main graph, and those that only entries run.

        Raises:
            EvidenceError: a tensor's bytes are not there, or options are there that nothing reads.
        """
        rest = {id(entry.graph): entry.graph for entry in model.entries}
        rest.pop(id(model.graph), None)
        main = self.graph(model.graph, [], model.opsets)
        return joined(b"entries", [], [main, *(self.graph(graph, [], model.opsets) for graph in rest.values())])

    def graph(self, graph: Graph, outer: Scopes, opsets: Mapping[str, int]) -> Pair:
        """Hash a graph, once for all its callers."""
        del outer
        known = self._graphs.get(id(graph))
        if known is None:
            known = self._graphs[id(graph)] = self._whole(graph, opsets)
        return known

    def _whole(self, graph: Graph, opsets: Mapping[str, int]) -> Pair:
        scope: dict[str, Pair] = {}
        symbols = Symbols()
        claims = {value.name: value for value in (*graph.value_info, *graph.outputs, *graph.inputs)}
        for position, value in enumerate(graph.inputs):
            place = both(b"input", str(position).encode(), symbols.type_of(value))
            scope[value.name] = self._scaled(place, value.scaling)
        for name, tensor in graph.constants.items():
            scope[name] = self.constant(tensor)
        effects: list[Pair] = []
        states: set[str] = set()
        for node in graph.nodes:
            for name in node.inputs:
                if name and name not in scope:
                    scope[name] = self._state(claims[name], len(states))
                    states.add(name)
            called = self.call(node, len(trimmed(node.outputs)), self._inputs(node, scope), [scope], opsets)
            if _has_effect(node, states, claims):
                effects.append(called)
            for index, name in enumerate(node.outputs):
                if name:
                    made = called if index == 0 else output_of(called, index)
                    scope[name] = self._scaled(made, claims[name].scaling)
        ends = [resolve(value.name, [scope]) for value in graph.outputs]
        counts = [str(len(graph.inputs)).encode(), str(len(ends)).encode()]
        return joined(b"graph", [*counts, *(scope[value.name].structure for value in graph.inputs)], [*ends, *effects])

    def _inputs(self, node: Node, scope: dict[str, Pair]) -> list[Pair]:
        if "unread_options" in node.attributes:
            what = f"the options of operator {node.op} are not understood, so what it computes has no digest"
            raise EvidenceError(Reason.UNSUPPORTED_FORMAT, what)
        return [resolve(name, [scope]) for name in trimmed(node.inputs)]

    def _state(self, value: ValueInfo, number: int) -> Pair:
        """Hash a variable tensor, which no call makes."""
        return self._scaled(both(b"state", str(number).encode(), Symbols().type_of(value)), value.scaling)

    def spelled(self, held: object, scopes: Scopes, opsets: Mapping[str, int]) -> Pair:
        """Hash one attribute's value; the scales of what stays inside an operator only where contents are bound."""
        pair = super().spelled(held, scopes, opsets)
        return self._scaled(pair, held.scaling) if isinstance(held, Tensor) else pair

    def constant(self, tensor: Tensor) -> Pair:
        """Hash a constant: shapes and the like by value, others by type and dimensions, bound with their contents."""
        self.note_weights(tensor)
        content = self.tensor(tensor)
        if _is_structural(tensor) and _is_small(tensor):
            return both(b"constant", content)
        dims = ",".join(map(str, tensor.dims))
        pair = Pair(digest(b"constant", tensor.dtype.encode(), dims.encode()), digest(b"constant", content))
        return self._scaled(pair, tensor.scaling)

    def note_weights(self, tensor: Tensor) -> None:
        """Remember a tensor that counts as weights."""
        if not _is_structural(tensor) and tensor.elements > 1:
            self.tensors.append(self.tensor(tensor))

    def _scaled(self, pair: Pair, scaling: Scaling | None) -> Pair:
        """Bind the scales and zero points of a value; how many there are is its structure."""
        if scaling is None:
            return pair
        places = [Tensor("", "uint8", (place.length,), place.length, place) for place in scaling.places]
        layout = digest(scaling.layout.encode(), *(str(place.length).encode() for place in scaling.places))
        return Pair(
            digest(b"scaled", pair.structure, layout),
            digest(b"scaled", pair.bound, layout, *map(self.tensor, places)),
        )


def _has_effect(node: Node, states: set[str], claims: Mapping[str, ValueInfo]) -> bool:
    """Whether a call may do more than its outputs show."""
    if not any(node.outputs) or node.domain == CUSTOM_DOMAIN:
        return True
    if any(name in states or (name in claims and claims[name].dtype.startswith("opaque")) for name in node.inputs):
        return True
    parts = (each for held in node.attributes.values() for each in (held if isinstance(held, tuple) else (held,)))
    return any(isinstance(part, Graph) for part in parts)


def _is_structural(tensor: Tensor) -> bool:
    """Whether a constant holds shapes, axes, indices or flags, not weights."""
    if tensor.scaling is not None:
        return False
    return tensor.dtype in {"int64", "bool"} or (tensor.dtype == "int32" and _is_small(tensor))


def _is_small(tensor: Tensor) -> bool:
    """Whether a constant is small enough to go by value."""
    return tensor.payload is None or tensor.payload.length <= STRUCTURAL_BYTES
