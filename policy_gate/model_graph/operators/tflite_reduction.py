"""Reductions of TFLite over axes, and what selects by the data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from policy_gate.model_graph.call import Call
from policy_gate.model_graph.folding import Number, as_dtype, elements_of, is_exact
from policy_gate.model_graph.operators.reduction import FOLDS, without
from policy_gate.model_graph.operators.table import Operator, Table, operators
from policy_gate.model_graph.operators.tflite_inputs import FOLDABLE, asked_axis, asked_extent
from policy_gate.model_graph.values import (
    CostUnknown,
    Dim,
    Elements,
    Hole,
    Value,
    axis_of,
    broken,
    count,
    first_hole,
)

OVER_ALL: dict[str, Callable[[Iterable[Number]], Number]] = {
    "REDUCE_PROD": FOLDS["ReduceProd"],
    "SUM": FOLDS["ReduceSum"],
    "REDUCE_MAX": FOLDS["ReduceMax"],
    "REDUCE_MIN": FOLDS["ReduceMin"],
}
"""Reductions over everything that decide shapes."""


def reduce(call: Call) -> Sequence[Value]:
    """MEAN, SUM, REDUCE_*: the axes of input 1 become one, or are dropped without `keep_dims`."""
    shape, first, keep = call.shape(0), call.value(0), bool(call.int_attribute("keep_dims", 0))
    try:
        axes = {axis_of(axis, len(shape)) for axis in call.ints(1)} if shape else set()
    except CostUnknown as lost:
        if not keep:
            return (Value(first.dtype, Hole(lost.cause)),)
        return (Value(first.dtype, tuple(1 if dim == 1 else Hole(lost.cause) for dim in shape)),)
    known = _folded(call) if len(axes) == len(shape) else None
    return (Value(first.dtype, without(shape, axes, keep=keep), known),)


def _folded(call: Call) -> Elements | None:
    first, rule = call.value(0), OVER_ALL.get(call.node.op)
    known = elements_of(first)
    if rule is None or not known or first.dtype not in FOLDABLE:
        return None
    hole = first_hole(known)
    if hole is not None:
        return (Hole(hole.cause),)
    numbers = [element for element in known if not isinstance(element, Hole)]
    if not all(map(is_exact, numbers)):
        return None
    result = as_dtype(rule(numbers), first.dtype)
    return None if result is None or not is_exact(result) else (result,)


def arg_reduce(call: Call) -> Sequence[Value]:
    """ARG_MAX, ARG_MIN: indices along the axis of input 1, of `output_type`."""
    shape, dtype = call.shape(0), call.text_attribute("output_type", "int64")
    if dtype not in {"int32", "int64"}:
        raise broken(f"indices are not held in {dtype}")
    return (Value(dtype, without(shape, {asked_axis(call, 1, len(shape))}, keep=False)),)


def top_k(call: Call) -> Sequence[Value]:
    """TOPK_V2: the k largest along the last axis, and their indices."""
    shape, kept = call.shape(0), asked_extent(call, 1)
    if not shape or (isinstance(kept, int) and isinstance(shape[-1], int) and kept > shape[-1]):
        raise broken(f"{kept} are taken of {shape[-1] if shape else 'a scalar'}")
    indices = call.claimed_dtype(1) if call.scope.claims and len(call.node.outputs) > 1 else "int32"
    if indices not in {"int16", "int32", "int64"}:
        raise broken(f"indices are not held in {indices}")
    found = (*shape[:-1], kept)
    return (Value(call.value(0).dtype, found), Value(indices, found))


def where(call: Call) -> Sequence[Value]:
    """WHERE: one row of indices for each element that is true."""
    shape, known = call.shape(0), elements_of(call.value(0))
    if known is not None and first_hole(known) is None and len(shape) == 1:
        found = tuple(index for index, element in enumerate(known) if element)
        return (Value("int64", (len(found), 1), found),)
    return (Value("int64", (call.data_dependent("how many elements are true"), max(len(shape), 1))),)


def unique(call: Call) -> Sequence[Value]:
    """UNIQUE: what differs in a vector, and where each element stands in it."""
    (length,) = call.rank(0, 1)
    dtype = call.text_attribute("idx_out_type", "int32")
    if dtype not in {"int32", "int64"}:
        raise broken(f"indices are not held in {dtype}")
    kept = call.data_dependent("how many elements differ")
    return (Value(call.value(0).dtype, (kept,)), Value(dtype, (length,)))


def non_max_suppression(call: Call) -> Sequence[Value]:
    """NON_MAX_SUPPRESSION_V4, V5: as many boxes as input 2 allows, V5 with their scores; how many are valid."""
    boxes, (scores,) = call.rank(0, 2), call.rank(1, 1)
    if any(
        isinstance(dim, int) and isinstance(wanted, int) and dim != wanted
        for dim, wanted in zip(boxes, (scores, 4), strict=True)
    ):
        raise broken("boxes are four numbers for each score")
    most: Dim = asked_extent(call, 2)
    selected = [Value("int32", (most,)), Value("int32", ())]
    return selected if call.node.op.endswith("V4") else [selected[0], Value("float32", (most,)), selected[1]]


def bucketize(call: Call) -> Sequence[Value]:
    """BUCKETIZE: the number of the bucket each element falls into."""
    return (Value("int32", call.value(0).shape),)


def lsh_projection(call: Call) -> Sequence[Value]:
    """LSH_PROJECTION: a hash a row (SPARSE), or its bits (DENSE)."""
    shape, kind = call.rank(0, 2), call.text_attribute("type", "UNKNOWN")
    if kind not in {"SPARSE", "DENSE"}:
        raise broken(f"a projection is SPARSE or DENSE, not {kind}")
    return (Value("int32", (shape[0] if kind == "SPARSE" else count(shape),)),)


def skip_gram(call: Call) -> Sequence[Value]:
    """SKIP_GRAM: as many texts as the sentence has n-grams."""
    return (Value("string", (call.data_dependent("how many n-grams a sentence has"),)),)


TABLE: Table = (
    operators(reduce, "MEAN REDUCE_ALL REDUCE_ANY REDUCE_MAX REDUCE_MIN REDUCE_PROD SUM", 1)
    | operators(arg_reduce, "ARG_MAX ARG_MIN", 1)
    | operators(top_k, "TOPK_V2", 1)
    | operators(non_max_suppression, "NON_MAX_SUPPRESSION_V4 NON_MAX_SUPPRESSION_V5", 2, 3, 4, 5)
    | {
        "WHERE": Operator(where),
        "UNIQUE": Operator(unique),
        "BUCKETIZE": Operator(bucketize),
        "LSH_PROJECTION": Operator(lsh_projection),
        "SKIP_GRAM": Operator(skip_gram),
    }
)
