"""Pooling: windows over spatial axes, whole-axis pools and regions of interest."""

from __future__ import annotations

from collections.abc import Sequence

from policy_gate.model_graph.call import Call
from policy_gate.model_graph.operators.table import Operator, Table, operators
from policy_gate.model_graph.operators.window import kernel_attribute, read_window, slide
from policy_gate.model_graph.values import Dims, Hole, Value, broken


def _data(call: Call) -> Dims:
    shape = call.shape(0)
    if len(shape) < 3:
        raise broken(f"pooling takes at least three dimensions, the input has {len(shape)}")
    return shape


def pool(call: Call) -> Sequence[Value]:
    """AveragePool, LpPool, MaxPool: N x C x spatial; MaxPool also returns int64 indices."""
    shape = _data(call)
    window = read_window(call, kernel_attribute(call, len(shape) - 2))
    pooled = shape[:2] + slide(shape[2:], window)
    return (Value(call.value(0).dtype, pooled), Value("int64", pooled))


def global_pool(call: Call) -> Sequence[Value]:
    """Reduce every spatial axis to one."""
    shape = _data(call)
    return (Value(call.value(0).dtype, shape[:2] + (1,) * (len(shape) - 2)),)


def max_unpool(call: Call) -> Sequence[Value]:
    """MaxUnpool: the shape given as input 2, else the inverse of the pool."""
    shape = _data(call)
    if call.optional(2) is not None:
        return (Value(call.value(0).dtype, call.ints(2)),)
    window = read_window(call, kernel_attribute(call, len(shape) - 2))
    rank = len(shape) - 2
    grown = tuple(
        Hole(extent.cause)
        if isinstance(extent, Hole)
        else (extent - 1) * window.strides[axis] - window.pads[axis] - window.pads[axis + rank] + window.kernel[axis]
        for axis, extent in enumerate(shape[2:])
    )
    return (Value(call.value(0).dtype, shape[:2] + grown),)


def roi_pool(call: Call) -> Sequence[Value]:
    """MaxRoiPool: one pooled map a region."""
    pooled = call.ints_attribute("pooled_shape")
    if pooled is None or len(pooled) != 2:
        raise broken("attribute 'pooled_shape' must hold two integers")
    return (Value(call.value(0).dtype, (call.rank(1, 2)[0], call.rank(0, 4)[1], *pooled)),)


def roi_align(call: Call) -> Sequence[Value]:
    """RoiAlign: one sampled map a region."""
    height, width = call.int_attribute("output_height", 1), call.int_attribute("output_width", 1)
    return (Value(call.value(0).dtype, (call.rank(1, 2)[0], call.rank(0, 4)[1], height, width)),)


TABLE: Table = (
    operators(pool, "AveragePool LpPool MaxPool")
    | operators(global_pool, "GlobalAveragePool GlobalLpPool GlobalMaxPool")
    | {
        "MaxUnpool": Operator(max_unpool, structural=frozenset({1, 2})),
        "MaxRoiPool": Operator(roi_pool),
        "RoiAlign": Operator(roi_align),
    }
)
