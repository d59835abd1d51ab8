"""Hashes a graph by what it computes: from its inputs through every operator, without any name inside."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import NamedTuple

from policy_gate.errors import EvidenceError, Reason
from policy_gate.model_graph.graph import AttributeReference, Dimension, Function, Graph, Model, Node, Tensor, ValueInfo
from policy_gate.model_graph.onnx_schemas import schema
from policy_gate.model_graph.tensor_content import TensorContent
from policy_gate.model_graph.well_formed import FunctionKey

STRUCTURAL_BYTES = 1024
_STRUCTURAL_TYPES = frozenset({"int64", "bool"})
_CONSTANT_TYPES = {"value_float": "float32", "value_int": "int64", "value_string": "string"}


class Pair(NamedTuple):
    """Two digests of one thing: with constants by type and dimensions, and with their contents bound in."""

    structure: bytes
    bound: bytes


def digest(*parts: bytes) -> bytes:
    """Hash parts so that no two different sequences of parts look alike."""
    return sha256(b"".join(len(part).to_bytes(8, "big") + part for part in parts)).digest()


def both(*parts: bytes) -> Pair:
    """Hash what is the same with and without contents."""
    whole = digest(*parts)
    return Pair(whole, whole)


ABSENT = both(b"absent")


@dataclass(slots=True)
class Symbols:
    """Numbers symbolic dimensions by their first appearance, so that their names do not matter."""

    numbers: dict[str, int] = field(default_factory=dict)

    def type_of(self, value: ValueInfo) -> bytes:
        """Spell a value's type and shape without its name."""
        if value.shape is None:
            return f"{value.dtype} ?".encode()
        return f"{value.dtype} [{','.join(map(self._extent, value.shape))}]".encode()

    def _extent(self, extent: Dimension) -> str:
        """Spell one extent."""
        if isinstance(extent, str):
            return f"${self.numbers.setdefault(extent, len(self.numbers))}"
        return "?" if extent is None else str(extent)


Scopes = list[dict[str, Pair]]


