"""Adds up the bytes of an ONNX file that no call needs: what its structure hides, beside what its fields say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from policy_gate.model_graph.graph import Function, Graph, Model, Node, Tensor
from policy_gate.model_graph.spare import (
    LONG_TEXT_BYTES,
    TEXTS,
    UNREAD_ATTRIBUTES,
    UNRUN_GRAPHS,
    UNUSED_CONSTANTS,
    UNUSED_FUNCTIONS,
)
from policy_gate.model_graph.well_formed import FunctionKey, functions_by_key, subgraphs

RUNS_GRAPHS = frozenset({"If", "Loop", "Scan", "SequenceMap", "FlexAttention"})
"""Operators of ai.onnx and its preview that run their subgraphs."""

LONG_LISTS: dict[str, frozenset[str]] = {
    "Constant": frozenset({"value", "sparse_value", "value_floats", "value_ints", "value_string", "value_strings"}),
    "ConstantOfShape": frozenset({"value"}),
    "StringNormalizer": frozenset({"stopwords"}),
    "TfIdfVectorizer": frozenset({"ngram_counts", "ngram_indexes", "pool_int64s", "pool_strings", "weights"}),
}
"""Attributes of ai.onnx operators that may be long, by operator."""

_CLASSIC = (
    "base_values base_values_as_tensor cats_int64s cats_strings class_ids class_nodeids class_treeids class_weights "
    "class_weights_as_tensor classes_strings classlabels_int64s classlabels_ints classlabels_strings coefficients "
    "default_tensor imputed_value_floats imputed_value_int64s inputdimensions int64_vocabulary intercepts "
    "kernel_params keys_floats keys_int64s keys_strings keys_tensor leaf_targetids leaf_weights membership_values "
    "nodes_falseleafs nodes_falsenodeids nodes_featureids nodes_hitrates nodes_hitrates_as_tensor "
    "nodes_missing_value_tracks_true nodes_modes nodes_nodeids nodes_splits nodes_treeids nodes_trueleafs "
    "nodes_truenodeids nodes_values nodes_values_as_tensor offset prob_a prob_b rho scale string_vocabulary "
    "support_vectors target_ids target_nodeids target_treeids target_weights target_weights_as_tensor tree_roots "
    "values_floats values_int64s values_strings values_tensor vectors_per_class"
)
CLASSIC_LISTS = frozenset(_CLASSIC.split())
"""Attributes of ai.onnx.ml operators that may be long (onnx/docs/Operators-ml.md, all versions)."""


def other_bytes(model: Model, spare: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """Return what no call needs, by what it is, sorted; `spare` is what a reader has passed over.

    Constants that no call names, functions that nothing calls, subgraphs of operators that run none, attributes and
    texts above 1 KiB that the operator does not define.
    """
    found = dict(spare)
    for what, size in _hidden(model):
        found[what] = found.get(what, 0) + size
    return tuple(sorted((what, size) for what, size in found.items() if size))


def _hidden(model: Model) -> Iterator[tuple[str, int]]:
    yield from _of_graph(model.graph)
    if not model.functions:
        return
    functions = functions_by_key(model.functions)
    called = _called(model.graph, functions)
    for key, function in functions.items():
        if key in called:
            yield from _of_nodes(function.nodes)
        else:
            yield UNUSED_FUNCTIONS, sum(map(_all_of_node, function.nodes))


def _called(graph: Graph, functions: Mapping[FunctionKey, Function]) -> set[FunctionKey]:
    """Which functions the main graph calls, directly or through others."""
    called: set[FunctionKey] = set()
    waiting = [graph.nodes]
    while waiting:
        for node in waiting.pop():
            key = (node.domain, node.op, node.overload)
            if key in functions and key not in called:
                called.add(key)
                waiting.append(functions[key].nodes)
            waiting.extend(inner.nodes for inner in subgraphs(node))
    return called


def _of_graph(graph: Graph) -> Iterator[tuple[str, int]]:
    makers = [node for node in graph.nodes if node.op == "Constant" and not node.domain]
    if graph.constants or makers:
        read = _names_read(graph)
        unused = sum(stored_bytes(tensor) for name, tensor in graph.constants.items() if name not in read)
        yield UNUSED_CONSTANTS, unused + sum(_all_of_node(node) for node in makers if read.isdisjoint(node.outputs))
    yield from _of_nodes(graph.nodes)


def _names_read(graph: Graph) -> set[str]:
    """Return every name that calls of a graph read, in its subgraphs too, and its outputs."""
    names = {claim.name for claim in graph.outputs}
    for node in graph.nodes:
        names.update(node.inputs)
        if node.attributes:
            for inner in subgraphs(node):
                names |= _names_read(inner)
    return names


def _of_nodes(nodes: Iterable[Node]) -> Iterator[tuple[str, int]]:
    for node in nodes:
        if not node.attributes:
            continue
        for name, held in node.attributes.items():
            if isinstance(held, (int, float)) or (isinstance(held, tuple) and _is_short(held)):
                continue
            graphs = [held] if isinstance(held, Graph) else _graphs(held)
            if graphs:
                yield from _of_subgraphs(node, graphs)
            elif isinstance(held, (str, bytes)) or (
                isinstance(held, Tensor) and held.dtype == "string" and not held.dims
            ):
                yield from _of_text(node, name, held)
            else:
                size = attribute_bytes(held)
                if size > LONG_TEXT_BYTES and not _defines(node, name):
                    yield UNREAD_ATTRIBUTES, size


def _is_short(held: tuple[object, ...]) -> bool:
    """Whether a list of numbers takes 1 KiB at most, without adding it up: the usual case by far."""
    return len(held) <= LONG_TEXT_BYTES // 10 and (not held or isinstance(held[0], (int, float)))


def _of_subgraphs(node: Node, graphs: Iterable[Graph]) -> Iterator[tuple[str, int]]:
    runs = node.op in RUNS_GRAPHS and node.domain in ("", "ai.onnx.preview")
    for graph in graphs:
        if runs:
            yield from _of_graph(graph)
        else:
            yield UNRUN_GRAPHS, _all_of_graph(graph)


def _of_text(node: Node, name: str, held: object) -> Iterator[tuple[str, int]]:
    size = attribute_bytes(held)
    if size > LONG_TEXT_BYTES and not (node.op == "Constant" and not node.domain and name == "value_string"):
        yield TEXTS, size


def _defines(node: Node, name: str) -> bool:
    """Whether an operator defines an attribute that may be long."""
    if node.domain == "ai.onnx.ml":
        return name in CLASSIC_LISTS
    return not node.domain and name in LONG_LISTS.get(node.op, ())


def _graphs(held: object) -> list[Graph]:
    return [each for each in held if isinstance(each, Graph)] if isinstance(held, tuple) else []


def _all_of_graph(graph: Graph) -> int:
    return sum(map(stored_bytes, graph.constants.values())) + sum(map(_all_of_node, graph.nodes))


def _all_of_node(node: Node) -> int:
    return sum(
        _all_of_graph(held) if isinstance(held, Graph) else attribute_bytes(held) for held in node.attributes.values()
    )


def stored_bytes(tensor: Tensor) -> int:
    """Return the bytes a constant takes in the file; those of a sparse one include its coordinates."""
    return tensor.stored_bytes if tensor.payload is None or not tensor.payload.path else 0


def attribute_bytes(held: object) -> int:
    """Return the bytes an attribute's value takes, about: numbers as they are packed."""
    if isinstance(held, Tensor):
        return stored_bytes(held)
    if isinstance(held, Graph):
        return _all_of_graph(held)
    if isinstance(held, bytes):
        return len(held)
    if isinstance(held, str):
        return len(held.encode("utf-8", "surrogatepass"))
    if isinstance(held, int):
        return _varint_bytes(held)
    if isinstance(held, float):
        return 4
    return sum(map(attribute_bytes, held)) if isinstance(held, tuple) else 0


def _varint_bytes(number: int) -> int:
    return 10 if number < 0 else max(1, (number.bit_length() + 6) // 7)
