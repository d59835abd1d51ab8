"""Features are those that device profiles are fitted on, for both formats, or no numbers."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from graphs import cost, ints, take, zeros
from neutral import call, constant, conv, from_file, lite, whole
from onnx import TensorProto, helper

from policy_gate.model_graph.figures import Features, ModelProfile, Unestablished
from policy_gate.model_graph.graph import Graph, Model, Node, ValueInfo
from policy_gate.model_graph.profile import profile

node = helper.make_node
COLUMNS = ("macs_excl_dw", "macs_dw", "act_bytes", "weight_bytes", "n_ops")


def features(found: ModelProfile) -> Features:
    assert isinstance(found.features, Features), found.features
    return found.features


def row(found: ModelProfile) -> tuple[int, ...]:
    """The features in the order of the published columns."""
    one = features(found)
    return (one.conv_macs, one.depthwise_macs, one.activation_bytes, one.weight_bytes, one.operators)


@pytest.fixture(scope="module")
def published(shared: Path) -> dict[str, tuple[int, ...]]:
    path = shared / "data" / "cost_dev.csv"
    if not path.exists():
        pytest.skip("the data is not present")
    with path.open(encoding="utf-8", newline="") as file:
        rows = [each for each in csv.DictReader(file) if each["model_key"]]
    return {each["model_key"]: tuple(int(each[column]) for column in COLUMNS) for each in rows}


@pytest.mark.parametrize(
    "key", ["ad01_fp32", "ad01_int8", "pretrainedResnet", "pretrainedResnet_quant", "vww_96_float", "vww_96_int8"]
)
def test_a_tflite_file_has_the_published_features(shared, published, key) -> None:
    assert row(from_file(shared, f"{key}.tflite")) == published[key]


PAIRS = {
    "ad01_fp32": "ad01_fp32",
    "ad01_int8": "ad01_int8",
    "ic_int8": "pretrainedResnet_quant",
    "kws_ref_model": "kws_ref_model",
    "kws_ref_model_float32": "kws_ref_model_float32",
    "pretrainedResnet": "pretrainedResnet",
    "vww_96_float": "vww_96_float",
    "vww_96_int8": "vww_96_int8",
}
SHAPES_IN_64_BIT = 64
"""Most bytes that a converted file's shapes take more than those of the original, which are of 32 bit."""


@pytest.mark.parametrize(("converted", "original"), PAIRS.items())
def test_a_converted_onnx_file_has_the_features_of_its_tflite_original(shared, converted, original) -> None:
    one, other = (features(from_file(shared, name)) for name in (f"{converted}.onnx", f"{original}.tflite"))
    assert 0 <= one.weight_bytes - other.weight_bytes <= SHAPES_IN_64_BIT
    assert (one.conv_macs, one.depthwise_macs, one.activation_bytes, one.operators, one.dtype) == (
        other.conv_macs,
        other.depthwise_macs,
        other.activation_bytes,
        other.operators,
        other.dtype,
    )


def test_features_of_one_convolution_are_those_of_a_hand_count() -> None:
    nodes = [node("Conv", ["x", "w", "b"], ["c"]), node("Relu", ["c"], ["y"])]
    found = cost(nodes, [take("x", [1, 3, 8, 8])], constants=[zeros("w", 5, 3, 3, 3), zeros("b", 5)])
    macs = 5 * 6 * 6 * 3 * 9
    assert features(found) == Features(macs, 0, 4 * (3 * 64 + 5 * 36), 4 * (5 * 27 + 5), 1, "float32", 1.0, False)


def test_shapes_and_axes_are_weight_bytes_and_scales_are_not() -> None:
    parameters = [zeros("s", 4), zeros("z", 4, dtype=np.int8), zeros("w8", 4, 2, dtype=np.int8), ints("to", 8)]
    nodes = [
        node("DequantizeLinear", ["w8", "s", "z"], ["w"], axis=0),
        node("MatMul", ["x", "w"], ["m"]),
        node("Reshape", ["m", "to"], ["y"]),
    ]
    found = cost(nodes, [take("x", [4, 4])], constants=parameters)
    assert features(found).weight_bytes == 4 * 2 + 8
    assert found.weights.parameters == 8


def test_a_constant_that_two_calls_read_is_counted_once() -> None:
    nodes = [conv("x w", "a"), conv("a w", "y")]
    assert features(profile(lite(nodes, {"x": (1, 4, 4, 2)}, [constant("w", 2, 3, 3, 2)]))).weight_bytes == 36


def test_features_without_a_bound_dimension_are_no_numbers() -> None:
    nodes = [node("MatMul", ["x", "w"], ["y"])]
    found = cost(nodes, [take("x", ["N", 4])], constants=[zeros("w", 4, 5)])
    assert isinstance(found.features, Unestablished)
    assert "N" in found.features.causes[0].fix


def test_an_unknown_operator_leaves_no_features() -> None:
    found = profile(lite([call("MYSTERY", "x")], {"x": (1, 4)}))
    assert isinstance(found.features, Unestablished)


def test_features_name_the_type_that_does_most_of_the_work_and_its_share() -> None:
    nodes = [
        node("MatMul", ["x", "w"], ["f"]),
        node("QuantizeLinear", ["f", "s", "z"], ["q"]),
        node("MatMulInteger", ["q", "w8"], ["y"]),
    ]
    constants = [zeros("w", 4, 8), zeros("s"), zeros("z", dtype=np.int8), zeros("w8", 8, 12, dtype=np.int8)]
    found = features(cost(nodes, [take("x", [1, 4])], constants=constants))
    assert (found.dtype, found.dtype_share) == ("int8", 96 / 128)


