"""What a runtime runs as one kernel is folded into one, and nothing else is."""

from __future__ import annotations

import numpy as np
import pytest
from graphs import build, ints, read, take, zeros
from neutral import call, constant, conv, lite, stored, whole
from onnx import TensorProto, helper

from policy_gate.model_graph.kernels import Kernel, epilogues, find_kernels
from policy_gate.model_graph.memory import Stored
from policy_gate.model_graph.operators import TABLES
from policy_gate.model_graph.traits import TRAITS, moves_channels

node = helper.make_node


def kernels(kept: Stored) -> list[Kernel]:
    return find_kernels(kept, epilogues(kept))


def folded(nodes, shape, constants=(), outputs=("y",), dtype=TensorProto.FLOAT) -> list[tuple[str, int, int]]:
    """Operators, bytes read and bytes written of each kernel."""
    proto = build(nodes, [take("x", shape, dtype)], outputs, constants=constants)
    return [
        (" ".join(step.node.op for step in kernel.steps), kernel.read_bytes, kernel.written_bytes)
        for kernel in kernels(stored(read(proto)))
    ]


def norm(reads, makes):
    return node("BatchNormalization", [reads, "v", "v", "v", "v"], [makes])


WEIGHT, CHANNELS = zeros("w", 4, 2, 1, 1), zeros("v", 4)
SHAPE = [1, 2, 5, 5]
IN, OUT = 4 * 50, 4 * 100


def test_a_convolution_takes_its_batch_norm_bias_and_activation_along() -> None:
    nodes = [node("Conv", ["x", "w"], ["c"]), norm("c", "n"), node("Relu", ["n"], ["y"])]
    assert folded(nodes, SHAPE, [WEIGHT, CHANNELS]) == [("Conv BatchNormalization Relu", IN, OUT)]


def test_a_product_takes_its_bias_along() -> None:
    nodes = [node("MatMul", ["x", "m"], ["p"]), node("Add", ["p", "v"], ["a"]), node("Clip", ["a"], ["y"])]
    assert folded(nodes, [3, 2], [zeros("m", 2, 4), CHANNELS]) == [("MatMul Add Clip", 24, 48)]


def test_after_an_activation_nothing_more_is_taken_along() -> None:
    nodes = [node("Conv", ["x", "w"], ["c"]), node("Relu", ["c"], ["r"]), norm("r", "y")]
    assert folded(nodes, SHAPE, [WEIGHT, CHANNELS]) == [("Conv Relu", IN, OUT), ("BatchNormalization", OUT, OUT)]


def test_a_batch_norm_after_something_else_is_a_kernel_and_takes_its_activation() -> None:
    nodes = [node("Concat", ["x", "x"], ["c"], axis=1), norm("c", "n"), node("Relu", ["n"], ["y"])]
    assert folded(nodes, SHAPE, [CHANNELS]) == [("Concat", 2 * IN, OUT), ("BatchNormalization Relu", OUT, OUT)]


def test_a_sum_of_two_activations_is_a_kernel_and_takes_its_relu() -> None:
    nodes = [
        node("Conv", ["x", "w"], ["a"]),
        node("Conv", ["x", "w"], ["b"]),
        node("Add", ["a", "b"], ["s"]),
        node("Relu", ["s"], ["y"]),
    ]
    found = folded(nodes, SHAPE, [WEIGHT])
    assert found == [("Conv", IN, OUT), ("Conv", IN, OUT), ("Add Relu", 2 * OUT, OUT)]


@pytest.mark.parametrize("outputs", [("y", "c"), ("y", "z")])
def test_what_another_call_or_the_caller_needs_leaves_its_kernel(outputs) -> None:
    nodes = [node("Conv", ["x", "w"], ["c"]), node("Relu", ["c"], ["y"]), node("Neg", ["c"], ["z"])]
    assert folded(nodes, SHAPE, [WEIGHT], outputs)[:2] == [("Conv", IN, OUT), ("Relu", OUT, OUT)]


