"""Every operator whose inputs or attributes changed is read by the rules of the operator set that the model imports."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from graphs import FLOAT, build, ints, read, shapes, take, zeros
from onnx import TensorProto, helper, numpy_helper, shape_inference

from policy_gate.model_graph.values import Hole


def call(op, reads="x", makes="y", **attributes) -> onnx.NodeProto:
    return helper.make_node(op, ["" if name == "-" else name for name in reads.split()], makes.split(), **attributes)


def floats(name, *numbers):
    return numpy_helper.from_array(np.array(numbers, dtype=np.float32), name)


X = take("x", [2, 3, 4, 5])
ROW = take("x", [6])
BODY = helper.make_graph(
    [call("Identity", "c", "d"), call("Relu", "v", "w")],
    "body",
    [take("i", [], TensorProto.INT64), take("c", [], TensorProto.BOOL), take("v", [2])],
    [take("d", [], TensorProto.BOOL), take("w", [2])],
)
BRANCH = helper.make_graph([call("Relu", "x", "b")], "branch", [], [take("b", [2, 3, 4, 5])])
STEP = helper.make_graph(
    [call("Add", "s e", "t"), call("Identity", "t", "o")],
    "step",
    [take("s", [3]), take("e", [3])],
    [take("t", [3]), take("o", [3])],
)
YES, TRIPS = (
    helper.make_tensor("yes", TensorProto.BOOL, [], [True]),
    helper.make_tensor("n", TensorProto.INT64, [], [7]),
)

# opset, node, graph inputs, constants, shape of y
FORMS = {
    "elementwise work with an axis": (6, call("Add", "x z", broadcast=1, axis=1), [X, take("z", [3, 4])], [], (2, 3, 4, 5)),
    "elementwise work with equal shapes": (1, call("Mul", "x z", consumed_inputs=[0, 0]), [X, take("z", [2, 3, 4, 5])], [], (2, 3, 4, 5)),
    "a comparison with an axis": (1, call("Less", "x z", broadcast=1, axis=0), [X, take("z", [2])], [], (2, 3, 4, 5)),
    "a power with an axis": (1, call("Pow", "x z", broadcast=1), [X, take("z", [5])], [], (2, 3, 4, 5)),
    "PRelu with a slope a channel": (1, call("PRelu", "x z"), [X, take("z", [3])], [], (2, 3, 4, 5)),
    "PRelu with a slope that fits": (16, call("PRelu", "x z"), [X, take("z", [3, 1, 1])], [], (2, 3, 4, 5)),
    "Cast to a named type": (1, call("Cast", to="DOUBLE"), [X], [], (2, 3, 4, 5)),
    "Cast to a numbered type": (6, call("Cast", to=10), [X], [], (2, 3, 4, 5)),
    "Clip with attributes": (6, call("Clip", min=0.0, max=6.0), [X], [], (2, 3, 4, 5)),
    "Clip with inputs": (11, call("Clip", "x lo"), [X], [helper.make_tensor("lo", FLOAT, [], [0.0])], (2, 3, 4, 5)),
    "Concat along its default axis": (1, call("Concat", "x x"), [X], [], (2, 6, 4, 5)),
    "Dropout that does not train": (1, call("Dropout", makes="y m", is_test=1, ratio=0.5), [X], [], (2, 3, 4, 5)),
    "Dropout with a ratio input": (12, call("Dropout", "x r"), [X], [helper.make_tensor("r", FLOAT, [], [0.5])], (2, 3, 4, 5)),
    "Gemm with a broadcast bias": (6, call("Gemm", "x z b", broadcast=1), [take("x", [2, 3]), take("z", [3, 4]), take("b", [4])], [], (2, 4)),
    "Gemm without a bias": (11, call("Gemm", "x z", transB=1), [take("x", [2, 3]), take("z", [4, 3])], [], (2, 4)),
    "Pad with paddings": (1, call("Pad", paddings=[0, 0, 1, 2, 0, 0, 3, 4]), [X], [], (2, 3, 8, 11)),
    "Pad with pads": (2, call("Pad", pads=[0, 0, 1, 2, 0, 0, 3, 4]), [X], [], (2, 3, 8, 11)),
    "Pad with an input": (11, call("Pad", "x p"), [X], [ints("p", 0, 0, 1, 2, 0, 0, 3, 4)], (2, 3, 8, 11)),
    "Pad of some axes": (18, call("Pad", "x p - a"), [X], [ints("p", 1, 2), ints("a", -1)], (2, 3, 4, 8)),
    "a reduction with axes as an attribute": (11, call("ReduceSum", axes=[1, -1], keepdims=0), [X], [], (2, 4)),
    "a reduction with axes as an input": (13, call("ReduceSum", "x a", keepdims=0), [X], [ints("a", 1, -1)], (2, 4)),
    "a maximum with axes as an attribute": (13, call("ReduceMax", axes=[1], keepdims=1), [X], [], (2, 1, 4, 5)),
    "a maximum with axes as an input": (18, call("ReduceMax", "x a"), [X], [ints("a", 1)], (2, 1, 4, 5)),
    "a reduction that does nothing": (18, call("ReduceMean", "x a", noop_with_empty_axes=1), [X], [ints("a")], (2, 3, 4, 5)),
    "Reshape with an attribute": (1, call("Reshape", shape=[0, -1]), [X], [], (2, 60)),
    "Reshape with an input": (5, call("Reshape", "x s"), [X], [ints("s", 0, -1)], (2, 60)),
    "Resize of opset 10": (10, call("Resize", "x s"), [X], [floats("s", 1, 1, 2, 2)], (2, 3, 8, 10)),
    "Resize to sizes": (11, call("Resize", "x r e s"), [X], [floats("r"), floats("e"), ints("s", 2, 3, 7, 9)], (2, 3, 7, 9)),
    "Resize of some axes": (18, call("Resize", "x - - s", axes=[2, 3]), [X], [ints("s", 7, 9)], (2, 3, 7, 9)),
    "Upsample by height and width": (1, call("Upsample", height_scale=2.0, width_scale=3.0), [X], [], (2, 3, 8, 15)),
    "Upsample by an attribute": (7, call("Upsample", scales=[1.0, 1.0, 2.0, 3.0]), [X], [], (2, 3, 8, 15)),
    "Upsample by an input": (9, call("Upsample", "x s"), [X], [floats("s", 1, 1, 2, 3)], (2, 3, 8, 15)),
    "Slice with attributes": (1, call("Slice", starts=[1, -2], ends=[3, 9], axes=[1, 3]), [X], [], (2, 2, 4, 2)),
    "Slice with inputs": (10, call("Slice", "x s e a t"), [X], [ints("s", -1), ints("e", -9), ints("a", 2), ints("t", -2)], (2, 3, 2, 5)),
    "Split with an attribute": (2, call("Split", makes="y z", axis=1, split=[1, 2]), [X], [], (2, 1, 4, 5)),
    "Split with an input": (13, call("Split", "x s", "y z", axis=1), [X], [ints("s", 1, 2)], (2, 1, 4, 5)),
    "Split into a number of parts": (18, call("Split", makes="y z", axis=3, num_outputs=2), [X], [], (2, 3, 4, 3)),
    "Squeeze with an attribute": (1, call("Squeeze", axes=[0]), [take("x", [1, 3, 1])], [], (3, 1)),
    "Squeeze with an input": (13, call("Squeeze", "x a"), [take("x", [1, 3, 1])], [ints("a", -1)], (1, 3)),
    "Unsqueeze with an attribute": (1, call("Unsqueeze", axes=[0, 2]), [take("x", [3])], [], (1, 3, 1)),
    "Unsqueeze with an input": (13, call("Unsqueeze", "x a"), [take("x", [3])], [ints("a", -1)], (3, 1)),
    "TopK with an attribute": (1, call("TopK", makes="y z", k=2, axis=1), [X], [], (2, 2, 4, 5)),
    "TopK with an input": (10, call("TopK", "x k", "y z"), [X], [ints("k", 2)], (2, 3, 4, 2)),
    "Tile with repeats": (6, call("Tile", "x r"), [X], [ints("r", 1, 2, 1, 3)], (2, 6, 4, 15)),
    "Shape of some axes": (15, call("Shape", start=1, end=-1), [X], [], (2,)),
    "pooling that rounds up": (10, call("MaxPool", kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1), [X], [], (2, 3, 2, 3)),
    "pooling with dilations": (19, call("AveragePool", kernel_shape=[2, 2], dilations=[2, 2]), [X], [], (2, 3, 2, 3)),
    "a reordering to channels": (1, call("SpaceToDepth", blocksize=2), [take("x", [1, 2, 4, 6])], [], (1, 8, 2, 3)),
    "a reordering to space": (1, call("DepthToSpace", blocksize=2), [take("x", [1, 8, 2, 3])], [], (1, 2, 4, 6)),
    "a recurrent layer that gives its sequence": (
        1, call("RNN", "x w r", hidden_size=4, output_sequence=1), [take("x", [5, 2, 3])], [zeros("w", 1, 4, 3), zeros("r", 1, 4, 4)], (5, 1, 2, 4),
    ),
    "a recurrent layer that is laid out by batch": (
        14, call("GRU", "x w r", hidden_size=4, layout=1), [take("x", [2, 5, 3])], [zeros("w", 1, 12, 3), zeros("r", 1, 12, 4)], (2, 5, 1, 4),
    ),
    "normalisation that trains": (
        1, call("BatchNormalization", "x s b m v", "y m2 v2 m3 v3", consumed_inputs=[0, 0, 0, 1, 1]), [X], [zeros(name, 3) for name in "sbmv"], (2, 3, 4, 5),
    ),
    "normalisation with new statistics": (
        14, call("BatchNormalization", "x s b m v", "y m2 v2", training_mode=1), [X], [zeros(name, 3) for name in "sbmv"], (2, 3, 4, 5),
    ),
    "normalisation by groups": (18, call("GroupNormalization", "x s b", num_groups=3), [X], [zeros("s", 3), zeros("b", 3)], (2, 3, 4, 5)),
    "a branch": (1, call("If", "yes", then_branch=BRANCH, else_branch=BRANCH), [X], [YES], (2, 3, 4, 5)),
    "a loop": (1, call("Loop", "n yes x", body=BODY), [take("x", [2])], [TRIPS, YES], (2,)),
    "a scan": (9, call("Scan", "s x", "t y", body=STEP, num_scan_inputs=1), [take("s", [3]), take("x", [9, 3])], [], (9, 3)),
    "a batched scan": (8, call("Scan", "- s x", "t y", body=STEP, num_scan_inputs=1), [take("s", [2, 3]), take("x", [2, 9, 3])], [], (2, 9, 3)),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_a_form_of_its_operator_set_has_its_shape(form) -> None:
    opset, node, inputs, constants, expected = FORMS[form]
    found, walk = shapes(read(build([node], inputs, constants=constants, opset=opset)))
    assert not walk.faults, [str(fault) for fault in walk.faults]
    assert found["y"] == expected


@pytest.mark.parametrize("form", FORMS)
def test_onnx_gives_the_form_the_same_shape_where_it_gives_one(form) -> None:
    opset, node, inputs, constants, expected = FORMS[form]
    model = build([node], inputs, constants=constants, opset=opset)
    held = next(each for each in shape_inference.infer_shapes(model).graph.output if each.name == "y").type.tensor_type
    if held.HasField("shape"):
        told = [dim.dim_value for dim in held.shape.dim if dim.HasField("dim_value")]
        assert len(told) < len(held.shape.dim) or tuple(told) == expected


def test_tile_of_the_first_operator_set_repeats_one_axis() -> None:
    constants = [
        helper.make_tensor("n", TensorProto.INT64, [], [3]),
        helper.make_tensor("a", TensorProto.INT64, [], [1]),
    ]
    assert shapes(read(build([call("Tile", "x n a")], [X], constants=constants, opset=1)))[0]["y"] == (2, 9, 4, 5)


def test_split_of_the_first_operator_set_reads_sizes_from_a_float_input() -> None:
    model = build([call("Split", "x s", "y z", axis=0)], [ROW], constants=[floats("s", 2, 4)], opset=1)
    found = shapes(read(model))[0]
    assert (found["y"], found["z"]) == ((2,), (4,))


def test_split_of_the_first_operator_set_refuses_half_a_slice() -> None:
    model = build([call("Split", "x s", "y z", axis=0)], [ROW], constants=[floats("s", 1.5, 4.5)], opset=1)
    assert "whole numbers" in shapes(read(model))[1].faults[0].detail


def test_statistics_of_each_element_are_no_fault_before_opset_9() -> None:
    statistics = [zeros(name, 3, 4, 5) for name in "sbmv"]
    node = call("BatchNormalization", "x s b m v", spatial=0)
    assert shapes(read(build([node], [X], constants=statistics, opset=7)))[0]["y"] == (2, 3, 4, 5)
    assert shapes(read(build([node], [X], constants=statistics, opset=9)))[1].faults


def test_a_slope_larger_than_the_data_is_refused_since_opset_7() -> None:
    model = build([call("PRelu", "x z")], [take("x", [3]), take("z", [2, 3])], opset=7)
    assert "slope" in shapes(read(model))[1].faults[0].detail


def test_sequences_of_their_own_lengths_bound_a_batched_scan() -> None:
    step = helper.make_graph([call("MatMul", "e w", "o")], "step", [take("e", [1, 3])], [take("o", [1, 4])])
    node = call("Scan", "lengths x", "y", body=step, num_scan_inputs=1)
    inputs = [take("lengths", [2], TensorProto.INT64), take("x", [2, 9, 1, 3])]
    walk = shapes(read(build([node], inputs, constants=[zeros("w", 3, 4)], opset=8)))[1]
    found = walk.run()[0].steps[-1].work
    assert (found.macs, found.bounded) == (2 * 9 * 12, True)


def test_an_empty_optional_holds_nothing_and_costs_nothing() -> None:
    kind = helper.make_tensor_type_proto(FLOAT, [2])
    nodes = [call("Optional", "", "o", type=kind), call("OptionalHasElement", "o", "y")]
    walk = shapes(read(build(nodes, [], ["y"], opset=18)))[1]
    body, scope = walk.run()
    assert scope.values["y"].known == (False,)
    assert isinstance(scope.values["o"].shape, Hole)
    assert body.work().macs == 0
