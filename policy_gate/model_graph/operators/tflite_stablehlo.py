"""Operators of StableHLO inside TFLite: nothing broadcasts by itself, and axes are named by options.

Shapes as in the StableHLO specification. Where an operator's shape stands only in what the file claims of
its output, it is not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from policy_gate.model_graph.call import Call
from policy_gate.model_graph.operators.slicing import join
from policy_gate.model_graph.operators.table import NO_WORK, Operator, Table, Work, operators
from policy_gate.model_graph.operators.tflite_elementwise import alike
from policy_gate.model_graph.operators.tflite_inputs import dilated, plus
from policy_gate.model_graph.values import (
    MAX_RANK,
    Dim,
    Dims,
    Hole,
    Value,
    axis_of,
    broken,
)


def longs(call: Call, name: str, length: int, default: int | None = None) -> tuple[int, ...]:
    """Return an option that holds one number an axis; what the file leaves out is the default."""
    found = call.ints_attribute(name) or ()
    if not found and default is not None:
        return (default,) * length
    if len(found) != length:
        raise broken(f"option {name!r} holds {len(found)} numbers for {length} axes")
    return found


def axes(call: Call, name: str, rank: int) -> tuple[int, ...]:
    """Return an option that names axes, each once."""
    found = call.ints_attribute(name) or ()
    if len(set(found)) != len(found) or any(not 0 <= axis < rank for axis in found):
        raise broken(f"option {name!r} names no axes of a shape of rank {rank}: {found[:MAX_RANK]}")
    return found


def truth(call: Call) -> Sequence[Value]:
    """STABLEHLO_COMPARE: booleans of the operands' shape."""
    return (Value("bool", alike(call)[0].shape),)


def convert(call: Call) -> Sequence[Value]:
    """STABLEHLO_CONVERT: the type the file says."""
    return (Value(call.claimed_dtype(0), call.value(0).shape),)


def middle(call: Call) -> Sequence[Value]:
    """STABLEHLO_CLAMP, STABLEHLO_SELECT: like the second of three; the others are scalars or alike."""
    shape = call.shape(1)
    others = [call.shape(0), call.shape(2)]
    if any(other and len(other) != len(shape) for other in others):
        raise broken("operands of different rank are joined")
    return (Value(call.value(1).dtype, shape),)


def concatenate(call: Call) -> Sequence[Value]:
    """STABLEHLO_CONCATENATE: extents add up along `dimension`."""
    shapes = [call.shape(index) for index in range(len(call.values()))]
    return (Value(call.value(0).dtype, join(shapes, axis_of(call.int_attribute("dimension", 0), len(shapes[0])))),)


def slice_(call: Call) -> Sequence[Value]:
    """STABLEHLO_SLICE: from `start_indices` to `limit_indices` by `strides`."""
    shape = call.shape(0)
    rank = len(shape)
    bounds = zip(
        shape,
        longs(call, "start_indices", rank),
        longs(call, "limit_indices", rank),
        longs(call, "strides", rank, 1),
        strict=True,
    )
    return (Value(call.value(0).dtype, tuple(_cut(*bound) for bound in bounds)),)


