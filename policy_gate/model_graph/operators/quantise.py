"""Quantisation: the output type follows from zero points, scales and attributes."""

from __future__ import annotations

from collections.abc import Sequence

from policy_gate.model_graph.call import Call
from policy_gate.model_graph.dtypes import NAMES
from policy_gate.model_graph.operators.table import Operator, Table
from policy_gate.model_graph.values import Value, broken


def _named(code: int) -> str:
    if code not in NAMES:
        raise broken(f"element type {code} does not exist")
    return NAMES[code]


def quantise(call: Call) -> Sequence[Value]:
    """QuantizeLinear: uint8 unless a zero point or `output_dtype` says otherwise."""
    point, code = call.optional(2), call.int_attribute("output_dtype", 0)
    dtype = point.dtype if point is not None else _named(code) if code else "uint8"
    return (Value(dtype, call.value(0).shape),)


def dequantise(call: Call) -> Sequence[Value]:
    """DequantizeLinear: the scale's type, unless `output_dtype` says otherwise."""
    code = call.int_attribute("output_dtype", 0)
    return (Value(_named(code) if code else call.value(1).dtype, call.value(0).shape),)


def dynamic_quantise(call: Call) -> Sequence[Value]:
    """DynamicQuantizeLinear: uint8 data, a scale and a zero point."""
    return (Value("uint8", call.value(0).shape), Value("float32", ()), Value("uint8", ()))


TABLE: Table = {
    "QuantizeLinear": Operator(quantise, structural=frozenset({1, 2})),
    "DequantizeLinear": Operator(dequantise, structural=frozenset({1, 2})),
    "DynamicQuantizeLinear": Operator(dynamic_quantise),
}
