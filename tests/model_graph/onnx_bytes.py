"""Writes protobuf by hand, so that tests can make files no library would write."""

from __future__ import annotations

import io

from policy_gate.errors import EvidenceError
from policy_gate.model_graph import read_model
from policy_gate.model_graph.graph import Model


def varint(number: int) -> bytes:
    number &= (1 << 64) - 1
    written = b""
    while number > 0x7F:
        written += bytes([number & 0x7F | 0x80])
        number >>= 7
    return written + bytes([number])


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def block(field: int, payload: bytes | str, *, claimed: int | None = None) -> bytes:
    raw = payload.encode() if isinstance(payload, str) else payload
    return varint(field << 3 | 2) + varint(len(raw) if claimed is None else claimed) + raw


def tensor(name: str = "w", dims: tuple[int, ...] = (2,), dtype: int = 1, *rest: bytes) -> bytes:
    return b"".join([number(1, extent) for extent in dims]) + number(2, dtype) + block(8, name) + b"".join(rest)


def node(op: str, inputs: tuple[str, ...] = ("x",), outputs: tuple[str, ...] = ("y",), *rest: bytes) -> bytes:
    names = [block(1, name) for name in inputs] + [block(2, name) for name in outputs]
    return b"".join(names) + block(4, op) + b"".join(rest)


def value(name: str, extent: int = 2) -> bytes:
    shape = block(1, number(1, extent))
    return block(1, name) + block(2, block(1, number(1, 1) + block(2, shape)))


def graph(*fields: bytes, nodes: tuple[bytes, ...] | None = None, gives: int = 2) -> bytes:
    standing = (node("Relu"),) if nodes is None else nodes
    ends = block(11, value("x")) + block(12, value("y", gives))
    return b"".join(block(1, each) for each in standing) + block(2, "g") + ends + b"".join(fields)


def model(of: bytes | None = None, *rest: bytes, ir_version: bytes = number(1, 8)) -> bytes:
    opset = block(8, number(2, 17))
    return ir_version + block(7, graph() if of is None else of) + opset + b"".join(rest)


def read(content: bytes, external=None, name: str = "model.onnx") -> Model:
    return read_model(io.BytesIO(content), name, external)


def refusal(content: bytes, external=None) -> EvidenceError:
    try:
        read(content, external)
    except EvidenceError as error:
        return error
    raise AssertionError("the model was read")
