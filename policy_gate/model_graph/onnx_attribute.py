"""Reads ONNX attributes: values of bounded size as they are, long lists as a note of their size and place."""

from __future__ import annotations

from collections.abc import Callable

from policy_gate.model_graph.bounded import MAX_TEXT_BYTES, unreadable
from policy_gate.model_graph.graph import AttributeReference, Graph, Payload, Tensor
from policy_gate.model_graph.onnx_tensor import TensorReader
from policy_gate.model_graph.onnx_types import TypeReader
from policy_gate.model_graph.spare import DOCUMENTATION
from policy_gate.model_graph.wire import HIGH_BYTES, Message, Rule, Schema, Take, Wire, signed

MAX_LIST_ENTRIES = 4096

_ATTRIBUTE_MEMORY = 500
_MEMO_BYTES = 256  # short attributes repeat from node to node (strides, pads): decoded once, then looked up
_FIELD_OF_TYPE = {
    1: "f",
    2: "i",
    3: "s",
    4: "t",
    5: "g",
    6: "floats",
    7: "ints",
    8: "strings",
    9: "tensors",
    10: "graphs",
    11: "sparse_tensor",
    12: "sparse_tensors",
    13: "tp",
    14: "type_protos",
}
_ABSENT: dict[str, object] = {
    "f": 0.0,
    "i": 0,
    "s": "",
    "floats": (),
    "ints": (),
    "strings": (),
    "tensors": (),
    "graphs": (),
    "sparse_tensors": (),
    "type_protos": (),
}
_VALUE_FIELDS = frozenset(_FIELD_OF_TYPE.values())
_ELEMENT = {"floats": ("float32", 4), "ints": ("int64", 8), "strings": ("string", 0)}


