"""Operators of com.microsoft on quantised tensors that take no MACs: arithmetic, pooling, joining, looking up."""

from __future__ import annotations

from collections.abc import Sequence

from policy_gate.model_graph.call import Call
from policy_gate.model_graph.dtypes import NAMES
from policy_gate.model_graph.operators.elementwise import retyped, same
from policy_gate.model_graph.operators.pooling import pool
from policy_gate.model_graph.operators.quantise import dequantise, quantise
from policy_gate.model_graph.operators.slicing import join
from policy_gate.model_graph.operators.table import Operator, Table, operators
from policy_gate.model_graph.operators.window import kernel_attribute, read_window, slide
from policy_gate.model_graph.values import Dim, Dims, Hole, Value, axis_of, broadcast, broken


def arithmetic(call: Call) -> Sequence[Value]:
    """QLinearAdd, QLinearMul: operands 0 and 3, broadcast."""
    return (Value(call.value(0).dtype, broadcast([call.shape(0), call.shape(3)])),)


def where(call: Call) -> Sequence[Value]:
    """QLinearWhere: condition, then (1) and otherwise (4), broadcast."""
    return (Value(call.value(1).dtype, broadcast([call.shape(0), call.shape(1), call.shape(4)])),)


def concat(call: Call) -> Sequence[Value]:
    """QLinearConcat: behind the output's scale and zero point, each part is a tensor, a scale and a zero point."""
    if len(call.inputs) < 5 or (len(call.inputs) - 2) % 3:
        raise broken(f"{len(call.inputs)} inputs are no parts with a scale and a zero point each")
    shapes = [call.shape(index) for index in range(2, len(call.inputs), 3)]
    axis = axis_of(call.int_attribute("axis"), len(shapes[0]))
    return (Value(call.value(1).dtype, join(shapes, axis)),)


def average_pool(call: Call) -> Sequence[Value]:
    """QLinearAveragePool: as AveragePool, with the channels last if asked."""
    if not call.int_attribute("channels_last", 0):
        return pool(call)[:1]
    return nhwc_pool(call)


def nhwc_pool(call: Call) -> Sequence[Value]:
    """NhwcMaxPool: N x spatial x C."""
    shape = call.shape(0)
    if len(shape) < 3:
        raise broken(f"pooling takes at least three dimensions, the input has {len(shape)}")
    window = read_window(call, kernel_attribute(call, len(shape) - 2))
    return (Value(call.value(0).dtype, (shape[0], *slide(shape[1:-1], window), shape[-1])),)


def global_pool(call: Call) -> Sequence[Value]:
    """QLinearGlobalAveragePool: every spatial axis becomes one."""
    shape = call.shape(0)
    if len(shape) < 3:
        raise broken(f"pooling takes at least three dimensions, the input has {len(shape)}")
    ones: Dims = (1,) * (len(shape) - 2)
    last = bool(call.int_attribute("channels_last", 0))
    return (Value(call.value(0).dtype, (shape[0], *ones, shape[-1]) if last else (*shape[:2], *ones)),)


def reduce(call: Call) -> Sequence[Value]:
    """QLinearReduceMean, ReduceSumInteger: the axes become one, or are dropped without `keepdims`."""
    shape, first = call.shape(0), call.value(0)
    axes = call.ints_attribute("axes")
    chosen = {axis_of(axis, len(shape)) for axis in axes} if axes else set(range(len(shape)))
    keep = bool(call.int_attribute("keepdims", 1))
    found = tuple(1 if at in chosen else dim for at, dim in enumerate(shape) if keep or at not in chosen)
    dtype = first.dtype
    if call.node.op == "ReduceSumInteger":
        dtype = "uint32" if dtype.startswith("u") else "int32"
    return (Value(dtype, found),)


def gather_blocks(call: Call) -> Sequence[Value]:
    """GatherBlockQuantized: as Gather, as wide as unpacked and of the scale's type; bytes hold 8 / bits elements."""
    shape, indices = call.shape(0), call.shape(1)
    axis = axis_of(call.int_attribute("gather_axis", 0), len(shape))
    data, bits = list(shape), call.int_attribute("bits", 4)
    if bits not in (1, 2, 4, 8):
        raise broken(f"elements of {bits} bits")
    if call.value(0).dtype == "uint8" and data:
        data[-1] = _times(data[-1], 8 // bits)
    return (Value(call.value(2).dtype, (*data[:axis], *indices, *data[axis + 1 :])),)


def _times(extent: Dim, factor: int) -> Dim:
    if isinstance(extent, Hole):
        return Hole(extent.cause) if factor > 1 else extent
    return extent * factor


def gather_packed(call: Call) -> Sequence[Value]:
    """GatherPacked: the indices' shape, then K elements of a row."""
    dtype = NAMES.get(call.int_attribute("output_dtype", 16))
    if dtype is None:
        raise broken("attribute 'output_dtype' names no element type")
    return (Value(dtype, (*call.shape(1), call.int_attribute("K"))),)


def quantise_ordered(call: Call) -> Sequence[Value]:
    """QuantizeWithOrder: like the input, as int8."""
    return (Value("int8", call.value(0).shape),)


def _concat_structure() -> frozenset[int]:
    """Return the inputs of QLinearConcat that hold scales and zero points, of up to 128 parts."""
    return frozenset(index for index in range(3 * 128) if index < 2 or index % 3 != 2)


TABLE: Table = (
    operators(arithmetic, "QLinearAdd QLinearMul", 1, 2, 4, 5, 6, 7)
    | operators(same, "QLinearLeakyRelu QLinearSigmoid QLinearSoftmax", 1, 2, 3, 4)
    | operators(same, "QOrderedGelu", 1, 2)
    | operators(same, "QOrderedLayerNormalization", 1, 4)
    | {
        "DequantizeLinear": Operator(dequantise, structural=frozenset({1, 2})),
        "DequantizeWithOrder": Operator(retyped, structural=frozenset({1})),
        "GatherBlockQuantized": Operator(gather_blocks, structural=frozenset({1})),
        "GatherPacked": Operator(gather_packed, structural=frozenset({1})),
        "MaxpoolWithMask": Operator(pool, structural=frozenset({1})),
        "NhwcMaxPool": Operator(nhwc_pool),
        "QLinearAveragePool": Operator(average_pool, structural=frozenset({1, 2, 3, 4})),
        "QLinearConcat": Operator(concat, structural=_concat_structure()),
        "QLinearGlobalAveragePool": Operator(global_pool, structural=frozenset({1, 2, 3, 4})),
        "QLinearReduceMean": Operator(reduce, structural=frozenset({1, 2, 3, 4})),
        "QLinearWhere": Operator(where, structural=frozenset({2, 3, 5, 6, 7, 8})),
        "QuantizeLinear": Operator(quantise, structural=frozenset({1, 2})),
        "QuantizeWithOrder": Operator(quantise_ordered, structural=frozenset({1})),
        "ReduceSumInteger": Operator(reduce),
    }
)