def test_a_bias_that_widens_the_product_is_a_kernel_of_its_own() -> None:
    nodes = [node("MatMul", ["x", "m"], ["p"]), node("Add", ["p", "big"], ["y"])]
    assert [ops for ops, *_ in folded(nodes, [1, 2], [zeros("m", 2, 4), zeros("big", 9, 4)])] == ["MatMul", "Add"]


def test_an_activation_that_tflite_runs_on_its_own_is_a_kernel() -> None:
    nodes = [node("Conv", ["x", "w"], ["c"]), node("HardSwish", ["c"], ["y"])]
    assert [ops for ops, *_ in folded(nodes, SHAPE, [WEIGHT])] == ["Conv", "HardSwish"]


def test_renames_and_questions_for_a_shape_are_no_kernels() -> None:
    nodes = [
        node("Shape", ["x"], ["s"]),
        node("Reshape", ["x", "to"], ["r"]),
        node("Identity", ["r"], ["i"]),
        node("Neg", ["i"], ["y"]),
    ]
    assert folded(nodes, SHAPE, [ints("to", 50)], ("y", "s")) == [("Neg", IN, IN)]


def test_what_only_recodes_weights_is_no_kernel() -> None:
    nodes = [node("Transpose", ["m"], ["t"], perm=[1, 0]), node("MatMul", ["x", "t"], ["y"])]
    assert folded(nodes, [3, 2], [zeros("m", 4, 2)]) == [("MatMul", 24, 48)]


def test_a_change_of_layout_is_no_kernel_and_another_transpose_is() -> None:
    nodes = [
        node("Transpose", ["x"], ["t"], perm=[0, 2, 3, 1]),
        node("Neg", ["t"], ["n"]),
        node("Transpose", ["n"], ["y"], perm=[0, 2, 1, 3]),
    ]
    assert folded(nodes, SHAPE) == [("Neg", IN, IN), ("Transpose", IN, IN)]


@pytest.mark.parametrize(
    ("order", "moves"),
    [
        ((0, 3, 1, 2), True),
        ((0, 2, 3, 1), True),
        ((0, 4, 1, 2, 3), True),
        ((0, 2, 1), True),
        ((1, 0), False),
        ((0, 2, 1, 3), False),
        ((0, 1, 3, 2), False),
        ((3, 0, 1, 2), False),
        (None, False),
        ("021", False),
        (("a", "b", "c"), False),
        ((), False),
    ],
)
def test_a_change_of_layout_moves_the_channels_and_keeps_all_else(order, moves) -> None:
    assert moves_channels(call("Transpose", "x", perm=order)) is moves


def test_padding_stays_a_kernel_since_profiles_are_fitted_on_files_that_have_it() -> None:
    nodes = [node("Pad", ["x", "p"], ["padded"]), node("Conv", ["padded", "w"], ["y"])]
    found = folded(nodes, SHAPE, [WEIGHT, ints("p", 0, 0, 1, 1, 0, 0, 1, 1)])
    assert found == [("Pad", IN, 4 * 98), ("Conv", 4 * 98, 4 * 196)]


SCALES = [zeros("s"), zeros("z", dtype=np.int8)]


def dq(reads, makes):
    return node("DequantizeLinear", [reads, "s", "z"], [makes])


def q(reads, makes):
    return node("QuantizeLinear", [reads, "s", "z"], [makes])


def quantised(nodes, shape=SHAPE, constants=()):
    weight = zeros("w8", 2, 2, 1, 1, dtype=np.int8)
    return folded(nodes, shape, [*SCALES, weight, *constants], dtype=TensorProto.INT8)


def test_a_quantised_convolution_is_one_kernel_that_reads_and_writes_bytes() -> None:
    nodes = [dq("x", "xf"), dq("w8", "w"), node("Conv", ["xf", "w"], ["c"]), node("Relu", ["c"], ["r"]), q("r", "y")]
    assert quantised(nodes) == [("Conv Relu QuantizeLinear", 50, 50)]


