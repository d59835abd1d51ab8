"""Recurrent operators of TFLite, the state they keep, and variables behind handles."""

from __future__ import annotations

from tflite_graphs import State, Take, call, cost, model, node, take, walked, weight

from policy_gate.model_graph.figures import MacCounts
from policy_gate.model_graph.operators.table import Work

HANDLE = "opaque(resource)"


def lstm_weights(features, units, given, *, coupled=False, projected=False):
    """Inputs 1 to 17 of an LSTM."""
    first = None if coupled else weight(units, features)
    again = None if coupled else weight(units, given)
    inputs, outputs = [first, *[weight(units, features)] * 3], [again, *[weight(units, given)] * 3]
    biases = [None if coupled else weight(units), *[weight(units)] * 3]
    return [*inputs, *outputs, None, None, None, *biases, weight(given, units) if projected else None, None]


def test_an_lstm_multiplies_four_gates_by_input_and_last_output() -> None:
    found = call("LSTM", take(2, 3), *lstm_weights(3, 5, 5), State((2, 5)), State((2, 5)))
    assert (found.shape, found.work) == ((2, 5), Work(other=2 * 4 * 5 * (3 + 5)))


def test_a_coupled_input_gate_and_a_projection_change_the_count() -> None:
    weights = lstm_weights(3, 5, 4, coupled=True, projected=True)
    found = call("LSTM", take(2, 3), *weights, State((2, 4)), State((2, 5)))
    assert (found.shape, found.work) == ((2, 4), Work(other=2 * (3 * 5 * (3 + 4) + 4 * 5)))


def test_a_sequence_repeats_it_each_step() -> None:
    weights = lstm_weights(3, 5, 5)
    found = call("UNIDIRECTIONAL_SEQUENCE_LSTM", take(2, 7, 3), *weights, State((2, 5)), State((2, 5)))
    assert (found.shape, found.work) == ((2, 7, 5), Work(other=7 * 2 * 4 * 5 * 8))
    major = call("UNIDIRECTIONAL_SEQUENCE_LSTM", take(7, 2, 3), *weights, State((2, 5)), State((2, 5)), time_major=True)
    assert (major.shape, major.work) == ((7, 2, 5), found.work)


def test_diagonal_weights_of_the_last_output_are_no_product() -> None:
    weights = lstm_weights(3, 5, 5)
    weights[4:8] = [weight(5)] * 4
    given = (take(2, 7, 3), *weights, State((2, 5)), State((2, 5)))
    found = call("UNIDIRECTIONAL_SEQUENCE_LSTM", *given, diagonal_recurrent_tensors=True)
    assert found.work == Work(other=14 * 4 * 5 * 3)


def test_the_old_lstm_gives_its_state_and_scratch_too() -> None:
    given = (take(2, 3), State((2, 5)), weight(20, 8), weight(20), State((2, 5)))
    found = call("LSTM", *given, makes=("float32",) * 4, kernel_type="BASIC")
    assert found.shapes == [(2, 5), (2, 5), (2, 8), (2, 20)]
    assert found.work == Work(other=2 * 20 * 8)


def test_plain_recurrence_and_filters_over_time() -> None:
    rnn = (weight(5, 3), weight(5, 5), weight(5), State((2, 5)))
    assert call("RNN", take(2, 3), *rnn).work == Work(other=2 * 5 * 8)
    assert call("UNIDIRECTIONAL_SEQUENCE_RNN", take(2, 7, 3), *rnn).shape == (2, 7, 5)
    svdf = call("SVDF", take(2, 3), weight(8, 3), weight(8, 6), weight(4), State((2, 48)), rank=2)
    assert (svdf.shape, svdf.work) == ((2, 4), Work(other=2 * 8 * (3 + 6)))


def test_two_directions_are_merged_or_stand_apart() -> None:
    one = (weight(5, 3), weight(5, 5), weight(5), State((2, 5)))
    other = (weight(4, 3), weight(4, 4), weight(4), State((2, 4)))
    merged = call("BIDIRECTIONAL_SEQUENCE_RNN", take(2, 7, 3), *one, *other, None, None, None, merge_outputs=True)
    assert (merged.shape, merged.work) == ((2, 7, 9), Work(other=14 * (5 * 8 + 4 * 7)))
    apart = call("BIDIRECTIONAL_SEQUENCE_RNN", take(2, 7, 3), *one, *other, makes=("float32", "float32"))
    assert apart.shapes == [(2, 7, 5), (2, 7, 4)]


