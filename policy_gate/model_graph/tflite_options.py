"""Reads what a TFLite operator is configured with into a node's attributes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from policy_gate.errors import EvidenceError, Reason
from policy_gate.model_graph.bounded import unreadable
from policy_gate.model_graph.flatbuffer import (
    BOOL,
    FLOAT32,
    INT8,
    INT32,
    INT64,
    UINT8,
    UINT32,
    UINT64,
    FlatBuffer,
    Table,
)
from policy_gate.model_graph.graph import Graph, Payload, Tensor
from policy_gate.model_graph.tflite_schema import ENUMS, GRAPHS, WIDE_ENUMS, Field, Options, options_by_builtin

MAX_LISTED = 4096
MAX_BLOB = 1024

NO_ATTRIBUTES: Mapping[str, object] = MappingProxyType({})
UNREAD: Mapping[str, object] = MappingProxyType({"unread_options": True})
"""The attributes of an operator whose options are there and not understood."""

NOWHERE = Payload("", 0, 0)

_VECTORS = {
    "ints": (INT32, "int32"),
    "uints": (UINT32, "uint32"),
    "longs": (INT64, "int64"),
    "floats": (FLOAT32, "float32"),
    "bools": (BOOL, "bool"),
}
_OPTIONS_MEMORY, _ATTRIBUTE_MEMORY = 1000, 100
_FIRST_UNION, _SECOND_UNION = 3, 11  # fields of Operator: the union's code, and its table behind it


class OptionsReader:
    """Decodes the options of operators; `graph` gives a subgraph by its number."""

    def __init__(self, file: FlatBuffer, graph: Callable[[int], Graph]) -> None:
        self.ignored_bytes = 0  # custom options of operators that have options of their own
        self.outside: list[tuple[int, int]] = []  # places of custom options that no table holds
        self._file = file
        self._graph = graph
        self._plain: dict[tuple[object, ...], Mapping[str, object]] = {}  # many operators have the same numbers

    def builtin(self, operator: Table, name: str) -> Mapping[str, object]:
        """Return the options of a builtin operator by their names in the schema, with defaults filled in.

        Raises:
            EvidenceError: they lie outside the file, or name a subgraph that cannot be.
        """
        if operator.has(5) or operator.has(9):
            self.ignored_bytes += self._custom_place(operator)[1]
        options = options_by_builtin().get(name)
        if options is None:
            return NO_ATTRIBUTES
        slot = _SECOND_UNION if options.second else _FIRST_UNION
        code = operator.integer(slot, UINT8)
        table = operator.table(slot + 1) if code else None
        if table is not None and (code != options.code or table.fields > options.known):
            return UNREAD
        if table is None or not options.is_plain:
            return self._attributes(table, options)
        key = name, table.key()
        if key not in self._plain:
            self._plain[key] = self._attributes(table, options)
        return self._plain[key]

    def _attributes(self, table: Table | None, options: Options) -> Mapping[str, object]:
        """Decode all fields."""
        self._file.spend(_OPTIONS_MEMORY + _ATTRIBUTE_MEMORY * len(options.fields))
        attributes: dict[str, object] = {}
        for field in options.fields:
            value = self._value(table, field)
            if value is None:
                return UNREAD
            attributes[GRAPHS.get(field.name, field.name)] = value
        return attributes

    def custom(self, operator: Table, version: int) -> Mapping[str, object]:
        """Return the options of a custom operator, as the bytes they are, and its version."""
        start, size = self._custom_place(operator)
        return {"custom_options": self._blob(start, size), "version": version}

    def _custom_place(self, operator: Table) -> tuple[int, int]:
        """Return where custom options lie: in the table, or outside of all tables (files over 2 GB)."""
        start, size = operator.vector(5, 1)
        offset, outside = operator.integer(9, UINT64), operator.integer(10, UINT64)
        if offset > 1 and outside:
            if size or offset + outside > self._file.size:
                raise unreadable(f"custom options of {outside} bytes at {offset} cannot be there", operator.at)
            self._file.spend(_ATTRIBUTE_MEMORY)
            self.outside.append((offset, outside))
            return offset, outside
        if size:
            self._file.visit(start, size)
        return start, size

    def _value(self, table: Table | None, field: Field) -> object:
        """Decode one field; None when its value is of no meaning known here."""
        kind = field.kind
        if kind in _VECTORS:
            return self._listed(table, field)
        if kind == "graphs":
            return tuple(map(self._graph, table.integers(field.slot) if table is not None else ()))
        if kind == "text":
            return table.text(field.slot) if table is not None else ""
        if kind == "blob":
            place = self._file.passed(table, field.slot, 1) if table is not None else NOWHERE
            return self._blob(place.offset, place.length)
        return self._scalar(table, field)

    def _scalar(self, table: Table | None, field: Field) -> object:
        slot, kind, default = field.slot, field.kind, field.default
        if kind in ENUMS:
            names = ENUMS[kind]
            form = INT32 if kind in WIDE_ENUMS else INT8
            code = table.integer(slot, form, default) if table is not None else default
            return names[code] if 0 <= code < len(names) else None
        if kind == "bool":
            return bool(table.integer(slot, UINT8, default) if table is not None else default)
        if kind == "float":
            return table.number(slot, FLOAT32, float(default)) if table is not None else float(default)
        number = table.integer(slot, INT64 if kind == "long" else INT32, default) if table is not None else default
        return self._graph(number) if kind == "graph" else number

    def _listed(self, table: Table | None, field: Field) -> object:
        """Decode a list; a long one stands as a tensor of one dimension."""
        form, dtype = _VECTORS[field.kind]
        if table is None:
            return ()
        start, count = table.vector(field.slot, form.size)
        if count <= MAX_LISTED:
            return table.numbers(field.slot, form)
        self._file.visit(start, count * form.size)
        return Tensor("", dtype, (count,), count * form.size, Payload("", start, count * form.size))

    def _blob(self, start: int, size: int) -> object:
        """Return opaque bytes; many stand as a tensor."""
        if size <= MAX_BLOB:
            self._file.spend(size)
            return self._file.raw(start, size) if size else b""
        return Tensor("", "uint8", (size,), size, Payload("", start, size))


def builtin_code(table: Table) -> int:
    """Return the code of an operator from its two fields, the old one of a byte and the wide one.

    The old field holds the code when it fits, else 127; files from before the wide field have only the old one,
    and some writers fill in only the wide one.

    Raises:
        EvidenceError: the fields contradict each other, so that runtimes would run different operators.
    """
    old, wide = table.integer(0, INT8), table.integer(3)
    agrees = wide == old or (not table.has(3) and old >= 0) or (not table.has(0) and wide > 0)
    if not agrees and not (old == 127 and wide > 127):
        raise EvidenceError(Reason.UNREADABLE, f"an operator has two codes, {old} and {wide} (byte {table.at})")
    if min(old, wide) < 0:
        raise unreadable(f"an operator has code {min(old, wide)}", table.at)
    return max(old, wide)