def test_the_quantised_width_is_carried_back_through_what_only_moves_elements() -> None:
    nodes = [
        dq("x", "xf"),
        dq("w8", "w"),
        node("Conv", ["xf", "w"], ["c"]),
        node("MaxPool", ["c"], ["p"], kernel_shape=[5, 5]),
        node("Reshape", ["p", "to"], ["r"]),
        q("r", "y"),
    ]
    assert quantised(nodes, constants=[ints("to", 1, 2)]) == [("Conv", 50, 50), ("MaxPool", 50, 2)]


def test_an_addition_of_two_quantised_values_reads_bytes() -> None:
    nodes = [dq("x", "a"), dq("x", "b"), node("Add", ["a", "b"], ["sum"]), q("sum", "y")]
    assert quantised(nodes) == [("Add QuantizeLinear", 100, 50)]


def test_requantising_is_a_kernel() -> None:
    assert quantised([dq("x", "f"), q("f", "y")]) == [("DequantizeLinear QuantizeLinear", 50, 50)]


def test_a_reshape_between_dequantise_and_quantise_is_a_rename() -> None:
    nodes = [dq("x", "f"), node("Reshape", ["f", "to"], ["r"]), q("r", "n"), dq("n", "g"), node("Relu", ["g"], ["y"])]
    assert quantised(nodes, constants=[ints("to", 50)]) == [("DequantizeLinear", 50, 200), ("Relu", 200, 200)]


def test_quantising_the_input_and_dequantising_the_output_are_kernels() -> None:
    nodes = [q("x", "a"), dq("a", "y")]
    assert folded(nodes, SHAPE, SCALES) == [("QuantizeLinear", IN, 50), ("DequantizeLinear", 50, IN)]


def test_weights_that_alone_are_quantised_leave_the_activations_float() -> None:
    nodes = [dq("w8", "w"), node("Conv", ["x", "w"], ["y"])]
    found = folded(nodes, SHAPE, [*SCALES, zeros("w8", 2, 2, 1, 1, dtype=np.int8)])
    assert found == [("Conv", IN, IN)]


def test_each_operator_of_a_tflite_file_but_a_rename_is_a_kernel() -> None:
    nodes = [
        call("QUANTIZE", "x", "a"),
        conv("a w", "b"),
        call("RELU", "b", "c"),
        call("SHAPE", "c", "d"),
        call("STRIDED_SLICE", "d from to by", "e", begin_mask=0, end_mask=0, ellipsis_mask=0, new_axis_mask=0,
             shrink_axis_mask=1),
        call("PACK", "e rest", "f", axis=0, values_count=2),
        call("RESHAPE", "c f", "g"),
        call("DEQUANTIZE", "g", "y"),
    ]  # fmt: skip
    constants = [constant("w", 2, 1, 1, 2)]
    constants += [whole("from", [1], 0), whole("to", [1], 1), whole("by", [1], 1), whole("rest", [], 50)]
    claims = {"d": "int32", "e": "int32", "f": "int32", "y": "float32"}
    model = lite(nodes, {"x": (1, 5, 5, 2)}, constants, claims=claims)
    found = [(kernel.steps[0].node.op, kernel.read_bytes, kernel.written_bytes) for kernel in kernels(stored(model))]
    assert found == [
        ("QUANTIZE", 50, 50),
        ("CONV_2D", 50, 50),
        ("RELU", 50, 50),
        ("STRIDED_SLICE", 16, 4),
        ("PACK", 4, 8),
        ("DEQUANTIZE", 50, 200),
    ]


def test_a_kernel_names_its_calls_work_and_type() -> None:
    nodes = [dq("x", "xf"), dq("w8", "w"), node("Conv", ["xf", "w"], ["c"]), q("c", "y")]
    weight = zeros("w8", 2, 2, 1, 1, dtype=np.int8)
    proto = build(nodes, [take("x", SHAPE, TensorProto.INT8)], constants=[*SCALES, weight])
    (found,) = kernels(stored(read(proto)))
    assert (found.dtype, found.macs, [step.name for step in found.steps]) == ("int8", 100, ["c", "y"])


@pytest.mark.parametrize("domain", ["", "com.microsoft", "tflite"])
def test_every_operator_with_a_trait_is_one_whose_shape_rule_is_known(domain) -> None:
    assert TRAITS[domain].keys() <= TABLES[domain].keys()