def test_a_second_sequence_has_weights_or_is_read_backwards() -> None:
    one = (weight(5, 3), weight(5, 5), weight(5), State((2, 5)))
    own = call(
        "BIDIRECTIONAL_SEQUENCE_RNN",
        take(2, 7, 3),
        *one,
        *one,
        take(2, 7, 4),
        weight(5, 4),
        weight(5, 4),
        merge_outputs=True,
    )
    assert own.work == Work(other=14 * 2 * 5 * (3 + 5 + 4))
    back = (weight(5, 4), weight(5, 5), weight(5), State((2, 5)))
    stacked = call("BIDIRECTIONAL_SEQUENCE_RNN", take(2, 7, 3), *one, *back, take(2, 7, 4), merge_outputs=True)
    assert stacked.work == Work(other=14 * 5 * (3 + 5 + 4 + 5))


def test_lstms_in_two_directions_add_up() -> None:
    weights, states = lstm_weights(3, 5, 5), [State((2, 5))] * 4
    given = (take(2, 7, 3), *weights, *weights, *states, *[None] * 9)
    found = call("BIDIRECTIONAL_SEQUENCE_LSTM", *given, time_major=False, merge_outputs=True)
    assert (found.shape, found.work) == ((2, 7, 10), Work(other=14 * 2 * 4 * 5 * 8))


def test_a_state_of_another_size_than_the_weights_is_a_contradiction() -> None:
    found = call("SVDF", take(2, 3), weight(8, 3), weight(8, 6), weight(4), State((2, 47)), rank=2)
    assert "state" in found.faults[0].detail


def test_only_a_state_may_be_a_tensor_that_no_call_makes() -> None:
    found = call("ADD", take(2, 3), State((2, 3)))
    assert "nothing before it makes" in found.faults[0].detail


def test_a_state_takes_its_room_through_the_whole_inference() -> None:
    found = call("SVDF", take(2, 3), weight(8, 3), weight(8, 6), weight(4), State((2, 48)), rank=2)
    assert [value.dims for value in found.walk.variables] == [(2, 48)]


def variable(nodes, constants=(), inputs=()):
    handle = node("VAR_HANDLE", "", "h", container="", shared_name="v")
    return model([handle, *nodes], inputs or [("x", Take((2, 3)))], constants=constants)


def test_a_variable_is_read_as_it_was_assigned() -> None:
    nodes = [node("ASSIGN_VARIABLE", "h x", ""), node("READ_VARIABLE", "h"), node("FULLY_CONNECTED", "y w -", "z")]
    found = walked(variable(nodes, [weight(4, 3, name="w")]))
    assert (found.shape, found.work) == ((2, 4), Work(dense=24))


def test_handles_of_one_name_mean_one_variable() -> None:
    again = node("VAR_HANDLE", "", "g", container="", shared_name="v")
    assert walked(variable([node("ASSIGN_VARIABLE", "h x", ""), again, node("READ_VARIABLE", "g")])).shape == (2, 3)
    other = node("VAR_HANDLE", "", "g", container="", shared_name="w")
    found = walked(variable([node("ASSIGN_VARIABLE", "h x", ""), other, node("READ_VARIABLE", "g")]))
    assert found.shapes == [None]


def test_a_variable_that_changes_its_shape_is_not_believed() -> None:
    nodes = [node("ASSIGN_VARIABLE", "h x", ""), node("READ_VARIABLE", "h"), node("ASSIGN_VARIABLE", "h z", "")]
    found = walked(variable(nodes, inputs=[("x", Take((2, 3))), ("z", Take((9, 9)))]))
    assert "2x3 float32 becomes 9x9 float32" in found.faults[0].detail


def test_a_table_gives_a_value_for_each_key() -> None:
    nodes = [node("HASHTABLE", "", "t", table_id=1), node("HASHTABLE_FIND", "t k d")]
    found = walked(model(nodes, [("k", Take((4,), "int64"))], constants=[weight(dtype="string", name="d")]))
    assert (found.shape, found.dtypes) == ((4,), ["string"])


def test_a_model_with_variables_has_every_figure() -> None:
    handle = node("VAR_HANDLE", "", "h", container="", shared_name="v")
    nodes = [
        handle,
        node("ASSIGN_VARIABLE", "h x", ""),
        node("READ_VARIABLE", "h"),
        node("FULLY_CONNECTED", "y w -", "z"),
    ]
    found = cost(nodes, [("x", Take((2, 3)))], ["z"], constants=[weight(4, 3, name="w")])
    assert isinstance(found.macs, MacCounts)
    assert found.macs.total == 24
    assert isinstance(found.activation_peak_bytes, int)
