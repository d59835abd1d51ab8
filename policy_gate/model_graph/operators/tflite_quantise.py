"""Operators of TFLite that change how elements are stored: the file says the new type."""

from __future__ import annotations

from collections.abc import Sequence

from policy_gate.model_graph.call import Call
from policy_gate.model_graph.dtypes import BITS
from policy_gate.model_graph.folding import Number, as_dtype, elements_of
from policy_gate.model_graph.operators.elementwise import same
from policy_gate.model_graph.operators.table import Operator, Table, operators
from policy_gate.model_graph.operators.tflite_inputs import folded
from policy_gate.model_graph.values import Value, broken

STORED = frozenset({"int8", "uint8", "int16", "int32", "int4", "uint4", "int2"})
"""Types that QUANTIZE writes."""


def quantise(call: Call) -> Sequence[Value]:
    """QUANTIZE: the type the file says, one of the quantised ones."""
    dtype = call.claimed_dtype(0)
    if dtype not in STORED:
        raise broken(f"nothing is quantised to {dtype}")
    return (Value(dtype, call.value(0).shape),)


def dequantise(call: Call) -> Sequence[Value]:
    """DEQUANTIZE: float32, or the float the file says."""
    dtype = call.claimed_dtype(0) if call.scope.claims else "float32"
    if dtype not in {"float32", "float16", "bfloat16"}:
        raise broken(f"nothing is dequantised to {dtype}")
    return (Value(dtype, call.value(0).shape),)


def cast(call: Call) -> Sequence[Value]:
    """CAST: the type the file says; `out_data_type` may be left at its default and is not read."""
    first, dtype = call.value(0), call.claimed_dtype(0)
    if dtype not in BITS:
        raise broken(f"nothing is cast to {dtype}")

    def convert(number: Number) -> Number | None:
        return as_dtype(number, dtype)

    return (Value(dtype, first.shape, folded(call, convert, (first,), first.shape, dtype)),)


def densify(call: Call) -> Sequence[Value]:
    """DENSIFY: a sparse constant with its zeros."""
    first = call.value(0)
    return (Value(first.dtype, first.shape, elements_of(first)),)


TABLE: Table = operators(same, "FAKE_QUANT") | {
    "QUANTIZE": Operator(quantise),
    "DEQUANTIZE": Operator(dequantise),
    "CAST": Operator(cast),
    "DENSIFY": Operator(densify),
}
