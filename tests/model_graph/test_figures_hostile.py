"""Graphs made to look cheaper than they are: every figure holds, or is no number."""

from __future__ import annotations

import numpy as np
import pytest
import tflite_graphs
from graphs import cost, take, zeros
from onnx import TensorProto, helper
from tflite_graphs import graph, model, number, numbers, walked, weight
from tflite_graphs import node as lite

from policy_gate.model_graph.figures import Features, MemoryPlans, Unestablished
from policy_gate.model_graph.profile import profile

node = helper.make_node
INT8 = TensorProto.INT8
WINDOW = {"padding": "SAME", "stride_w": 1, "stride_h": 1, "dilation_w_factor": 1, "dilation_h_factor": 1}
CONSTANTS = [
    zeros("s"),
    zeros("z", dtype=np.int8),
    zeros("z4", dtype=np.int8),
    zeros("each", 4),
    zeros("zero_each", 4, dtype=np.int8),
    zeros("w", 4, 4, 1, 1),
    zeros("w8", 4, 4, 1, 1, dtype=np.int8),
    helper.make_tensor("four", TensorProto.INT4, [], [0]),
]


def dq(reads, makes, scale="s", zero="z", **more):
    return node("DequantizeLinear", [reads, scale, zero], [makes], **more)


def q(reads, makes, scale="s", zero="z", **more):
    return node("QuantizeLinear", [reads, scale, zero], [makes], **more)


def peak(nodes, *more_inputs, outputs=("y",)) -> int:
    """The peak without fusion; an int8 value has 100 bytes, the float of it 400."""
    found = cost(nodes, [take("x", [1, 4, 5, 5], INT8), *more_inputs], outputs, constants=CONSTANTS)
    assert isinstance(found.plans, MemoryPlans), found.plans
    return found.plans.no_fusion


RELU = [dq("x", "a"), node("Relu", ["a"], ["b"]), q("b", "y")]
HOSTILE = {
    "float weights": [dq("x", "a"), node("Conv", ["a", "w"], ["b"]), q("b", "y")],
    "renamed float weights": [
        dq("x", "a"),
        node("Identity", ["w"], ["v"]),
        node("Conv", ["a", "v"], ["b"]),
        q("b", "y"),
    ],
    "a scale a channel": [
        dq("x", "a", "each", "zero_each", axis=1),
        node("Relu", ["a"], ["b"]),
        q("b", "y", "each", "zero_each", axis=1),
    ],
    "four bits": [dq("x", "a"), node("Relu", ["a"], ["b"]), q("b", "y", zero="four")],
    "a cast": [dq("x", "a"), node("Cast", ["a"], ["y"], to=INT8)],
    "a scale of this run": [
        dq("x", "a"),
        node("Relu", ["a"], ["b"]),
        node("ReduceMax", ["b"], ["top"], keepdims=0),
        q("b", "y", "top"),
    ],
}


@pytest.mark.parametrize("nodes", HOSTILE.values(), ids=HOSTILE)
def test_a_float_that_no_quantised_kernel_can_read_or_write_is_stored_as_float(nodes) -> None:
    assert peak(RELU) == 100 + 100
    assert peak(nodes) >= 400 + 50


def test_a_float_operand_beside_a_quantised_one_makes_the_kernel_one_of_floats() -> None:
    nodes = [dq("x", "a"), node("Add", ["a", "g"], ["b"]), q("b", "y")]
    assert peak(nodes, take("g", [1, 4, 5, 5])) == 3 * 400


def test_a_float_that_one_part_of_a_split_goes_on_with_is_stored() -> None:
    nodes = [
        dq("x", "a"),
        node("Split", ["a"], ["b", "c"], axis=1, num_outputs=2),
        q("b", "y"),
        node("Exp", ["c"], ["v"]),
    ]
    assert peak(nodes, outputs=["y", "v"]) >= 400 + 200


def test_weights_of_a_scale_a_channel_leave_the_kernel_quantised() -> None:
    nodes = [
        dq("x", "a"),
        dq("w8", "v", "each", "zero_each", axis=0),
        node("Conv", ["a", "v"], ["b"]),
        q("b", "y"),
    ]
    assert peak(nodes) == 100 + 100


def features(found) -> Features:
    assert isinstance(found.features, Features), found.features
    return found.features


