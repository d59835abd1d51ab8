"""Operators of TFLite that give the same elements another shape or order."""

from __future__ import annotations

import math
from collections.abc import Sequence

from policy_gate.model_graph.call import Call
from policy_gate.model_graph.dtypes import BITS
from policy_gate.model_graph.folding import elements_of
from policy_gate.model_graph.operators.reshaping import rank_only, same_elements, settled
from policy_gate.model_graph.operators.table import Operator, Table
from policy_gate.model_graph.operators.tflite_inputs import asked_axis, plus, positive, share, times
from policy_gate.model_graph.values import (
    MAX_RANK,
    CostUnknown,
    Dim,
    Dims,
    Elements,
    Hole,
    Value,
    axis_of,
    broken,
    first_hole,
)


def reshape(call: Call) -> Sequence[Value]:
    """RESHAPE: to input 1 if that is a vector of int32, else to `new_shape`; one -1 takes what is left."""
    shape, given = call.shape(0), call.optional(1)
    if given is None or given.dtype != "int32" or len(given.dims) != 1:
        asked: Elements | None = call.ints_attribute("new_shape")
        if asked is None:
            raise broken("neither an input nor an option gives the shape")
    else:
        asked = elements_of(given)
    if asked is None:
        return (Value(call.value(0).dtype, rank_only(call)),)
    if asked == (0,) and (given is None or given.dtype != "int32"):
        asked = ()  # how old files spell a scalar
    if len(asked) > MAX_RANK:
        raise broken(f"a shape of {len(asked)} dimensions")
    return same_elements(call, settled(shape, [_asked(entry) for entry in asked]))


def _asked(entry: object) -> Dim:
    if isinstance(entry, Hole):
        return entry
    if not isinstance(entry, int) or entry < -1:
        raise broken(f"a shape asks for an extent of {entry}")
    return entry


def squeeze(call: Call) -> Sequence[Value]:
    """SQUEEZE: drop the axes in `squeeze_dims`, or every axis of one."""
    shape, axes = call.shape(0), call.ints_attribute("squeeze_dims")
    if not axes:
        hole = first_hole(shape)
        if hole is not None:
            raise CostUnknown(hole.cause)
        return same_elements(call, tuple(dim for dim in shape if dim != 1))
    dropped = {axis_of(axis, len(shape)) for axis in axes}
    for axis in dropped:
        if isinstance(shape[axis], int) and shape[axis] != 1:
            raise broken(f"axis {axis} has extent {shape[axis]} and cannot be squeezed")
    return same_elements(call, tuple(dim for axis, dim in enumerate(shape) if axis not in dropped))


def expand_dims(call: Call) -> Sequence[Value]:
    """EXPAND_DIMS: insert one axis of one."""
    shape = call.shape(0)
    axis = asked_axis(call, 1, len(shape) + 1)
    return same_elements(call, (*shape[:axis], 1, *shape[axis:]))


def transpose(call: Call) -> Sequence[Value]:
    """TRANSPOSE: reorder the axes as input 1 says."""
    shape, first = call.shape(0), call.value(0)
    try:
        order = tuple(axis_of(axis, len(shape)) for axis in call.ints(1))
    except CostUnknown as lost:
        return (Value(first.dtype, tuple(Hole(lost.cause) for _ in shape)),)
    if sorted(order) != list(range(len(shape))):
        raise broken(f"perm {order} does not order {len(shape)} axes")
    known = elements_of(first) if len(shape) <= 1 else None
    return (Value(first.dtype, tuple(shape[axis] for axis in order), known),)


def depth_to_space(call: Call) -> Sequence[Value]:
    """DEPTH_TO_SPACE: channels shrink by the block squared, both spatial axes grow by it."""
    batch, height, width, channels = call.rank(0, 4)
    block = positive(call, "block_size")
    grown = (batch, times(height, block), times(width, block), share(channels, block * block))
    return (Value(call.value(0).dtype, grown),)


def space_to_depth(call: Call) -> Sequence[Value]:
    """SPACE_TO_DEPTH: the inverse."""
    batch, height, width, channels = call.rank(0, 4)
    block = positive(call, "block_size")
    shrunk = (batch, share(height, block), share(width, block), times(channels, block * block))
    return (Value(call.value(0).dtype, shrunk),)


