"""Every builtin operator of the TFLite schema is known, or unknown for a reason that is written down."""

from __future__ import annotations

from tflite_graphs import Take, call, cost, graph, node, numbers, take, weight

from policy_gate.errors import Reason
from policy_gate.model_graph.figures import Certainty, MacCounts, WeightCounts
from policy_gate.model_graph.operators import NEWEST, TABLES
from policy_gate.model_graph.operators.unknown import TFLITE
from policy_gate.model_graph.tflite_schema import BUILTINS, SCHEMA_VERSION

MULTIPLIES = {
    "BATCH_MATMUL", "BIDIRECTIONAL_SEQUENCE_LSTM", "BIDIRECTIONAL_SEQUENCE_RNN", "CONV_2D", "CONV_3D",
    "CONV_3D_TRANSPOSE", "DEPTHWISE_CONV_2D", "EMBEDDING_LOOKUP_SPARSE", "FULLY_CONNECTED", "LSTM", "RFFT2D", "RNN",
    "STABLEHLO_CONVOLUTION", "STABLEHLO_DOT_GENERAL", "SVDF", "TRANSPOSE_CONV", "UNIDIRECTIONAL_SEQUENCE_LSTM",
    "UNIDIRECTIONAL_SEQUENCE_RNN",
}  # fmt: skip
RUNS_SUBGRAPHS = {
    "CALL", "CALL_ONCE", "IF", "STABLEHLO_CASE", "STABLEHLO_COMPOSITE", "STABLEHLO_REDUCE", "STABLEHLO_REDUCE_WINDOW",
    "STABLEHLO_SCATTER", "STABLEHLO_SORT", "STABLEHLO_WHILE", "WHILE",
}  # fmt: skip
TABLE = TABLES["tflite"]


def test_every_builtin_of_the_schema_is_in_the_table_or_unknown_and_nothing_else() -> None:
    assert sorted([*TABLE, *TFLITE]) == sorted(BUILTINS)
    assert NEWEST["tflite"] == SCHEMA_VERSION


def test_only_these_builtins_are_unknown() -> None:
    assert set(TFLITE) == {
        "CONCAT_EMBEDDINGS", "CUSTOM", "DELEGATE", "PLACEHOLDER_FOR_GREATER_OP_CODES", "STABLEHLO_CUSTOM_CALL",
    }  # fmt: skip


def test_an_unknown_builtin_gives_its_reason() -> None:
    for op, reason in TFLITE.items():
        found = call(op, take(2))
        assert found.cause is not None
        assert (found.cause.reason, found.cause.detail) == (
            Reason.UNSUPPORTED_OPERATOR,
            f"tflite::{op} is not followed: {reason}",
        )


def test_only_these_builtins_take_products_and_all_others_are_zero_by_the_counting_rule() -> None:
    assert {op for op, operator in TABLE.items() if operator.count is not None} == MULTIPLIES | RUNS_SUBGRAPHS


def test_every_rule_says_in_words_what_its_operator_gives() -> None:
    assert all(operator.infer.__doc__ or op in RUNS_SUBGRAPHS for op, operator in TABLE.items())


def test_shapes_axes_and_indices_are_no_parameters() -> None:
    nodes = [
        node("CONV_2D", "x w b", "a", padding="SAME", stride_h=1, stride_w=1),
        node("PAD", "a pads", "p"),
        node("RESHAPE", "p wanted", "r"),
        node("MEAN", "r axes", "y"),
    ]
    constants = [
        weight(4, 3, 3, 2, name="w", dtype="int8"),
        weight(4, name="b", dtype="int32"),
        numbers(*[0] * 8, dims=(4, 2), name="pads"),
        numbers(1, 25, 4, name="wanted"),
        numbers(1, name="axes"),
    ]
    found = cost(nodes, [("x", Take((1, 5, 5, 2), "int8"))], constants=constants)
    assert found.weights == WeightCounts(72 + 4, 0, (("int32", 16), ("int8", 72)))
    assert isinstance(found.macs, MacCounts)
    assert found.macs.total == 25 * 4 * 18


def test_rows_name_the_operators_of_the_schema_and_how_they_are_known() -> None:
    branch = graph([node("FULLY_CONNECTED", "a w -")], [("a", Take((2, 3)))], constants=[weight(4, 3, name="w")])
    other = graph([node("FULLY_CONNECTED", "a w -")], [("a", Take((2, 3)))], constants=[weight(5, 3, name="w")])
    nodes = [node("RELU", "x", "r"), node("IF", "c r", "y", then_branch=branch, else_branch=other)]
    found = cost(nodes, [("c", Take((), "bool")), ("x", Take((2, 3)))])
    assert [(row.op, row.macs, row.certainty) for row in found.rows] == [
        ("tflite::RELU", 0, Certainty.EXACT),
        ("tflite::IF", 30, Certainty.BOUNDED),
    ]
    assert found.operators == (("tflite::FULLY_CONNECTED", 2), ("tflite::IF", 1), ("tflite::RELU", 1))
