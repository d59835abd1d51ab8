"""TFLite models that lie: offsets that lead outside, loops without end, hidden weights; each under its true digest."""

from __future__ import annotations

import struct
from collections.abc import Callable

import tflite_bytes as lite
from hostile_costs import EITHER, HIDDEN_BYTES, UNKNOWN_COST, UNREADABLE, WARNED_OF_BYTES, WARNED_OF_SHAPES, Hostile
from tflite_bytes import Raw, Same, Table, Tables, i8, i32, opcode, operator, u64


def _lite(made: Table) -> bytes:
    return lite.write(made).bytes()


def _running(op: str, *targets: int, conditions: tuple[int, ...] = ()) -> bytes:
    """Subgraphs of which each runs another, by its number; one that runs none has a RELU."""
    graphs = []
    for at, target in enumerate(targets):
        condition = conditions[at] if conditions else target
        call = operator(options=(93, Table({0: i32(condition), 1: i32(target)})))
        graphs.append(lite.subgraph(operators=(operator(1),) if target < 0 else (call,)))
    return _lite(lite.model(*graphs, codes=(opcode(op), opcode())))


def _endless_while() -> bytes:
    """The condition is an input of the loop, which nothing changes."""
    number_of = (lite.tensor("x", (1,), "bool"), lite.tensor("y", (1,), "bool"))
    main = lite.subgraph(number_of, operators=(operator(options=(93, Table({0: i32(1), 1: i32(2)}))),))
    same = lite.subgraph((lite.tensor("x", (1,), "bool"),), outputs=(0,), operators=())
    product = lite.subgraph(number_of, operators=(operator(1),))
    return _lite(lite.model(main, same, product, codes=(opcode("WHILE"), opcode("LOGICAL_NOT"))))


def _patched(value: int, where: Callable[[lite.Written, Table], int]) -> bytes:
    """The plain model with one offset in it replaced."""
    root = lite.model()
    made = lite.write(root)
    return made.patch(where(made, root), "<I", value).bytes()


def _offset_of(field: int) -> Callable[[lite.Written, Table], int]:
    return lambda made, root: made.at[id(root.fields[field])] + 4


def _constant(dims: tuple[int, ...], content: bytes, dtype: str = "float32") -> bytes:
    return _lite(lite.with_constant(lite.tensor("w", dims, dtype, 1), content))


def _far_buffer() -> bytes:
    far = Table({1: u64(1 << 20), 2: u64(1 << 42)})
    graph_ = lite.subgraph(
        (lite.tensor("x"), lite.tensor("y"), lite.tensor("w", (1 << 20, 1 << 20), buffer=1)),
        operators=(operator(inputs=(0, 2)),),
    )
    return _lite(lite.model(graph_, codes=(opcode("ADD"),), buffers=(b"", far)))


def _wide_input(*dims: int) -> bytes:
    tensors = (lite.tensor("x", dims), lite.tensor("y", dims))
    return _lite(lite.model(lite.subgraph(tensors)))


def _wrong_output() -> bytes:
    """A product of one by two with three by two, whose output claims to be smaller than it is."""
    tensors = (lite.tensor("x", (1, 2)), lite.tensor("y", (1, 1)), lite.tensor("w", (300, 2), buffer=1))
    call = operator(inputs=(0, 2, -1), options=(8, Table({0: i8(0)})))
    return _lite(
        lite.model(
            lite.subgraph(tensors, operators=(call,)), codes=(opcode("FULLY_CONNECTED"),), buffers=(b"", bytes(2400))
        )
    )


def _hidden(more: dict[int, object], hidden: bytes = b"\1" * HIDDEN_BYTES) -> bytes:
    return _lite(lite.model(buffers=(b"", hidden), more=more))


def _many_scales() -> bytes:
    scales = lite.quantisation((0.5,) * 200_000)
    tensors = (lite.tensor("x", (1, 2), "int8", more={4: scales}), lite.tensor("y"))
    return _lite(lite.model(lite.subgraph(tensors)))


def _no_stride() -> bytes:
    tensors = (
        lite.tensor("x", (1, 8, 8, 1)),
        lite.tensor("y", (1, 8, 8, 1)),
        lite.tensor("w", (1, 3, 3, 1), buffer=1),
        lite.tensor("b", (1,), buffer=2),
    )
    call = operator(inputs=(0, 2, 3), options=(1, Table({0: i8(0), 1: i32(0), 2: i32(0)})))
    graph_ = lite.subgraph(tensors, operators=(call,))
    return _lite(lite.model(graph_, codes=(opcode("CONV_2D"),), buffers=(b"", bytes(36), bytes(4))))


