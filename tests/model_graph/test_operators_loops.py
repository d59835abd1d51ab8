"""Loops cost their body times the trips that are constant or bound by name, and nothing known without either."""

from __future__ import annotations

import numpy as np
import pytest
from graphs import causes, cost, ints, macs, take, zeros
from onnx import TensorProto, helper, numpy_helper

from policy_gate.errors import Reason
from policy_gate.model_graph.figures import MacCounts, Unestablished
from policy_gate.model_graph.infer import MAX_NESTED_CALLS

BOOL, INT64 = TensorProto.BOOL, TensorProto.INT64
STATE = 4 * 4


def body(*nodes, more=()):
    ends = [take("kept", [], BOOL), take("v2", None), *[take(name, None) for name in more]]
    return helper.make_graph(list(nodes), "body", [take("i", [], INT64), take("c", [], BOOL), take("v", None)], ends)


def call(op, reads, makes, **attributes):
    return helper.make_node(op, reads.split(), makes.split(), **attributes)


ROUND = body(call("MatMul", "v w", "v2"), call("Identity", "c", "kept"))
STACKS = body(call("MatMul", "v w", "v2"), call("Identity", "c", "kept"), call("Relu", "v2", "each"), more=["each"])
STOPS = body(
    call("MatMul", "v w", "v2"), call("ReduceMax", "v2", "most", keepdims=0), call("Cast", "most", "kept", to=9)
)


def looped(graph, trips=None, *, dimensions=None, stacked=False, name="loop"):
    """One loop over a 1 x 4 state and a 4 x 4 weight; `trips` None is a trip count that enters at run time."""
    inputs, constants = [take("x", [1, 4])], [zeros("w", 4, 4)]
    if trips is None:
        inputs.append(take("n", [], INT64))
    else:
        constants.append(helper.make_tensor("n", INT64, [], [trips]))
    yes = helper.make_tensor("yes", BOOL, [], [True])
    outputs = ["y", "all"] if stacked else ["y"]
    node = helper.make_node("Loop", ["n", "yes", "x"], outputs, name=name, body=graph)
    return cost([node], inputs, outputs, constants=[*constants, yes], dimensions=dimensions)


def test_a_trip_count_that_enters_is_unknown_and_the_fix_names_its_key() -> None:
    found = looped(ROUND)
    assert isinstance(found.macs, Unestablished)
    assert "loop[trips]" in found.macs.causes[0].fix
    assert "loop[trips]" in found.unbound_dimensions


def test_a_bound_trip_count_bounds_the_work() -> None:
    found = looped(ROUND, dimensions={"loop[trips]": 9})
    assert found.macs == MacCounts(9 * STATE, 0, 0, 9 * STATE, 0, bounded=True)
    assert found.unbound_dimensions == ()
    assert found.notes == ()


def test_a_binding_never_lowers_a_constant_trip_count() -> None:
    found = looped(STOPS, 100, dimensions={"loop[trips]": 3})
    assert (macs(found), found.macs.bounded) == (100 * STATE, True)
    assert macs(looped(ROUND, 100, dimensions={"loop[trips]": 3})) == 100 * STATE


def test_a_bound_trip_count_gives_what_the_loop_stacks_its_extent() -> None:
    found = looped(STACKS, dimensions={"loop[trips]": 9}, stacked=True)
    assert not isinstance(found.activation_peak_bytes, Unestablished)
    assert macs(found) == 9 * STATE


def test_a_loop_inside_another_is_bound_by_the_names_of_both() -> None:
    inner = helper.make_graph(
        [call("MatMul", "u w", "u2"), call("Identity", "d", "kept2")], "inner",
        [take("j", [], INT64), take("d", [], BOOL), take("u", None)], [take("kept2", [], BOOL), take("u2", None)],
    )  # fmt: skip
    nested = body(
        helper.make_node("Loop", ["n", "c", "v"], ["v2"], name="inner", body=inner), call("Identity", "c", "kept")
    )
    assert macs(looped(nested, dimensions={"loop[trips]": 5, "loop/inner[trips]": 7})) == 35 * STATE
    assert "loop/inner[trips]" in looped(nested, dimensions={"loop[trips]": 5}).unbound_dimensions


