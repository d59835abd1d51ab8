"""A model that lies, loops or explodes ends in a named reason, never in a figure or another exception."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from graphs import build, causes, cost, ints, macs, node, plain, read, take, zeros
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from policy_gate.errors import GateError, Reason
from policy_gate.model_graph.figures import Unestablished
from policy_gate.model_graph.graph import Function, Graph, Model, Node, Tensor, ValueInfo
from policy_gate.model_graph.infer import MAX_DEPTH, MAX_NESTED_CALLS
from policy_gate.model_graph.profile import profile


def relu(source="x", target="y"):
    return helper.make_node("Relu", [source], [target])


def test_huge_dimensions_are_refused_before_anything_is_computed_with_them() -> None:
    found = cost([helper.make_node("MatMul", ["x", "x"], ["y"])], [take("x", [2**60, 2**60])])
    assert [cause.reason for cause in found.unknown] == [Reason.TOO_LARGE]


def test_products_that_overflow_are_refused_although_each_tensor_fits() -> None:
    found = cost(
        [helper.make_node("MatMul", ["x", "z"], ["y"])], [take("x", [2**31, 2**30]), take("z", [2**30, 2**31])]
    )
    assert [cause.reason for cause in found.unknown] == [Reason.TOO_LARGE]


def test_a_sum_of_macs_that_overflows_is_refused() -> None:
    nodes = [helper.make_node("MatMul", ["x", "z"], [f"y{index}"]) for index in range(5)]
    found = cost(nodes, [take("x", [2**30, 2**30]), take("z", [2**30, 2])], ["y0"])
    assert "2^62" in causes(found)[0]


def test_a_shape_that_grows_at_every_call_is_refused() -> None:
    nodes = [helper.make_node("Concat", [f"v{index}", f"v{index}"], [f"v{index + 1}"], axis=0) for index in range(200)]
    found = cost([*nodes, helper.make_node("Relu", ["v200"], ["y"])], [take("v0", [1, 3])])
    assert found.unknown[0].reason is Reason.TOO_LARGE


@pytest.mark.parametrize("extent", [2**40, 2**62 - 1])
def test_a_constant_of_a_huge_shape_is_made_by_no_one(extent) -> None:
    nodes = [helper.make_node("ConstantOfShape", ["to"], ["w"]), helper.make_node("Mul", ["x", "w"], ["y"])]
    found = cost(nodes, [take("x", [1])], constants=[ints("to", extent)])
    assert found.weights.parameters == extent


def test_a_value_nothing_makes_is_named() -> None:
    found = profile(plain([node("Relu", "ghost")]))
    assert "'ghost', which nothing before it makes" in causes(found)[0]


def test_calls_out_of_order_are_unreadable() -> None:
    found = profile(plain([node("Relu", "a", "y"), node("Relu", "x", "a")]))
    assert found.unknown[0].reason is Reason.UNREADABLE


def test_a_value_made_twice_is_unreadable() -> None:
    assert "made twice" in causes(profile(plain([node("Relu"), node("Relu")])))[0]


def test_an_output_no_call_makes_is_unreadable() -> None:
    assert "made by no node" in causes(profile(plain([node("Relu")], ["elsewhere"])))[0]


def function(name, nodes) -> Function:
    return Function("my", name, ("a",), ("b",), (), {}, tuple(nodes), {"": 21, "my": 1})


def test_a_function_that_calls_itself_through_another_is_named() -> None:
    functions = [function("Ping", [node("Pong", "a", "b", "my")]), function("Pong", [node("Ping", "a", "b", "my")])]
    found = profile(plain([node("Ping", domain="my")], functions=functions))
    assert "calls itself" in causes(found)[0]


def test_functions_that_multiply_end_at_the_limit() -> None:
    functions = [function("F0", [node("Relu", "a", "b")])]
    for level in range(1, 20):
        names = ["a", *[f"t{index}" for index in range(9)], "b"]
        steps = [node(f"F{level - 1}", *pair, "my") for pair in pairwise(names)]
        functions.append(function(f"F{level}", steps))
    found = profile(plain([node("F19", domain="my")], functions=functions))
    assert any(cause.reason is Reason.TOO_LARGE for cause in found.unknown)
    assert found.node_count <= 2 * MAX_NESTED_CALLS


def nested_if(depth) -> Node:
    leaf = Graph("leaf", (node("Relu", "x", "r"),), {}, (), (ValueInfo("r", "", None),))
    found = node("Relu")
    for _ in range(depth):
        found = node("If", "c", "y", then_branch=leaf, else_branch=leaf)
        leaf = Graph("g", (found,), {}, (), (ValueInfo("y", "", None),))
    return found


def test_branches_nested_to_a_reasonable_depth_are_followed() -> None:
    assert macs(profile(plain([nested_if(8)], inputs=["x", "c"]))) == 0


def test_branches_nested_without_reason_are_unknown() -> None:
    """Both branches of each level hold the next: walking them all would take 2^36 calls."""
    found = profile(plain([nested_if(MAX_DEPTH + 4)], inputs=["x", "c"]))
    assert any(cause.reason is Reason.TOO_LARGE for cause in found.unknown)


def test_a_loop_whose_carried_value_grows_costs_nothing_known() -> None:
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["again"]),
            helper.make_node("Concat", ["s", "s"], ["t"], axis=0),
            helper.make_node("MatMul", ["t", "w"], ["u"]),
        ],
        "body",
        [take("i", [], TensorProto.INT64), take("go", [], TensorProto.BOOL), take("s", None)],
        [take("again", [], TensorProto.BOOL), take("u", None)],
    )
    constants = [helper.make_tensor("m", TensorProto.INT64, [], [50]), zeros("w", 4, 4)]
    found = cost([helper.make_node("Loop", ["m", "", "x"], ["y"], body=body)], [take("x", [1, 4])], constants=constants)
    assert "carried through" in causes(found)[0]


@pytest.mark.parametrize("trips", [2**63 - 1, 2**40])
def test_nested_loops_of_many_trips_overflow_into_a_reason(trips) -> None:
    call = helper.make_node("MatMul", ["x", "x"], ["v0"])
    for level in range(3):
        condition = helper.make_node("Identity", [f"go{level}"], [f"again{level}"])
        inputs = [take(f"i{level}", [], TensorProto.INT64), take(f"go{level}", [], TensorProto.BOOL)]
        outputs = [take(f"again{level}", [], TensorProto.BOOL), take(f"v{level}", None)]
        body = helper.make_graph([condition, call], f"body{level}", inputs, outputs)
        call = helper.make_node("Loop", ["m", ""], [f"v{level + 1}"], body=body)
    constants = [helper.make_tensor("m", TensorProto.INT64, [], [trips])]
    found = cost([call], [take("x", [64, 64])], ["v3"], constants=constants)
    assert isinstance(found.macs, Unestablished)


def test_sequences_inside_sequences_are_refused() -> None:
    nodes = [helper.make_node("SequenceConstruct", ["x"], ["s0"])]
    nodes += [helper.make_node("SequenceConstruct", [f"s{index}"], [f"s{index + 1}"]) for index in range(3000)]
    found = cost([*nodes, helper.make_node("SequenceLength", ["s3000"], ["y"])], [take("x", [2])])
    assert found.unknown[0].reason is Reason.UNREADABLE


def test_constant_propagation_is_bounded_in_all() -> None:
    table = numpy_helper.from_array(np.ones(250, dtype=np.float32), "t")
    nodes = [helper.make_node("Mul", ["t", "t"], [f"v{index}"]) for index in range(20_000)]
    found = cost([*nodes, relu()], [take("x", [2])], constants=[table])
    assert macs(found) == 0
    assert found.node_count == 20_001


def test_a_chain_of_constants_is_followed_once() -> None:
    nodes = [
        helper.make_node("Add", ["c" if index == 0 else f"v{index - 1}", "c"], [f"v{index}"]) for index in range(20_000)
    ]
    nodes += [helper.make_node("Mul", ["x", f"v{index}"], [f"y{index}"]) for index in range(0, 20_000, 100)]
    found = cost(nodes, [take("x", [2000])], ["y0"], constants=[zeros("c", 2000)])
    assert found.weights.parameters == 2000


def test_an_attribute_of_another_type_is_unreadable() -> None:
    nodes = [helper.make_node("Softmax", ["x"], ["s"]), helper.make_node("Concat", ["s"], ["y"], axis=0.5)]
    assert "must be an integer" in causes(cost(nodes, [take("x", [2])]))[0]


def test_a_constant_whose_dimensions_overflow_is_a_reason_also_when_no_reader_refused_it() -> None:
    huge = Tensor("w", "float32", (2**40, 2**40), 0)
    graph = Graph(
        "g",
        (Node("Add", "", "add", ("x", "w"), ("y",), {}),),
        {"w": huge},
        (ValueInfo("x", "float32", (1, 1)),),
        (ValueInfo("y", "float32", None),),
    )
    found = profile(Model("onnx", 100, 10, {"": 21}, graph))
    assert {cause.reason for cause in found.unknown} == {Reason.TOO_LARGE}


def test_a_format_that_is_not_followed_is_refused() -> None:
    graph = Graph("g", (), {}, (), ())
    with pytest.raises(GateError, match="gguf"):
        profile(Model("gguf", 100, 0, {}, graph))


NUMBERS = st.sampled_from([-(2**63), -(2**62), -5, -1, 0, 1, 2, 3, 65, 1025, 2**31, 2**53, 2**62, 2**63 - 1])
OPERATORS = [
    "Conv",
    "ConvTranspose",
    "MaxPool",
    "AveragePool",
    "Gemm",
    "MatMul",
    "Reshape",
    "Flatten",
    "Squeeze",
    "Unsqueeze",
    "Transpose",
    "Concat",
    "Split",
    "Slice",
    "Gather",
    "GatherND",
    "Tile",
    "Expand",
    "Pad",
    "Resize",
    "TopK",
    "OneHot",
    "Range",
    "ConstantOfShape",
    "ReduceSum",
    "Einsum",
    "LSTM",
    "Attention",
    "DFT",
    "STFT",
    "Col2Im",
    "DepthToSpace",
    "SpaceToDepth",
    "CenterCropPad",
    "SplitToSequence",
    "ConcatFromSequence",
    "SequenceAt",
    "Compress",
    "Unique",
    "AffineGrid",
    "LayerNormalization",
    "BatchNormalization",
    "QLinearConv",
    "QLinearMatMul",
    "QuantizeLinear",
    "Upsample",
    "Shape",
]
ATTRIBUTES = [
    "axis",
    "axes",
    "perm",
    "strides",
    "pads",
    "dilations",
    "kernel_shape",
    "group",
    "blocksize",
    "to",
    "num_outputs",
    "split",
    "hidden_size",
    "start",
    "end",
    "q_num_heads",
    "kv_num_heads",
    "output_shape",
    "output_padding",
    "k",
    "shape",
    "keepdims",
    "batch_dims",
    "onesided",
    "layout",
]


@settings(max_examples=400, deadline=None)
@given(st.data(), st.sampled_from(OPERATORS), st.sampled_from([1, 9, 11, 13, 18, 23]))
def test_no_operator_and_no_attribute_ends_in_another_exception(data, op, opset) -> None:
    constants = []
    names = []
    for index in range(data.draw(st.integers(0, 4))):
        if data.draw(st.booleans()):
            numbers = data.draw(st.lists(NUMBERS, max_size=4))
            constants.append(ints(f"i{index}", *numbers))
        names.append(f"i{index}")
    shapes = [data.draw(st.lists(st.integers(0, 4), max_size=4)) for _ in names]
    stored = {each.name for each in constants}
    inputs = [take(name, shape) for name, shape in zip(names, shapes, strict=True) if name not in stored]
    attributes: dict[str, object] = {}
    for name in data.draw(st.lists(st.sampled_from(ATTRIBUTES), max_size=4, unique=True)):
        attributes[name] = data.draw(st.one_of(NUMBERS, st.lists(NUMBERS, min_size=1, max_size=4)))
    call = helper.make_node(op, names, ["y"], **attributes)
    found = profile(read(build([call], inputs, constants=constants, opset=opset)))
    if isinstance(found.macs, Unestablished):
        assert all(cause.detail for cause in found.macs.causes)
    else:
        assert 0 <= found.macs.total <= 2**62


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_damaged_network_ends_in_a_figure_or_a_reason(data) -> None:
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("Shape", ["b"], ["s"]),
        helper.make_node("Slice", ["s", "zero", "one"], ["n"]),
        helper.make_node("Concat", ["n", "rest"], ["to"], axis=0),
        helper.make_node("Reshape", ["b", "to"], ["r"]),
        helper.make_node("Gemm", ["r", "v"], ["y"]),
    ]
    names = ["x", "w", "a", "b", "s", "zero", "one", "n", "rest", "to", "r", "v", "", "ghost"]
    for _ in range(data.draw(st.integers(1, 3))):
        call = data.draw(st.sampled_from(nodes))
        place = data.draw(st.integers(0, len(call.input) - 1))
        call.input[place] = data.draw(st.sampled_from(names))
    constants = [zeros("w", 4, 3, 3, 3), zeros("v", 256, 10), ints("zero", 0), ints("one", 1), ints("rest", -1)]
    try:
        model = read(build(nodes, [take("x", [2, 3, 8, 8])], constants=constants))
    except GateError:
        return  # the reader has refused it
    found = profile(model)
    if not isinstance(found.macs, Unestablished):
        assert found.macs.total == sum(row.macs for row in found.rows)