def test_without_products_the_type_that_moves_most_bytes_is_named() -> None:
    nodes = [node("Cast", ["x"], ["h"], to=TensorProto.FLOAT16), node("Neg", ["h"], ["y"])]
    found = features(cost(nodes, [take("x", [100])]))
    assert (found.dtype, found.dtype_share) == ("float32", 600 / 1000)


def test_a_loop_moves_its_bytes_in_each_trip() -> None:
    body = helper.make_graph(
        [
            node("Identity", ["ci"], ["go"]),
            node("MatMul", ["s", "w"], ["n"]),
            node("Softmax", ["n"], ["o"]),
        ],
        "body",
        [take("i", [], TensorProto.INT64), take("ci", [], TensorProto.BOOL), take("s", None)],
        [take("go", [], TensorProto.BOOL), take("o", None)],
    )
    trips = helper.make_tensor("m", TensorProto.INT64, [], [7])
    go = helper.make_tensor("t", TensorProto.BOOL, [], [True])
    found = cost(
        [node("Loop", ["m", "t", "x"], ["y"], body=body)], [take("x", [4, 4])], constants=[trips, go, zeros("w", 4, 4)]
    )
    one = features(found)
    assert (one.activation_bytes, one.operators, one.bounded) == (7 * 4 * 64, 14, False)


def test_an_if_takes_its_larger_branch_and_is_bounded() -> None:
    heavy = helper.make_graph(
        [node("MatMul", ["x", "w"], ["h"]), node("Softmax", ["h"], ["t"])], "t", [], [take("t", None)]
    )
    light = helper.make_graph([node("Neg", ["x"], ["e"])], "e", [], [take("e", None)])
    found = features(
        cost(
            [node("If", ["c"], ["y"], then_branch=heavy, else_branch=light)],
            [take("x", [4, 4]), take("c", [], TensorProto.BOOL)],
            constants=[zeros("w", 4, 4)],
        )
    )
    assert (found.conv_macs, found.activation_bytes, found.operators, found.bounded) == (64, 256, 2, True)


def mapped(levels):
    """A body that maps a body over two equal tensors, so many levels deep; the innermost multiplies."""
    if not levels:
        nodes = [node("MatMul", ["v", "w"], ["o"])]
        return helper.make_graph(nodes, "body0", [take("v", [4, 4])], [take("o", [4, 4])])
    v, pair, many, one = (f"{name}{levels}" for name in ("v", "pair", "many", "one"))
    nodes = [
        node("SequenceConstruct", [v, v], [pair]),
        node("SequenceMap", [pair], [many], body=mapped(levels - 1)),
        node("SequenceAt", [many, "first"], [one]),
    ]
    return helper.make_graph(nodes, f"body{levels}", [take(v, [4, 4])], [take(one, [4, 4])])


def test_bodies_that_run_bodies_for_many_tensors_multiply_in_figures_and_not_in_time() -> None:
    nodes = [
        node("SequenceConstruct", ["x", "x"], ["pair"]),
        node("SequenceMap", ["pair"], ["many"], body=mapped(24)),
        node("SequenceAt", ["many", "first"], ["y"]),
    ]
    constants = [zeros("w", 4, 4), helper.make_tensor("first", TensorProto.INT64, [], [0])]
    found = cost(nodes, [take("x", [4, 4])], constants=constants)
    assert features(found).conv_macs == 2**25 * 64
    assert found.node_count < 100


def test_a_while_of_tflite_runs_its_condition_once_more_than_its_body() -> None:
    def graph(name, nodes, constants, out, dtype):
        inputs = (ValueInfo("i", "int32", ()), ValueInfo("v", "int8", (1, 100)))
        outputs = tuple(ValueInfo(each, dtype, None) for each in out)
        return Graph(name, tuple(nodes), {each.name: each for each in constants}, inputs, outputs)

    cond = graph("cond", [call("LESS", "i most", "go")], [whole("most", [], 5)], ["go"], "bool")
    steps = [
        call("ADD", "i one", "n", fused_activation_function="NONE"),
        call("ABS", "v", "w"),
    ]
    body = graph("body", steps, [whole("one", [], 1)], ["n", "w"], "int8")
    loop = Node("WHILE", "tflite", "", ("zero", "x"), ("last", "y"), {"cond": cond, "body": body})
    main = Graph(
        "main",
        (loop,),
        {"zero": whole("zero", [], 0)},
        (ValueInfo("x", "int8", (1, 100)),),
        (ValueInfo("y", "int8", None),),
    )
    found = profile(Model("tflite", 1000, 3, {"tflite": 3}, main))
    one = features(found)
    assert one.operators == 5 * 2 + 6
    assert one.activation_bytes == 5 * (8 + 200) + 6 * (4 + 1)


def test_constants_that_share_their_bytes_take_them_once_in_the_file(shared) -> None:
    path = shared / "models" / "mlperf-tiny" / "vww_96_int8.tflite"
    if not path.exists():
        pytest.skip("the model is not present")
    found = from_file(shared, path.name)
    assert found.stored_constant_bytes <= features(found).weight_bytes < path.stat().st_size
