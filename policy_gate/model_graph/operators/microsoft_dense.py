"""Matrix products of com.microsoft: fused, quantised and packed ones, experts and distances."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from policy_gate.model_graph.call import Call
from policy_gate.model_graph.dtypes import NAMES
from policy_gate.model_graph.operators.dense import count_gemm, count_matmul, gemm, matmul, matmul_integer, meet
from policy_gate.model_graph.operators.slicing import like_data
from policy_gate.model_graph.operators.table import Infer, Operator, Table, Work
from policy_gate.model_graph.values import Dim, Dims, Hole, Value, broadcast, broken, known_count


def _turned(call: Call, index: int, side: str) -> Dims:
    """Return the dimensions of a factor after `transBatch…` and `trans…`; a vector stays as it is."""
    shape = call.shape(index)
    if len(shape) < 2:
        return shape
    if call.int_attribute(f"transBatch{side}", 0):
        shape = (*shape[1:-1], shape[0], shape[-1])
    return (*shape[:-2], shape[-1], shape[-2]) if call.int_attribute(f"trans{side}", 0) else shape


def _product(left: Dims, right: Dims) -> Dims:
    if not left or not right:
        raise broken("a product with a scalar")
    meet(left[-1], right[-2] if len(right) > 1 else right[0])
    columns: Dims = right[-1:] if len(right) > 1 else ()
    return (*broadcast([left[:-2], right[:-2]]), *left[-2:-1], *columns)


def fused_matmul(call: Call) -> Sequence[Value]:
    """FusedMatMul, TransposeMatMul and their like: as MatMul of transposed factors."""
    return (Value(call.value(0).dtype, _product(_turned(call, 0, "A"), _turned(call, 1, "B"))),)


def count_fused_matmul(call: Call, outputs: Sequence[Value]) -> Work:
    """Output elements x what is summed; an upper bound where the first factor is sparse."""
    left, right = _turned(call, 0, "A"), _turned(call, 1, "B")
    inner = left[-1] if isinstance(left[-1], int) else right[-2 if len(right) > 1 else 0]
    sparse = call.node.op == "SparseToDenseMatMul"
    return Work(dense=known_count((*outputs[0].dims, inner)), bounded=sparse)


def ordered_matmul(call: Call) -> Sequence[Value]:
    """QOrderedMatMul: as MatMul of inputs 0 and 2."""
    return (Value("int8", _product(call.shape(0), call.shape(2))),)


def count_ordered_matmul(call: Call, outputs: Sequence[Value]) -> Work:
    """Output elements x what is summed."""
    return Work(dense=known_count((*outputs[0].dims, call.shape(0)[-1])))


def integer_to_float(call: Call) -> Sequence[Value]:
    """MatMulIntegerToFloat: as MatMul, of the scales' type."""
    return (Value(call.value(2).dtype, matmul(call)[0].shape),)


def _gemm_sides(call: Call, right: int) -> tuple[Dim, Dim, Dim]:
    rows, inner = call.rank(0, 2)[:: -1 if call.int_attribute("transA", 0) else 1]
    other, columns = call.rank(right, 2)[:: -1 if call.int_attribute("transB", 0) else 1]
    meet(inner, other)
    return rows, columns, inner if isinstance(inner, int) else other


def quantised_gemm(call: Call) -> Sequence[Value]:
    """QGemm: inputs 0 and 3; float32 unless an output zero point says otherwise."""
    rows, columns, _ = _gemm_sides(call, 3)
    point = call.optional(8)
    return (Value("float32" if point is None else point.dtype, (rows, columns)),)


def count_quantised_gemm(call: Call, _: Sequence[Value]) -> Work:
    """M x N x K."""
    return Work(dense=known_count(_gemm_sides(call, 3)))


def gemm_float8(call: Call) -> Sequence[Value]:
    """GemmFloat8: as Gemm, of the type `dtype`."""
    rows, columns, _ = _gemm_sides(call, 1)
    dtype = NAMES.get(call.int_attribute("dtype", 1))
    if dtype is None:
        raise broken("attribute 'dtype' names no element type")
    return (Value(dtype, (rows, columns)),)


