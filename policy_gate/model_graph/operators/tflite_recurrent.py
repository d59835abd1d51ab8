"""Recurrent operators of TFLite: each matrix of weights meets each step of each sample once.

Inputs are numbered as in the runtime's kernels (lstm_shared.h, svdf.cc, basic_rnn.cc of TensorFlow Lite).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from policy_gate.frozen import dataclass
from policy_gate.model_graph.call import Call
from policy_gate.model_graph.operators.table import Operator, Table, Work
from policy_gate.model_graph.operators.tflite_inputs import positive, share
from policy_gate.model_graph.values import Dim, Dims, Value, broken, count, known_count, known_dims, size_of


@dataclass(frozen=True, slots=True)
class Cell:
    """One direction of a recurrent operator: what it gives a step, and the products a step of a sample takes."""

    units: int
    products: int


def matrix(call: Call, index: int, rows: int | None, columns: Dim | None) -> tuple[int, int]:
    """Return the dimensions of a matrix of weights, checked where they must have a size."""
    found = known_dims(call.rank(index, 2))
    fits = all(not isinstance(want, int) or have == want for have, want in zip(found, (rows, columns), strict=True))
    if min(found) < 1 or not fits:
        raise broken(f"weights {index} are {found[0]}x{found[1]}, which fits no other weights or data")
    return found[0], found[1]


def check_state(call: Call, index: int, batch: Dim, size: int) -> None:
    """Refuse a state that does not hold `size` numbers a sample."""
    wanted = count((batch, size))
    if call.optional(index) is None or (isinstance(wanted, int) and size_of(call.value(index)) != wanted):
        raise broken(f"input {index} is the state of {size} numbers a sample, and it is missing or of another size")


def lstm_cell(call: Call, first: int, features: Dim, projection: int, *, diagonal: bool = False) -> Cell:
    """Read the weights of an LSTM: four of inputs from `first`, four of the last output, and a projection.

    Without the first of each four the input gate is coupled to the forget gate; diagonal ones are no products.
    """
    units, _ = matrix(call, first + 3, None, features)
    gates = [index for index in range(first, first + 4) if index > first or call.optional(index) is not None]
    products = sum(math.prod(matrix(call, index, units, features)) for index in gates)
    given = units
    if call.optional(projection) is not None:
        given, _ = matrix(call, projection, None, units)
        products += given * units
    for index in gates:
        if diagonal:
            if known_dims(call.rank(index + 4, 1)) != (units,):
                raise broken(f"diagonal weights {index + 4} do not hold {units} numbers")
        else:
            products += math.prod(matrix(call, index + 4, units, given))
    if (call.optional(first + 4) is None) != (call.optional(first) is None):
        raise broken("an input gate has weights for the input or for the output only")
    return Cell(given, products)


def sequence(call: Call) -> tuple[Dim, Dim, Dim]:
    """Return steps, batch and features of data in either order."""
    shape = call.rank(0, 3)
    major = bool(call.int_attribute("time_major", 0))
    return (shape[0], shape[1], shape[2]) if major else (shape[1], shape[0], shape[2])


def in_order(call: Call, steps: Dim, batch: Dim, units: int) -> Dims:
    """Return the shape of what every step gives, in the order of the data."""
    return (steps, batch, units) if call.int_attribute("time_major", 0) else (batch, steps, units)


def _one_step_lstm(call: Call) -> Cell:
    batch, features = call.rank(0, 2)
    cell = lstm_cell(call, 1, features, 16)
    check_state(call, 18, batch, cell.units)
    check_state(call, 19, batch, matrix(call, 4, None, None)[0])
    return cell


def _is_basic(call: Call) -> bool:
    return call.text_attribute("kernel_type", "FULL") == "BASIC"


def _basic_lstm(call: Call) -> tuple[Dim, int, int]:
    """Return batch, units and inner extent of the old LSTM: data, last output, weights, bias, state."""
    batch, features = call.rank(0, 2)
    rows, columns = matrix(call, 2, None, None)
    units = share(rows, 4)
    if not isinstance(units, int) or (isinstance(features, int) and columns != units + features):
        raise broken(f"weights of {rows}x{columns} do not fit the data")
    check_state(call, 1, batch, units)
    check_state(call, 4, batch, units)
    return batch, units, columns


def lstm(call: Call) -> Sequence[Value]:
    """LSTM: one step; BASIC also gives the state and two scratch tensors."""
    dtype = call.value(0).dtype
    if not _is_basic(call):
        return (Value(dtype, (call.rank(0, 2)[0], _one_step_lstm(call).units)),)
    batch, units, columns = _basic_lstm(call)
    state, scratch = call.value(4).dtype, "int16" if dtype == "uint8" else dtype
    parts = ((dtype, units), (state, units), (dtype, columns), (scratch, 4 * units))
    return [Value(each, (batch, extent)) for each, extent in parts]


def count_lstm(call: Call, _: Sequence[Value]) -> Work:
    """Samples x the elements of all matrices of weights."""
    if _is_basic(call):
        batch, units, columns = _basic_lstm(call)
        return Work(other=known_count((batch, 4 * units, columns)))
    return Work(other=known_count((call.rank(0, 2)[0], _one_step_lstm(call).products)))


def _sequence_lstm(call: Call) -> tuple[Dim, Dim, Cell]:
    steps, batch, features = sequence(call)
    cell = lstm_cell(call, 1, features, 16, diagonal=bool(call.int_attribute("diagonal_recurrent_tensors", 0)))
    check_state(call, 18, batch, cell.units)
    check_state(call, 19, batch, matrix(call, 4, None, None)[0])
    return steps, batch, cell


def sequence_lstm(call: Call) -> Sequence[Value]:
    """UNIDIRECTIONAL_SEQUENCE_LSTM: the output of every step."""
    steps, batch, cell = _sequence_lstm(call)
    return (Value(call.value(0).dtype, in_order(call, steps, batch, cell.units)),)


def count_sequence_lstm(call: Call, _: Sequence[Value]) -> Work:
    """Steps x samples x the elements of all matrices of weights."""
    steps, batch, cell = _sequence_lstm(call)
    return Work(other=known_count((steps, batch, cell.products)))


def rnn_cell(call: Call, first: int, features: Dim) -> Cell:
    """Read the weights of a plain RNN: of the input, and of the last output."""
    units, columns = matrix(call, first, None, features)
    matrix(call, first + 1, units, units)
    return Cell(units, units * (columns + units))


def _rnn(call: Call) -> tuple[Dim, Dim, Cell]:
    if call.node.op == "RNN":
        batch, features = call.rank(0, 2)
        steps: Dim = 1
    else:
        steps, batch, features = sequence(call)
    cell = rnn_cell(call, 1, features)
    check_state(call, 4, batch, cell.units)
    return steps, batch, cell


def rnn(call: Call) -> Sequence[Value]:
    """RNN, UNIDIRECTIONAL_SEQUENCE_RNN: the output of one step, or of every one."""
    steps, batch, cell = _rnn(call)
    found = (batch, cell.units) if call.node.op == "RNN" else in_order(call, steps, batch, cell.units)
    return (Value(call.value(0).dtype, found),)


def count_rnn(call: Call, _: Sequence[Value]) -> Work:
    """Steps x samples x the elements of both matrices of weights."""
    steps, batch, cell = _rnn(call)
    return Work(other=known_count((steps, batch, cell.products)))


def _svdf(call: Call) -> tuple[Dim, int, int]:
    """Return batch, filters and the products that a sample takes."""
    batch, features = call.rank(0, 2)
    filters, columns = matrix(call, 1, None, features)
    _, memory = matrix(call, 2, filters, None)
    check_state(call, 4, batch, filters * memory)
    return batch, filters, filters * (columns + memory)


def svdf(call: Call) -> Sequence[Value]:
    """SVDF: filters of rank `rank`: data, weights of features, weights of time, bias, state."""
    batch, filters, _ = _svdf(call)
    return (Value(call.value(0).dtype, (batch, share(filters, positive(call, "rank")))),)


def count_svdf(call: Call, _: Sequence[Value]) -> Work:
    """Samples x filters x (features + remembered steps)."""
    batch, _filters, products = _svdf(call)
    return Work(other=known_count((batch, products)))


TABLE: Table = {
    "LSTM": Operator(lstm, count_lstm, state=frozenset({1, 4, 18, 19})),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": Operator(sequence_lstm, count_sequence_lstm, state=frozenset({18, 19})),
    "RNN": Operator(rnn, count_rnn, state=frozenset({4})),
    "UNIDIRECTIONAL_SEQUENCE_RNN": Operator(rnn, count_rnn, state=frozenset({4})),
    "SVDF": Operator(svdf, count_svdf, state=frozenset({4})),
}
