"""Recurrent operators: RNN, GRU and LSTM."""

from __future__ import annotations

from collections.abc import Sequence

from policy_gate.model_graph.call import Call
from policy_gate.model_graph.operators.table import Operator, Table, Work
from policy_gate.model_graph.values import Dim, Dims, Value, broken, known_count, known_dims

GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
"""Blocks of hidden_size rows in the weights of each operator (onnx/docs/Operators.md)."""


def _sizes(call: Call) -> tuple[Dim, Dim, int, int, int]:
    """Return sequence length, batch, directions, hidden size and input size, checked against the weights."""
    data = call.rank(0, 3)
    length, batch = (data[1], data[0]) if call.int_attribute("layout", 0) else (data[0], data[1])
    weight, recurrence = known_dims(call.rank(1, 3)), known_dims(call.rank(2, 3))
    directions = 2 if call.text_attribute("direction", "forward").lower() == "bidirectional" else 1
    hidden = recurrence[2]
    rows = GATES[call.node.op] * hidden
    fits = weight[:2] == recurrence[:2] == (directions, rows) and call.int_attribute("hidden_size", hidden) == hidden
    if not fits or (isinstance(data[2], int) and data[2] != weight[2]):
        raise broken("the weights do not fit the data, the directions or the hidden size")
    return length, batch, directions, hidden, weight[2]


def recurrent(call: Call) -> Sequence[Value]:
    """All hidden states, the last one, and for LSTM the last cell state."""
    length, batch, directions, hidden, _ = _sizes(call)
    dtype = call.value(0).dtype
    every: Dims
    last: Dims
    if call.int_attribute("layout", 0):
        every, last = (batch, length, directions, hidden), (batch, directions, hidden)
    else:
        every, last = (length, directions, batch, hidden), (directions, batch, hidden)
    return [Value(dtype, every)] + [Value(dtype, last) for _ in range(2 if call.node.op == "LSTM" else 1)]


def count_recurrent(call: Call, _: Sequence[Value]) -> Work:
    """Steps x batch x directions x gates x hidden x (input + hidden); a bound when sequences have own lengths."""
    length, batch, directions, hidden, features = _sizes(call)
    products = (length, batch, directions, GATES[call.node.op], hidden, features + hidden)
    return Work(other=known_count(products), bounded=call.optional(4) is not None)


TABLE: Table = dict.fromkeys(GATES, Operator(recurrent, count_recurrent, frozenset({4}), bounded=True))
