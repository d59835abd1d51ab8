"""Operators of TFLite that pool, stretch or pad the spatial axes of N x H x W x C."""

from __future__ import annotations

from collections.abc import Sequence

from policy_gate.model_graph.call import Call
from policy_gate.model_graph.folding import elements_of
from policy_gate.model_graph.operators.table import Table, operators
from policy_gate.model_graph.operators.tflite_inputs import asked_shape, dilated, plus, positive
from policy_gate.model_graph.operators.tflite_window import fits, slide
from policy_gate.model_graph.values import Dim, Hole, Value, broken, first_hole, known_dims


def pool(call: Call) -> Sequence[Value]:
    """AVERAGE_POOL_2D, L2_POOL_2D, MAX_POOL_2D: a window of `filter_height` by `filter_width`."""
    batch, height, width, channels = call.rank(0, 4)
    kernel = (positive(call, "filter_height"), positive(call, "filter_width"))
    return (Value(call.value(0).dtype, (batch, *slide(call, (height, width), kernel, "hw"), channels)),)


def resize(call: Call) -> Sequence[Value]:
    """RESIZE_BILINEAR, RESIZE_NEAREST_NEIGHBOR: to the height and width of input 1."""
    batch, _, _, channels = call.rank(0, 4)
    size = asked_shape(call, 1)
    if len(size) != 2 or 0 in size:
        raise broken("an image is resized to a height and a width")
    return (Value(call.value(0).dtype, (batch, *size, channels)),)


def pad(call: Call) -> Sequence[Value]:
    """PAD, PADV2: a begin and an end for every axis."""
    return _padded(call, most=None)


def mirror_pad(call: Call) -> Sequence[Value]:
    """MIRROR_PAD: as PAD; what is mirrored must be there, without the edge for REFLECT."""
    return _padded(call, most=1 if call.text_attribute("mode", "REFLECT") == "REFLECT" else 0)


def _padded(call: Call, most: int | None) -> Sequence[Value]:
    shape, first = call.shape(0), call.value(0)
    if known_dims(call.rank(1, 2)) != (len(shape), 2):
        raise broken(f"pads are {len(shape)} pairs, a begin and an end for every axis")
    known = elements_of(call.value(1))
    if known is None:
        return (Value(first.dtype, tuple(Hole(call.run_time(1)) for _ in shape)),)
    pads: list[Dim] = [number for number in known if isinstance(number, (int, Hole))]
    numbers = [number for number in pads if isinstance(number, int)]
    if len(pads) != 2 * len(shape) or min(numbers, default=0) < 0:
        raise broken("pads must be integers of at least zero")
    for dim, begin, end in zip(shape, pads[::2], pads[1::2], strict=True):
        if most is not None and first_hole((dim, begin, end)) is None and max(begin, end) > dim - most:  # type: ignore[type-var,operator]  # no hole
            raise broken(f"an axis of {dim} is mirrored over {begin} and {end}")
    dims = tuple(plus(plus(dim, begin), end) for dim, begin, end in zip(shape, pads[::2], pads[1::2], strict=True))
    return (Value(first.dtype, dims),)


def dilate(call: Call) -> Sequence[Value]:
    """DILATE: a dilation of n puts n - 1 paddings between the elements of an axis."""
    shape, dilations = call.shape(0), call.ints(1)
    if len(dilations) != len(shape) or min(dilations, default=1) < 1:
        raise broken(f"{len(dilations)} dilations of at least one for {len(shape)} axes")
    grown = tuple(dilated(dim, dilation) for dim, dilation in zip(shape, dilations, strict=True))
    return (Value(call.value(0).dtype, grown),)


def reduce_window(call: Call) -> Sequence[Value]:
    """REDUCE_WINDOW: data, start, then window extents, strides and dilations of every axis; no padding."""
    shape, window, strides, dilations = call.shape(0), call.ints(2), call.ints(3), call.ints(4)
    if {len(window), len(strides), len(dilations)} != {len(shape)} or min(*window, *strides, *dilations, 1) < 1:
        raise broken(f"a window over {len(shape)} axes needs as many extents, strides and dilations")
    found = tuple(
        fits(dim, (size - 1) * dilation + 1, stride, same=False)
        for dim, size, stride, dilation in zip(shape, window, strides, dilations, strict=True)
    )
    return (Value(call.value(0).dtype, found),)


TABLE: Table = (
    operators(pool, "AVERAGE_POOL_2D L2_POOL_2D MAX_POOL_2D")
    | operators(resize, "RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR", 1)
    | operators(pad, "PAD PADV2", 1, 2)
    | operators(mirror_pad, "MIRROR_PAD", 1)
    | operators(dilate, "DILATE", 1, 2)
    | operators(reduce_window, "REDUCE_WINDOW", 1, 2, 3, 4)
)