def _blocks(call: Call) -> tuple[Dims, tuple[int, ...], list[tuple[int, int]]]:
    """Return the data's shape, the block of each spatial axis, and what is added to or cut from each."""
    shape, blocks, edges = call.shape(0), call.ints(1), call.ints(2)
    if len(shape) not in (3, 4) or len(blocks) != len(shape) - 2 or len(edges) != 2 * len(blocks):
        raise broken("blocks and edges do not fit the spatial axes of the data")
    if min(blocks) < 1 or min(edges) < 0:
        raise broken("a block is below one, or an edge below zero")
    return shape, blocks, list(zip(edges[::2], edges[1::2], strict=True))


def space_to_batch(call: Call) -> Sequence[Value]:
    """SPACE_TO_BATCH_ND: pad the spatial axes, cut them into blocks, and make each place in a block a batch."""
    try:
        shape, blocks, edges = _blocks(call)
    except CostUnknown as lost:
        return (_somewhere(call, lost),)
    padded = (plus(dim, sum(edge)) for dim, edge in zip(shape[1:], edges, strict=False))
    cut = tuple(share(dim, block) for dim, block in zip(padded, blocks, strict=True))
    return (Value(call.value(0).dtype, (times(shape[0], math.prod(blocks)), *cut, shape[-1])),)


def batch_to_space(call: Call) -> Sequence[Value]:
    """BATCH_TO_SPACE_ND: the inverse; edges are cropped."""
    try:
        shape, blocks, edges = _blocks(call)
    except CostUnknown as lost:
        return (_somewhere(call, lost),)
    grown = (times(dim, block) for dim, block in zip(shape[1:], blocks, strict=False))
    cut = tuple(plus(dim, -sum(edge)) for dim, edge in zip(grown, edges, strict=True))
    if any(isinstance(dim, int) and dim < 0 for dim in cut):
        raise broken("more is cropped than there is")
    return (Value(call.value(0).dtype, (share(shape[0], math.prod(blocks)), *cut, shape[-1])),)


def _somewhere(call: Call, lost: CostUnknown) -> Value:
    shape = call.shape(0)
    return Value(call.value(0).dtype, (*(Hole(lost.cause) for _ in shape[:-1]), *shape[-1:]))


def bitcast(call: Call) -> Sequence[Value]:
    """BITCAST: the same bits as the type the file says; a last axis holds the parts of an element."""
    first, dtype, shape = call.value(0), call.claimed_dtype(0), call.shape(0)
    have, want = BITS.get(first.dtype, 0), BITS.get(dtype, 0)
    if not have or not want:
        raise broken(f"the bits of {first.dtype} cannot be read as {dtype}")
    if have == want:
        return (Value(dtype, shape),)
    if have > want:
        return (Value(dtype, (*shape, share(have, want))),)
    if not shape or (isinstance(shape[-1], int) and shape[-1] != share(want, have)):
        raise broken(f"the last axis does not hold the parts of a {dtype}")
    return (Value(dtype, shape[:-1]),)


def matrix_diag(call: Call) -> Sequence[Value]:
    """MATRIX_DIAG: the last axis becomes the diagonal of a square."""
    shape = call.shape(0)
    if not shape:
        raise broken("a scalar has no diagonal")
    return (Value(call.value(0).dtype, (*shape, shape[-1])),)


def matrix_set_diag(call: Call) -> Sequence[Value]:
    """MATRIX_SET_DIAG: like the matrix."""
    if len(call.shape(0)) < 2:
        raise broken("a diagonal is set in a matrix")
    return (Value(call.value(0).dtype, call.shape(0)),)


TABLE: Table = {
    "RESHAPE": Operator(reshape, structural=frozenset({1})),
    "SQUEEZE": Operator(squeeze),
    "EXPAND_DIMS": Operator(expand_dims, structural=frozenset({1})),
    "TRANSPOSE": Operator(transpose, structural=frozenset({1})),
    "DEPTH_TO_SPACE": Operator(depth_to_space),
    "SPACE_TO_DEPTH": Operator(space_to_depth),
    "SPACE_TO_BATCH_ND": Operator(space_to_batch, structural=frozenset({1, 2})),
    "BATCH_TO_SPACE_ND": Operator(batch_to_space, structural=frozenset({1, 2})),
    "BITCAST": Operator(bitcast),
    "MATRIX_DIAG": Operator(matrix_diag),
    "MATRIX_SET_DIAG": Operator(matrix_set_diag),
}
