"""Recurrent operators of TFLite that read a sequence forwards and backwards.

Inputs are numbered as in bidirectional_sequence_lstm.cc and bidirectional_sequence_rnn.cc of TensorFlow Lite. A second
sequence is either read through weights of its own by both directions, or it is what the backward one reads.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from policy_gate.model_graph.call import Call
from policy_gate.model_graph.operators.table import Operator, Table, Work
from policy_gate.model_graph.operators.tflite_recurrent import (
    Cell,
    check_state,
    in_order,
    lstm_cell,
    matrix,
    rnn_cell,
    sequence,
)
from policy_gate.model_graph.values import Dim, Value, broken, known_count

LSTM_AUXILIARY, RNN_AUXILIARY = 39, 9
"""The input that is the second sequence; the weights for it come next."""


def _backward_features(call: Call, auxiliary: int, features: Dim) -> Dim:
    """Return the features that the backward direction reads: of the second sequence when that has no weights."""
    if call.optional(auxiliary) is None or _has_weights(call, auxiliary):
        return features
    second = call.rank(auxiliary, 3)
    _same_time(call, second[:2])
    return second[2]


def _has_weights(call: Call, auxiliary: int) -> bool:
    return any(value is not None for value in call.inputs[auxiliary + 1 :])


def _same_time(call: Call, other: Sequence[Dim]) -> None:
    mine = call.shape(0)[:2]
    if any(isinstance(one, int) and isinstance(two, int) and one != two for one, two in zip(mine, other, strict=True)):
        raise broken("the second sequence has another length or batch")


def _auxiliary_products(call: Call, auxiliary: int, weights: Sequence[int], rows: int) -> int:
    """Add up the weights that one direction has for the second sequence."""
    if call.optional(auxiliary) is None or not _has_weights(call, auxiliary):
        return 0
    second = call.rank(auxiliary, 3)
    _same_time(call, second[:2])
    present = [index for index in weights if call.optional(index) is not None]
    if not present:
        raise broken("one direction has no weights for the second sequence")
    return sum(math.prod(matrix(call, index, rows, second[2])) for index in present)


def _lstm_cells(call: Call) -> tuple[Dim, Dim, tuple[Cell, Cell]]:
    steps, batch, features = sequence(call)
    behind = _backward_features(call, LSTM_AUXILIARY, features)
    cells = []
    for first, projection, state, auxiliary, reads in ((1, 16, 35, 40, features), (18, 33, 37, 44, behind)):
        cell, units = lstm_cell(call, first, reads, projection), matrix(call, first + 3, None, None)[0]
        check_state(call, state, batch, cell.units)
        check_state(call, state + 1, batch, units)
        more = _auxiliary_products(call, LSTM_AUXILIARY, range(auxiliary, auxiliary + 4), units)
        cells.append(Cell(cell.units, cell.products + more))
    return steps, batch, (cells[0], cells[1])


def _rnn_cells(call: Call) -> tuple[Dim, Dim, tuple[Cell, Cell]]:
    steps, batch, features = sequence(call)
    behind = _backward_features(call, RNN_AUXILIARY, features)
    cells = []
    for first, state, auxiliary, reads in ((1, 4, 10, features), (5, 8, 11, behind)):
        cell = rnn_cell(call, first, reads)
        check_state(call, state, batch, cell.units)
        more = _auxiliary_products(call, RNN_AUXILIARY, (auxiliary,), cell.units)
        cells.append(Cell(cell.units, cell.products + more))
    return steps, batch, (cells[0], cells[1])


def _cells(call: Call) -> tuple[Dim, Dim, tuple[Cell, Cell]]:
    return _lstm_cells(call) if call.node.op.endswith("LSTM") else _rnn_cells(call)


def bidirectional(call: Call) -> Sequence[Value]:
    """Give the outputs of every step, forwards and backwards; side by side with `merge_outputs`."""
    steps, batch, (forward, backward) = _cells(call)
    dtype = call.value(0).dtype
    if call.int_attribute("merge_outputs", 0):
        return (Value(dtype, in_order(call, steps, batch, forward.units + backward.units)),)
    return [Value(dtype, in_order(call, steps, batch, cell.units)) for cell in (forward, backward)]


def count_bidirectional(call: Call, _: Sequence[Value]) -> Work:
    """Steps x samples x the elements of all matrices of weights, of both directions."""
    steps, batch, (forward, backward) = _cells(call)
    return Work(other=known_count((steps, batch, forward.products + backward.products)))


TABLE: Table = {
    "BIDIRECTIONAL_SEQUENCE_LSTM": Operator(bidirectional, count_bidirectional, state=frozenset(range(35, 39))),
    "BIDIRECTIONAL_SEQUENCE_RNN": Operator(bidirectional, count_bidirectional, state=frozenset({4, 8})),
}