def test_a_trip_count_that_follows_from_an_unbound_dimension_names_the_dimension() -> None:
    nodes = [
        call("Shape", "s", "dims"),
        call("Squeeze", "dims", "n"),
        helper.make_node("Loop", ["n", "yes", "x"], ["y"], name="loop", body=ROUND),
    ]
    yes = helper.make_tensor("yes", BOOL, [], [True])
    parts = {"constants": [zeros("w", 4, 4), yes]}
    inputs = [take("x", [1, 4]), take("s", ["steps"])]
    assert "steps" in causes(cost(nodes, inputs, **parts))[0]
    assert macs(cost(nodes, inputs, dimensions={"steps": 6}, **parts)) == 6 * STATE


@pytest.mark.parametrize("trips", [2**60, 2**63 - 1])
def test_more_trips_than_can_be_counted_are_refused(trips) -> None:
    found = looped(ROUND, trips)
    assert [cause.reason for cause in found.unknown] == [Reason.TOO_LARGE]


def test_a_loop_without_a_trip_count_that_never_stops_is_unknown() -> None:
    yes = helper.make_tensor("yes", BOOL, [], [True])
    node = helper.make_node("Loop", ["", "yes", "x"], ["y"], name="loop", body=ROUND)
    found = cost([node], [take("x", [1, 4])], constants=[zeros("w", 4, 4), yes])
    assert "[trips]" in found.macs.causes[0].fix


def test_a_negative_trip_count_runs_nothing() -> None:
    assert macs(looped(ROUND, -5)) == 0


def test_loops_inside_loops_multiply_until_they_cannot_be_counted() -> None:
    graph = ROUND
    for depth in range(12):
        inner = helper.make_node("Loop", ["n", "c", "v"], ["v2"], name=f"l{depth}", body=graph)
        graph = body(inner, call("Identity", "c", "kept"))
    assert looped(graph, 1000).unknown[0].reason is Reason.TOO_LARGE


def sequence_of(shapes, node, more=(), dimensions=None):
    names = [f"x{index}" for index in range(len(shapes))]
    nodes = [helper.make_node("SequenceConstruct", names, ["s"]), node]
    nodes.append(helper.make_node("SequenceLength", ["t"], ["y"]))
    inputs = [take(name, shape) for name, shape in zip(names, shapes, strict=True)]
    return cost(nodes, [*inputs, *more], constants=[zeros("w", 4, 4)], dimensions=dimensions)


def mapped(*nodes, reads="s", inputs=("e",), outputs=("o",)):
    graph = helper.make_graph(
        list(nodes), "each", [take(name, None) for name in inputs], [take(name, None) for name in outputs]
    )
    return helper.make_node("SequenceMap", reads.split(), ["t"], body=graph)


PRODUCT = mapped(call("MatMul", "e w", "o"))


def test_a_sequence_map_costs_its_body_for_each_tensor() -> None:
    found = sequence_of([[2, 4], [2, 4], [5, 4]], PRODUCT)
    assert (macs(found), found.macs.bounded) == ((2 + 2 + 5) * STATE, False)


def test_a_sequence_map_takes_the_tensors_of_a_second_sequence_beside_the_first() -> None:
    node = mapped(call("MatMul", "e f", "o"), reads="s s", inputs=("e", "f"))
    assert macs(sequence_of([[4, 4], [4, 4]], node)) == 2 * 64


def test_a_sequence_map_passes_a_tensor_to_every_run() -> None:
    node = mapped(call("MatMul", "e f", "o"), reads="s z", inputs=("e", "f"))
    assert macs(sequence_of([[2, 4], [3, 4]], node, [take("z", [4, 6])])) == 5 * 24


