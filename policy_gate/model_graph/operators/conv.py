"""Convolutions: output shapes and multiply-accumulates."""

from __future__ import annotations

import math
from collections.abc import Sequence

from policy_gate.model_graph.call import Call
from policy_gate.model_graph.operators.table import Operator, Table, Work
from policy_gate.model_graph.operators.window import Window, read_window, slide
from policy_gate.model_graph.values import Dim, Dims, Hole, Value, broken, known_count, known_dims


def weight_dims(call: Call, index: int, rank: int) -> tuple[int, ...]:
    """Return the weight's dimensions, which a `kernel_shape` attribute may repeat but not contradict."""
    weight = known_dims(call.rank(index, rank))
    kernel = call.ints_attribute("kernel_shape")
    if min(weight) < 1 or (kernel and kernel != weight[2:]):
        raise broken(f"the weight is {'x'.join(map(str, weight))}, kernel_shape says {kernel}")
    return weight


def data_dims(call: Call) -> Dims:
    """Return the dimensions of what is convolved: samples, channels and at least one spatial axis, in any order."""
    shape = call.shape(0)
    if len(shape) < 3:
        raise broken(f"a convolution takes at least three dimensions, the input has {len(shape)}")
    return shape


def group_of(call: Call) -> int:
    """Return the number of groups, at least one."""
    group = call.int_attribute("group", 1)
    if group < 1:
        raise broken(f"group is {group}, at least 1")
    return group


def fits(channels: Dim, expected: int) -> None:
    """Refuse data of other channels than a weight takes."""
    if isinstance(channels, int) and channels != expected:
        raise broken(f"the input has {channels} channels, the weight takes {expected}")


def _conv(call: Call, weight_index: int, dtype: str) -> Sequence[Value]:
    shape, group = data_dims(call), group_of(call)
    weight = weight_dims(call, weight_index, len(shape))
    fits(shape[1], weight[1] * group)
    if weight[0] % group:
        raise broken(f"{weight[0]} output channels do not divide into {group} groups")
    extents = slide(shape[2:], read_window(call, weight[2:]))
    return (Value(dtype, (shape[0], weight[0], *extents)),)


def conv(call: Call) -> Sequence[Value]:
    """Conv: data N x C x spatial, weight M x C/group x kernel, output N x M x spatial."""
    return _conv(call, 1, call.value(0).dtype)


def conv_integer(call: Call) -> Sequence[Value]:
    """ConvInteger: as Conv, with an int32 output."""
    return _conv(call, 1, "int32")


def qlinear_conv(call: Call) -> Sequence[Value]:
    """QLinearConv: as Conv, weight is input 3 and the output's zero point (7) gives its type."""
    return _conv(call, 3, call.value(7).dtype)


def weighted(call: Call, weight_index: int, elements: int) -> Work:
    """Multiply the elements that meet each weight of one filter with the size of that filter."""
    weight = known_dims(call.shape(weight_index))
    depthwise = call.int_attribute("group", 1) > 1 and weight[1] == 1
    macs = elements * math.prod(weight[1:])
    return Work(depthwise=macs) if depthwise else Work(conv=macs)


def count_conv(call: Call, outputs: Sequence[Value]) -> Work:
    """Output elements x C/group x kernel; padding counts as if it were data."""
    return weighted(call, 1, known_count(outputs[0].dims))


def count_qlinear_conv(call: Call, outputs: Sequence[Value]) -> Work:
    """As Conv, weight is input 3."""
    return weighted(call, 3, known_count(outputs[0].dims))


def conv_transpose(call: Call) -> Sequence[Value]:
    """ConvTranspose: data N x C x spatial, weight C x M/group x kernel, output N x M x spatial."""
    shape, group = data_dims(call), group_of(call)
    weight = weight_dims(call, 1, len(shape))
    fits(shape[1], weight[0])
    if weight[0] % group:
        raise broken(f"{weight[0]} input channels do not divide into {group} groups")
    window = read_window(call, weight[2:])
    given = call.ints_attribute("output_shape")
    if given:
        if len(given) not in (len(shape) - 2, len(shape)) or min(given) < 1:
            raise broken("attribute 'output_shape' must hold the spatial extents")
        extents: Dims = given[-(len(shape) - 2) :]
    else:
        extents = grow(call, shape[2:], window)
    return (Value(call.value(0).dtype, (shape[0], weight[1] * group, *extents)),)


def grow(call: Call, extents: Dims, window: Window) -> Dims:
    """Return the extents that a transposed convolution makes of spatial ones."""
    extra = call.ints_attribute("output_padding") or (0,) * len(extents)
    if len(extra) != len(extents) or min(extra) < 0:
        raise broken("attribute 'output_padding' must hold one non-negative integer an axis")
    return tuple(_grow_axis(extent, window, axis, extra[axis]) for axis, extent in enumerate(extents))


def _grow_axis(extent: Dim, window: Window, axis: int, extra: int) -> Dim:
    if isinstance(extent, Hole):
        return Hole(extent.cause)
    stride = window.strides[axis]
    reach = (window.kernel[axis] - 1) * window.dilations[axis] + 1
    pads = window.pads[axis] + window.pads[axis + len(window.kernel)]
    grown = stride * (extent - 1) + extra + reach - pads
    if window.auto_pad.startswith("SAME"):
        return min(grown, extent * stride)  # padding cuts what is over, and never adds
    if grown < 1:
        raise broken(f"pads of {pads} leave no output of an axis of {extent}")
    return grown


def count_conv_transpose(call: Call, outputs: Sequence[Value]) -> Work:  # noqa: ARG001 - the signature of the table
    """Input elements x M/group x kernel: each input element is scattered through each filter once."""
    return weighted(call, 1, known_count(call.shape(0)))


def causal_conv(call: Call) -> Sequence[Value]:
    """CausalConvWithState: data B x C x L, weight C x 1 x k; output like the data, state B x C x (k-1)."""
    shape, weight = call.rank(0, 3), known_dims(call.rank(1, 3))
    fits(shape[1], weight[0])
    dtype = call.value(0).dtype
    return (Value(dtype, shape), Value(dtype, (shape[0], weight[0], weight[2] - 1)))


def count_causal_conv(call: Call, outputs: Sequence[Value]) -> Work:
    """Output elements x k; depthwise by definition."""
    return Work(depthwise=known_count(outputs[0].dims) * known_dims(call.shape(1))[2])


TABLE: Table = {
    "Conv": Operator(conv, count_conv),
    "ConvInteger": Operator(conv_integer, count_conv, frozenset({2, 3})),
    "QLinearConv": Operator(qlinear_conv, count_qlinear_conv, frozenset({1, 2, 4, 5, 6, 7})),
    "DeformConv": Operator(conv, count_conv),
    "ConvTranspose": Operator(conv_transpose, count_conv_transpose),
    "CausalConvWithState": Operator(causal_conv, count_causal_conv),
}
