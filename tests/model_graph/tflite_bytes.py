"""Writes FlatBuffers by hand, so that tests can make TFLite files no library would write."""

from __future__ import annotations

import io
import struct
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from policy_gate.errors import EvidenceError
from policy_gate.model_graph import read_model
from policy_gate.model_graph.graph import Graph, Model
from policy_gate.model_graph.tflite_schema import BUILTINS, TYPES

CODES = {name: code for code, name in enumerate(BUILTINS)}
TYPE_CODES = {name: code for code, name in enumerate(TYPES)}


@dataclass(frozen=True)
class Number:
    """A scalar field: its form as in `struct`."""

    form: str
    value: float


def i8(value: int) -> Number:
    return Number("<b", value)


def u8(value: int) -> Number:
    return Number("<B", value)


def i32(value: int) -> Number:
    return Number("<i", value)


def u32(value: int) -> Number:
    return Number("<I", value)


def i64(value: int) -> Number:
    return Number("<q", value)


def u64(value: int) -> Number:
    return Number("<Q", value)


def f32(value: float) -> Number:
    return Number("<f", value)


@dataclass(eq=False)
class Vector:
    """A vector of numbers; `claimed` lies about how many there are."""

    form: str
    values: Sequence[float]
    claimed: int | None = None


@dataclass(eq=False)
class Raw:
    """A vector of bytes, aligned as buffers are; `claimed` lies about how many there are."""

    content: bytes
    claimed: int | None = None


@dataclass(eq=False)
class Table:
    """A table: its fields by number."""

    fields: Mapping[int, object] = field(default_factory=dict)


@dataclass(eq=False)
class Tables:
    """A vector of tables."""

    tables: Sequence[Table]


@dataclass(eq=False)
class Same:
    """A vector of one table many times."""

    table: Table
    count: int


@dataclass
class Written:
    """A file and where in it each object begins: vtable before table, objects after whoever points to them."""

    content: bytearray = field(default_factory=bytearray)
    at: dict[int, int] = field(default_factory=dict)
    same: list[tuple[int, Same]] = field(default_factory=list)
    vtables: dict[bytes, int] = field(default_factory=dict)
    kept: list[object] = field(default_factory=list)  # so that no identity is used twice

    def bytes(self) -> bytes:
        return bytes(self.content)

    def align(self, size: int, offset: int = 0) -> None:
        while (len(self.content) + offset) % size:
            self.content.append(0)

    def patch(self, at: int, form: str, value: float) -> Written:
        struct.pack_into(form, self.content, at, value)
        return self


def write(root: Table, identifier: bytes = b"TFL3") -> Written:
    made = Written(bytearray(4) + identifier)
    waiting = deque[tuple[int, object]]([(0, root)])
    while waiting:
        pointer, thing = waiting.popleft()
        if id(thing) not in made.at or isinstance(thing, str):
            made.kept.append(thing)
            made.at[id(thing)] = _begin(made, thing, waiting)
        struct.pack_into("<I", made.content, pointer, made.at[id(thing)] - pointer)
    for begin, same in made.same:
        first = made.at[id(same.table)] - begin
        distances = struct.pack(f"<{same.count}I", *range(first, first - 4 * same.count, -4))
        made.content[begin : begin + len(distances)] = distances
    return made


def _begin(made: Written, thing: object, waiting: deque[tuple[int, object]]) -> int:
    if isinstance(thing, Table):
        return _table(made, thing, waiting)
    if isinstance(thing, str):
        made.align(4)
        at = len(made.content)
        raw = thing.encode("utf-8", "surrogateescape")
        made.content += struct.pack("<I", len(raw)) + raw + b"\0"
        return at
    if isinstance(thing, Tables):
        made.align(4)
        at = len(made.content)
        made.content += struct.pack("<I", len(thing.tables)) + bytes(4 * len(thing.tables))
        waiting += [(at + 4 + 4 * index, table) for index, table in enumerate(thing.tables)]
        return at
    if isinstance(thing, Same):
        made.align(4)
        at = len(made.content)
        made.content += struct.pack("<I", thing.count) + bytes(4 * thing.count)
        made.same.append((at + 4, thing))
        waiting.append((at + 4, thing.table))
        return at
    if isinstance(thing, Raw):
        made.align(16, 4)
        at = len(made.content)
        count = len(thing.content) if thing.claimed is None else thing.claimed
        made.content += struct.pack("<I", count) + thing.content
        return at
    assert isinstance(thing, Vector)
    made.align(8, 4)
    at = len(made.content)
    count = len(thing.values) if thing.claimed is None else thing.claimed
    made.content += struct.pack("<I", count)
    made.content += b"".join(struct.pack(f"<{thing.form}", value) for value in thing.values)
    return at


