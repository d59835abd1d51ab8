"""Operators that cut tensors into parts and join them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from policy_gate.model_graph.call import Call
from policy_gate.model_graph.folding import elements_of
from policy_gate.model_graph.operators.table import Operator, Table
from policy_gate.model_graph.values import (
    MAX_KNOWN,
    CostUnknown,
    Dim,
    Dims,
    Elements,
    Hole,
    Value,
    axis_of,
    broken,
    first_hole,
    known_dims,
)


def concat(call: Call) -> Sequence[Value]:
    """Concat: extents add up along one axis and are equal along the others."""
    inputs = call.values()
    shapes = [call.shape(index) for index in range(len(inputs))]
    axis = axis_of(call.int_attribute("axis", 1 if call.version < 4 else None), len(shapes[0]))
    return (Value(inputs[0].dtype, join(shapes, axis), joined_elements(inputs) if axis == 0 else None),)


def join(shapes: Sequence[Dims], axis: int) -> Dims:
    """Add up the extents along one axis; the others must be equal."""
    rank = len(shapes[0])
    if rank == 0 or any(len(shape) != rank for shape in shapes):
        raise broken("inputs of different rank are joined")
    return tuple(_joined([shape[at] for shape in shapes], along=at == axis) for at in range(rank))


def _joined(extents: list[Dim], *, along: bool) -> Dim:
    hole = first_hole(extents)
    numbers = [extent for extent in extents if isinstance(extent, int)]
    if along:
        return Hole(hole.cause) if hole is not None and len(extents) > 1 else extents[0] if hole else sum(numbers)
    if len(set(numbers)) > 1:
        raise broken(f"extents {sorted(set(numbers))} are joined along another axis")
    return numbers[0] if numbers else extents[0]


def joined_elements(inputs: Sequence[Value]) -> Elements | None:
    """Put the elements of all inputs behind each other; None when one is not known or they are too many."""
    parts: list[Elements] = []
    for value in inputs:
        known = elements_of(value)
        if known is None:
            return None
        parts.append(known)
    if sum(map(len, parts)) > MAX_KNOWN:
        return None
    return tuple(element for part in parts for element in part)


def split(call: Call) -> Sequence[Value]:
    """Split: by given sizes, or into equal parts with a smaller last one."""
    shape, first = call.shape(0), call.value(0)
    axis = axis_of(call.int_attribute("axis", 0), len(shape))
    sizes = _split_sizes(call, shape[axis])
    known = elements_of(first) if len(shape) == 1 else None
    parts, start = [], 0
    for size in sizes:
        part = known[start : start + size] if known is not None and isinstance(size, int) else None
        parts.append(Value(first.dtype, (*shape[:axis], size, *shape[axis + 1 :]), part))
        start += size if isinstance(size, int) else 0
    return parts


def _split_sizes(call: Call, extent: Dim) -> Sequence[Dim]:
    if call.version >= 13 or (call.version == 1 and call.optional(1) is not None):
        given = _whole(call, 1) if call.optional(1) is not None else None
    else:
        given = call.ints_attribute("split")
    parts = len(call.node.outputs)
    if given:
        if min(given) < 0 or len(given) < parts or (isinstance(extent, int) and sum(given) != extent):
            raise broken(f"sizes {given} do not split an axis of {extent}")
        return given[:parts]
    if isinstance(extent, Hole):
        return [Hole(extent.cause) for _ in range(parts)]
    parts = call.int_attribute("num_outputs", parts)
    if not 1 <= parts <= max(len(call.node.outputs), 1):
        raise broken(f"{len(call.node.outputs)} outputs, num_outputs is {parts}")
    size = -(-extent // parts)
    if size * (parts - 1) > extent:
        raise broken(f"an axis of {extent} does not split into {parts} parts")
    return [size] * (parts - 1) + [extent - size * (parts - 1)]


def _whole(call: Call, index: int) -> tuple[int, ...]:
    """Return whole numbers, which an input of Split held as floats in opset 1."""
    if call.value(index).dtype.startswith("int"):
        return call.ints(index)
    known = call.elements(index)
    hole = first_hole(known)
    if hole is not None:
        raise CostUnknown(hole.cause)
    numbers = [float(element) for element in known if not isinstance(element, Hole)]
    if not all(map(float.is_integer, numbers)):
        raise broken(f"input {index} must hold whole numbers")
    return tuple(map(int, numbers))


def slice_(call: Call) -> Sequence[Value]:
    """Slice: starts, ends, axes and steps; attributes before opset 10, then inputs."""
    shape, first = call.shape(0), call.value(0)
    try:
        starts, ends, axes, steps = _slice_bounds(call, len(shape))
    except CostUnknown as lost:
        return (Value(first.dtype, _cut_somewhere(call, shape, lost)),)
    dims, cut = list(shape), range(0)
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        extent = shape[axis]
        if isinstance(extent, Hole):
            dims[axis] = extent if (start, step) == (0, 1) and end >= (1 << 31) - 1 else Hole(extent.cause)
        else:
            cut = _cut(start, end, step, extent)
            dims[axis] = len(cut)
    known = elements_of(first) if len(shape) == 1 and first_hole(shape) is None else None
    picked = tuple(known[index] for index in cut) if known is not None and axes else known
    return (Value(first.dtype, tuple(dims), picked),)


def _cut(start: int, end: int, step: int, extent: int) -> range:
    """Clamp as Slice does: unlike in Python, a start before the first element is the first, also backwards."""
    lowest, highest = (0, extent) if step > 0 else (-1, extent - 1)
    first = min(max(start + extent if start < 0 else start, 0), highest)
    return range(first, min(max(end + extent if end < 0 else end, lowest), highest), step)


Bounds = tuple[Sequence[int], Sequence[int], Sequence[int], Sequence[int]]


def _slice_bounds(call: Call, rank: int) -> Bounds:
    if call.version < 10:
        starts, ends, axes = (call.ints_attribute(name) for name in ("starts", "ends", "axes"))
        steps = None
    else:
        starts, ends = call.ints(1), call.ints(2)
        axes = call.ints(3) if call.optional(3) is not None else None
        steps = call.ints(4) if call.optional(4) is not None else None
    if starts is None or ends is None:
        raise broken("starts and ends are required")
    places = [axis_of(axis, rank) for axis in (range(len(starts)) if axes is None else axes)]
    strides = steps if steps is not None else (1,) * len(starts)
    if not len(starts) == len(ends) == len(places) == len(strides) or 0 in strides or len(set(places)) != len(places):
        raise broken("starts, ends, axes and steps do not match")
    return starts, ends, places, strides


def _cut_somewhere(call: Call, shape: Dims, lost: CostUnknown) -> Dims:
    """Keep the extents of axes that are surely not cut."""
    axes = elements_of(call.value(3)) if call.optional(3) is not None else None
    if axes is None or first_hole(axes) is not None:
        return tuple(Hole(lost.cause) for _ in shape)
    places = {axis_of(axis, len(shape)) for axis in call.ints(3)}
    return tuple(Hole(lost.cause) if axis in places else dim for axis, dim in enumerate(shape))


def gather(call: Call) -> Sequence[Value]:
    """Gather: the indices' shape replaces one axis."""
    shape, indices, first = call.shape(0), call.shape(1), call.value(0)
    axis = axis_of(call.int_attribute("axis", 0), len(shape))
    if not shape:
        raise broken("nothing can be gathered from a scalar")
    known = _gathered(call) if len(shape) == 1 else None
    return (Value(first.dtype, shape[:axis] + indices + shape[axis + 1 :], known),)


