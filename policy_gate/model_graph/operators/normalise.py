"""Normalisation: outputs like the input, beside the statistics some of them return."""

from __future__ import annotations

from collections.abc import Sequence

from policy_gate.model_graph.call import Call
from policy_gate.model_graph.operators.elementwise import same
from policy_gate.model_graph.operators.table import Operator, Table
from policy_gate.model_graph.values import Dims, Value, axis_of, broken


def _channels(call: Call, *inputs: int) -> None:
    """Refuse per-channel inputs that do not have the data's channel count."""
    shape = call.shape(0)
    channels = shape[1] if len(shape) > 1 else 1
    for index in inputs:
        found = call.rank(index, 1)[0]
        if isinstance(found, int) and isinstance(channels, int) and found != channels:
            raise broken(f"input {index} holds {found} channels, the data has {channels}")


def batch_normalisation(call: Call) -> Sequence[Value]:
    """BatchNormalization: the data, and running statistics when it trains; each element its own before opset 9."""
    if call.version >= 9 or call.int_attribute("spatial", 1):
        _channels(call, 1, 2, 3, 4)
    first, mean, variance = call.value(0), call.value(3), call.value(4)
    if len(call.node.outputs) == 1:
        return (Value(first.dtype, first.shape),)
    statistics = [Value(kind.dtype, kind.shape) for kind in (mean, variance)]
    return (Value(first.dtype, first.shape), *statistics, *[Value(each.dtype, each.shape) for each in statistics])


def instance_normalisation(call: Call) -> Sequence[Value]:
    """InstanceNormalization: scale and bias have one entry a channel."""
    _channels(call, 1, 2)
    return same(call)


def layer_normalisation(call: Call) -> Sequence[Value]:
    """LayerNormalization: the data, and mean and inverse deviation with the normalised axes reduced to one."""
    shape = call.shape(0)
    axis = axis_of(call.int_attribute("axis", -1), len(shape))
    reduced: Dims = shape[:axis] + (1,) * (len(shape) - axis)
    return (Value(call.value(0).dtype, shape), Value("float32", reduced), Value("float32", reduced))


TABLE: Table = {
    "BatchNormalization": Operator(batch_normalisation),
    "InstanceNormalization": Operator(instance_normalisation),
    "LayerNormalization": Operator(layer_normalisation),
    "GroupNormalization": Operator(same),
    "RMSNormalization": Operator(same),
    "RotaryEmbedding": Operator(same, structural=frozenset({3})),
}
