"""Operators that stretch, pad or crop: the output's extents are arguments."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence

from policy_gate.model_graph.call import Call
from policy_gate.model_graph.folding import elements_of, spread
from policy_gate.model_graph.operators.table import Operator, Table
from policy_gate.model_graph.values import (
    MAX_KNOWN,
    MAX_RANK,
    CostUnknown,
    Dim,
    Dims,
    Hole,
    Value,
    axis_of,
    broadcast,
    broken,
    first_hole,
    known_dims,
)


def expand(call: Call) -> Sequence[Value]:
    """Expand: broadcast with a given shape."""
    shape, first = call.shape(0), call.value(0)
    asked = call.elements(1)
    if len(asked) > MAX_RANK:
        raise broken(f"a shape of {len(asked)} dimensions")
    if any(not isinstance(dim, (int, Hole)) or (isinstance(dim, int) and dim < 0) for dim in asked):
        raise broken("a shape asks for a negative extent")
    target = broadcast([shape, tuple(dim for dim in asked if isinstance(dim, (int, Hole)))])
    known = elements_of(first)
    if known is None or first_hole(target) is not None or math.prod(known_dims(target)) > MAX_KNOWN:
        return (Value(first.dtype, target),)
    return (Value(first.dtype, target, spread(known, shape, known_dims(target))),)


def pad(call: Call) -> Sequence[Value]:
    """Pad: begins and ends of every axis, or of `axes` (opset 18); negative ones crop."""
    shape, first = call.shape(0), call.value(0)
    if call.version < 11:
        pads = call.ints_attribute("pads" if call.version >= 2 else "paddings")
    elif elements_of(call.value(1)) is None:
        return (Value(first.dtype, tuple(Hole(call.run_time(1)) for _ in shape)),)
    else:
        pads = call.ints(1)
    axes = call.ints(3) if call.version >= 18 and call.optional(3) is not None else range(len(shape))
    places = [axis_of(axis, len(shape)) for axis in axes]
    return (Value(first.dtype, padded(shape, pads or (), places)),)


def padded(shape: Dims, pads: Sequence[int], places: Sequence[int]) -> Dims:
    """Add pads, all begins and then all ends, to the axes at `places`."""
    if len(pads) != 2 * len(places):
        raise broken(f"{len(pads)} pads for {len(places)} axes")
    dims = list(shape)
    for index, axis in enumerate(places):
        dims[axis] = _padded(dims[axis], pads[index] + pads[index + len(places)])
    return tuple(dims)


def _padded(dim: Dim, more: int) -> Dim:
    if isinstance(dim, Hole):
        return Hole(dim.cause) if more else dim
    if dim + more < 0:
        raise broken(f"an axis of {dim} is cropped by {-more}")
    return dim + more


def _single(number: float) -> float:
    """Round to float32, in which the scales are kept and multiplied."""
    if not math.isfinite(number) or abs(number) > 3e38:
        raise broken(f"a scale of {number}")
    rounded: float = struct.unpack("<f", struct.pack("<f", number))[0]
    return rounded


def _scaled(dim: Dim, scale: float) -> Dim:
    if isinstance(dim, Hole):
        return dim if scale == 1 else Hole(dim.cause)
    if scale <= 0 or dim * scale > 1 << 53:
        raise broken(f"an axis of {dim} is scaled by {scale}")
    return math.floor(_single(dim * scale))


def _scales(call: Call, index: int) -> list[float]:
    known = call.elements(index)
    hole = first_hole(known)
    if hole is not None:
        raise CostUnknown(hole.cause)
    return [_single(float(scale)) for scale in known if not isinstance(scale, Hole)]


def resize(call: Call) -> Sequence[Value]:
    """Resize: by scales or to sizes, of every axis or of `axes` (opset 18)."""
    shape, dtype = call.shape(0), call.value(0).dtype
    first = 1 if call.version < 11 else 2
    axes = [axis_of(axis, len(shape)) for axis in call.ints_attribute("axes") or range(len(shape))]
    sizes = call.optional(3) if call.version >= 11 else None
    dims = list(shape)
    try:
        if sizes is not None and sizes.shape != (0,):
            asked: Sequence[Dim] = _sizes(call, [shape[axis] for axis in axes])
        else:
            scales = _scales(call, first)
            asked = [_scaled(shape[axis], scale) for axis, scale in zip(axes, scales, strict=False)]
    except CostUnknown as lost:
        asked = [Hole(lost.cause) for _ in axes]
    if len(asked) != len(axes):
        raise broken(f"{len(asked)} extents for {len(axes)} axes")
    for axis, dim in zip(axes, asked, strict=True):
        dims[axis] = dim
    return (Value(dtype, tuple(dims)),)


def _sizes(call: Call, extents: Sequence[Dim]) -> Sequence[Dim]:
    sizes = call.ints(3)
    policy = call.text_attribute("keep_aspect_ratio_policy", "stretch")
    if policy == "stretch":
        return sizes
    numbers = known_dims(extents)
    if len(numbers) != len(sizes) or min(numbers, default=1) < 1:
        raise broken("sizes do not match the axes they resize")
    ratios = [size / extent for size, extent in zip(sizes, numbers, strict=True)]
    ratio = min(ratios) if policy == "not_larger" else max(ratios)
    return [math.floor(ratio * extent + 0.5) for extent in numbers]


def upsample(call: Call) -> Sequence[Value]:
    """Upsample (before opset 10): extents times scales, an attribute before opset 9."""
    shape, dtype = call.shape(0), call.value(0).dtype
    if call.version >= 9:
        scales = _scales(call, 1)
    else:
        given = call.node.attributes.get("scales")
        if call.version < 7:
            given = (1.0, 1.0, call.float_attribute("height_scale", 1.0), call.float_attribute("width_scale", 1.0))
        scales = [_single(scale) for scale in given if isinstance(scale, float)] if isinstance(given, tuple) else []
    if len(scales) != len(shape):
        raise broken(f"{len(scales)} scales for {len(shape)} axes")
    return (Value(dtype, tuple(_scaled(dim, scale) for dim, scale in zip(shape, scales, strict=True))),)


def center_crop_pad(call: Call) -> Sequence[Value]:
    """CenterCropPad: the given extents of every axis, or of `axes`."""
    shape = call.shape(0)
    axes = [axis_of(axis, len(shape)) for axis in call.ints_attribute("axes") or range(len(shape))]
    asked = call.ints(1)
    if len(asked) != len(axes) or min(asked, default=0) < 0:
        raise broken(f"{len(asked)} extents for {len(axes)} axes")
    dims = list(shape)
    for axis, dim in zip(axes, asked, strict=True):
        dims[axis] = dim
    return (Value(call.value(0).dtype, tuple(dims)),)


def grid_sample(call: Call) -> Sequence[Value]:
    """GridSample: the data's batch and channels, the grid's spatial extents."""
    shape, grid = call.shape(0), call.shape(1)
    if len(shape) != len(grid) or len(shape) < 3:
        raise broken("data and grid differ in rank")
    return (Value(call.value(0).dtype, shape[:2] + grid[1:-1]),)


def col2im(call: Call) -> Sequence[Value]:
    """Col2Im: the channels that are left after the block, and the given image."""
    shape: Dims = call.rank(0, 3)
    image, block = call.ints(1), math.prod(call.ints(2))
    channels = shape[1]
    if block < 1 or (isinstance(channels, int) and channels % block):
        raise broken(f"{channels} channels do not divide by a block of {block}")
    planes = Hole(channels.cause) if isinstance(channels, Hole) else channels // block
    return (Value(call.value(0).dtype, (shape[0], planes, *image)),)


TABLE: Table = {
    "Expand": Operator(expand, structural=frozenset({1})),
    "Pad": Operator(pad, structural=frozenset({1, 2, 3})),
    "Resize": Operator(resize, structural=frozenset({1, 2, 3})),
    "Upsample": Operator(upsample, structural=frozenset({1})),
    "CenterCropPad": Operator(center_crop_pad, structural=frozenset({1})),
    "GridSample": Operator(grid_sample),
    "Col2Im": Operator(col2im, structural=frozenset({1, 2})),
}