def _table(made: Written, table: Table, waiting: deque[tuple[int, object]]) -> int:
    count = max(table.fields, default=-1) + 1
    slots, inline, place = [0] * count, b"", 4
    pointers: list[tuple[int, object]] = []
    for slot, value in sorted(table.fields.items()):
        form = value.form if isinstance(value, Number) else "<I"
        size = struct.calcsize(form)
        padding = -place % min(size, 4)
        inline += bytes(padding)
        place += padding
        slots[slot] = place
        if not isinstance(value, Number):
            pointers.append((place, value))
        inline += struct.pack(form, value.value if isinstance(value, Number) else 0)
        place += size
    layout = struct.pack(f"<HH{count}H", 4 + 2 * count, place, *slots)
    made.align(4)
    vtable = made.vtables.setdefault(layout, len(made.content))
    if vtable == len(made.content):
        made.content += layout
    made.align(4)
    at = len(made.content)
    made.content += struct.pack("<i", at - vtable) + inline
    waiting += [(at + offset, value) for offset, value in pointers]
    return at


def ints(*values: int) -> Vector:
    return Vector("i", values)


def quantisation(
    scales: Sequence[float] = (0.5,), zeros: Sequence[int] | None = None, dimension: int = 0, **more: object
) -> Table:
    zeros = [0] * len(scales) if zeros is None else zeros
    numbers = {"min": 0, "max": 1, "details_type": 4, "details": 5}
    fields = {2: Vector("f", scales), 3: Vector("q", zeros), 6: i32(dimension)}
    return Table(fields | {numbers[name]: value for name, value in more.items()})


def tensor(
    name: str = "x",
    dims: Sequence[int] = (1, 2),
    dtype: str = "float32",
    buffer: int = 0,
    more: Mapping[int, object] | None = None,
) -> Table:
    fields = {0: ints(*dims), 1: i8(TYPE_CODES[dtype]), 2: u32(buffer), 3: name}
    return Table(fields | dict(more or {}))


def operator(
    code: int = 0,
    inputs: Sequence[int] = (0,),
    outputs: Sequence[int] = (1,),
    options: tuple[int, Table] | None = None,
    more: Mapping[int, object] | None = None,
) -> Table:
    fields: dict[int, object] = {0: u32(code), 1: ints(*inputs), 2: ints(*outputs)}
    if options is not None:
        fields |= {3: u8(options[0]), 4: options[1]}
    return Table(fields | dict(more or {}))


def opcode(op: str | int = "RELU", custom: str = "", *, version: int = 1) -> Table:
    """As a converter of today writes it: in both fields."""
    code = CODES[op] if isinstance(op, str) else op
    fields: dict[int, object] = {0: i8(min(code, 127)), 2: i32(version), 3: i32(code)}
    return Table(fields | ({1: custom} if custom else {}))


def subgraph(
    tensors: Sequence[Table] | None = None,
    inputs: Sequence[int] = (0,),
    outputs: Sequence[int] = (1,),
    operators: Sequence[Table] | None = None,
    name: str = "main",
) -> Table:
    standing = (tensor("x"), tensor("y")) if tensors is None else tensors
    calls = (operator(),) if operators is None else operators
    return Table({0: Tables(standing), 1: ints(*inputs), 2: ints(*outputs), 3: Tables(calls), 4: name})


def buffer(content: bytes = b"") -> Table:
    return Table({0: Raw(content)} if content else {})


def model(
    *subgraphs: Table,
    codes: Sequence[Table] | None = None,
    buffers: Sequence[Table | bytes] = (b"",),
    version: int = 3,
    more: Mapping[int, object] | None = None,
) -> Table:
    held = [each if isinstance(each, Table) else buffer(each) for each in buffers]
    fields: dict[int, object] = {
        0: u32(version),
        1: Tables((opcode(),) if codes is None else codes),
        2: Tables(subgraphs or (subgraph(),)),
        4: Tables(held),
    }
    return Table(fields | dict(more or {}))


def with_constant(constant: Table, content: bytes, *operators: Table, codes: Sequence[Table] | None = None) -> Table:
    """A model of one constant, tensor 2 and buffer 1, that an ADD reads."""
    calls = operators or (operator(inputs=(0, 2)),)
    graph = subgraph((tensor("x"), tensor("y"), constant), operators=calls)
    return model(graph, codes=(opcode("ADD"),) if codes is None else codes, buffers=(b"", content))


def read(made: Table | Written | bytes, name: str = "model.tflite") -> Model:
    content = made if isinstance(made, bytes) else (made if isinstance(made, Written) else write(made)).bytes()
    return read_model(io.BytesIO(content), name)


def graph_of(made: Table | Written | bytes) -> Graph:
    return read(made).graph


def refusal(made: Table | Written | bytes) -> EvidenceError:
    try:
        read(made)
    except EvidenceError as error:
        return error
    raise AssertionError("the model was read")