def test_a_sequence_map_over_tensors_of_unknown_extents_names_the_dimension() -> None:
    assert "batch" in causes(sequence_of([["batch", 4], [2, 4]], PRODUCT))[0]
    assert macs(sequence_of([["batch", 4], [2, 4]], PRODUCT, dimensions={"batch": 3})) == 5 * STATE


def test_a_sequence_map_over_a_sequence_that_enters_is_unknown() -> None:
    held = helper.make_sequence_type_proto(helper.make_tensor_type_proto(TensorProto.FLOAT, [2, 4]))
    found = cost([PRODUCT], [helper.make_value_info("s", held)], ["t"], constants=[zeros("w", 4, 4)])
    assert "sequence" in causes(found)[0]


def test_tensors_of_one_shape_are_walked_once() -> None:
    many = MAX_NESTED_CALLS // 20 - 1
    assert macs(sequence_of([[2, 4]] * many, PRODUCT)) == many * 2 * STATE


def test_a_sequence_map_of_many_shapes_ends_at_the_limit_of_calls() -> None:
    chain = [call("Relu", "e" if index == 0 else f"r{index - 1}", f"r{index}") for index in range(100)]
    node = mapped(*chain, call("MatMul", "r99 w", "o"))
    found = sequence_of([[extent, 4] for extent in range(1, 900)], node)
    assert "nested calls" in causes(found)[0]


def test_a_sequence_that_grows_in_a_loop_has_no_known_length() -> None:
    graph = helper.make_graph(
        [call("SequenceInsert", "v x", "v2"), call("Identity", "c", "kept")], "grow",
        [take("i", [], INT64), take("c", [], BOOL), helper.make_value_info("v", SEQUENCE)],
        [take("kept", [], BOOL), helper.make_value_info("v2", SEQUENCE)],
    )  # fmt: skip
    nodes = [
        helper.make_node("SequenceConstruct", ["x"], ["s"]),
        helper.make_node("Loop", ["n", "yes", "s"], ["grown"], body=graph),
        helper.make_node("ConcatFromSequence", ["grown"], ["joined"], axis=0),
        call("MatMul", "joined w", "y"),
    ]
    constants = [helper.make_tensor("n", INT64, [], [3]), helper.make_tensor("yes", BOOL, [], [True]), zeros("w", 4, 4)]
    found = cost(nodes, [take("x", [2, 4])], constants=constants)
    assert "how long a sequence grows" in causes(found)[0]


SEQUENCE = helper.make_sequence_type_proto(helper.make_tensor_type_proto(TensorProto.FLOAT, None))


@pytest.mark.parametrize(
    ("axis", "attributes", "opset", "expected"),
    [
        (1, {}, 17, 3 * 8 * 8 * 2),
        (1, {"onesided": 1}, 17, 3 * 5 * 8 * 2),
        (None, {}, 20, 3 * 8 * 8 * 2),
    ],
)
def test_a_fourier_transform_is_bounded_by_the_product_that_defines_it(axis, attributes, opset, expected) -> None:
    if axis is not None:
        attributes = attributes | {"axis": axis}
    found = cost([call("DFT", "x", "y", **attributes)], [take("x", [3, 8, 1])], opset=opset)
    assert (macs(found), found.macs.bounded) == (expected, True)


def test_a_transform_of_complex_numbers_takes_four_products_each_and_back_to_real_ones_two() -> None:
    assert macs(cost([call("DFT", "x", "y")], [take("x", [3, 8, 2])], opset=17)) == 3 * 8 * 8 * 4
    found = cost([call("DFT", "x", "y", inverse=1, onesided=1)], [take("x", [3, 5, 2])], opset=20)
    assert macs(found) == 3 * 8 * 8 * 2