def _cut(extent: Dim, start: int, limit: int, stride: int) -> Dim:
    if not 0 <= start <= limit or stride < 1 or (isinstance(extent, int) and limit > extent):
        raise broken(f"from {start} to {limit} by {stride} is no slice of {extent}")
    return -(-(limit - start) // stride)


def dynamic_slice(call: Call) -> Sequence[Value]:
    """STABLEHLO_DYNAMIC_SLICE: `slice_sizes`, wherever it starts."""
    shape = call.shape(0)
    sizes = longs(call, "slice_sizes", len(shape))
    pairs = zip(sizes, shape, strict=True)
    if any(size < 0 or (isinstance(dim, int) and size > dim) for size, dim in pairs):
        raise broken("a slice is larger than what it is cut from")
    return (Value(call.value(0).dtype, sizes),)


def like_first(call: Call) -> Sequence[Value]:
    """STABLEHLO_DYNAMIC_UPDATE_SLICE: like the operand."""
    return (Value(call.value(0).dtype, call.shape(0)),)


def pad(call: Call) -> Sequence[Value]:
    """STABLEHLO_PAD: `interior_padding` between elements, the edges around; negative edges crop."""
    shape = call.shape(0)
    names = ("edge_padding_low", "edge_padding_high", "interior_padding")
    low, high, inner = (longs(call, name, len(shape), 0) for name in names)
    if min(inner, default=0) < 0:
        raise broken("less than nothing is put between elements")
    grown = tuple(
        plus(dilated(dim, between + 1), before + after)
        for dim, before, after, between in zip(shape, low, high, inner, strict=True)
    )
    return (Value(call.value(0).dtype, grown),)


def transpose(call: Call) -> Sequence[Value]:
    """STABLEHLO_TRANSPOSE: reorder the axes."""
    shape = call.shape(0)
    order = axes(call, "permutation", len(shape))
    if len(order) != len(shape):
        raise broken("a permutation names every axis")
    return (Value(call.value(0).dtype, tuple(shape[axis] for axis in order)),)


def gather(call: Call) -> Sequence[Value]:
    """STABLEHLO_GATHER: the indices' shape, with the slices' axes at `offset_dims`."""
    shape, indices = call.shape(0), call.shape(1)
    sizes, collapsed = longs(call, "slice_sizes", len(shape)), axes(call, "collapsed_slice_dims", len(shape))
    vector = call.int_attribute("index_vector_dim", 0)
    batch = list(indices[:vector] + indices[vector + 1 :])
    kept = [size for axis, size in enumerate(sizes) if axis not in collapsed]
    places = axes(call, "offset_dims", len(batch) + len(kept))
    if len(places) != len(kept) or not 0 <= vector <= len(indices) or min(sizes, default=0) < 0:
        raise broken("offsets, slices and indices do not fit each other")
    inner, outer = iter(kept), iter(batch)
    rank = range(len(batch) + len(kept))
    return (Value(call.value(0).dtype, tuple(next(inner) if at in places else next(outer) for at in rank)),)


def claimed_only(call: Call) -> Sequence[Value]:
    """Operators whose shape stands only in what the file claims: the type is taken from there, the shape is not."""
    lost = call.unsupported("its shape stands only in what the file claims of the output, which is not taken on trust")
    state = [Value(value.dtype, value.shape) for value in call.inputs if value is not None]
    last = len(call.node.outputs) - 1
    return [
        *state[:last],
        *(Value(call.claimed_dtype(at), Hole(lost.cause)) for at in range(len(state[:last]), last + 1)),
    ]


def rest(shape: Dims, taken: set[int]) -> Dims:
    """Return the extents of the axes that are not taken."""
    return tuple(dim for axis, dim in enumerate(shape) if axis not in taken)


def _applied(name: str, shapes: Callable[[Call], Sequence[Value]]) -> Operator:
    """Make an operator that applies a subgraph to pairs of elements: zero, unless the subgraph multiplies."""

    def run(call: Call) -> Sequence[Value]:
        found = shapes(call)
        scalars = [Value(value.dtype, ()) for value in found]
        pairs = [value for value in scalars for _ in range(2)] if name == "comparator" else [*scalars, *scalars]
        call.bodies = (call.inference.body(call, call.graph_attribute(name), pairs),)
        return found

    return Operator(run, _count_applied)


def _count_applied(call: Call, _: Sequence[Value]) -> Work:
    if call.bodies[0].work().macs:
        raise call.unsupported("a subgraph with matrix products is applied to elements, which is not followed")
    return NO_WORK


def _reduced(call: Call) -> Sequence[Value]:
    """STABLEHLO_REDUCE: data, then a start for each; the axes in `dimensions` are dropped."""
    data = call.values()[: len(call.values()) // 2]
    return [Value(each.dtype, rest(each.dims, set(axes(call, "dimensions", len(each.dims))))) for each in data]


def _windowed(call: Call) -> Sequence[Value]:
    """STABLEHLO_REDUCE_WINDOW: data, then a start for each; a window over every axis."""
    data = call.values()[: len(call.values()) // 2]
    return [Value(each.dtype, _over_windows(call, each.dims)) for each in data]


def _over_windows(call: Call, shape: Dims) -> Dims:
    rank = len(shape)
    window = longs(call, "window_dimensions", rank)
    return windows(call, shape, window, "base_dilations", "window_dilations")


def windows(call: Call, extents: Dims, kernel: Sequence[int], spread: str, dilation: str) -> Dims:
    """Return how often a window fits each axis; two options spread the data and dilate the window."""
    rank = len(extents)
    strides, pads = longs(call, "window_strides", rank, 1), longs(call, "padding", 2 * rank, 0)
    between, dilations = longs(call, spread, rank, 1), longs(call, dilation, rank, 1)
    if min((*strides, *between, *dilations, *kernel), default=1) < 1:
        raise broken("a window needs extents, strides and dilations of at least one")
    found: list[Dim] = []
    for axis, extent in enumerate(extents):
        whole = plus(dilated(extent, between[axis]), pads[2 * axis] + pads[2 * axis + 1])
        reach = (kernel[axis] - 1) * dilations[axis] + 1
        fits = 0 if isinstance(whole, Hole) or whole < reach else (whole - reach) // strides[axis] + 1
        found.append(Hole(whole.cause) if isinstance(whole, Hole) else fits)
    return tuple(found)


def _scattered(call: Call) -> Sequence[Value]:
    """STABLEHLO_SCATTER: operands, indices, updates."""
    operands = call.values()[: len(call.values()) // 2]
    return [Value(each.dtype, each.shape) for each in operands]


def _sorted(call: Call) -> Sequence[Value]:
    """STABLEHLO_SORT: like the inputs."""
    return [Value(each.dtype, each.shape) for each in call.values()]


TABLE: Table = (
    operators(
        alike,
        "STABLEHLO_ABS STABLEHLO_ADD STABLEHLO_AND STABLEHLO_CBRT STABLEHLO_COSINE STABLEHLO_DIVIDE "
        "STABLEHLO_EXPONENTIAL STABLEHLO_FLOOR STABLEHLO_LOG STABLEHLO_LOGISTIC STABLEHLO_MAXIMUM STABLEHLO_MINIMUM "
        "STABLEHLO_MULTIPLY STABLEHLO_NEGATE STABLEHLO_OR STABLEHLO_POWER STABLEHLO_REMAINDER STABLEHLO_RSQRT "
        "STABLEHLO_SHIFT_LEFT STABLEHLO_SUBTRACT STABLEHLO_TANH",
    )
    | operators(middle, "STABLEHLO_CLAMP STABLEHLO_SELECT")
    | operators(claimed_only, "STABLEHLO_BROADCAST_IN_DIM STABLEHLO_IOTA STABLEHLO_RESHAPE STABLEHLO_RNG_BIT_GENERATOR")
    | {
        "STABLEHLO_COMPARE": Operator(truth),
        "STABLEHLO_CONVERT": Operator(convert),
        "STABLEHLO_CONCATENATE": Operator(concatenate),
        "STABLEHLO_SLICE": Operator(slice_),
        "STABLEHLO_DYNAMIC_SLICE": Operator(dynamic_slice),
        "STABLEHLO_DYNAMIC_UPDATE_SLICE": Operator(like_first),
        "STABLEHLO_PAD": Operator(pad, structural=frozenset({1})),
        "STABLEHLO_TRANSPOSE": Operator(transpose),
        "STABLEHLO_GATHER": Operator(gather, structural=frozenset({1})),
        "STABLEHLO_REDUCE": _applied("body", _reduced),
        "STABLEHLO_REDUCE_WINDOW": _applied("body", _windowed),
        "STABLEHLO_SCATTER": _applied("update_computation", _scattered),
        "STABLEHLO_SORT": _applied("comparator", _sorted),
    }
)