def _positive(call: Call, *names: str) -> tuple[int, ...]:
    numbers = tuple(call.int_attribute(name) for name in names)
    if min(numbers) < 1:
        raise broken(f"attributes {' and '.join(names)} must be positive")
    return numbers


def _packed_sides(call: Call) -> tuple[int, int]:
    """Return what is summed and the columns of a packed weight, from attributes K and N."""
    inner, columns = _positive(call, "K", "N")
    if call.node.op == "MatMulBnb4" and not call.int_attribute("transB", 1):
        inner, columns = columns, inner
    meet(_last(call), inner)
    return inner, columns


def _last(call: Call) -> Dim:
    shape = call.shape(0)
    if not shape:
        raise broken("a product with a scalar")
    return shape[-1]


def packed(call: Call) -> Sequence[Value]:
    """MatMulNBits and its like: the last axis K becomes N, whatever way the weight is packed."""
    _, columns = _packed_sides(call)
    first = call.value(0)
    return (Value(first.dtype, (*call.shape(0)[:-1], columns)), Value(first.dtype, first.shape))


def _count_packed(factors: int) -> Callable[[Call, Sequence[Value]], Work]:
    def count(call: Call, _: Sequence[Value]) -> Work:
        """Rows x K x N, for each of the weights."""
        return Work(dense=known_count((*call.shape(0)[:-1], *_packed_sides(call), factors)))

    return count


def packed_qkv(call: Call) -> Sequence[Value]:
    """MatMulNBitsQkv: queries, keys, values, and the sum that was normalised."""
    query, key = _positive(call, "Nq", "Nkv")
    meet(_last(call), call.int_attribute("K"))
    first, rows = call.value(0), call.shape(0)[:-1]
    made = [Value(first.dtype, (*rows, columns)) for columns in (query, key, key)]
    return [*made, Value(first.dtype, first.shape)]


def count_packed_qkv(call: Call, _: Sequence[Value]) -> Work:
    """Rows x K x (Nq + 2 Nkv)."""
    query, key = _positive(call, "Nq", "Nkv")
    return Work(dense=known_count((*call.shape(0), query + 2 * key)))


def count_qlora(call: Call, _: Sequence[Value]) -> Work:
    """Rows x (K x N + rank x (K + N)), the rank being the rows of the down weight."""
    inner, columns = _packed_sides(call)
    rank = known_count(call.rank(3, 3)[:1])
    return Work(dense=known_count((*call.shape(0)[:-1], inner * columns + rank * (inner + columns))))


def block_quantised(call: Call) -> Sequence[Value]:
    """MatMulBlockQuantizedFp4Weight, …Fp8Weight: the last axis becomes the weight's rows."""
    _last(call)
    return (Value(call.value(0).dtype, (*call.shape(0)[:-1], call.rank(1, 2)[0])),)


def count_block_quantised(call: Call, outputs: Sequence[Value]) -> Work:
    """Output elements x what is summed."""
    return Work(dense=known_count((*outputs[0].dims, _last(call))))


def float_q4(call: Call) -> Sequence[Value]:
    """MatMulFpQ4: as MatMul, the second factor's shape is input 2."""
    return (Value(call.value(0).dtype, _product(call.shape(0), call.ints(2))),)