class GraphHasher:
    """Hashes graphs of one model; walks nodes in their stored order, so depth costs nothing."""

    def __init__(self, content: TensorContent) -> None:
        self.tensors: list[bytes] = []  # digests of weights, as `identify` defines them
        self.functions: dict[FunctionKey, tuple[Pair, Mapping[str, object]]] = {}
        self.operators: dict[bytes, int] = {}
        self._content = content
        self._spelled: dict[int, Pair] = {}  # by the identity of values that the model keeps alive
        self._heads: dict[tuple[str, str, int], bytes] = {}
        self._known: dict[tuple[object, ...], bytes] = {}
        self._graphs: dict[int, Pair] = {}  # closed graphs by their identity, which the model keeps alive

    def model(self, model: Model) -> Pair:
        """Hash what a model computes; its functions are in `functions` by now."""
        return self.graph(model.graph, [], model.opsets)

    def graph(self, graph: Graph, outer: Scopes, opsets: Mapping[str, int]) -> Pair:
        """Hash a graph inside the values of those around it.

        Raises:
            EvidenceError: a tensor's bytes cannot be read.
        """
        scope: dict[str, Pair] = {}
        symbols, depth = Symbols(), str(len(outer)).encode()
        position = 0
        for value in graph.inputs:
            if value.name not in graph.constants:
                scope[value.name] = both(b"input", depth, str(position).encode(), symbols.type_of(value))
                position += 1
        for name, tensor in graph.constants.items():
            scope[name] = self.constant(tensor)
        scopes = [*outer, scope]
        self.body(graph.nodes, scopes, opsets)
        inputs = [scope[value.name].structure for value in graph.inputs if value.name not in graph.constants]
        return joined(b"graph", inputs, [resolve(value.name, scopes) for value in graph.outputs])

    def function(self, function: Function) -> Pair:
        """Hash a function's body over its formal inputs.

        Raises:
            EvidenceError: a tensor's bytes cannot be read.
        """
        formal = [both(b"formal", str(position).encode()) for position in range(len(function.inputs))]
        scope = dict(zip(function.inputs, formal, strict=True))
        self.body(function.nodes, [scope], function.opsets)
        inputs = [pair.structure for pair in formal]
        return joined(b"function", inputs, [resolve(name, [scope]) for name in function.outputs])

    def body(self, nodes: Iterable[Node], scopes: Scopes, opsets: Mapping[str, int]) -> None:
        """Hash nodes in order and add what they produce to the innermost scope."""
        scope = scopes[-1]
        for node in nodes:
            if node.op == "Constant" and not node.domain and (tensor := constant_of(node)) is not None:
                scope[node.outputs[0]] = self.constant(tensor)
                continue
            outputs = trimmed(node.outputs)
            inputs = [resolve(name, scopes) for name in trimmed(node.inputs)]
            called = self.call(node, len(outputs), inputs, scopes, opsets)
            for index, name in enumerate(outputs):
                if name:
                    scope[name] = called if index == 0 else output_of(called, index)

    def call(self, node: Node, outputs: int, inputs: list[Pair], scopes: Scopes, opsets: Mapping[str, int]) -> Pair:
        """Hash one operator or function call; count it in the histogram."""
        function = self.functions.get((node.domain, node.op, node.overload))
        if function is None:
            opset = opsets.get(node.domain, 0)
            since, defaults = schema(node.domain, node.op, opset)
            key = (node.domain, node.op, since)
            if key not in self._heads:
                self._heads[key] = digest(b"operator", node.domain.encode(), node.op.encode(), str(since).encode())
            head = Pair(self._heads[key], self._heads[key])
        else:
            head, defaults = function
        self.operators[head.structure] = self.operators.get(head.structure, 0) + 1
        arity = struct.pack(">II", outputs, len(inputs))
        attributes = self._attributes(node.attributes, defaults, scopes, opsets) if node.attributes else ABSENT
        structure = b"".join([b"node", head.structure, arity, attributes.structure, *[each[0] for each in inputs]])
        bound = b"".join([b"node", head.bound, arity, attributes.bound, *[each[1] for each in inputs]])
        return Pair(sha256(structure).digest(), sha256(bound).digest())

    def _attributes(
        self,
        attributes: Mapping[str, object],
        defaults: Mapping[str, object],
        scopes: Scopes,
        opsets: Mapping[str, int],
    ) -> Pair:
        """Hash attributes by name, leaving out those that only spell the default."""
        structure, bound = [], []
        for name, held in sorted(attributes.items()):
            spelled = self.spelled(held, scopes, opsets)
            if name in defaults and spelled == self.spelled(defaults[name], scopes, opsets):
                continue
            structure += [name.encode(), spelled.structure]
            bound += [name.encode(), spelled.bound]
        return Pair(digest(*structure), digest(*bound)) if structure else ABSENT

    def spelled(self, held: object, scopes: Scopes, opsets: Mapping[str, int]) -> Pair:
        """Hash one attribute's value; a tensor counts with its content on both sides, as attributes are structure."""
        if isinstance(held, Graph):
            return self.graph(held, scopes, opsets)
        if isinstance(held, Tensor):
            self.note_weights(held)
            return both(b"tensor", self.tensor(held))
        if isinstance(held, tuple) and held and isinstance(held[0], (Graph, Tensor)):
            return joined(b"list", [], [self.spelled(each, scopes, opsets) for each in held])
        known = self._spelled.get(id(held))
        if known is None:
            known = self._spelled[id(held)] = _plain(held)
        return known

    def constant(self, tensor: Tensor) -> Pair:
        """Hash a constant: small integers by value also in the structure, since they are shapes and axes."""
        self.note_weights(tensor)
        content = self.tensor(tensor)
        if is_structural(tensor):
            return both(b"constant", content)
        dims = ",".join(map(str, tensor.dims))
        return Pair(digest(b"constant", tensor.dtype.encode(), dims.encode()), digest(b"constant", content))

    def note_weights(self, tensor: Tensor) -> None:
        """Remember a tensor that counts as weights."""
        if tensor.dtype not in _STRUCTURAL_TYPES and tensor.elements > 1:
            self.tensors.append(self.tensor(tensor))

    def tensor(self, tensor: Tensor) -> bytes:
        """Return SHA-256 over element type, dimensions and canonical bytes; equal places are read once.

        Raises:
            EvidenceError: the bytes are not there, or do not fit the element type.
        """
        key = (tensor.dtype, tensor.dims, tensor.payload, tensor.small, tensor.indices)
        known = self._known.get(key)
        if known is not None:
            return known
        kind = "dense" if tensor.indices is None else "sparse"
        total = sha256(f"{kind} {tensor.dtype} [{','.join(map(str, tensor.dims))}]\n".encode())
        self._content.feed(tensor, total.update)
        self._known[key] = total.digest()
        return self._known[key]