def _gathered(call: Call) -> Elements | None:
    known, indices = elements_of(call.value(0)), elements_of(call.value(1))
    if known is None or indices is None or first_hole(indices) is not None or len(indices) > MAX_KNOWN:
        return None
    places = [index for index in indices if isinstance(index, int)]
    if len(places) != len(indices) or any(not -len(known) <= index < len(known) for index in places):
        raise broken(f"an index is outside the {len(known)} elements gathered from")
    return tuple(known[index] for index in places)


def gather_elements(call: Call) -> Sequence[Value]:
    """GatherElements: the shape of the indices."""
    return (Value(call.value(0).dtype, call.shape(1)),)


def gather_nd(call: Call) -> Sequence[Value]:
    """GatherND: the indices' shape without its last axis, then the data's axes they do not address."""
    shape, indices = call.shape(0), call.shape(1)
    batch = call.int_attribute("batch_dims", 0)
    depth = known_dims(indices[-1:])
    if not depth or batch < 0 or batch + depth[0] > len(shape):
        raise broken("the indices address more axes than the data has")
    return (Value(call.value(0).dtype, indices[:-1] + shape[batch + depth[0] :]),)


def like_data(call: Call) -> Sequence[Value]:
    """Scatter*, and the experts of com.microsoft: as the data, with other elements."""
    first = call.value(0)
    return (Value(first.dtype, call.shape(0)),)


def tile(call: Call) -> Sequence[Value]:
    """Tile: each extent times its repeats (opset 1: one axis)."""
    shape = call.shape(0)
    if call.version < 6:
        times, axis = call.scalar(1), axis_of(call.scalar(2), len(shape))
        repeats: tuple[int, ...] = tuple(times if at == axis else 1 for at in range(len(shape)))
    else:
        repeats = call.ints(1)
    if len(repeats) != len(shape) or min(repeats, default=0) < 0:
        raise broken(f"{len(repeats)} repeats for {len(shape)} axes")
    tiled = tuple(_times(dim, times) for dim, times in zip(shape, repeats, strict=True))
    known = elements_of(call.value(0)) if len(shape) == 1 else None
    small = known is not None and len(known) * math.prod(repeats) <= MAX_KNOWN
    return (Value(call.value(0).dtype, tiled, known * repeats[0] if known is not None and small else None),)


def _times(dim: Dim, times: int) -> Dim:
    if isinstance(dim, Hole):
        return dim if times == 1 else Hole(dim.cause)
    return dim * times


TABLE: Table = {
    "Concat": Operator(concat),
    "Split": Operator(split, structural=frozenset({1})),
    "Slice": Operator(slice_, structural=frozenset({1, 2, 3, 4})),
    "Gather": Operator(gather, structural=frozenset({1})),
    "GatherElements": Operator(gather_elements, structural=frozenset({1})),
    "GatherND": Operator(gather_nd, structural=frozenset({1})),
    "Scatter": Operator(like_data, structural=frozenset({1})),
    "ScatterElements": Operator(like_data, structural=frozenset({1})),
    "ScatterND": Operator(like_data, structural=frozenset({1})),
    "TensorScatter": Operator(like_data, structural=frozenset({2})),
    "Tile": Operator(tile, structural=frozenset({1})),
}
