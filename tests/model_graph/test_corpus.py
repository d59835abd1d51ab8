"""Every model that onnx ships for its backends ends in a figure or a named reason, and in the right shapes."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import pytest
from graphs import read, shapes
from onnx import numpy_helper, shape_inference

from policy_gate.errors import Reason
from policy_gate.model_graph.figures import Certainty, Unestablished
from policy_gate.model_graph.operators.classification import classify
from policy_gate.model_graph.profile import profile
from policy_gate.model_graph.values import Hole

LIGHT = sorted((Path(onnx.__file__).parent / "backend" / "test" / "data" / "light").glob("*.onnx"))


@pytest.fixture(scope="module")
def cases() -> list[tuple[str, onnx.ModelProto, list[object], list[object]]]:
    """Every node test with its first data set."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tests of NaN and overflow compute them
        from onnx.backend.test.case.node import collect_testcases

        collected = collect_testcases()
    return [(case.name, case.model, *map(list, case.data_sets[0])) for case in collected]


@pytest.mark.slow
def test_every_node_test_ends_in_a_figure_or_a_named_reason(cases) -> None:
    figures = 0
    for name, proto, _, _ in cases:
        found = profile(read(proto))
        if isinstance(found.macs, Unestablished):
            assert found.macs.causes, name
            assert all(isinstance(cause.reason, Reason) and cause.detail for cause in found.macs.causes), name
            assert not any(cause.reason is Reason.UNREADABLE for cause in found.macs.causes), (name, found.macs)
        else:
            figures += 1
    assert len(cases) > 1500
    assert figures > 0.97 * len(cases)


@pytest.mark.slow
def test_inferred_outputs_have_the_type_and_shape_the_node_tests_declare(cases) -> None:
    compared = 0
    for name, proto, _, _ in cases:
        model = read(proto)
        assert profile(model).disagreements == (), name
        found, walk = shapes(model)
        values = walk.run()[1].values
        for claim in model.graph.outputs:
            if not isinstance(found[claim.name], Hole):
                assert values[claim.name].dtype == claim.dtype, name
                compared += claim.shape is not None and all(isinstance(dim, int) for dim in found[claim.name])
    assert compared > 1800


@pytest.mark.slow
def test_a_bounded_call_is_one_of_an_operator_that_is_classified_so(cases) -> None:
    bounded = set()
    for _, proto, _, _ in cases:
        for row in profile(read(proto)).rows:
            domain, _, op = row.op.rpartition("::")
            assert row.certainty is not Certainty.BOUNDED or classify(domain, op) is Certainty.BOUNDED, row.op
            bounded |= {op} if row.certainty is Certainty.BOUNDED else set()
    assert {"Attention", "DFT", "Det", "TreeEnsemble"} <= bounded


def baked(cases) -> Iterator[tuple[str, onnx.ModelProto, dict[str, np.ndarray]]]:
    """Node tests with their inputs as constants, so that nothing is left for a run to decide."""
    for name, proto, inputs, outputs in cases:
        if not all(isinstance(each, (np.ndarray, np.generic)) for each in (*inputs, *outputs)):
            continue
        tensors = [
            numpy_helper.from_array(np.asarray(each), claim.name)
            for claim, each in zip(proto.graph.input, inputs, strict=False)
        ]
        wanted = [claim.type.tensor_type.elem_type for claim in proto.graph.input][: len(tensors)]
        if wanted == [tensor.data_type for tensor in tensors]:
            constant = onnx.ModelProto.FromString(proto.SerializeToString())
            constant.graph.initializer.extend(tensors)
            named = zip([claim.name for claim in proto.graph.output], map(np.asarray, outputs), strict=False)
            yield name, constant, dict(named)


@pytest.mark.slow
def test_with_constant_inputs_shapes_and_elements_are_those_of_a_run(cases) -> None:
    complete = folded = 0
    for name, proto, outputs in baked(cases):
        walk = shapes(read(proto))[1]
        assert not walk.faults, (name, walk.faults)
        values = walk.run()[1].values
        for output, expected in outputs.items():
            shape, known = values[output].shape, values[output].known
            if isinstance(shape, Hole):
                continue
            assert len(shape) == expected.ndim, name
            assert all(isinstance(dim, Hole) or dim == real for dim, real in zip(shape, expected.shape, strict=True)), (
                name
            )
            complete += not any(isinstance(dim, Hole) for dim in shape)
            if known is not None and not any(isinstance(element, Hole) for element in known):
                found = np.array(known, dtype=expected.dtype).reshape(expected.shape)
                np.testing.assert_array_equal(found, expected, err_msg=name)
                folded += 1
    assert complete > 1900
    assert folded > 300


def agree_everywhere(proto: onnx.ModelProto) -> None:
    """Compare every value with onnx's own inference, after dropping what the file claims of them."""
    del proto.graph.value_info[:]
    for claim in proto.graph.input:
        for dim in claim.type.tensor_type.shape.dim:
            if dim.HasField("dim_param"):
                dim.dim_value = 1
    inferred = shape_inference.infer_shapes(proto, strict_mode=True, data_prop=True).graph
    found, walk = shapes(read(proto))
    assert not walk.faults
    claims = [*inferred.value_info, *inferred.output]
    assert len(claims) >= len(proto.graph.node)
    for claim in claims:
        assert found[claim.name] == tuple(dim.dim_value for dim in claim.type.tensor_type.shape.dim), claim.name


@pytest.mark.parametrize("path", LIGHT, ids=lambda path: path.stem)
def test_every_value_of_the_light_models_has_the_shape_onnx_infers(path) -> None:
    agree_everywhere(onnx.load(path))


def test_every_value_of_the_mlperf_tiny_models_has_the_shape_onnx_infers(shared) -> None:
    paths = sorted((shared / "models" / "mlperf-tiny").glob("*.onnx"))
    if not paths:
        pytest.skip("the models are not present")
    for path in paths:
        agree_everywhere(onnx.load(path))