def is_structural(tensor: Tensor) -> bool:
    """Whether a constant decides what is computed (shapes, axes, flags) and is small enough to go by value."""
    eight = 8 if tensor.dtype == "int64" else 1
    return tensor.dtype in _STRUCTURAL_TYPES and tensor.elements * eight <= STRUCTURAL_BYTES and tensor.indices is None


def constant_of(node: Node) -> Tensor | None:
    """Return the tensor a Constant node stands for; None when its value comes from a function's attribute."""
    held = next(iter(node.attributes.items()), None)
    if held is None or len(node.attributes) != 1 or len(node.outputs) != 1 or node.inputs:
        raise EvidenceError(Reason.UNREADABLE, f"Constant {node.name!r} does not hold one value")
    name, value = held
    if isinstance(value, Tensor):
        return value
    if isinstance(value, AttributeReference):
        return None
    listed = isinstance(value, tuple)
    dtype = _CONSTANT_TYPES.get(name.removesuffix("s") if listed else name)
    values: Sequence[object] = value if isinstance(value, tuple) else (value,)
    if dtype is None or listed != name.endswith("s"):
        raise EvidenceError(Reason.UNREADABLE, f"Constant {node.name!r} holds {name!r}")
    packed = b"".join(_packed(each, dtype, name) for each in values)
    return Tensor("", dtype, (len(values),) if listed else (), len(packed), None, packed)


def _packed(value: object, dtype: str, name: str) -> bytes:
    """Return one element of a Constant's list as a tensor holds it."""
    if dtype == "float32" and isinstance(value, float):
        return struct.pack("<f", value)
    if dtype == "int64" and isinstance(value, int):
        return struct.pack("<q", value)
    if dtype == "string" and isinstance(value, (str, bytes)):
        raw = value.encode() if isinstance(value, str) else value
        return struct.pack("<Q", len(raw)) + raw
    raise EvidenceError(Reason.UNREADABLE, f"{name!r} of a Constant holds a {type(value).__name__}")


def _plain(held: object) -> Pair:
    """Hash an attribute's value that has no place in a file."""
    if isinstance(held, int):
        return both(b"int", str(held).encode())
    if isinstance(held, float):
        return both(b"float", struct.pack("<f", held))
    if isinstance(held, (str, bytes)):
        return both(b"string", held.encode() if isinstance(held, str) else held)
    if isinstance(held, AttributeReference):
        return both(b"reference", held.name.encode())
    if isinstance(held, tuple):
        return joined(b"list", [], [_plain(each) for each in held])
    raise EvidenceError(Reason.UNREADABLE, f"an attribute holds a {type(held).__name__}")


def joined(kind: bytes, before: Sequence[bytes], pairs: Sequence[Pair]) -> Pair:
    """Hash what comes before and a list of pairs."""
    count = struct.pack(">II", len(before), len(pairs))
    return Pair(
        digest(kind, count, *before, *[pair.structure for pair in pairs]),
        digest(kind, count, *before, *[pair.bound for pair in pairs]),
    )


def output_of(called: Pair, index: int) -> Pair:
    """Tell the outputs of one call apart."""
    mark = b"output" + struct.pack(">I", index)
    return Pair(digest(mark, called.structure), digest(mark, called.bound))


def trimmed(names: tuple[str, ...]) -> tuple[str, ...]:
    """Leave out omitted optional names at the end, which say nothing."""
    end = len(names)
    while end and not names[end - 1]:
        end -= 1
    return names[:end]


def resolve(name: str, scopes: Scopes) -> Pair:
    """Look a name up from the innermost scope outward."""
    if not name:
        return ABSENT
    for scope in reversed(scopes):
        if name in scope:
            return scope[name]
    raise EvidenceError(Reason.UNREADABLE, f"value {name!r} is not defined")
