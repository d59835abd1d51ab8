"""ONNX models whose cost lies: without end, without bound, or hidden; each is shipped under its true digest."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from checkout import MODEL, Checkout
from hostile_documents import Case
from onnx_bytes import block, graph, model, node, number, tensor

UNREADABLE = r"UNKNOWN REL-005 (?:.*\n)*?.*"
UNKNOWN_COST = r"(?:UNKNOWN|FAIL) COST-\d+ (?:.*\n)*?.*"
EITHER = r"UNKNOWN (?:REL-005|COST-\d+) "
WARNED_OF_BYTES = r"WARN COST-009 (?:.*\n)*?.*"
WARNED_OF_SHAPES = r"WARN COST-010 (?:.*\n)*?.*"
GRAPH, INTS, FLOATS, TENSOR = 5, 7, 6, 4
"""Types of an attribute in onnx.proto."""
HIDDEN_BYTES = 1_000_000


@dataclass(frozen=True)
class Hostile:
    """One model: its bytes when they are asked for, and a pattern of what `check` says of it."""

    name: str
    content: Callable[[], bytes]
    said: str
    path: str = MODEL

    def case(self) -> Case:
        """The same as a hostile checkout."""
        is_allowed = self.said.startswith("WARN")
        return Case(self.name, self.ship, 0 if is_allowed else 1, self.said)

    def ship(self, here: Checkout) -> None:
        (here.root / MODEL).unlink()
        here.ship(self.content(), path=self.path)


def _value(name: str, *dims: int, dtype: int = 1) -> bytes:
    shape = b"".join(block(1, number(1, extent)) for extent in dims)
    return block(1, name) + block(2, block(1, number(1, dtype) + block(2, shape)))


def _graph(
    nodes: tuple[bytes, ...], *fields: bytes, inputs: tuple[bytes, ...] = (), outputs: tuple[bytes, ...] = ()
) -> bytes:
    """A graph with ends of its own; plain ends are `x` and `y` of two floats."""
    ends = [block(11, one) for one in inputs or (_value("x", 2),)]
    ends += [block(12, one) for one in outputs or (_value("y", 2),)]
    return b"".join(block(1, one) for one in nodes) + block(2, "g") + b"".join(ends) + b"".join(fields)


def _attribute(name: str, kind: int, *fields: bytes) -> bytes:
    return block(5, block(1, name) + b"".join(fields) + number(20, kind))


def _weights(*dims: int, name: str = "w") -> bytes:
    size = 4
    for extent in dims:
        size *= extent
    return block(5, tensor(name, dims, 1, block(9, b"\0" * size)))


def _scalar(name: str, value: int, dtype: int = 7) -> bytes:
    raw = struct.pack("<q", value) if dtype == 7 else bytes([value])
    return block(5, tensor(name, (), dtype, block(9, raw)))


def _body(*nodes: bytes) -> bytes:
    """Of a Loop over one value: i, c and v come in, `kept` and `v2` go out."""
    calls = (*nodes, node("Identity", ("c",), ("kept",)))
    inputs = (_value("i", dtype=7), _value("c", dtype=9), _value("v", 1, 4))
    return _graph(calls, inputs=inputs, outputs=(_value("kept", dtype=9), _value("v2", 1, 4)))


def _loop(body: bytes, *fields: bytes, trips: str = "", inputs: tuple[bytes, ...] = ()) -> bytes:
    call = node("Loop", (trips, "yes", "x"), ("y",), block(3, "loop"), _attribute("body", GRAPH, block(6, body)))
    ends = (_value("x", 1, 4), *inputs)
    return model(_graph((call,), _weights(4, 4), _scalar("yes", 1, 9), *fields, inputs=ends))


PRODUCT = node("MatMul", ("v", "w"), ("v2",))


def _endless_loop() -> bytes:
    return _loop(_body(PRODUCT))


def _loop_of_many_trips() -> bytes:
    return _loop(_body(PRODUCT), _scalar("n", (1 << 63) - 1), trips="n")


def _loop_of_told_trips() -> bytes:
    return _loop(_body(PRODUCT), trips="n", inputs=(_value("n", dtype=7),))


def _loops_in_loops() -> bytes:
    """Seven deep, a thousand million trips each."""
    inner = PRODUCT
    for level in range(6):
        body = _attribute("body", GRAPH, block(6, _body(inner)))
        inner = node("Loop", ("n", "yes", "v"), ("v2",), block(3, f"loop{level}"), body)
    return _loop(_body(inner), _scalar("n", 1_000_000_000), trips="n")


def _growing_loop() -> bytes:
    """What is carried doubles at each of a million trips."""
    twice = node("Concat", ("v", "v"), ("v2",), _attribute("axis", 2, number(3, 1)))
    return _loop(_body(twice), _scalar("n", 1_000_000), trips="n")


def _ping_pong() -> bytes:
    """Two functions that call each other."""

    def function(name: str, other: str) -> bytes:
        call = node(other, ("x",), ("y",), block(7, "evil"))
        opsets = block(9, number(2, 17)) + block(9, block(1, "evil") + number(2, 1))
        return block(25, block(1, name) + block(10, "evil") + block(4, "x") + block(5, "y") + block(7, call) + opsets)

    start = node("ping", ("x",), ("y",), block(7, "evil"))
    domain = block(8, block(1, "evil") + number(2, 1))
    return model(graph(nodes=(start,)), function("ping", "pong"), function("pong", "ping"), domain)


def _huge_input() -> bytes:
    call = node("MatMul", ("x", "x"), ("y",))
    return model(_graph((call,), inputs=(_value("x", 1 << 60, 1 << 60),)))


def _huge_product() -> bytes:
    call = node("MatMul", ("x", "z"), ("y",))
    return model(_graph((call,), inputs=(_value("x", 1 << 31, 1 << 30), _value("z", 1 << 30, 1 << 31))))


def _made_constant() -> bytes:
    """Four terabytes that a node makes from eight bytes."""
    shape = block(5, tensor("to", (1,), 7, block(9, struct.pack("<q", 1 << 40))))
    calls = (node("ConstantOfShape", ("to",), ("w",)), node("Mul", ("x", "w"), ("y",)))
    return model(_graph(calls, shape, inputs=(_value("x", 1),)))


def _claimed_constant() -> bytes:
    huge = block(5, tensor("w", (1 << 20, 1 << 20), 1, block(9, b"\0" * 64)))
    return model(_graph((node("MatMul", ("x", "w")),), huge))


def _claimed_bytes() -> bytes:
    """A raw_data field that claims to be four terabytes long, behind which the file ends."""
    raw = block(9, b"\0" * 64, claimed=1 << 42)
    return model(_graph((node("MatMul", ("x", "w")),), block(5, tensor("w", (1 << 20, 1 << 20), 1, raw))))


def _hidden_in_constant_node() -> bytes:
    held = tensor("", (HIDDEN_BYTES // 4,), 1, block(9, b"\1" * HIDDEN_BYTES))
    calls = (
        node("Constant", (), ("w",), _attribute("value", TENSOR, block(5, held))),
        node("Relu", ("x",), ("y",)),
    )
    return model(_graph(calls))


def _hidden_in_floats() -> bytes:
    floats = block(7, b"\1" * HIDDEN_BYTES)
    return model(_graph((node("Relu", ("x",), ("y",), _attribute("weights", FLOATS, floats)),)))


def _hidden_in_metadata() -> bytes:
    return model(graph(), block(14, block(1, "w") + block(2, "A" * HIDDEN_BYTES)))


def _hidden_in_words() -> bytes:
    return model(graph(), block(6, "w" * HIDDEN_BYTES))


def _hidden_in_unread_function() -> bytes:
    held = tensor("", (HIDDEN_BYTES // 4,), 1, block(9, b"\1" * HIDDEN_BYTES))
    call = node("Constant", (), ("y",), _attribute("value", TENSOR, block(5, held)))
    body = block(1, "never") + block(10, "mine") + block(5, "y") + block(7, call) + block(9, number(2, 17))
    return model(graph(), block(25, body), block(8, block(1, "mine") + number(2, 1)))


def _hidden_in_unknown_field() -> bytes:
    return model(graph(), block(900, b"\1" * HIDDEN_BYTES))


def _wrong_claims(*dims: int) -> bytes:
    """A claim about the value between two products that cannot be."""
    calls = (node("MatMul", ("x", "w"), ("m",)), node("MatMul", ("m", "v"), ("y",)))
    claim = block(13, _value("m", *dims))
    fields = (_weights(2, 3), _weights(3, 2, name="v"), claim)
    return model(_graph(calls, *fields, inputs=(_value("x", 1, 2),), outputs=(_value("y", 1, 2),)))


def _sparse_of_other_length() -> bytes:
    values = tensor("w", (2,), 1, block(9, bytes(8)))
    indices = tensor("", (3,), 7, block(9, struct.pack("<3q", 1, 2, 3)))
    sparse = block(1, values) + block(2, indices) + number(3, 2) + number(3, 3)
    return model(_graph((node("MatMul", ("x", "w")),), block(15, sparse)))


def _half_bytes() -> bytes:
    return model(_graph((node("Relu", ("x",)),), block(5, tensor("w", (1 << 20,), 22, block(9, bytes(8))))))


ONNX = (
    Hostile("a loop without end", _endless_loop, UNKNOWN_COST + r"loop\[trips\]"),
    Hostile("a loop of two to the sixty-third trips", _loop_of_many_trips, UNKNOWN_COST),
    Hostile("a loop whose trips the caller tells", _loop_of_told_trips, UNKNOWN_COST + r"loop\[trips\]"),
    Hostile("loops in loops of a billion trips", _loops_in_loops, UNKNOWN_COST),
    Hostile("a loop that doubles what it carries", _growing_loop, UNKNOWN_COST),
    Hostile("two functions that call each other", _ping_pong, EITHER),
    Hostile("an input of two to the hundred and twentieth", _huge_input, EITHER),
    Hostile("a product of two to the ninety-first", _huge_product, UNKNOWN_COST),
    Hostile(
        "a constant of four terabytes that a node makes", _made_constant, WARNED_OF_SHAPES + "computed as 1099511627776"
    ),
    Hostile("a constant of four terabytes that 64 bytes fill", _claimed_constant, UNREADABLE),
    Hostile("a field of four terabytes", _claimed_bytes, UNREADABLE),
    Hostile(
        "weights hidden in a constant that nothing reads",
        _hidden_in_constant_node,
        WARNED_OF_BYTES + "constants that no call uses: 977 KiB",
    ),
    Hostile(
        "weights hidden in the numbers of an attribute",
        _hidden_in_floats,
        WARNED_OF_BYTES + "attributes that no operator reads: 977 KiB",
    ),
    Hostile("weights hidden in metadata", _hidden_in_metadata, WARNED_OF_BYTES + "metadata: 977 KiB"),
    Hostile("weights hidden in a description", _hidden_in_words, WARNED_OF_BYTES + "documentation: 977 KiB"),
    Hostile(
        "weights hidden in a function that nothing calls",
        _hidden_in_unread_function,
        WARNED_OF_BYTES + "functions that nothing calls: 977 KiB",
    ),
    Hostile(
        "weights hidden in a field that no schema has",
        _hidden_in_unknown_field,
        WARNED_OF_BYTES + "unknown to this version: 977 KiB",
    ),
    Hostile(
        "a claim of another shape", lambda: _wrong_claims(7, 7), WARNED_OF_SHAPES + "stated as 7x7, and computed as 1x3"
    ),
    Hostile("a claim of two to the sixtieth", lambda: _wrong_claims(1, 1 << 60), WARNED_OF_SHAPES + "computed as 1x3"),
    Hostile("a sparse tensor with more places than numbers", _sparse_of_other_length, UNREADABLE),
    Hostile("half bytes that are not there", _half_bytes, UNREADABLE),
)
