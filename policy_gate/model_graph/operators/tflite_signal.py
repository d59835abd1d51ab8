"""Fourier transforms and complex numbers of TFLite."""

from __future__ import annotations

from collections.abc import Sequence

from policy_gate.model_graph.call import Call
from policy_gate.model_graph.operators.table import Operator, Table, Work, operators
from policy_gate.model_graph.values import Value, broken, known_count


def _lengths(call: Call) -> tuple[int, int]:
    """Return the rows and columns that are transformed: powers of two, as the runtime asks for."""
    lengths = call.ints(1)
    if len(lengths) != 2 or any(length < 1 or length & (length - 1) for length in lengths):
        raise broken(f"a transform of {lengths}, which must be two powers of two")
    return lengths[0], lengths[1]


def rfft_2d(call: Call) -> Sequence[Value]:
    """RFFT2D: rows x (columns / 2 + 1) complex numbers for each matrix."""
    shape, (rows, columns) = call.shape(0), _lengths(call)
    if len(shape) < 2:
        raise broken("a transform takes matrices")
    return (Value("complex64", (*shape[:-2], rows, columns // 2 + 1)),)


def count_rfft_2d(call: Call, _: Sequence[Value]) -> Work:
    """Four for each butterfly of a radix-2 transform: n / 2 x log2 n of a row or column of n; an upper bound.

    Source: Cooley and Tukey, Mathematics of Computation 19 (1965). Libraries take fewer, never more.
    """
    rows, columns = _lengths(call)
    butterflies = rows * _butterflies(columns) + (columns // 2 + 1) * _butterflies(rows)
    return Work(other=known_count((*call.shape(0)[:-2], 4 * butterflies)), bounded=True)


def _butterflies(length: int) -> int:
    return length // 2 * (length.bit_length() - 1)


def real(call: Call) -> Sequence[Value]:
    """COMPLEX_ABS, IMAG, REAL: the float of half the width."""
    parts = {"complex64": "float32", "complex128": "float64"}
    dtype = parts.get(call.value(0).dtype)
    if dtype is None:
        raise broken(f"{call.value(0).dtype} has no imaginary part")
    return (Value(dtype, call.value(0).shape),)


TABLE: Table = operators(real, "COMPLEX_ABS IMAG REAL") | {
    "RFFT2D": Operator(rfft_2d, count_rfft_2d, frozenset({1})),
}
