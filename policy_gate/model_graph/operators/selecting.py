"""Operators that select by the data: what they keep often depends on a run."""

from __future__ import annotations

import math
from collections.abc import Sequence

from policy_gate.model_graph.call import Call
from policy_gate.model_graph.folding import elements_of
from policy_gate.model_graph.operators.table import Operator, Table
from policy_gate.model_graph.values import MAX_EXTENT, CostUnknown, Dim, Hole, Value, axis_of, broken, count, first_hole


def top_k(call: Call) -> Sequence[Value]:
    """TopK: k values and their int64 indices along one axis."""
    shape = call.shape(0)
    axis = axis_of(call.int_attribute("axis", -1), len(shape))
    kept: Dim
    try:
        kept = call.int_attribute("k") if call.version < 10 else call.scalar(1)
    except CostUnknown as lost:
        kept = Hole(lost.cause)
    extent = shape[axis]
    if isinstance(kept, int) and (kept < 0 or (isinstance(extent, int) and kept > extent)):
        raise broken(f"k is {kept} for an axis of {extent}")
    found = (*shape[:axis], kept, *shape[axis + 1 :])
    return (Value(call.value(0).dtype, found), Value("int64", found))


def one_hot(call: Call) -> Sequence[Value]:
    """OneHot: a new axis of `depth`."""
    shape = call.shape(0)
    axis = axis_of(call.int_attribute("axis", -1), len(shape) + 1)
    known = elements_of(call.value(1))
    depth: Dim
    if known is None or len(known) != 1 or isinstance(known[0], Hole):
        depth = Hole(call.run_time(1))
    elif math.isfinite(known[0]) and 0 <= known[0] <= MAX_EXTENT:
        depth = int(known[0])
    else:
        raise broken(f"depth is {known[0]}")
    return (Value(call.value(2).dtype, (*shape[:axis], depth, *shape[axis:])),)


def non_zero(call: Call) -> Sequence[Value]:
    """NonZero: one int64 row an axis, as many columns as there are non-zero elements."""
    rank = len(call.shape(0))
    known = elements_of(call.value(0))
    if known is not None and first_hole(known) is None and rank == 1:
        found = tuple(index for index, element in enumerate(known) if element)
        return (Value("int64", (1, len(found)), found),)
    return (Value("int64", (rank, call.data_dependent("how many elements are not zero"))),)


def compress(call: Call) -> Sequence[Value]:
    """Compress: the slices a condition keeps."""
    shape, first = call.shape(0), call.value(0)
    flags = elements_of(call.value(1))
    kept: Dim = call.data_dependent("how many slices are kept")
    if flags is not None and first_hole(flags) is None:
        kept = sum(map(bool, flags))
    if not call.has("axis"):
        return (Value(first.dtype, (kept,)),)
    axis = axis_of(call.int_attribute("axis"), len(shape))
    return (Value(first.dtype, (*shape[:axis], kept, *shape[axis + 1 :])),)


def unique(call: Call) -> Sequence[Value]:
    """Unique: as many slices as differ; indices, inverse and counts are int64."""
    shape, first = call.shape(0), call.value(0)
    kept = call.data_dependent("how many elements differ")
    if not call.has("axis"):
        inverse: Dim = count(shape)
        values = Value(first.dtype, (kept,))
    else:
        axis = axis_of(call.int_attribute("axis"), len(shape))
        inverse = shape[axis]
        values = Value(first.dtype, (*shape[:axis], kept, *shape[axis + 1 :]))
    return (values, Value("int64", (kept,)), Value("int64", (inverse,)), Value("int64", (kept,)))


def non_max_suppression(call: Call) -> Sequence[Value]:
    """NonMaxSuppression: one int64 triple a selected box."""
    call.rank(0, 3)
    return (Value("int64", (call.data_dependent("how many boxes are selected"), 3)),)


TABLE: Table = {
    "TopK": Operator(top_k, structural=frozenset({1})),
    "OneHot": Operator(one_hot, structural=frozenset({1, 2})),
    "NonZero": Operator(non_zero),
    "Compress": Operator(compress, structural=frozenset({1})),
    "Unique": Operator(unique),
    "NonMaxSuppression": Operator(non_max_suppression, structural=frozenset({2, 3, 4})),
}