def _same_call_a_million_times() -> bytes:
    graph_ = Table({**lite.subgraph().fields, 3: Same(operator(), 1_000_000)})
    return _lite(lite.model(graph_))


def _strings() -> bytes:
    return _constant((1 << 28,), struct.pack("<2i", 1 << 28, 12) + b"abcd", "string")


LITE_PATH = "model/kws.tflite"
TFLITE = tuple(
    Hostile(f"tflite: {name}", content, said, LITE_PATH)
    for name, content, said in (
        ("a root outside the file", lambda: _patched(0xFFFFFFF0, lambda made, root: 0), UNREADABLE + "leads outside"),
        ("a root that is itself", lambda: _patched(0, lambda made, root: 0), UNREADABLE),
        ("a subgraph outside the file", lambda: _patched(0x7FFFFFFF, _offset_of(2)), UNREADABLE + "leads outside"),
        ("a buffer outside the file", lambda: _patched(0x7FFFFFFF, _offset_of(4)), UNREADABLE + "leads outside"),
        ("a table without a layout", lambda: _patched(0, lambda made, root: made.at[id(root)]), UNREADABLE),
        ("four billion operator codes", lambda: _patched(0xFFFFFFFF, lambda made, root: made.at[id(root.fields[1])]), UNREADABLE),
        ("a constant of four terabytes that 8 bytes fill", lambda: _constant((1 << 20, 1 << 20), bytes(8)), UNREADABLE),
        ("a constant of two to the sixtieth", lambda: _constant((1 << 30, 1 << 30), bytes(8)), UNREADABLE),
        ("a buffer of four terabytes behind the file", _far_buffer, UNREADABLE),
        ("an input of two to the sixtieth", lambda: _wide_input(1 << 30, 1 << 30), UNKNOWN_COST),
        ("an input of two to the hundred and twentieth", lambda: _wide_input(*[1 << 30] * 4), EITHER),
        ("an input under zero", lambda: _wide_input(-5, 2), UNREADABLE),
        ("a loop without end", _endless_while, UNKNOWN_COST + r"trips\]"),
        ("a subgraph that runs itself", lambda: _running("WHILE", 0), UNREADABLE + "runs itself"),
        ("subgraphs that run each other", lambda: _running("WHILE", 1, 2, 1), UNREADABLE + "runs itself"),
        ("a billion subgraphs from a kilobyte", lambda: _running("WHILE", *range(1, 31), -1), UNREADABLE),
        ("subgraphs a hundred deep", lambda: _running("WHILE", *range(1, 101), -1), UNREADABLE + "deeper than 32"),
        ("a subgraph that is not there", lambda: _running("WHILE", 77), UNREADABLE),
        ("an operator of nobody", lambda: _lite(lite.model(codes=(opcode("CUSTOM", "Magic"),))), UNKNOWN_COST + "tflite.custom::Magic"),
        ("an operator that calls itself CONV_2D", lambda: _lite(lite.model(codes=(opcode("CUSTOM", "CONV_2D"),))), UNKNOWN_COST + "tflite.custom::CONV_2D"),
        ("an operator of a code that nobody has", lambda: _lite(lite.model(codes=(opcode(32000),))), EITHER),
        ("a version that nobody has", lambda: _lite(lite.model(version=9)), UNREADABLE),
        ("an output that claims to be smaller", _wrong_output, WARNED_OF_SHAPES + "computed as 1x300"),
        ("a stride of zero", _no_stride, UNKNOWN_COST),
        ("a million operators from four megabytes", _same_call_a_million_times, UNREADABLE),
        ("two hundred thousand scales", _many_scales, UNREADABLE),
        ("a constant of a billion texts", _strings, UNREADABLE),
        ("weights hidden in a buffer that nothing reads", lambda: _hidden({}), WARNED_OF_BYTES + "nothing refers to: 977 KiB"),
        ("weights hidden in metadata", lambda: _hidden({6: Tables((Table({0: "notes", 1: lite.u32(1)}),))}), WARNED_OF_BYTES + "metadata: 977 KiB"),
        ("weights hidden in a description", lambda: _hidden({3: "w" * HIDDEN_BYTES}, b""), UNREADABLE + "a text of 1000000 bytes"),
        ("weights hidden behind the file", lambda: _lite(lite.model()) + b"\1" * HIDDEN_BYTES, WARNED_OF_BYTES + "behind the model: 977 KiB"),
        ("weights hidden in a custom operator", lambda: _lite(lite.model(lite.subgraph(operators=(operator(more={5: Raw(b"\1" * HIDDEN_BYTES)}),)), codes=(opcode("CUSTOM", "mine"),))), UNKNOWN_COST),
    )
)  # fmt: skip
