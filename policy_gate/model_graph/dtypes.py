"""Element types: their names, their ONNX codes and their width in bits."""

from __future__ import annotations

NAMES: dict[int, str] = {
    1: "float32",
    2: "uint8",
    3: "int8",
    4: "uint16",
    5: "int16",
    6: "int32",
    7: "int64",
    8: "string",
    9: "bool",
    10: "float16",
    11: "float64",
    12: "uint32",
    13: "uint64",
    14: "complex64",
    15: "complex128",
    16: "bfloat16",
    17: "float8e4m3fn",
    18: "float8e4m3fnuz",
    19: "float8e5m2",
    20: "float8e5m2fnuz",
    21: "uint4",
    22: "int4",
    23: "float4e2m1",
    24: "float8e8m0",
    25: "uint2",
    26: "int2",
    27: "float6e2m3",
    28: "float6e3m2",
}
"""Names by the code of `TensorProto.DataType` in onnx.proto (onnx 1.23)."""

BITS: dict[str, int] = {
    "float32": 32,
    "uint8": 8,
    "int8": 8,
    "uint16": 16,
    "int16": 16,
    "int32": 32,
    "int64": 64,
    "bool": 8,
    "float16": 16,
    "float64": 64,
    "uint32": 32,
    "uint64": 64,
    "complex64": 64,
    "complex128": 128,
    "bfloat16": 16,
    "float8e4m3fn": 8,
    "float8e4m3fnuz": 8,
    "float8e5m2": 8,
    "float8e5m2fnuz": 8,
    "uint4": 4,
    "int4": 4,
    "float4e2m1": 4,
    "float8e8m0": 8,
    "uint2": 2,
    "int2": 2,
    "float6e2m3": 6,
    "float6e3m2": 6,
}
"""Bits one element takes when stored densely; `string` has no width and is left out."""

INTEGERS = frozenset(name for name in BITS if name.startswith(("int", "uint")))

QUANTISED = frozenset(
    name for name in BITS if name.startswith(("float8", "float6", "float4")) or (name in INTEGERS and BITS[name] <= 16)
)
"""Types that quantised activations and weights are stored in."""


def byte_count(elements: int, dtype: str) -> int:
    """Bytes of densely packed elements, rounded up; KeyError for a type without a width."""
    return (elements * BITS[dtype] + 7) // 8
