"""Reads ONNX types: the type and shape that a file claims for a value."""

from __future__ import annotations

from policy_gate.errors import EvidenceError, Reason
from policy_gate.model_graph.bounded import unreadable
from policy_gate.model_graph.dtypes import NAMES
from policy_gate.model_graph.graph import Dimension, Shape, ValueInfo
from policy_gate.model_graph.onnx_tensor import MAX_DIMENSIONS
from policy_gate.model_graph.spare import DOCUMENTATION, METADATA
from policy_gate.model_graph.wire import Rule, Schema, Take, Wire, signed

MAX_TYPE_DEPTH = 16

_VALUE_MEMORY = 300
_TYPE_MEMORY = 100
_MEMO_BYTES = 256  # short types repeat from value to value: decoded once, then looked up
_MEMO_MEMORY = 200
_KINDS = ("tensor", "sequence", "map", "opaque", "sparse", "optional")

Typed = tuple[str, Shape | None]


class TypeReader:
    """Decodes ValueInfoProto and TypeProto of one file."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._depth = 0
        self._memo: dict[bytes, Typed] = {}
        text = wire.texts
        dimension = {0x08: Rule("extent"), 0x12: text("symbol")}
        self._dimension = Schema.of("Dimension", dimension, skip={0x1A: DOCUMENTATION})
        self._shape = Schema.of("TensorShapeProto", {0x0A: Rule("dim", Take.EACH, self._read_dimension)})
        tensor = {0x08: Rule("elem_type"), 0x12: Rule("shape", decode=self._read_shape)}
        self._tensor = Schema.of("TypeProto.Tensor", tensor)
        self._element = Schema.of("TypeProto.Sequence", {0x0A: Rule("elem_type", decode=self.read)})
        pair = {0x08: Rule("key_type"), 0x12: Rule("value_type", decode=self.read)}
        self._map = Schema.of("TypeProto.Map", pair)
        opaque = {0x0A: text("domain"), 0x12: text("name")}
        self._opaque = Schema.of("TypeProto.Opaque", opaque)
        kinds = {
            0x0A: Rule("tensor", decode=self._read_tensor),
            0x22: Rule("sequence", decode=self._read_element),
            0x2A: Rule("map", decode=self._read_map),
            0x3A: Rule("opaque", decode=self._read_opaque),
            0x42: Rule("sparse", decode=self._read_tensor),
            0x4A: Rule("optional", decode=self._read_element),
        }
        self._type = Schema.of("TypeProto", kinds, skip={0x32: DOCUMENTATION})
        value = {0x0A: text("name"), 0x12: Rule("type", decode=self._read_outermost)}
        self._value = Schema.of("ValueInfoProto", value, skip={0x1A: DOCUMENTATION, 0x22: METADATA})

    def read_value(self, start: int, end: int) -> ValueInfo:
        """Decode a ValueInfoProto.

        Raises:
            EvidenceError: malformed, or more than one type at once.
        """
        self._wire.spend(_VALUE_MEMORY)
        found = self._wire.message(start, end, self._value)
        dtype, shape = found.get("type", ("", None))
        return ValueInfo(found.get("name", ""), dtype, shape)

    def _read_outermost(self, start: int, end: int) -> Typed:
        """Decode the type of a value; equal bytes are decoded once, but where some of them are counted as spare."""
        if end - start > _MEMO_BYTES:
            return self.read(start, end)
        raw = self._wire.raw(start, end)
        known = self._memo.get(raw)
        if known is None:
            passed = self._wire.passed
            known = self.read(start, end)
            if self._wire.passed == passed:
                self._wire.spend(_MEMO_MEMORY + len(raw))
                self._memo[raw] = known
        return known

    def read(self, start: int, end: int) -> Typed:
        """Decode a TypeProto into the type's name and, for a tensor, its shape.

        Raises:
            EvidenceError: malformed, more than one type at once, or nested too deeply.
        """
        self._wire.spend(_TYPE_MEMORY)
        self._depth += 1
        if self._depth > MAX_TYPE_DEPTH:
            raise EvidenceError(Reason.TOO_LARGE, f"types nest deeper than {MAX_TYPE_DEPTH} (byte {start})")
        found = self._wire.message(start, end, self._type)
        self._depth -= 1
        present = [kind for kind in _KINDS if kind in found]
        if len(present) > 1:
            raise unreadable(f"a type is both {present[0]} and {present[1]}", start)
        if not present:
            return "", None
        kind = present[0]
        name, shape = found[kind]
        if kind == "tensor":
            return name, shape
        return f"{kind}({name})", shape if kind == "sparse" else None

    def _read_dimension(self, start: int, end: int) -> Dimension:
        """One extent: a number, a symbol, or None; a negative number says no more than None."""
        found = self._wire.message(start, end, self._dimension)
        extent, symbol = found.get("extent"), found.get("symbol")
        if extent is not None and symbol is not None:
            raise unreadable("a dimension is both a number and a symbol", start)
        if isinstance(extent, int):
            return signed(extent) if signed(extent) >= 0 else None
        return symbol if isinstance(symbol, str) and symbol else None

    def _read_shape(self, start: int, end: int) -> Shape:
        """Decode a TensorShapeProto."""
        dims = self._wire.message(start, end, self._shape).get("dim", [])
        if len(dims) > MAX_DIMENSIONS:
            raise unreadable(f"a shape has {len(dims)} dimensions", start)
        self._wire.spend(16 * len(dims))
        return tuple(dims)

    def _read_tensor(self, start: int, end: int) -> Typed:
        """Decode the element type and shape of a dense or sparse tensor."""
        found = self._wire.message(start, end, self._tensor)
        return _dtype(found.get("elem_type", 0), start), found.get("shape")

    def _read_element(self, start: int, end: int) -> Typed:
        """Decode the element type of a sequence or optional."""
        found = self._wire.message(start, end, self._element)
        return found.get("elem_type", ("", None))[0], None

    def _read_map(self, start: int, end: int) -> Typed:
        """Decode the key and value type of a map."""
        found = self._wire.message(start, end, self._map)
        return f"{_dtype(found.get('key_type', 0), start)},{found.get('value_type', ('', None))[0]}", None

    def _read_opaque(self, start: int, end: int) -> Typed:
        """Decode the domain and name of an opaque type."""
        found = self._wire.message(start, end, self._opaque)
        return f"{found.get('domain', '')},{found.get('name', '')}", None


def _dtype(code: int, at: int) -> str:
    """Name an element type; 0 means not given."""
    if code == 0:
        return ""
    if code not in NAMES:
        raise unreadable(f"element type {code} is unknown", at)
    return NAMES[code]
