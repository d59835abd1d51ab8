"""Inferred shapes agree with onnx.shape_inference wherever that gives one."""

from __future__ import annotations

import numpy as np
import onnx
from graphs import FLOAT, build, ints, read, shapes, take, zeros
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper, shape_inference

from policy_gate.model_graph.values import Hole

QUICK = settings(max_examples=60, deadline=None)

extent = st.integers(1, 9)
dims = st.lists(extent, min_size=1, max_size=4)


def oracle(proto: onnx.ModelProto, name: str = "y") -> tuple[int, ...] | None:
    """What onnx infers: None when it refuses the model, leaves an extent open, or gives one no tensor has."""
    try:
        inferred = shape_inference.infer_shapes(proto, strict_mode=True, data_prop=True)
    except shape_inference.InferenceError:
        return None
    held = next(each for each in inferred.graph.output if each.name == name).type.tensor_type
    found = tuple(dim.dim_value if dim.HasField("dim_value") else -1 for dim in held.shape.dim)
    return found if held.HasField("shape") and min(found, default=1) >= 0 else None


REFUSED_HERE = ("does not fit an axis", "do not fill a shape", "does not split into")
"""onnx gives shapes to windows larger than their axis, and to reshapes and splits that lose elements."""


def agree(proto: onnx.ModelProto, name: str = "y") -> None:
    expected = oracle(proto, name)
    found, walk = shapes(read(proto))
    if any(words in fault.detail for fault in walk.faults for words in REFUSED_HERE):
        return
    if expected is not None and 0 not in expected:
        assert not walk.faults, [str(fault) for fault in walk.faults]
        assert found[name] == expected
    elif not walk.faults:
        assert isinstance(found[name], Hole) or expected is None or found[name] == expected


@st.composite
def windows(draw, rank):
    attributes = {}
    if draw(st.booleans()):
        attributes["strides"] = draw(st.lists(st.integers(1, 3), min_size=rank, max_size=rank))
    if draw(st.booleans()):
        attributes["dilations"] = draw(st.lists(st.integers(1, 3), min_size=rank, max_size=rank))
    padding = draw(st.sampled_from(["", "pads", "VALID", "SAME_UPPER", "SAME_LOWER"]))
    if padding == "pads":
        attributes["pads"] = draw(st.lists(st.integers(0, 2), min_size=2 * rank, max_size=2 * rank))
    elif padding:
        attributes["auto_pad"] = padding
    return attributes


