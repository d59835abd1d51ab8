"""Canonical bytes of a tensor: little-endian and densely packed, however the file stores its elements."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Sequence

from policy_gate.errors import EvidenceError, Reason
from policy_gate.model_graph.dtypes import BITS

_FLOAT6 = frozenset({"float6e2m3", "float6e3m2"})
_ARRAY_CODES = {8: "B", 16: "H", 32: "I", 64: "Q"}


def field_of(dtype: str) -> str:
    """Return the typed field of TensorProto that holds a dtype (onnx.proto, comments of the `_data` fields)."""
    fields = {
        "float32": "float_data",
        "complex64": "float_data",
        "float64": "double_data",
        "complex128": "double_data",
        "int64": "int64_data",
        "uint32": "uint64_data",
        "uint64": "uint64_data",
        "string": "string_data",
    }
    return fields.get(dtype, "int32_data")


def entries(elements: int, dtype: str) -> int:
    """How many numbers a typed integer field holds for so many elements: sub-byte types share, float6 do not."""
    bits = BITS[dtype]
    if bits >= 8 or dtype in _FLOAT6:
        return elements
    return (elements * bits + 7) // 8


def mask_of_last_byte(elements: int, dtype: str) -> int:
    """Return the bits of the last byte that belong to an element; padding is not content."""
    used = elements * BITS[dtype] % 8
    return 0xFF if used == 0 else (1 << used) - 1


def trim_padding(packed: bytes, elements: int, dtype: str) -> bytes:
    """Clear the padding bits behind the last element of a sub-byte type."""
    mask = mask_of_last_byte(elements, dtype)
    if mask == 0xFF or not packed:
        return packed
    return packed[:-1] + bytes([packed[-1] & mask])


def pack(numbers: Sequence[int], dtype: str) -> bytes:
    """Turn the unsigned varints of a typed field into canonical bytes.

    Raises:
        EvidenceError: a number does not fit the element type.
    """
    if field_of(dtype) == "int32_data":
        numbers = [_narrow(number, dtype) for number in numbers]
    elif dtype == "uint32" and any(number >> 32 for number in numbers):
        raise EvidenceError(Reason.UNREADABLE, "a number of a uint32 tensor exceeds 32 bits")
    if dtype in _FLOAT6:
        return _pack_float6(numbers)
    packed = array(_code(max(BITS[dtype], 8)), numbers)
    if sys.byteorder == "big":
        packed.byteswap()
    return packed.tobytes()


def _code(bits: int) -> str:
    """Return the array code whose items have so many bits on this platform."""
    code = _ARRAY_CODES[bits]
    return code if array(code).itemsize * 8 == bits else "L"


def _narrow(number: int, dtype: str) -> int:
    """Check that an int32 entry fits its element type; return its bits without sign."""
    bits = 6 if dtype in _FLOAT6 else max(BITS[dtype], 8)
    if number >> 32 and number < (1 << 64) - (1 << 31):
        raise EvidenceError(Reason.UNREADABLE, "a number in int32_data exceeds 32 bits")
    low = number & 0xFFFFFFFF
    value = low - (1 << 32) if low >> 31 else low
    lowest = -(1 << bits - 1) if dtype in {"int8", "int16", "int32"} else 0
    highest = (1 << bits - 1) - 1 if lowest else (1 << bits) - 1
    if not lowest <= value <= highest:
        raise EvidenceError(Reason.UNREADABLE, f"{value} does not fit an element of type {dtype}")
    return value & ((1 << bits) - 1)


def _pack_float6(numbers: Iterable[int]) -> bytes:
    """Pack 6-bit codes four to three bytes, least significant bits first (onnx.proto, raw_data)."""
    packed, pending, bits = bytearray(), 0, 0
    for number in numbers:
        pending |= number << bits
        bits += 6
        while bits >= 8:
            packed.append(pending & 0xFF)
            pending >>= 8
            bits -= 8
    if bits:
        packed.append(pending)
    return bytes(packed)
