"""Convolutions of TFLite: data is N x spatial x channels; output shapes and multiply-accumulates."""

from __future__ import annotations

import math
from collections.abc import Sequence

from policy_gate.model_graph.call import Call
from policy_gate.model_graph.operators.table import Operator, Table, Work
from policy_gate.model_graph.operators.tflite_inputs import asked_shape
from policy_gate.model_graph.operators.tflite_window import slide
from policy_gate.model_graph.values import Dim, Value, broken, known_count, known_dims


def _filter(call: Call, rank: int) -> tuple[int, ...]:
    """Return the filter's dimensions, which must all be known and at least one."""
    weight = known_dims(call.rank(1, rank))
    if min(weight) < 1:
        raise broken(f"the filter is {'x'.join(map(str, weight))}")
    return weight


def _groups(channels: Dim, filtered: int, filters: int) -> int:
    """Return how many groups the channels fall into; 1 when their number is not known."""
    if not isinstance(channels, int):
        return 1
    if channels < 1 or channels % filtered or filters % (channels // filtered):
        raise broken(f"the input has {channels} channels, {filters} filters take {filtered}")
    return channels // filtered


def conv_2d(call: Call) -> Sequence[Value]:
    """CONV_2D: filter O x H x W x I; several groups where the data has a multiple of I channels."""
    shape, weight = call.rank(0, 4), _filter(call, 4)
    _groups(shape[3], weight[3], weight[0])
    extents = slide(call, shape[1:3], weight[1:3], "hw")
    return (Value(call.value(0).dtype, (shape[0], *extents, weight[0])),)


def count_conv_2d(call: Call, outputs: Sequence[Value]) -> Work:
    """Output elements x H x W x I; padding counts as if it were data."""
    weight = _filter(call, 4)
    macs = known_count(outputs[0].dims) * math.prod(weight[1:])
    depthwise = weight[3] == 1 and _groups(call.shape(0)[3], 1, weight[0]) > 1
    return Work(depthwise=macs) if depthwise else Work(conv=macs)


def depthwise_conv_2d(call: Call) -> Sequence[Value]:
    """DEPTHWISE_CONV_2D: filter 1 x H x W x (channels x multiplier)."""
    shape, weight = call.rank(0, 4), _filter(call, 4)
    if weight[0] != 1:
        raise broken(f"a depthwise filter has one row of filters, this one {weight[0]}")
    if isinstance(shape[3], int) and (shape[3] < 1 or weight[3] % shape[3]):
        raise broken(f"the input has {shape[3]} channels, the filter makes {weight[3]} of them")
    extents = slide(call, shape[1:3], weight[1:3], "hw")
    return (Value(call.value(0).dtype, (shape[0], *extents, weight[3])),)


def count_depthwise_conv_2d(call: Call, outputs: Sequence[Value]) -> Work:
    """Output elements x H x W."""
    return Work(depthwise=known_count(outputs[0].dims) * math.prod(_filter(call, 4)[1:3]))


def conv_3d(call: Call) -> Sequence[Value]:
    """CONV_3D: filter D x H x W x I x O."""
    shape, weight = call.rank(0, 5), _filter(call, 5)
    if _groups(shape[4], weight[3], weight[4]) != 1:
        raise broken(f"the input has {shape[4]} channels, the filter takes {weight[3]}")
    extents = slide(call, shape[1:4], weight[:3], "dhw")
    return (Value(call.value(0).dtype, (shape[0], *extents, weight[4])),)


def count_conv_3d(call: Call, outputs: Sequence[Value]) -> Work:
    """Output elements x D x H x W x I."""
    return Work(conv=known_count(outputs[0].dims) * math.prod(_filter(call, 5)[:4]))


def _transposed(call: Call, rank: int, out_axis: int, in_axis: int) -> Sequence[Value]:
    """Return the shape that input 0 asks for, which the same convolution must lead back to the data's."""
    asked, weight, data = asked_shape(call, 0), _filter(call, rank), call.rank(2, rank)
    if len(asked) != rank:
        raise broken(f"input 0 asks for {len(asked)} dimensions, the operator makes {rank}")
    kernel = weight[1:3] if rank == 4 else weight[:3]
    led_back = slide(call, asked[1:-1], kernel, "dhw"[-len(kernel) :])
    pairs = [(asked[0], data[0]), (asked[-1], weight[out_axis]), (weight[in_axis], data[-1])]
    pairs += zip(led_back, data[1:-1], strict=True)
    if any(isinstance(one, int) and isinstance(other, int) and one != other for one, other in pairs):
        raise broken("the output shape, the filter and the data do not fit each other")
    return (Value(call.value(2).dtype, (asked[0], *asked[1:-1], weight[out_axis])),)


def transpose_conv(call: Call) -> Sequence[Value]:
    """TRANSPOSE_CONV: the output's shape, a filter O x H x W x I, the data."""
    return _transposed(call, 4, 0, 3)


def count_transpose_conv(call: Call, _: Sequence[Value]) -> Work:
    """Input elements x O x H x W: each input element is scattered through each filter once."""
    return Work(conv=known_count(call.shape(2)) * math.prod(_filter(call, 4)[:3]))


def conv_3d_transpose(call: Call) -> Sequence[Value]:
    """CONV_3D_TRANSPOSE: the output's shape, a filter D x H x W x O x I, the data."""
    return _transposed(call, 5, 3, 4)


def count_conv_3d_transpose(call: Call, _: Sequence[Value]) -> Work:
    """Input elements x D x H x W x O."""
    return Work(conv=known_count(call.shape(2)) * math.prod(_filter(call, 5)[:4]))


TABLE: Table = {
    "CONV_2D": Operator(conv_2d, count_conv_2d),
    "DEPTHWISE_CONV_2D": Operator(depthwise_conv_2d, count_depthwise_conv_2d),
    "CONV_3D": Operator(conv_3d, count_conv_3d),
    "TRANSPOSE_CONV": Operator(transpose_conv, count_transpose_conv, frozenset({0})),
    "CONV_3D_TRANSPOSE": Operator(conv_3d_transpose, count_conv_3d_transpose, frozenset({0})),
}