def test_the_parts_of_a_number_are_not_transformed() -> None:
    found = cost([call("DFT", "x", "y", axis=-1)], [take("x", [3, 8, 2])], opset=17)
    assert "last axis" in str(found.unknown[0])


def test_frames_of_a_signal_are_transformed_each() -> None:
    window = numpy_helper.from_array(np.ones(16, np.float32), "w")
    node = helper.make_node("STFT", ["x", "step", "w"], ["y"], onesided=1)
    found = cost(
        [node], [take("x", [1, 64, 1])], constants=[helper.make_tensor("step", INT64, [], [8]), window], opset=17
    )
    assert (macs(found), found.macs.bounded) == (7 * 9 * 16 * 2, True)


def test_a_determinant_is_bounded_by_elimination() -> None:
    found = cost([call("Det", "x", "y")], [take("x", [4, 3, 3])])
    assert (macs(found), found.macs.bounded) == (4 * (2 * 3 * 5 // 6), True)
    assert found.rows[0].output == "4"


def test_flexible_attention_adds_what_its_subgraphs_take() -> None:
    change = helper.make_graph([call("MatMul", "s m", "t")], "change", [take("s", None)], [take("t", None)])
    node = helper.make_node("FlexAttention", ["q", "k", "v"], ["y"], domain="ai.onnx.preview", score_mod=change)
    inputs = [take("q", [1, 2, 5, 4]), take("k", [1, 2, 5, 4]), take("v", [1, 2, 5, 4])]
    found = cost([node], inputs, constants=[zeros("m", 5, 5)], domains=("ai.onnx.preview",))
    assert macs(found) == 2 * 5 * 5 * 8 + 2 * 5 * 5 * 5


@pytest.mark.parametrize(
    ("node", "kind", "shape", "expected"),
    [
        (call("StringConcat", "x z", "y"), TensorProto.STRING, [3, 1], (3, 4)),
        (call("RegexFullMatch", "x", "y", pattern="a"), TensorProto.STRING, [3, 1], (3, 1)),
        (call("StringNormalizer", "x", "y"), TensorProto.STRING, [7], (7,)),
        (call("TfIdfVectorizer", "x", "y", max_gram_length=1, min_gram_length=1, max_skip_count=0, mode="TF",
              ngram_counts=[0], ngram_indexes=[0, 4, 2], pool_int64s=[1, 2, 3]), INT64, [6, 9], (6, 5)),
    ],
)  # fmt: skip
def test_texts_take_no_macs_and_have_their_shapes(node, kind, shape, expected) -> None:
    found = cost([node], [take("x", shape, kind), take("z", [1, 4], kind)])
    assert macs(found) == 0
    assert found.rows[0].output == "x".join(map(str, expected))


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (call("StringSplit", "x", "y z"), "7x?"),
        (call("StringNormalizer", "x", "y", stopwords=["a"]), "?"),
    ],
)
def test_texts_that_the_data_cuts_have_open_extents(node, expected) -> None:
    found = cost([node], [take("x", [7], TensorProto.STRING)], list(node.output))
    assert macs(found) == 0
    assert found.rows[0].output == expected


def test_an_image_is_as_large_as_its_data_says() -> None:
    found = cost([call("ImageDecoder", "x", "y", pixel_format="Grayscale")], [take("x", [99], TensorProto.UINT8)])
    assert found.rows[0].output == "?x?x1"


def test_retired_operators_are_known_as_long_as_runtimes_have_them() -> None:
    crop = call("Crop", "x", "y", border=[1, 2, 3, 4])
    assert cost([crop], [take("x", [1, 3, 20, 20])], opset=6).rows[0].output == "1x3x14x16"
    assert "opset 10" in str(cost([crop], [take("x", [1, 3, 20, 20])], opset=11).unknown[0])


def test_ints_are_a_shape_only_where_they_decide_one() -> None:
    assert cost([call("Reshape", "x s", "y")], [take("x", [6])], constants=[ints("s", 2, 3)]).weights.parameters == 0