def router(call: Call) -> Sequence[Value]:
    """RouterGateUpProj: the router's logits, and half of what is left of the columns."""
    shape, (inner, columns) = call.shape(0), call.rank(1, 2)
    meet(_last(call), inner)
    size, dtype = call.int_attribute("router_size"), call.value(0).dtype
    if isinstance(columns, Hole):
        return (Value(dtype, (*shape[:-1], size)), Value(dtype, (*shape[:-1], Hole(columns.cause))))
    if not 0 < size < columns or (columns - size) % 2:
        raise broken(f"{columns} columns are no {size} logits and two halves")
    return (Value(dtype, (*shape[:-1], size)), Value(dtype, (*shape[:-1], (columns - size) // 2)))


def count_router(call: Call, _: Sequence[Value]) -> Work:
    """Rows x K x columns."""
    return Work(dense=known_count((*call.shape(0), call.rank(1, 2)[1])))


def distances(call: Call) -> Sequence[Value]:
    """CDist: the distance of each row of A to each of B."""
    (rows, width), (others, its_width) = call.rank(0, 2), call.rank(1, 2)
    meet(width, its_width)
    return (Value(call.value(0).dtype, (rows, others)),)


_FIRST_AND_THIRD = {"MoE": (2, 6), "QMoE": (2, 8), "MoEPacked": (2, 3)}
"""Inputs that hold the first and the optional third weight of each expert."""


def _rows_of_experts(call: Call, index: int, hidden: int) -> int:
    """Return how many numbers a weight makes of one token; older exports lay `hidden` first, so elements decide."""
    _, rows, width = call.rank(index, 3)
    if call.node.op != "MoE":
        return known_count((rows,))  # packed along the last axis
    elements = known_count((rows, width))
    if hidden < 1 or elements % hidden:
        raise broken(f"experts of {elements} weights do not fit {hidden} features")
    return elements // hidden


def count_experts(call: Call, _: Sequence[Value]) -> Work:
    """Tokens x chosen experts x hidden x (rows of the first weight, of the third, and what the second sums).

    The second weight sums half the rows of the first where that holds gate and value in one (`swiglu_fusion`).
    """
    first, third = _FIRST_AND_THIRD[call.node.op]
    hidden = known_count(call.shape(0)[-1:])
    rows = _rows_of_experts(call, first, hidden)
    inner = rows // 2 if call.int_attribute("swiglu_fusion", 0) else rows
    more = _rows_of_experts(call, third, hidden) if call.optional(third) is not None else 0
    chosen = call.int_attribute("k", 1)
    if chosen < 1:
        raise broken(f"k is {chosen}, at least 1")
    return Work(dense=known_count((*call.shape(0)[:-1], chosen, hidden, rows + inner + more)))


def _fused(names: str, *, bounded: bool = False) -> Table:
    return {name: Operator(fused_matmul, count_fused_matmul, bounded=bounded) for name in names.split()}


def _packed(infer: Infer, names: str, factors: int = 1) -> Table:
    return {name: Operator(infer, _count_packed(factors)) for name in names.split()}


TABLE: Table = (
    _fused("FusedMatMul FusedMatMulActivation TransposeMatMul")
    | _fused("SparseToDenseMatMul", bounded=True)
    | _packed(packed, "MatMulNBits MatMulBnb4 MatMulPacked")
    | _packed(packed, "MatMulNBitsMlp", 2)
    | dict.fromkeys(
        ("MatMulBlockQuantizedFp4Weight", "MatMulBlockQuantizedFp8Weight"),
        Operator(block_quantised, count_block_quantised),
    )
    | dict.fromkeys(("MoE", "QMoE", "MoEPacked"), Operator(like_data, count_experts))
    | {
        "CDist": Operator(distances, count_block_quantised),
        "DynamicQuantizeMatMul": Operator(matmul, count_matmul, frozenset({2, 3})),
        "FusedGemm": Operator(gemm, count_gemm),
        "GemmFastGelu": Operator(matmul, count_matmul),
        "GemmFloat8": Operator(gemm_float8, count_gemm, frozenset({3, 4, 5})),
        "MatMulFpQ4": Operator(float_q4, count_block_quantised, frozenset({2})),
        "MatMulInteger16": Operator(matmul_integer, count_matmul),
        "MatMulIntegerToFloat": Operator(integer_to_float, count_matmul, frozenset({2, 3, 4, 5})),
        "MatMulNBitsQLoRA": Operator(packed, count_qlora),
        "MatMulNBitsQkv": Operator(packed_qkv, count_packed_qkv),
        "QGemm": Operator(quantised_gemm, count_quantised_gemm, frozenset({1, 2, 4, 5, 7, 8})),
        "QOrderedMatMul": Operator(ordered_matmul, count_ordered_matmul, frozenset({1, 3, 4, 7})),
        "RouterGateUpProj": Operator(router, count_router),
    }
)
