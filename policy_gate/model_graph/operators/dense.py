"""Matrix products: output shapes and multiply-accumulates."""

from __future__ import annotations

import math
from collections.abc import Sequence

from policy_gate.model_graph.call import Call
from policy_gate.model_graph.operators.table import NO_WORK, Operator, Table, Work
from policy_gate.model_graph.values import Dim, Dims, Value, broadcast, broken, known_count, known_dims


def meet(left: Dim, right: Dim) -> None:
    """Refuse a product over two extents that differ."""
    if isinstance(left, int) and isinstance(right, int) and left != right:
        raise broken(f"a product over {left} and {right} elements")


def _gemm_sides(call: Call) -> tuple[Dim, Dim, Dim]:
    rows, inner = call.rank(0, 2)[:: -1 if call.int_attribute("transA", 0) else 1]
    other, columns = call.rank(1, 2)[:: -1 if call.int_attribute("transB", 0) else 1]
    meet(inner, other)
    return rows, columns, inner if isinstance(inner, int) else other


def gemm(call: Call) -> Sequence[Value]:
    """Gemm: A' (M x K) times B' (K x N), plus C."""
    rows, columns, _ = _gemm_sides(call)
    if call.optional(2) is not None and call.version >= 7 and len(broadcast([call.shape(2), (rows, columns)])) != 2:
        raise broken("input 2 does not fit the product")
    return (Value(call.value(0).dtype, (rows, columns)),)


def count_gemm(call: Call, _: Sequence[Value]) -> Work:
    """M x N x K; C is not a product."""
    return Work(dense=known_count(_gemm_sides(call)))


def _matmul(call: Call, right_index: int, dtype: str) -> Sequence[Value]:
    left, right = call.shape(0), call.shape(right_index)
    if not left or not right:
        raise broken("a product with a scalar")
    meet(left[-1], right[-2] if len(right) > 1 else right[0])
    rows: Dims = left[-2:-1]
    columns: Dims = right[-1:] if len(right) > 1 else ()
    return (Value(dtype, broadcast([left[:-2], right[:-2]]) + rows + columns),)


def matmul(call: Call) -> Sequence[Value]:
    """MatMul, as numpy.matmul: the last two axes are multiplied, the others broadcast."""
    return _matmul(call, 1, call.value(0).dtype)


def matmul_integer(call: Call) -> Sequence[Value]:
    """MatMulInteger: as MatMul, with an int32 output."""
    return _matmul(call, 1, "int32")


def qlinear_matmul(call: Call) -> Sequence[Value]:
    """QLinearMatMul: as MatMul, the second factor is input 3, the output's zero point (7) gives its type."""
    return _matmul(call, 3, call.value(7).dtype)


def count_matmul(call: Call, outputs: Sequence[Value]) -> Work:
    """Output elements x K."""
    left, right = call.shape(0), call.shape(3 if call.node.op == "QLinearMatMul" else 1)
    inner = left[-1] if isinstance(left[-1], int) else right[-2 if len(right) > 1 else 0]
    return Work(dense=known_count((*outputs[0].dims, inner)))


def _equation(call: Call) -> tuple[list[str], str]:
    """Return the terms and the output of an Einsum equation, the output made explicit."""
    equation = call.text_attribute("equation", "").replace(" ", "")
    left, arrow, right = equation.partition("->")
    terms = left.split(",")
    letters = left.replace("...", "").replace(",", "")
    if len(terms) != len(call.inputs) or not (letters + right.replace("...", "")).isascii():
        raise broken(f"equation {equation!r} does not fit {len(call.inputs)} inputs")
    if any(letter and not letter.isalpha() for letter in letters + right.replace("...", "")):
        raise broken(f"equation {equation!r} cannot be read")
    if not arrow:
        right = ("..." if "..." in left else "") + "".join(
            sorted(letter for letter in set(letters) if letters.count(letter) == 1)
        )
    return terms, right


def _labels(call: Call) -> tuple[dict[str, Dim], Dims, str]:
    """Return the extent of every letter, the broadcast extents of `...`, and the output term."""
    terms, output = _equation(call)
    extents: dict[str, Dim] = {}
    spread: list[Dims] = []
    for index, term in enumerate(terms):
        shape = call.shape(index)
        before, dots, after = term.partition("...")
        free = len(shape) - len(before) - len(after)
        if free < 0 or (free and not dots):
            raise broken(f"term {term!r} does not fit a shape of rank {len(shape)}")
        spread.append(shape[len(before) : len(before) + free])
        for letter, extent in zip(before + after, shape[: len(before)] + shape[len(before) + free :], strict=True):
            extents[letter] = broadcast([(extents.get(letter, 1),), (extent,)])[0]
    return extents, broadcast(spread), output


def einsum(call: Call) -> Sequence[Value]:
    """Einsum: the extents of the output's letters."""
    extents, spread, output = _labels(call)
    before, dots, after = output.partition("...")
    if any(letter not in extents for letter in before + after):
        raise broken(f"output term {output!r} names a letter no input has")
    dims = (*(extents[letter] for letter in before), *(spread if dots else ()), *(extents[letter] for letter in after))
    return (Value(call.value(0).dtype, dims),)


def count_einsum(call: Call, _: Sequence[Value]) -> Work:
    """Two terms: the product of all extents, summed or not. More terms: an upper bound, one product after another."""
    if len(call.inputs) == 1:
        return NO_WORK
    extents, spread, _output = _labels(call)
    products = known_count((*extents.values(), *spread))
    return Work(dense=products).times(len(call.inputs) - 1, bounded=len(call.inputs) > 2)


def affine_grid(call: Call) -> Sequence[Value]:
    """AffineGrid: N x (D x) H x W coordinates, each a product with a 2 x 3 or 3 x 4 matrix."""
    size = call.ints(1)
    if len(size) not in (4, 5) or min(size) < 1:
        raise broken("the size holds four or five positive extents")
    return (Value(call.value(0).dtype, (size[0], *size[2:], len(size) - 2)),)


def count_affine_grid(_: Call, outputs: Sequence[Value]) -> Work:
    """Output elements x the columns of the matrix."""
    dims = known_dims(outputs[0].dims)
    return Work(dense=math.prod(dims) * (dims[-1] + 1))


TABLE: Table = {
    "Gemm": Operator(gemm, count_gemm),
    "MatMul": Operator(matmul, count_matmul),
    "MatMulInteger": Operator(matmul_integer, count_matmul, frozenset({2, 3})),
    "QLinearMatMul": Operator(qlinear_matmul, count_matmul, frozenset({1, 2, 4, 5, 6, 7})),
    "Einsum": Operator(einsum, count_einsum, bounded=True),
    "AffineGrid": Operator(affine_grid, count_affine_grid, frozenset({1})),
}