@QUICK
@given(st.data(), st.integers(1, 3), st.sampled_from([1, 11, 22]))
def test_convolutions(data, rank, opset) -> None:
    group = data.draw(st.integers(1, 3))
    channels, filters = group * data.draw(st.integers(1, 3)), group * data.draw(st.integers(1, 3))
    space = data.draw(st.lists(st.integers(1, 12), min_size=rank, max_size=rank))
    kernel = data.draw(st.lists(st.integers(1, 4), min_size=rank, max_size=rank))
    node = helper.make_node("Conv", ["x", "w"], ["y"], group=group, **data.draw(windows(rank)))
    weight = zeros("w", filters, channels // group, *kernel)
    agree(build([node], [take("x", [2, channels, *space])], constants=[weight], opset=opset))


@QUICK
@given(st.data(), st.integers(1, 3))
def test_transposed_convolutions(data, rank) -> None:
    attributes = data.draw(windows(rank))
    if "auto_pad" not in attributes and data.draw(st.booleans()):
        attributes["output_padding"] = data.draw(st.lists(st.integers(0, 1), min_size=rank, max_size=rank))
    space = data.draw(st.lists(st.integers(1, 9), min_size=rank, max_size=rank))
    kernel = data.draw(st.lists(st.integers(1, 4), min_size=rank, max_size=rank))
    node = helper.make_node("ConvTranspose", ["x", "w"], ["y"], **attributes)
    agree(build([node], [take("x", [1, 3, *space])], constants=[zeros("w", 3, 4, *kernel)]))


@QUICK
@given(st.data(), st.sampled_from(["MaxPool", "AveragePool", "LpPool"]), st.integers(1, 3), st.booleans())
def test_poolings(data, op, rank, ceil) -> None:
    kernel = data.draw(st.lists(st.integers(1, 4), min_size=rank, max_size=rank))
    space = data.draw(st.lists(st.integers(1, 12), min_size=rank, max_size=rank))
    node = helper.make_node(op, ["x"], ["y"], kernel_shape=kernel, ceil_mode=int(ceil), **data.draw(windows(rank)))
    agree(build([node], [take("x", [2, 3, *space])], opset=22))


@QUICK
@given(st.lists(st.sampled_from([1, 1, 3, 4]), max_size=4), st.lists(st.sampled_from([1, 1, 3, 4]), max_size=4))
def test_broadcasting(left, right) -> None:
    agree(build([helper.make_node("Add", ["x", "z"], ["y"])], [take("x", left), take("z", right)]))


@QUICK
@given(st.data(), dims, st.sampled_from([9, 10, 13]))
def test_slices(data, shape, opset) -> None:
    axes = data.draw(st.lists(st.integers(0, len(shape) - 1), unique=True, min_size=1))
    edge = st.one_of(st.integers(-12, 12), st.sampled_from([2**31 - 1, 2**63 - 1, -(2**63)]))
    starts, ends = (data.draw(st.lists(edge, min_size=len(axes), max_size=len(axes))) for _ in range(2))
    if opset < 10:
        node = helper.make_node("Slice", ["x"], ["y"], starts=starts, ends=ends, axes=axes)
        agree(build([node], [take("x", shape)], opset=opset))
        return
    steps = data.draw(st.lists(st.sampled_from([-2, -1, 1, 2, 3]), min_size=len(axes), max_size=len(axes)))
    constants = [ints("s", *starts), ints("e", *ends), ints("a", *axes), ints("t", *steps)]
    node = helper.make_node("Slice", ["x", "s", "e", "a", "t"], ["y"])
    agree(build([node], [take("x", shape)], constants=constants, opset=opset))


@QUICK
@given(st.data(), dims)
def test_reshapes(data, shape) -> None:
    wanted = data.draw(st.lists(st.sampled_from([-1, 0, 1, 2, 3, 4, 6, *shape]), max_size=5))
    node = helper.make_node("Reshape", ["x", "to"], ["y"])
    agree(build([node], [take("x", shape)], constants=[ints("to", *wanted)]))


@QUICK
@given(st.data(), dims, st.booleans(), st.sampled_from(["ReduceSum", "ReduceMean", "ReduceMax"]))
def test_reductions(data, shape, keep, op) -> None:
    axes = data.draw(st.lists(st.integers(-len(shape), len(shape) - 1), unique_by=lambda axis: axis % len(shape)))
    node = helper.make_node(
        op, ["x", "a"], ["y"], keepdims=int(keep), noop_with_empty_axes=data.draw(st.integers(0, 1))
    )
    agree(build([node], [take("x", shape)], constants=[ints("a", *axes)]))


@QUICK
@given(st.data(), dims)
def test_gathers(data, shape) -> None:
    indices = data.draw(st.lists(extent, max_size=2))
    node = helper.make_node("Gather", ["x", "i"], ["y"], axis=data.draw(st.integers(-len(shape), len(shape) - 1)))
    agree(build([node], [take("x", shape), take("i", indices, TensorProto.INT64)]))


@QUICK
@given(st.data(), dims)
def test_pads(data, shape) -> None:
    pads = data.draw(st.lists(st.integers(-1, 3), min_size=2 * len(shape), max_size=2 * len(shape)))
    agree(build([helper.make_node("Pad", ["x", "p"], ["y"])], [take("x", shape)], constants=[ints("p", *pads)]))


@QUICK
@given(st.data(), dims)
def test_resizes(data, shape) -> None:
    scales = data.draw(st.lists(st.floats(0.25, 4, width=32), min_size=len(shape), max_size=len(shape)))
    by = numpy_helper.from_array(np.array(scales, dtype=np.float32), "by")
    agree(build([helper.make_node("Resize", ["x", "", "by"], ["y"])], [take("x", shape)], constants=[by]))


@QUICK
@given(st.data(), dims, st.integers(1, 4))
def test_splits(data, shape, parts) -> None:
    axis = data.draw(st.integers(0, len(shape) - 1))
    names = ["y", *[f"z{index}" for index in range(parts - 1)]]
    node = helper.make_node("Split", ["x"], names, axis=axis, num_outputs=parts)
    proto = build([node], [take("x", shape)], names)
    for name in names:
        agree(proto, name)


@QUICK
@given(st.data(), st.lists(extent, min_size=2, max_size=3), st.integers(1, 3))
def test_concatenations(data, shape, count) -> None:
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    inputs = []
    for index in range(count):
        changed = list(shape)
        changed[axis] = data.draw(extent)
        inputs.append(take(f"x{index}", changed))
    agree(build([helper.make_node("Concat", [each.name for each in inputs], ["y"], axis=axis)], inputs))


@QUICK
@given(st.lists(extent, min_size=1, max_size=4), st.lists(extent, min_size=1, max_size=4))
def test_matrix_products(left, right) -> None:
    agree(build([helper.make_node("MatMul", ["x", "z"], ["y"])], [take("x", left), take("z", right)]))


@QUICK
@given(st.integers(-20, 20), st.integers(-20, 20), st.integers(-4, 4), st.booleans())
def test_ranges(start, limit, delta, whole) -> None:
    kind = TensorProto.INT64 if whole else FLOAT
    scale = 1 if whole else 0.5
    constants = [
        helper.make_tensor(name, kind, [], [number * scale])
        for name, number in zip("sld", (start, limit, delta), strict=True)
    ]
    agree(build([helper.make_node("Range", ["s", "l", "d"], ["y"])], [], constants=constants))


@QUICK
@given(st.data(), st.sampled_from(["Add", "Sub", "Mul", "Div", "Mod", "Min", "Max", "Equal", "Less"]))
def test_shape_arithmetic_is_what_a_runtime_computes(data, op) -> None:
    numbers = st.lists(st.integers(-50, 50).filter(bool), min_size=3, max_size=3)
    left, right = data.draw(numbers), data.draw(numbers)
    model = build([helper.make_node(op, ["a", "b"], ["y"])], [], constants=[ints("a", *left), ints("b", *right)])
    from onnx.reference import ReferenceEvaluator

    expected = ReferenceEvaluator(model).run(None, {})[0]
    walk = shapes(read(model))[1]
    assert list(walk.run()[1].values["y"].known) == expected.tolist()
