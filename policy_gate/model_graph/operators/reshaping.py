"""Operators that give the same elements another shape or order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from policy_gate.model_graph.call import Call
from policy_gate.model_graph.folding import elements_of
from policy_gate.model_graph.operators.table import Operator, Table
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
    count,
    first_hole,
    known_dims,
)


def same_elements(call: Call, shape: Dims) -> Sequence[Value]:
    """Return the first input in another shape."""
    first = call.value(0)
    return (Value(first.dtype, shape, elements_of(first)),)


def reshape(call: Call) -> Sequence[Value]:
    """Reshape: 0 copies an extent (unless `allowzero`), one -1 takes what is left."""
    shape = call.shape(0)
    if call.version < 5:
        asked: Elements = call.ints_attribute("shape") or ()
    elif elements_of(call.value(1)) is None:
        return (Value(call.value(0).dtype, rank_only(call)),)
    else:
        asked = call.elements(1)
    if len(asked) > MAX_RANK:
        raise broken(f"a shape of {len(asked)} dimensions")
    keep_zero = bool(call.int_attribute("allowzero", 0)) and call.version >= 14
    dims = [_asked(entry, shape, axis, keep_zero=keep_zero) for axis, entry in enumerate(asked)]
    return same_elements(call, settled(shape, dims))


def rank_only(call: Call) -> Dims:
    """Return a shape of open extents, as many as input 1 has elements."""
    rank = known_dims(call.rank(1, 1))[0]
    if rank > MAX_RANK:
        raise broken(f"a shape of {rank} dimensions")
    return tuple(Hole(call.run_time(1)) for _ in range(rank))


def _asked(entry: object, shape: Dims, axis: int, *, keep_zero: bool) -> Dim:
    if isinstance(entry, Hole):
        return entry
    if not isinstance(entry, int) or entry < -1:
        raise broken(f"a shape asks for an extent of {entry}")
    if entry == 0 and not keep_zero:
        if axis >= len(shape):
            raise broken(f"a shape copies axis {axis}, the input has {len(shape)}")
        return shape[axis]
    return entry


def settled(shape: Dims, dims: list[Dim]) -> Dims:
    """Fill in the -1, and refuse a shape that holds another number of elements."""
    free = [axis for axis, dim in enumerate(dims) if dim == -1]
    if len(free) > 1:
        raise broken("a shape has more than one -1")
    left, asked = _cancelled(shape, [dim for dim in dims if dim != -1])
    total, taken = count(left), count(asked)
    if isinstance(total, Hole) or isinstance(taken, Hole):
        hole = total if isinstance(total, Hole) else taken
        return tuple(Hole(hole.cause) if dim == -1 and isinstance(hole, Hole) else dim for dim in dims)
    if free:
        if taken == 0 or total % taken:
            raise broken(f"{total} elements do not divide into the shape asked for")
        dims[free[0]] = total // taken
    elif total != taken:
        raise broken(f"{total} elements do not fill a shape of {taken}")
    return tuple(dims)


def _cancelled(shape: Dims, dims: Iterable[Dim]) -> tuple[list[Dim], list[Dim]]:
    """Drop the holes that stand on both sides: whatever they are, they are equal."""
    left = list(shape)
    asked: list[Dim] = []
    for dim in dims:
        if isinstance(dim, Hole) and any(other is dim for other in left):
            left.pop(next(axis for axis, other in enumerate(left) if other is dim))
        else:
            asked.append(dim)
    return left, asked


def flatten(call: Call) -> Sequence[Value]:
    """Flatten: the axes before `axis` become one, the others another."""
    shape = call.shape(0)
    axis = call.int_attribute("axis", 1)
    axis = axis + len(shape) if axis < 0 else axis
    if not 0 <= axis <= len(shape):
        raise broken(f"axis {axis} is outside a shape of rank {len(shape)}")
    return same_elements(call, (_merged(shape[:axis]), _merged(shape[axis:])))


def _merged(dims: Dims) -> Dim:
    others = [dim for dim in dims if dim != 1]
    return others[0] if len(others) == 1 else count(others)


def _axes(call: Call) -> tuple[int, ...] | None:
    """Axes of Squeeze and Unsqueeze: an attribute before opset 13, then an input."""
    if call.version < 13:
        return call.ints_attribute("axes")
    return call.ints(1) if call.optional(1) is not None else None


def squeeze(call: Call) -> Sequence[Value]:
    """Squeeze: drop the named axes, or every axis of one."""
    shape, axes = call.shape(0), _axes(call)
    if axes is None:
        hole = first_hole(shape)
        if hole is not None:
            raise CostUnknown(hole.cause)
        return same_elements(call, tuple(dim for dim in shape if dim != 1))
    dropped = {axis_of(axis, len(shape)) for axis in axes}
    for axis in dropped:
        if isinstance(shape[axis], int) and shape[axis] != 1:
            raise broken(f"axis {axis} has extent {shape[axis]} and cannot be squeezed")
    return same_elements(call, tuple(dim for axis, dim in enumerate(shape) if axis not in dropped))


def unsqueeze(call: Call) -> Sequence[Value]:
    """Unsqueeze: insert axes of one at positions of the output."""
    shape, axes = call.shape(0), _axes(call)
    if axes is None:
        raise broken("axes are required")
    rank = len(shape) + len(axes)
    places = {axis_of(axis, rank) for axis in axes}
    if len(places) != len(axes):
        raise broken("an axis is given twice")
    rest = iter(shape)
    return same_elements(call, tuple(1 if axis in places else next(rest) for axis in range(rank)))


def transpose(call: Call) -> Sequence[Value]:
    """Transpose: reorder the axes, reversed by default."""
    shape, first = call.shape(0), call.value(0)
    order = call.ints_attribute("perm")
    if order is None:
        order = tuple(reversed(range(len(shape))))
    if sorted(order) != list(range(len(shape))):
        raise broken(f"perm {order} does not order {len(shape)} axes")
    known = elements_of(first) if len(shape) <= 1 else None
    return (Value(first.dtype, tuple(shape[axis] for axis in order), known),)


def depth_to_space(call: Call) -> Sequence[Value]:
    """DepthToSpace: channels shrink by blocksize squared, both spatial axes grow by it."""
    batch, channels, height, width = call.rank(0, 4)
    block = _block(call)
    if isinstance(channels, int) and channels % (block * block):
        raise broken(f"{channels} channels do not divide by {block} squared")
    shrunk = Hole(channels.cause) if isinstance(channels, Hole) else channels // (block * block)
    return (Value(call.value(0).dtype, (batch, shrunk, count((height, block)), count((width, block)))),)


def space_to_depth(call: Call) -> Sequence[Value]:
    """SpaceToDepth: the inverse."""
    batch, channels, height, width = call.rank(0, 4)
    block = _block(call)
    shrunk = [Hole(dim.cause) if isinstance(dim, Hole) else dim // block for dim in (height, width)]
    if any(isinstance(dim, int) and dim % block for dim in (height, width)):
        raise broken(f"{height} by {width} does not divide by {block}")
    return (Value(call.value(0).dtype, (batch, count((channels, block, block)), *shrunk)),)


def _block(call: Call) -> int:
    block = call.int_attribute("blocksize")
    if not 1 <= block < 1 << 31:
        raise broken(f"blocksize is {block}")
    return block


TABLE: Table = {
    "Reshape": Operator(reshape, structural=frozenset({1})),
    "Flatten": Operator(flatten),
    "Squeeze": Operator(squeeze, structural=frozenset({1})),
    "Unsqueeze": Operator(unsqueeze, structural=frozenset({1})),
    "Transpose": Operator(transpose),
    "DepthToSpace": Operator(depth_to_space),
    "SpaceToDepth": Operator(space_to_depth),
}
