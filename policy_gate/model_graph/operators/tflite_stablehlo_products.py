"""Products of StableHLO inside TFLite: matrix products and convolutions whose axes are named by options."""

from __future__ import annotations

import math
from collections.abc import Sequence

from policy_gate.model_graph.call import Call
from policy_gate.model_graph.operators.table import Operator, Table, Work
from policy_gate.model_graph.operators.tflite_stablehlo import axes, rest, windows
from policy_gate.model_graph.values import Dim, Value, axis_of, broken, known_count, known_dims

Sides = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], tuple[int, ...]]


def _sides(call: Call) -> Sides:
    left, right = len(call.shape(0)), len(call.shape(1))
    return (
        axes(call, "lhs_batching_dimensions", left),
        axes(call, "rhs_batching_dimensions", right),
        axes(call, "lhs_contracting_dimensions", left),
        axes(call, "rhs_contracting_dimensions", right),
    )


def dot_general(call: Call) -> Sequence[Value]:
    """STABLEHLO_DOT_GENERAL: batch axes, then the free ones of the left, then of the right."""
    left, right = call.shape(0), call.shape(1)
    batch, its_batch, inner, its_inner = _sides(call)
    pairs = [*zip(batch, its_batch, strict=False), *zip(inner, its_inner, strict=False)]
    lengths = (len(batch), len(inner)) == (len(its_batch), len(its_inner))
    if not lengths or any(_differ(left[one], right[two]) for one, two in pairs) or set(batch) & set(inner):
        raise broken("the axes of a product do not fit each other")
    free = rest(left, {*batch, *inner}) + rest(right, {*its_batch, *its_inner})
    return (Value(_product_dtype(call), tuple(left[axis] for axis in batch) + free),)


def _differ(one: Dim, other: Dim) -> bool:
    return isinstance(one, int) and isinstance(other, int) and one != other


def _product_dtype(call: Call) -> str:
    return call.claimed_dtype(0) if call.scope.claims else call.value(0).dtype


def count_dot_general(call: Call, outputs: Sequence[Value]) -> Work:
    """Output elements x the contracted extents."""
    left, (_, _, inner, _) = call.shape(0), _sides(call)
    return Work(dense=known_count((*outputs[0].dims, *(left[axis] for axis in inner))))


def convolution(call: Call) -> Sequence[Value]:
    """STABLEHLO_CONVOLUTION: options say which axis is which, on the data, the filter and the output."""
    data, weight = call.shape(0), known_dims(call.shape(1))
    rank = len(data) - 2
    spatial, kernel = (
        axes(call, "input_spatial_dimensions", rank + 2),
        axes(call, "kernel_spatial_dimensions", rank + 2),
    )
    places = axes(call, "output_spatial_dimensions", rank + 2)
    if not len(weight) - 2 == rank == len(spatial) == len(kernel) == len(places):
        raise broken("the axes of a convolution do not fit each other")
    found: list[Dim] = [0] * (rank + 2)
    groups = call.int_attribute("batch_group_count", 1)
    if groups != 1 or call.int_attribute("feature_group_count", 1) < 1:
        raise call.unsupported("a convolution in groups of the batch is not followed")
    found[_axis(call, "output_batch_dimension", rank)] = data[_axis(call, "input_batch_dimension", rank)]
    found[_axis(call, "output_feature_dimension", rank)] = weight[_axis(call, "kernel_output_feature_dimension", rank)]
    sides = tuple(data[axis] for axis in spatial), [weight[axis] for axis in kernel]
    extents = windows(call, *sides, "lhs_dilation", "rhs_dilation")
    for place, extent in zip(places, extents, strict=True):
        found[place] = extent
    channels = data[_axis(call, "input_feature_dimension", rank)]
    if _differ(channels, call.int_attribute("feature_group_count", 1) * _filtered(call, weight)):
        raise broken(f"the input has {channels} channels, the filter takes others")
    return (Value(_product_dtype(call), tuple(found)),)


def _axis(call: Call, name: str, rank: int) -> int:
    return axis_of(call.int_attribute(name, 0), rank + 2)


def _filtered(call: Call, weight: tuple[int, ...]) -> int:
    return weight[_axis(call, "kernel_input_feature_dimension", len(weight) - 2)]


def count_convolution(call: Call, outputs: Sequence[Value]) -> Work:
    """Output elements x the filter's elements a feature; padding and dilated places count as if they were data."""
    weight = known_dims(call.shape(1))
    features = weight[_axis(call, "kernel_output_feature_dimension", len(weight) - 2)]
    macs = known_count(outputs[0].dims) * (math.prod(weight) // max(features, 1))
    depthwise = call.int_attribute("feature_group_count", 1) > 1 and _filtered(call, weight) == 1
    return Work(depthwise=macs) if depthwise else Work(conv=macs)


TABLE: Table = {
    "STABLEHLO_DOT_GENERAL": Operator(dot_general, count_dot_general),
    "STABLEHLO_CONVOLUTION": Operator(convolution, count_convolution),
}
