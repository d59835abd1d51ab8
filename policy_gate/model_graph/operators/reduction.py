"""Reductions over axes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

from policy_gate.model_graph.call import Call
from policy_gate.model_graph.folding import Number, as_dtype, elements_of, is_exact
from policy_gate.model_graph.operators.table import Operator, Table, Work, operators
from policy_gate.model_graph.values import Dims, Elements, Hole, Value, axis_of, broken, first_hole, known_count

AXES_INPUT_SINCE = {"ReduceSum": 13}
"""Opset from which a reduction takes its axes as an input; 18 for all others."""


def _axes(call: Call) -> tuple[int, ...] | None:
    if call.version < AXES_INPUT_SINCE.get(call.node.op, 18):
        return call.ints_attribute("axes")
    return call.ints(1) if call.optional(1) is not None else None


def reduce(call: Call) -> Sequence[Value]:
    """Reduce*: the axes become one, or are dropped without `keepdims`."""
    shape, first = call.shape(0), call.value(0)
    axes = _axes(call)
    if not axes and call.int_attribute("noop_with_empty_axes", 0):
        return (Value(first.dtype, shape, elements_of(first)),)
    chosen = {axis_of(axis, len(shape)) for axis in axes} if axes else set(range(len(shape)))
    reduced = without(shape, chosen, keep=bool(call.int_attribute("keepdims", 1)))
    return (Value(first.dtype, reduced, _folded(call, len(chosen) == len(shape))),)


def without(shape: Dims, axes: set[int], *, keep: bool) -> Dims:
    """Drop the axes, or keep each as an extent of one."""
    if keep:
        return tuple(1 if axis in axes else dim for axis, dim in enumerate(shape))
    return tuple(dim for axis, dim in enumerate(shape) if axis not in axes)


def _folded(call: Call, over_all: bool) -> Elements | None:
    """Compute the reductions that decide shapes: a product, sum, maximum or minimum over everything."""
    known = elements_of(call.value(0))
    if not over_all or not known or call.node.op not in FOLDS:
        return None
    hole = first_hole(known)
    if hole is not None:
        return (Hole(hole.cause),)
    numbers = [element for element in known if not isinstance(element, Hole)]
    if not all(map(is_exact, numbers)):
        return None
    result = as_dtype(FOLDS[call.node.op](numbers), call.value(0).dtype)
    return None if result is None or not is_exact(result) else (result,)


FOLDS: dict[str, Callable[[Iterable[Number]], Number]] = {
    "ReduceProd": math.prod,
    "ReduceSum": sum,
    "ReduceMax": max,
    "ReduceMin": min,
}


def arg_reduce(call: Call) -> Sequence[Value]:
    """ArgMax, ArgMin: int64 indices along one axis."""
    shape = call.shape(0)
    axis = axis_of(call.int_attribute("axis", 0), len(shape))
    return (Value("int64", without(shape, {axis}, keep=bool(call.int_attribute("keepdims", 1)))),)


def determinant(call: Call) -> Sequence[Value]:
    """Det: the last two axes, which are equal, are dropped."""
    shape = call.shape(0)
    if len(shape) < 2 or (shape[-1] != shape[-2] and first_hole(shape[-2:]) is None):
        raise broken("a determinant takes square matrices")
    return (Value(call.value(0).dtype, shape[:-2]),)


def count_determinant(call: Call, outputs: Sequence[Value]) -> Work:
    """Matrices x (n - 1) n (2 n - 1) / 6, rounded up: the row updates of Gaussian elimination; an upper bound.

    Elimination takes two thirds of n^3 operations, a multiplication and a subtraction each time (Golub and Van Loan,
    Matrix Computations, section 3.2); the product of the diagonal is no sum.
    """
    size = known_count(call.shape(0)[-1:])
    return Work(dense=size * (size - 1) * (2 * size - 1) // 6, bounded=True).times(known_count(outputs[0].dims))


TABLE: Table = (
    operators(
        reduce,
        "ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum "
        "ReduceSumSquare",
        1,
    )
    | operators(arg_reduce, "ArgMax ArgMin")
    | {"Det": Operator(determinant, count_determinant, bounded=True)}
)