class AttributeReader:
    """Decodes AttributeProto of one file; subgraphs go back to the graph reader."""

    def __init__(
        self, wire: Wire, tensors: TensorReader, types: TypeReader, graph: Callable[[int, int], Graph]
    ) -> None:
        self._wire = wire
        self._memo: dict[bytes, tuple[str, object]] = {}
        self._tensors: dict[bytes, tuple[str, Tensor, int]] = {}  # the same for tensors, with the place of the first
        common = {
            0x0A: wire.texts("name"),
            0xAA: wire.texts("ref_attr_name"),
            0xA0: Rule("type"),
            0x15: Rule("f", decode=wire.float32),
            0x18: Rule("i"),
            0x2A: Rule("t", decode=tensors.read),
            0x32: Rule("g", decode=graph),
            0x52: Rule("tensors", Take.EACH, tensors.read),
            0x5A: Rule("graphs", Take.EACH, graph),
            0x72: Rule("tp", decode=types.read),
            0x7A: Rule("type_protos", Take.EACH, types.read),
            0xB2: Rule("sparse_tensor", decode=tensors.read_sparse),
            0xBA: Rule("sparse_tensors", Take.EACH, tensors.read_sparse),
        }
        short = {
            0x22: Rule("s", decode=self._string),
            0x3A: Rule("floats", Take.JOIN, wire.floats),
            0x3D: Rule("floats", Take.EACH, wire.float32),
            0x40: Rule("ints", Take.EACH),
            0x42: Rule("ints", Take.JOIN, wire.varints),
            0x4A: Rule("strings", Take.EACH, self._string),
        }
        long = {
            0x22: Rule("s", Take.COUNT, _one),
            0x3A: Rule("floats", Take.COUNT, _packed_floats),
            0x3D: Rule("floats", Take.COUNT, _one),
            0x40: Rule("ints", Take.COUNT, _one),
            0x42: Rule("ints", Take.COUNT, self._packed_varints),
            0x4A: Rule("strings", Take.COUNT, _one),
        }
        self._short = Schema.of("AttributeProto", common | short, skip={0x6A: DOCUMENTATION})
        self._long = Schema.of("AttributeProto", common | long, skip={0x6A: DOCUMENTATION})

    def read(self, start: int, end: int) -> tuple[str, object]:
        """Decode the AttributeProto in [start, end) into its name and its value.

        Raises:
            EvidenceError: malformed, without a value, or with values of two types.
        """
        if end - start > _MEMO_BYTES:
            return self._decode(start, end)
        raw = self._wire.raw(start, end)
        known = self._memo.get(raw)
        if known is not None:
            return known
        if raw in self._tensors:
            name, first, at = self._tensors[raw]
            self._wire.spend(_ATTRIBUTE_MEMORY)
            return name, _moved(first, start - at)
        passed = self._wire.passed
        known = self._decode(start, end)
        if self._wire.passed == passed:  # bytes that nobody needs are added up wherever they stand
            self._remember(raw, known, start)
        return known

    def _remember(self, raw: bytes, known: tuple[str, object], start: int) -> None:
        """Keep what equal bytes elsewhere decode to as well."""
        name, value = known
        if not _has_place(value):
            self._memo[raw] = known
        elif isinstance(value, Tensor) and value.indices is None and not (value.payload and value.payload.path):
            self._tensors[raw] = name, value, start

    def _decode(self, start: int, end: int) -> tuple[str, object]:
        """Decode an attribute seen for the first time."""
        is_long = end - start > MAX_TEXT_BYTES
        found = self._wire.message(start, end, self._long if is_long else self._short)
        self._wire.spend(_ATTRIBUTE_MEMORY)
        name: str = found.get("name", "")
        if not name:
            raise unreadable("an attribute has no name", start)
        present = found.keys() & _VALUE_FIELDS
        reference: str = found.get("ref_attr_name", "")
        if reference and not present:
            return name, AttributeReference(reference)
        field = _FIELD_OF_TYPE.get(found["type"]) if found.get("type") else next(iter(present), None)
        if field is None or reference or present - {field} or (not present and field not in _ABSENT):
            raise unreadable(f"attribute {name!r} does not hold one value of its type", start)
        if not present:
            return name, _ABSENT[field]
        note = _listed(name, field, found[field], Payload("", start, end - start, "attribute"), is_long=is_long)
        return name, note or self._value(field, found)

    def _value(self, field: str, found: Message) -> object:
        """Turn what the field holds into a value."""
        held = found[field]
        if field == "i":
            return signed(held)
        if field == "ints":
            self._wire.spend(40 * len(held))
            return tuple(signed(number) for number in held)
        if field == "tp":
            return str(held)
        if field == "type_protos":
            return tuple(str(typed) for typed in held)
        if isinstance(held, list):
            self._wire.spend(32 * len(held))
            return tuple(held)
        return held

    def _string(self, start: int, end: int) -> str | bytes:
        """Decode a string attribute; what is not UTF-8 stays bytes."""
        raw = self._wire.raw(start, end)
        self._wire.spend(len(raw) + 60)
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            return raw

    def _packed_varints(self, start: int, end: int) -> int:
        """Count the numbers of a packed list."""
        return sum(len(chunk.translate(None, HIGH_BYTES)) for chunk in self._wire.chunks(start, end))


def _has_place(value: object) -> bool:
    """Whether a value belongs to one place in the file, so that equal bytes elsewhere are another value."""
    first = value[0] if isinstance(value, tuple) and value else value
    return isinstance(first, (Tensor, Graph))


def _moved(tensor: Tensor, distance: int) -> Tensor:
    """Return the tensor that equal bytes further on in the file hold."""
    held = tensor.payload
    payload = None if held is None else Payload("", held.offset + distance, held.length, held.encoding)
    return Tensor(tensor.name, tensor.dtype, tensor.dims, tensor.stored_bytes, payload, tensor.small)


def _one(_start: int, _end: int) -> int:
    """Count one element."""
    return 1


def _packed_floats(start: int, end: int) -> int:
    """Count the floats of a packed list."""
    if (end - start) % 4:
        raise unreadable("packed floats end inside a number", end)
    return (end - start) // 4


def _listed(name: str, field: str, held: object, payload: Payload, *, is_long: bool) -> Tensor | None:
    """Note a list that is too long to keep; None when it may be kept."""
    if field == "s" and is_long:
        if held != 1:
            raise unreadable(f"attribute {name!r} holds its string twice", payload.offset)
        return Tensor(name, "string", (), payload.length, payload)
    if field not in _ELEMENT:
        return None
    count = held if isinstance(held, int) else len(held) if isinstance(held, list) else 0
    if not is_long and count <= MAX_LIST_ENTRIES:
        return None
    dtype, width = _ELEMENT[field]
    return Tensor(name, dtype, (count,), width * count or payload.length, payload)
