"""Constant propagation: the few elements that decide shapes, computed as a runtime would compute them."""

from __future__ import annotations

import math
import operator
import struct
from collections.abc import Callable, Sequence

from policy_gate.model_graph.dtypes import BITS, INTEGERS
from policy_gate.model_graph.graph import Tensor
from policy_gate.model_graph.values import MAX_KNOWN, Dims, Element, Elements, Hole, Value, first_hole

FORMATS: dict[str, str] = {
    "float32": "f",
    "uint8": "B",
    "int8": "b",
    "uint16": "H",
    "int16": "h",
    "int32": "i",
    "int64": "q",
    "bool": "?",
    "float16": "e",
    "float64": "d",
    "uint32": "I",
    "uint64": "Q",
}
"""`struct` codes of the element types that constants are propagated in."""

Number = int | float | bool


def decode(tensor: Tensor) -> Elements | None:
    """Read the elements of a small constant; None when its bytes were not kept or its type is not followed."""
    code = FORMATS.get(tensor.dtype)
    if code is None or not tensor.small:
        return None
    elements = tensor.elements
    if elements > MAX_KNOWN or len(tensor.small) != elements * struct.calcsize(f"<{code}"):
        return None
    return struct.unpack(f"<{elements}{code}", tensor.small)


def elements_of(value: Value) -> Elements | None:
    """Return what is known of a value's elements, decoding a stored constant at its first use."""
    if value.known is None and value.tensor is not None:
        value.known = () if 0 in value.tensor.dims else decode(value.tensor)
    return value.known


def may_fold(value: Value) -> bool:
    """Whether a value's elements are known, without decoding them."""
    return value.known is not None or (value.tensor is not None and bool(value.tensor.small))


def as_dtype(number: Number, dtype: str) -> Number | None:
    """Round a number to an element type; None where runtimes differ (overflow, NaN) or the type is not followed."""
    if dtype == "bool":
        return bool(number)
    if dtype in INTEGERS:
        low, high = (0, 1 << BITS[dtype]) if dtype.startswith("u") else (-1 << BITS[dtype] - 1, 1 << BITS[dtype] - 1)
        if isinstance(number, float) and not math.isfinite(number):
            return None
        return int(number) if low <= int(number) < high else None
    code = FORMATS.get(dtype)
    if code is None:
        return None
    try:
        rounded: float = struct.unpack(f"<{code}", struct.pack(f"<{code}", number))[0]
    except (OverflowError, struct.error):
        return None
    return rounded


def _divide(left: Number, right: Number) -> Number | None:
    if right == 0:
        return None
    if isinstance(left, float) or isinstance(right, float):
        return left / right
    quotient = abs(left) // abs(right)  # integer division truncates, as in C
    return quotient if (left < 0) == (right < 0) else -quotient


def _power(base: Number, exponent: Number) -> Number | None:
    if abs(exponent) > 64 or (base == 0 and exponent < 0) or (base < 0 and not float(exponent).is_integer()):
        return None
    try:
        power: Number = base**exponent
    except OverflowError:
        return None
    return power if is_exact(power) else None


def is_exact(number: Number) -> bool:
    """Whether every runtime gets this result: whole numbers do not depend on rounding or the order of additions."""
    return isinstance(number, int) or (number.is_integer() and abs(number) < 1 << 24)


def _root(number: Number) -> Number | None:
    return math.sqrt(number) if number >= 0 else None


def _round(number: Number) -> Number:
    return float(round(number)) if math.isfinite(number) else number


def _whole(function: Callable[[float], int]) -> Callable[[Number], Number]:
    return lambda number: float(function(number)) if math.isfinite(number) else number


UNARY: dict[str, Callable[[Number], Number | None]] = {
    "Abs": abs,
    "Neg": operator.neg,
    "Floor": _whole(math.floor),
    "Ceil": _whole(math.ceil),
    "Round": _round,
    "Sqrt": _root,
    "Reciprocal": lambda number: _divide(1.0, number),
    "Not": operator.not_,
    "Sign": lambda number: (number > 0) - (number < 0),
    "Relu": lambda number: max(number, 0),
}

BINARY: dict[str, Callable[[Number, Number], Number | None]] = {
    "Add": operator.add,
    "Sub": operator.sub,
    "Mul": operator.mul,
    "Div": _divide,
    "Pow": _power,
    "Equal": operator.eq,
    "Greater": operator.gt,
    "Less": operator.lt,
    "GreaterOrEqual": operator.ge,
    "LessOrEqual": operator.le,
    "And": lambda left, right: bool(left) and bool(right),
    "Or": lambda left, right: bool(left) or bool(right),
    "Xor": lambda left, right: bool(left) != bool(right),
    "Max": max,
    "Min": min,
    "Sum": operator.add,
}


def modulo(*, as_c: bool) -> Callable[[Number, Number], Number | None]:
    """Make the remainder of Mod: with the sign of the divisor (Python's), or with `fmod` that of the dividend."""

    def remainder(left: Number, right: Number) -> Number | None:
        if right == 0 or not (math.isfinite(left) and math.isfinite(right)):
            return None
        return math.fmod(left, right) if as_c else left % right

    return remainder


def spread(known: Elements, shape: Dims, target: Sequence[int]) -> Elements:
    """Broadcast row-major elements of `shape` to `target` (both known, at most MAX_KNOWN elements)."""
    if len(known) == 1:
        return known * math.prod(target)
    if tuple(shape) == tuple(target):
        return known
    strides: list[int] = []
    step = 1
    for extent in reversed([1] * (len(target) - len(shape)) + [dim for dim in shape if isinstance(dim, int)]):
        strides.append(0 if extent == 1 else step)
        step *= extent
    indices = [0]
    for extent, stride in zip(target, reversed(strides), strict=True):
        indices = [index + position * stride for index in indices for position in range(extent)]
    return tuple(known[index] for index in indices)


def fold(
    function: Callable[..., Number | None], inputs: Sequence[Value], shape: Dims | Hole, dtype: str
) -> Elements | None:
    """Apply an element-wise function to known inputs; None unless all are known and the result is small."""
    if isinstance(shape, Hole) or not all(map(may_fold, inputs)) or first_hole(shape) is not None:
        return None
    target = [dim for dim in shape if isinstance(dim, int)]
    if math.prod(target) * len(inputs) > 3 * MAX_KNOWN:
        return None
    columns = []
    for value in inputs:
        known = elements_of(value)
        if known is None or isinstance(value.shape, Hole):
            return None
        columns.append(spread(known, value.shape, target))
    folded = []
    for row in zip(*columns, strict=True):
        element = _apply(function, row, dtype)
        if element is None:
            return None
        folded.append(element)
    return tuple(folded)


def _apply(function: Callable[..., Number | None], row: Sequence[Element], dtype: str) -> Element | None:
    hole = first_hole(row)
    if hole is not None:
        return Hole(hole.cause)
    result = function(*row)
    return None if result is None else as_dtype(result, dtype)
