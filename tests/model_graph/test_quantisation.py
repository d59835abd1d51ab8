"""Whether weights have one scale a tensor or several is read from the scales, in both formats."""

from __future__ import annotations

import numpy as np
import pytest
from graphs import cost, take, zeros
from neutral import call, constant, conv, from_file, lite
from onnx import TensorProto, helper

from policy_gate.model_graph.figures import Quantisation
from policy_gate.model_graph.profile import profile

node = helper.make_node
CONVERTED = {"pretrainedResnet_quant": "ic_int8"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ad01_fp32", Quantisation.NONE),
        ("ad01_int8", Quantisation.PER_TENSOR),
        ("pretrainedResnet_quant", Quantisation.PER_CHANNEL),
        ("vww_96_int8", Quantisation.PER_CHANNEL),
    ],
)
def test_published_models_are_quantised_as_they_are_known_to_be(shared, name, expected) -> None:
    assert from_file(shared, f"{name}.tflite").quantisation is expected
    assert from_file(shared, f"{CONVERTED.get(name, name)}.onnx").quantisation is expected


def lite_weights(*scales, op="CONV_2D", products=()) -> Quantisation:
    nodes, constants, last = [], [], "x"
    for index, count in enumerate((*scales, *products)):
        dims = (4, 1, 1, 4) if index < len(scales) else (4, 4)
        constants.append(constant(f"w{index}", *dims, scales=count))
        if index < len(scales):
            nodes.append(conv(f"{last} w{index}", f"v{index}"))
        else:
            options = {"fused_activation_function": "NONE", "keep_num_dims": True, "weights_format": "DEFAULT"}
            nodes.append(call("FULLY_CONNECTED", f"{last} w{index}", f"v{index}", **options))
        last = f"v{index}"
    return profile(lite(nodes, {"x": (1, 5, 5, 4)}, constants, outputs=(last,))).quantisation


@pytest.mark.parametrize(
    ("scales", "products", "expected"),
    [
        ((0,), (), Quantisation.NONE),
        ((1, 1), (), Quantisation.PER_TENSOR),
        ((4, 4), (), Quantisation.PER_CHANNEL),
        ((4, 1), (), Quantisation.MIXED),
        ((4, 0), (), Quantisation.MIXED),
        ((4,), (1,), Quantisation.PER_CHANNEL),
        ((1,), (4,), Quantisation.PER_TENSOR),
        ((), (1, 1), Quantisation.PER_TENSOR),
        ((), (4, 1), Quantisation.MIXED),
        ((), (), Quantisation.NONE),
    ],
)
def test_convolutions_decide_how_a_tflite_model_is_quantised_else_products(scales, products, expected) -> None:
    assert lite_weights(*scales, products=products) is expected


def test_a_weight_for_a_single_channel_fits_both_ways() -> None:
    nodes = [conv("x w", "a"), conv("a v")]
    weights = [constant("w", 4, 1, 1, 4, scales=4), constant("v", 1, 1, 1, 4, scales=1)]
    inputs = {"x": (1, 5, 5, 4)}
    assert profile(lite(nodes, inputs, weights)).quantisation is Quantisation.PER_CHANNEL
    assert profile(lite([conv("x v")], inputs, weights[1:])).quantisation is Quantisation.PER_TENSOR


@pytest.mark.parametrize(("scales", "expected"), [((), Quantisation.PER_TENSOR), ((4,), Quantisation.PER_CHANNEL)])
def test_an_onnx_model_is_quantised_as_the_scales_of_its_weights_say(scales, expected) -> None:
    parameters = [
        zeros("s", *scales),
        zeros("z", *scales, dtype=np.int8),
        zeros("w8", 4, 4, 1, 1, dtype=np.int8),
        zeros("one"),
        zeros("nil", dtype=np.uint8),
    ]
    pair = [node("DequantizeLinear", ["w8", "s", "z"], ["w"], axis=0), node("Conv", ["x", "w"], ["y"])]
    assert cost(pair, [take("x", [1, 4, 5, 5])], constants=parameters).quantisation is expected
    recoded = [
        node("DequantizeLinear", ["w8", "s", "z"], ["t"], axis=0),
        node("Transpose", ["t"], ["w"], perm=[1, 0, 2, 3]),
        node("Conv", ["x", "w"], ["y"]),
    ]
    assert cost(recoded, [take("x", [1, 4, 5, 5])], constants=parameters).quantisation is expected
    fused = [node("QLinearConv", ["x", "one", "nil", "w8", "s", "z", "one", "nil"], ["y"])]
    bytes_in = [take("x", [1, 4, 5, 5], TensorProto.UINT8)]
    assert cost(fused, bytes_in, constants=parameters).quantisation is expected
    integer = [node("ConvInteger", ["x", "w8", "nil", "z"], ["y"])]
    assert cost(integer, bytes_in, constants=parameters).quantisation is expected


def test_an_int8_weight_without_a_scale_is_not_called_quantised_by_dequantising() -> None:
    nodes = [node("Cast", ["w8"], ["w"], to=TensorProto.FLOAT), node("Conv", ["x", "w"], ["y"])]
    found = cost(nodes, [take("x", [1, 4, 5, 5])], constants=[zeros("w8", 4, 4, 1, 1, dtype=np.int8)])
    assert found.quantisation is Quantisation.NONE