@pytest.mark.parametrize(("op", "made"), [("TRANSPOSE", "w order"), ("ADD", "w w"), ("NEG", "w")])
def test_what_tflite_makes_of_constants_takes_room_and_is_a_kernel(op, made) -> None:
    nodes = [lite(op, made, "t"), lite("FULLY_CONNECTED", "x t -")]
    constants = [weight(100, 100, name="w"), numbers(1, 0, name="order")]
    found = tflite_graphs.cost(nodes, [("x", tflite_graphs.take(1, 100))], constants=constants)
    assert isinstance(found.plans, MemoryPlans)
    assert found.plans.no_fusion == 400 + 40_000 + 400
    assert (features(found).operators, features(found).activation_bytes) == (2, 40_000 + 800)


def test_a_reshape_of_tflite_copies_where_nothing_is_shared() -> None:
    nodes = [lite("CONCATENATION", "x x x", "a"), lite("RESHAPE", "a", "b", new_shape=(300,)), lite("MEAN", "b axis")]
    found = tflite_graphs.cost(nodes, [("x", tflite_graphs.take(100))], constants=[numbers(0, name="axis")])
    assert isinstance(found.plans, MemoryPlans)
    assert (found.plans.no_fusion, found.plans.pad_fused) == (1200 + 1200, 400 + 1200)


def test_the_features_of_a_branch_hold_the_most_of_each_class_of_work() -> None:
    data = ("x", tflite_graphs.take(1, 10, 10, 8))
    wide = graph([lite("CONV_2D", "x w", **WINDOW)], [data], constants=[weight(8, 3, 3, 8, name="w")])
    deep = graph([lite("DEPTHWISE_CONV_2D", "x w", **WINDOW)], [data], constants=[weight(1, 9, 9, 8, name="w")])
    choose = lite("IF", "c x", then_branch=wide, else_branch=deep)
    found = features(tflite_graphs.cost([choose], [("c", tflite_graphs.take(dtype="bool")), data]))
    assert (found.conv_macs, found.depthwise_macs, found.bounded) == (800 * 72, 800 * 81, True)


def test_a_variable_that_a_body_assigns_by_an_unknown_handle_leaves_the_peak_unknown() -> None:
    handle = ("h", tflite_graphs.take(dtype="opaque(resource)"))
    carried = [("i", tflite_graphs.take(dtype="int32")), handle, ("v", tflite_graphs.take(9, 9))]
    cond = graph([lite("LESS", "i n", "c")], carried, ["c"], constants=[number(4, name="n")])
    nodes = [lite("ADD", "i one", "j"), lite("ASSIGN_VARIABLE", "h v", "")]
    body = graph(nodes, carried, ["j", "h", "v"], constants=[number(1, name="one")])
    named = lite("VAR_HANDLE", "", "h", container="", shared_name="v")
    loop = lite("WHILE", "zero h x", "k g y", cond=cond, body=body)
    found = tflite_graphs.cost([named, loop], [("x", tflite_graphs.take(9, 9))], constants=[number(0, name="zero")])
    assert isinstance(found.plans, Unestablished)
    assert "which variable it means" in found.plans.causes[0].detail


def test_a_table_of_texts_takes_room_that_is_not_known() -> None:
    nodes = [lite("HASHTABLE", "", "t", table_id=1), lite("HASHTABLE_IMPORT", "t k v", ""), lite("RELU")]
    constants = [weight(9, dtype="int64", name="k"), weight(9, dtype="string", name="v")]
    found = tflite_graphs.cost(nodes, [("x", tflite_graphs.take(1, 4))], constants=constants)
    assert isinstance(found.plans, Unestablished)


def test_bits_of_floats_are_not_folded() -> None:
    constants = [number(1.5, "float32", name="a"), number(2, name="b")]
    found = walked(model([lite("BITWISE_XOR", "b a")], constants=constants))
    assert found.known == [None]


def test_a_loop_of_stablehlo_tests_its_condition_once_more_than_it_runs() -> None:
    data = [("i", tflite_graphs.take(dtype="int32")), ("x", tflite_graphs.take(1, 4))]
    cond = graph([lite("LESS", "i n", "c")], data, ["c"], constants=[number(3, name="n")])
    body = graph(
        [lite("ADD", "i one", "j"), lite("RELU", "x", "z")], data, ["j", "z"], constants=[number(1, name="one")]
    )
    made = [
        profile(model([lite(op, "zero x", "k y", cond=cond, body=body)], data[1:], constants=[number(0, name="zero")]))
        for op in ("WHILE", "STABLEHLO_WHILE")
    ]
    assert features(made[0]).operators == features(made[1]).operators == 3 * 2 + 4
