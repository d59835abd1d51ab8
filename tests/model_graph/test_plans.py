"""The four planners give exactly the bytes that a hand count gives, and each needs no more than the one before."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from graphs import build, cost, ints, read, take, zeros
from hypothesis import given
from hypothesis import strategies as st
from neutral import call, chain, constant, conv, depthwise, from_file, lite, stored, whole
from onnx import TensorProto, helper

from policy_gate.model_graph.figures import MemoryPlans, ModelProfile, Quantisation, Unestablished
from policy_gate.model_graph.kernels import epilogues
from policy_gate.model_graph.memory import Stored, value_bytes
from policy_gate.model_graph.plans import find_plans
from policy_gate.model_graph.profile import profile

node = helper.make_node


def plans(found: ModelProfile) -> MemoryPlans:
    assert isinstance(found.plans, MemoryPlans), found.plans
    return found.plans


def float_convolution() -> ModelProfile:
    """100 elements in, convolution to 400 with bias, batch norm and Relu."""
    nodes = [
        node("Conv", ["x", "w"], ["c"]),
        node("BatchNormalization", ["c", "v", "v", "v", "v"], ["n"]),
        node("Relu", ["n"], ["y"]),
    ]
    return cost(nodes, [take("x", [1, 1, 10, 10])], constants=[zeros("w", 4, 1, 1, 1), zeros("v", 4)])


def test_without_fusion_every_stored_value_has_its_own_room() -> None:
    found = float_convolution()
    assert plans(found).no_fusion == 4 * (400 + 400)
    assert found.activation_peak_bytes == plans(found).no_fusion


def test_batch_norm_and_activations_are_part_of_the_kernel_before_them() -> None:
    found = plans(float_convolution())
    assert (found.pad_fused, found.in_place) == (4 * (100 + 400), 4 * (100 + 400))


def test_a_convolution_laid_over_its_input_needs_the_larger_of_the_two() -> None:
    assert plans(float_convolution()).overlay == 4 * 400


def test_a_value_that_is_read_again_is_not_overwritten() -> None:
    nodes = [node("Conv", ["x", "w"], ["c"]), node("Add", ["c", "x"], ["y"])]
    found = plans(cost(nodes, [take("x", [1, 4, 5, 5])], constants=[zeros("w", 4, 4, 1, 1)]))
    assert found == MemoryPlans(no_fusion=1200, pad_fused=1200, in_place=800, overlay=800)


def test_a_graph_output_that_is_read_again_is_not_overwritten() -> None:
    nodes = [node("Abs", ["x"], ["a"]), node("Neg", ["a"], ["y"])]
    found = plans(cost(nodes, [take("x", [25])], ["a", "y"]))
    assert found.in_place == 200


def padded(reader, **attributes) -> MemoryPlans:
    nodes = [node("Pad", ["x", "p"], ["padded"], **attributes), reader]
    constants = [ints("p", 0, 0, 1, 1, 0, 0, 1, 1), zeros("w", 2, 2, 3, 3)]
    return plans(cost(nodes, [take("x", [1, 2, 8, 8])], constants=constants))


def test_padding_happens_inside_the_convolution_that_reads_it() -> None:
    found = padded(node("Conv", ["padded", "w"], ["y"]))
    assert (found.no_fusion, found.pad_fused) == (4 * 2 * (64 + 100), 4 * 2 * (64 + 64))


def test_padding_that_another_operator_reads_is_stored() -> None:
    found = padded(node("Neg", ["padded"], ["y"]))
    assert found.pad_fused == found.no_fusion == 4 * 2 * (100 + 100)


def test_padding_by_reflection_is_stored_since_no_convolution_does_that() -> None:
    found = padded(node("Conv", ["padded", "w"], ["y"]), mode="reflect")
    assert found.pad_fused == found.no_fusion


def test_padding_in_a_tflite_file_is_fused_into_each_convolution_that_reads_it() -> None:
    nodes = [
        call("PAD", "x p", "padded"),
        conv("padded w", "a"),
        conv("padded w", "b"),
        call("ADD", "a b", fused_activation_function="NONE"),
    ]
    margins = whole("p", [4, 2], 0, 0, 1, 1, 1, 1, 0, 0)
    found = plans(profile(lite(nodes, {"x": (1, 8, 8, 4)}, [margins, constant("w", 4, 1, 1, 4)])))
    assert (found.no_fusion, found.in_place) == (400 + 400 + 400, 256 + 400 + 400)


def test_a_depthwise_convolution_overwrites_its_input_and_another_does_not() -> None:
    weight = constant("w", 1, 3, 3, 4)
    found = plans(profile(lite([depthwise("x w")], {"x": (1, 8, 8, 4)}, [weight])))
    assert found == MemoryPlans(512, 512, 256, 256)
    found = plans(profile(lite([conv("x w")], {"x": (1, 8, 8, 4)}, [constant("w", 4, 3, 3, 4)])))
    assert found == MemoryPlans(512, 512, 512, 256)


def test_a_grouped_onnx_convolution_of_one_channel_each_is_depthwise() -> None:
    nodes = [node("Conv", ["x", "w"], ["y"], group=4)]
    found = plans(cost(nodes, [take("x", [1, 4, 5, 5])], constants=[zeros("w", 4, 1, 1, 1)]))
    assert found.in_place == 400


def quantised(nodes, shape, outputs=("y",), constants=()) -> MemoryPlans:
    parameters = [zeros("s"), zeros("z", dtype=np.int8)]
    weight = zeros("w8", shape[1], shape[1], 1, 1, dtype=np.int8)
    inputs = [take("x", shape, TensorProto.INT8)]
    return plans(cost(nodes, inputs, outputs, constants=[*parameters, weight, *constants]))


def dq(reads, makes):
    return node("DequantizeLinear", [reads, "s", "z"], [makes])


def q(reads, makes):
    return node("QuantizeLinear", [reads, "s", "z"], [makes])


def test_floats_between_dequantise_and_quantise_are_never_stored() -> None:
    nodes = [dq("x", "xf"), dq("w8", "w"), node("Conv", ["xf", "w"], ["c"]), node("Relu", ["c"], ["r"]), q("r", "y")]
    assert quantised(nodes, [1, 4, 5, 5]) == MemoryPlans(200, 200, 200, 100)


def test_padding_of_a_quantised_graph_is_fused_through_its_quantisation() -> None:
    nodes = [
        dq("x", "xf"),
        node("Pad", ["xf", "p"], ["padded"]),
        q("padded", "p8"),
        dq("p8", "pf"),
        dq("w8", "w"),
        node("Conv", ["pf", "w"], ["c"]),
        q("c", "y"),
    ]
    found = quantised(nodes, [1, 4, 3, 3], constants=[ints("p", 0, 0, 1, 1, 0, 0, 1, 1)])
    assert found == MemoryPlans(4 * (25 + 25), 4 * (9 + 25), 4 * (9 + 25), 100)


def test_requantising_reads_one_value_and_writes_another() -> None:
    assert quantised([dq("x", "f"), q("f", "y")], [1, 100]) == MemoryPlans(200, 200, 100, 100)


def test_a_dequantised_value_that_a_float_operator_reads_is_stored_as_float() -> None:
    nodes = [dq("x", "f"), node("Softmax", ["f"], ["y"])]
    assert quantised(nodes, [1, 100]).no_fusion == 800


def test_quantising_a_reshaped_input_stores_both() -> None:
    nodes = [node("Reshape", ["x", "to"], ["r"]), node("QuantizeLinear", ["r", "s", "z"], ["y"])]
    constants = [ints("to", 10, 10), zeros("s"), zeros("z", dtype=np.int8)]
    assert plans(cost(nodes, [take("x", [100])], constants=constants)).no_fusion == 400 + 100


def test_the_peak_of_a_branch_is_added_where_it_runs() -> None:
    inner = [node("Abs", ["x"], ["a"]), node("Neg", ["a"], ["t"])]
    then = helper.make_graph(inner, "then", [], [take("t", None)])
    other = helper.make_graph([node("Abs", ["x"], ["e"])], "else", [], [take("e", None)])
    nodes = [node("If", ["c"], ["y"], then_branch=then, else_branch=other)]
    found = plans(cost(nodes, [take("x", [25]), take("c", [], TensorProto.BOOL)]))
    assert found.no_fusion == (100 + 1) + 100 + 200
    assert found.in_place == (100 + 1) + 100 + 100


def test_weights_that_a_tflite_interpreter_widens_are_kept_for_as_long_as_it_lives() -> None:
    weights = [constant("h", 4, 1, 1, 4), constant("g", 4, 1, 1, 4)]
    nodes = [call("ABS", "x", "a"), call("DEQUANTIZE", "h", "w"), conv("a w", "b"), call("DEQUANTIZE", "g", "v")]
    model = lite([*nodes, conv("b v")], {"x": (1, 5, 5, 4)}, weights, dtype="float32")
    found = profile(model)
    assert plans(found).no_fusion == 400 + 400 + 2 * 64
    assert (found.features.operators, found.features.activation_bytes) == (3, 6 * 400)


def test_a_plan_with_an_unknown_size_is_no_number() -> None:
    found = cost([node("Relu", ["x"], ["y"])], [take("x", ["N"])])
    assert isinstance(found.plans, Unestablished)
    assert found.plans == found.activation_peak_bytes


@pytest.mark.slow
def test_long_chains_of_names_and_of_recoded_weights_are_followed_once() -> None:
    length = 20_000
    nodes = [node("Reshape", [f"r{n}", "to"], [f"r{n + 1}"]) for n in range(length)]
    nodes += [q(f"r{length}", "y")]
    nodes += [node("Identity", [f"w{n}"], [f"w{n + 1}"]) for n in range(length)]
    nodes += [node("MatMul", ["x8", f"w{n}"], [f"m{n}"]) for n in range(1, length, 2)]
    nodes += [node("Conv", ["x", "c"], ["r0"])]
    nodes.insert(0, nodes.pop())
    constants = [ints("to", 1, 4, 25), zeros("s"), zeros("z", dtype=np.int8), zeros("w0", 4, 4), zeros("c", 4, 4, 1, 1)]
    found = cost(nodes, [take("x", [1, 4, 5, 5]), take("x8", [1, 4])], constants=constants)
    assert plans(found).no_fusion >= 400 + 100
    assert found.quantisation is Quantisation.NONE


SIZES = st.integers(1, 6)


@st.composite
def random_graphs(draw):
    """A random graph of operators that keep a shape, with branches, constants and names that say nothing."""
    names, nodes = ["x"], []
    for index in range(draw(st.integers(1, 12))):
        op = draw(st.sampled_from(["Relu", "Add", "Conv", "Depthwise", "Reshape", "Pair", "Bias", "Transpose"]))
        source, made = draw(st.sampled_from(names)), f"v{index}"
        if op == "Conv":
            nodes.append(node("Conv", [source, "w"], [made]))
        elif op == "Depthwise":
            nodes.append(node("Conv", [source, "d"], [made], group=2))
        elif op == "Reshape":
            nodes.append(node("Reshape", [source, "to"], [made]))
        elif op == "Pair":
            nodes += [node("QuantizeLinear", [source, "s", "z"], [f"q{index}"]), dq(f"q{index}", made)]
        elif op == "Bias":
            nodes.append(node("Add", [source, "b"], [made]))
        elif op == "Transpose":
            nodes.append(node("Transpose", [source], [made], perm=[0, 1, 3, 2]))
        else:
            nodes.append(node(op, [source, draw(st.sampled_from(names))][: 1 + (op == "Add")], [made]))
        names.append(made)
    size = draw(SIZES)
    outputs = draw(st.lists(st.sampled_from(names[1:]), min_size=1, max_size=2, unique=True))
    constants = [zeros("w", 2, 2, 1, 1), zeros("d", 2, 1, 1, 1), zeros("b", 2, 1, 1), zeros("s")]
    constants += [zeros("z", dtype=np.int8), ints("to", 1, 2, size, size)]
    return nodes, [take("x", [1, 2, size, size])], outputs, constants


@given(random_graphs())
def test_each_planner_needs_no_more_than_the_one_before(graph) -> None:
    nodes, inputs, outputs, constants = graph
    found = plans(cost(nodes, inputs, outputs, constants=constants))
    assert 0 < found.overlay <= found.in_place <= found.pad_fused <= found.no_fusion


@given(random_graphs())
def test_without_fusion_the_peak_holds_what_any_one_call_reads_and_makes_as_stored(graph) -> None:
    nodes, inputs, outputs, constants = graph
    kept = stored(read(build(nodes, inputs, outputs, constants=constants)))
    peak = find_plans(kept, {}).no_fusion
    sizes = kept.sizes()
    for step in kept.body.steps:
        touched = {kept.root(value) for value in (*step.inputs, *step.outputs) if value in kept.born}
        assert sum(sizes[value] for value in touched - set(kept.absorbed)) <= peak


@given(random_graphs())
def test_no_plan_is_above_what_all_values_take_together(graph) -> None:
    nodes, inputs, outputs, constants = graph
    kept = stored(read(build(nodes, inputs, outputs, constants=constants)))
    assert find_plans(kept, epilogues(kept)).no_fusion <= sum(map(value_bytes, kept.born))


@given(random_graphs())
def test_names_change_no_figure(graph) -> None:
    nodes, inputs, outputs, constants = graph
    first = cost(nodes, inputs, outputs, constants=constants)
    for each in (*nodes, *constants, *inputs):
        each.name = f"{each.name}_other"
    for each in nodes:
        for side in (each.input, each.output):
            side[:] = [f"{name}_other" for name in side]
    second = cost(nodes, inputs, [f"{name}_other" for name in outputs], constants=constants)
    assert (second.plans, second.features) == (first.plans, first.features)
    assert [row.structure for row in second.rows] == [row.structure for row in first.rows]


# KiB of the study behind cost_memory_dev.csv: static_peak_nofuse, padfused, inplace and overlay.
PUBLISHED = {
    "gmp_wl_24_int8": (1.69, 1.69, 1.69, 0.94),
    "gmp_wl_48_int8": (3.94, 3.94, 3.94, 2.06),
    "mobilenet_v1_0.25_224_fft_int8": (395.52, 294.0, 294.0, 196.0),
    "mobilenet_v1_0.5_224_fft_int8": (791.03, 588.0, 588.0, 392.0),
    "mobilenet_v1_0.25_96_fft_int8": (73.52, 54.0, 54.0, 36.0),
    "mobilenet_v1_0.25_96_grayscale_tfs_int8": (73.52, 54.0, 54.0, 36.0),
    "squeezenet_v1.0_128_int8": (450.0, 450.0, 450.0, 450.0),
    "squeezenetv1.1_128_tfs_int8": (308.12, 308.12, 296.06, 248.06),
    "squeezenetv1.1_224_tfs_int8": (959.12, 959.12, 917.06, 770.06),
    "st_mnist_v1_28_tfs_int8": (9.19, 9.19, 9.19, 6.12),
    "st_yolo_lc_v1_192_int8": (252.0, 252.0, 252.0, 144.0),
    "st_yolo_lc_v1_224_int8": (343.0, 343.0, 343.0, 196.0),
    "st_yolo_lc_v1_256_int8": (448.0, 448.0, 448.0, 256.0),
    "yamnet_256_64x96_int8": (144.0, 144.0, 144.0, 96.0),
}


@pytest.fixture(scope="module")
def operators(shared: Path) -> dict[str, list[tuple[str, int, int]]]:
    path = shared / "data" / "cost_ops_dev.csv"
    if not path.exists():
        pytest.skip("the data is not present")
    found = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found[row["model_key"]].append((row["op"], int(row["act_in_bytes"]), int(row["act_out_bytes"])))
    return found


@pytest.mark.parametrize(("key", "kib"), PUBLISHED.items())
def test_the_plans_of_published_models_are_those_of_the_study_behind_the_profiles(operators, key, kib) -> None:
    kept = Stored(chain(operators[key]))
    found = find_plans(kept, epilogues(kept))
    peaks = (found.no_fusion, found.pad_fused, found.in_place, found.overlay)
    assert tuple(round(peak / 1024, 2) for peak in peaks) == pytest.approx(kib, abs=0.006)


@pytest.mark.parametrize(
    ("converted", "original"),
    [
        ("ad01_int8", "ad01_int8"),
        ("ic_int8", "pretrainedResnet_quant"),
        ("kws_ref_model", "kws_ref_model"),
        ("vww_96_int8", "vww_96_int8"),
    ],
)
def test_a_raw_quantised_onnx_file_needs_what_its_tflite_original_needs(shared, converted, original) -> None:
    assert plans(from_file(shared, f"{converted}.onnx")) == plans(from_file(shared, f"{original}.tflite"))
