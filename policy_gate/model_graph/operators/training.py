"""Operators of ai.onnx.preview.training: optimisers, which work element by element."""

from __future__ import annotations

from collections.abc import Sequence

from policy_gate.model_graph.call import Call
from policy_gate.model_graph.operators.table import Operator, Table
from policy_gate.model_graph.values import Value, broken

_STATES = {"Adagrad": 1, "Adam": 2, "Momentum": 1}
"""Accumulated tensors beside each weight and its gradient (onnx/docs/Operators.md)."""


def optimise(call: Call) -> Sequence[Value]:
    """Adagrad, Adam, Momentum: new weights, then new states; inputs are rate, count, weights, gradients, states."""
    states = _STATES[call.node.op]
    rest = call.values()[2:]
    if not rest or len(rest) % (2 + states):
        raise broken(f"{len(rest)} tensors are no weights, gradients and {states} states of each")
    weights = len(rest) // (2 + states)
    kept = rest[:weights] + rest[2 * weights :]
    return [Value(value.dtype, value.shape) for value in kept]


TABLE: Table = {op: Operator(optimise, derived=False) for op in _STATES}
