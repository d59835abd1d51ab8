"""Classic models: shapes as a run gives them, MACs of linear models and support vectors, weights in attributes."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from graphs import build, causes, cost, macs, read, shapes, take
from onnx import TensorProto, helper, numpy_helper

from policy_gate.model_graph.figures import Certainty, Unestablished
from policy_gate.model_graph.values import Hole

ML = ("ai.onnx.ml",)


def classic(op, reads="x", makes="y", **attributes):
    return helper.make_node(op, reads.split(), makes.split(), domain="ai.onnx.ml", **attributes)


def model_of(node, inputs, version=1):
    graph = helper.make_graph([node], "g", inputs, [helper.make_empty_tensor_value_info(name) for name in node.output])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", version)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


X = take("x", [3, 4])
VECTORS = [0.5] * 20  # five of four features
SVC = {
    "coefficients": [0.1] * 15,
    "kernel_params": [0.5, 0.0, 3.0],
    "kernel_type": "RBF",
    "rho": [0.1] * 6,
    "support_vectors": VECTORS,
    "vectors_per_class": [2, 1, 1, 1],
    "classlabels_ints": [0, 1, 2, 3],
}
TREE = {
    "nodes_treeids": [0, 0, 0],
    "nodes_nodeids": [0, 1, 2],
    "nodes_featureids": [1, 0, 0],
    "nodes_modes": ["BRANCH_LEQ", "LEAF", "LEAF"],
    "nodes_values": [0.5, 0.0, 0.0],
    "nodes_truenodeids": [1, 0, 0],
    "nodes_falsenodeids": [2, 0, 0],
}
VOTES = {"treeids": [0, 0], "nodeids": [1, 2], "ids": [0, 1], "weights": [1.0, 2.0]}
STRINGS = take("x", [2, 3], TensorProto.STRING)
CALLS = {
    "SVMClassifier": (classic("SVMClassifier", makes="y z", **SVC), [X]),
    "SVMClassifier with probabilities": (
        classic("SVMClassifier", makes="y z", **SVC, prob_a=[0.1] * 6, prob_b=[0.1] * 6), [X],
    ),
    "SVMRegressor": (
        classic("SVMRegressor", coefficients=[0.5] * 5, support_vectors=VECTORS, n_supports=5, rho=[0.1], kernel_params=[0.0] * 3,
                kernel_type="LINEAR"), [X],
    ),
    "LinearClassifier": (
        classic("LinearClassifier", makes="y z", coefficients=[0.5] * 12, intercepts=[0.1] * 3,
                classlabels_ints=[0, 1, 2]), [X],
    ),
    "TreeEnsembleClassifier": (
        classic("TreeEnsembleClassifier", makes="y z", **TREE, classlabels_int64s=[0, 1],
                **{f"class_{name}": held for name, held in VOTES.items()}), [X],
    ),
    "TreeEnsembleRegressor": (
        classic("TreeEnsembleRegressor", **TREE, n_targets=2,
                **{f"target_{name}": held for name, held in VOTES.items()}), [X],
    ),
    "Scaler": (classic("Scaler", offset=[0.1] * 4, scale=[2.0] * 4), [X]),
    "Normalizer": (classic("Normalizer", norm="L2"), [X]),
    "Binarizer": (classic("Binarizer", threshold=0.5), [X]),
    "Imputer": (classic("Imputer", imputed_value_floats=[0.0], replaced_value_float=1.0), [X]),
    "FeatureVectorizer": (classic("FeatureVectorizer", "x z", inputdimensions=[4, 2]), [X, take("z", [3, 2])]),
    "OneHotEncoder": (classic("OneHotEncoder", cats_int64s=[0, 1, 2]), [take("x", [3, 1])]),
    "CategoryMapper": (classic("CategoryMapper", cats_int64s=[1, 2], cats_strings=["a", "b"]), [STRINGS]),
    "LabelEncoder": (
        classic("LabelEncoder", keys_strings=["a", "b"], values_floats=[1.0, 2.0]), [STRINGS],
    ),
    "ArrayFeatureExtractor": (
        classic("ArrayFeatureExtractor", "x i"), [X, take("i", [2], TensorProto.INT64)],
    ),
}  # fmt: skip
VERSIONS = {"LabelEncoder": 2}


@pytest.mark.parametrize("name", CALLS)
def test_a_classic_operator_gives_what_onnxruntime_gives(name) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    onnxruntime.set_default_logger_severity(4)
    node, inputs = CALLS[name]
    model = model_of(node, inputs, VERSIONS.get(name, 1))
    feeds = {}
    for each in inputs:
        shape = [dim.dim_value for dim in each.type.tensor_type.shape.dim]
        kind = np.dtype(helper.tensor_dtype_to_np_dtype(each.type.tensor_type.elem_type))
        feeds[each.name] = np.full(shape, "a", object) if kind.kind == "O" else np.ones(shape, kind)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        real = session.run(None, feeds)
    walk = shapes(read(model))[1]
    values = walk.run()[1].values
    assert not walk.faults
    for output, result in zip(node.output, real, strict=True):
        assert values[output].shape == np.asarray(result).shape
        assert values[output].dtype == np.asarray(result).dtype.name.replace("object", "string")


def test_support_vectors_and_coefficients_meet_each_sample_once() -> None:
    found = cost([CALLS["SVMClassifier"][0]], [X], ["y", "z"], domains=ML)
    assert macs(found) == 3 * (20 + 15)
    assert not found.macs.bounded
    assert macs(cost([CALLS["SVMRegressor"][0]], [X], domains=ML)) == 3 * (20 + 5)


def test_a_linear_kernel_without_vectors_is_a_linear_model() -> None:
    node = classic("SVMRegressor", coefficients=[0.5] * 4, rho=[0.1], n_supports=0, kernel_type="LINEAR")
    assert macs(cost([node], [X], domains=ML)) == 3 * 4


def test_support_vectors_of_other_features_than_the_samples_are_refused() -> None:
    assert "features" in causes(cost([CALLS["SVMRegressor"][0]], [take("x", [3, 7])], domains=ML))[0]


def test_weights_in_attributes_are_parameters_and_stored_bytes() -> None:
    found = cost([CALLS["SVMClassifier"][0]], [X], ["y", "z"], domains=ML)
    floats = 15 + 3 + 6 + 20
    assert found.weights.parameters == floats
    assert found.weights.total_bytes == 4 * floats
    assert found.stored_constant_bytes >= 4 * floats
    assert found.rows[0].weight_bytes == 4 * floats


def test_support_vectors_too_many_to_be_kept_count_all_the_same() -> None:
    node = classic("SVMRegressor", coefficients=[0.5] * 5000, support_vectors=[0.5] * 20_000, n_supports=5000)
    found = cost([node], [X], domains=ML)
    assert macs(found) == 3 * 25_000
    assert found.weights.parameters == 25_000


def test_a_list_in_a_function_counts_once_however_often_it_is_called() -> None:
    node = classic("LinearRegressor", "a", "b", coefficients=[0.5] * 16, targets=4)
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("ai.onnx.ml", 1)]
    function = helper.make_function("my", "Twice", ["a"], ["b"], [node], opsets)
    calls = [helper.make_node("Twice", ["x"], ["m"], domain="my"), helper.make_node("Twice", ["m"], ["y"], domain="my")]
    found = cost(calls, [X], functions=[function], domains=(*ML, "my"))
    assert (macs(found), found.weights.parameters) == (2 * 3 * 16, 16)


def test_equal_lists_of_two_calls_are_stored_twice_and_count_twice() -> None:
    nodes = [
        classic("LinearRegressor", "x", "m", coefficients=[0.5] * 16, targets=4),
        classic("LinearRegressor", "m", "y", coefficients=[0.5] * 16, targets=4),
    ]
    assert cost(nodes, [X], domains=ML).weights.parameters == 32


def test_trees_take_no_macs_and_are_bounded_since_the_data_decides_the_paths() -> None:
    found = cost([CALLS["TreeEnsembleRegressor"][0]], [X], domains=ML)
    assert (found.macs.total, found.macs.bounded) == (0, True)
    assert found.rows[0].certainty is Certainty.BOUNDED
    assert found.weights.parameters == 3 + 2


def test_trees_of_tensors_have_the_type_of_their_input() -> None:
    doubles = numpy_helper.from_array(np.zeros(7), "s")
    node = classic("TreeEnsemble", nodes_splits=doubles, leaf_weights=doubles, n_targets=3, tree_roots=[0])
    model = model_of(node, [take("x", [5, 2], TensorProto.DOUBLE)], 5)
    value = shapes(read(model))[1].run()[1].values["y"]
    assert (value.shape, value.dtype) == ((5, 3), "float64")


def test_maps_at_the_end_leave_the_macs_and_cost_the_peak() -> None:
    nodes = [
        classic("LinearClassifier", makes="label scores", coefficients=[0.5] * 12, classlabels_ints=[0, 1, 2]),
        classic("ZipMap", "scores", "y", classlabels_int64s=[0, 1, 2]),
    ]
    found = cost(nodes, [X], ["label", "y"], domains=ML)
    assert macs(found) == 36
    assert isinstance(found.activation_peak_bytes, Unestablished)
    assert "without ZipMap" in found.activation_peak_bytes.causes[0].fix


def test_a_map_that_enters_becomes_a_row_as_wide_as_the_vocabulary() -> None:
    values = helper.make_tensor_type_proto(TensorProto.FLOAT, None)
    entering = helper.make_value_info("x", helper.make_map_type_proto(TensorProto.STRING, values))
    node = classic("DictVectorizer", string_vocabulary=["a", "b", "c"])
    found = shapes(read(model_of(node, [entering])))[1].run()[1].values["y"]
    assert (found.shape, found.dtype) == ((1, 3), "float32")


def test_a_sparse_map_is_as_wide_as_it_may_be_and_a_dense_one_unknown() -> None:
    values = helper.make_tensor_type_proto(TensorProto.FLOAT, None)
    entering = helper.make_value_info("x", helper.make_map_type_proto(TensorProto.INT64, values))
    sparse = classic("CastMap", map_form="SPARSE", max_map=9, cast_to="TO_INT64")
    assert shapes(read(model_of(sparse, [entering])))[0]["y"] == (1, 9)
    dense = shapes(read(model_of(classic("CastMap"), [entering])))[0]["y"]
    assert isinstance(dense, tuple)
    assert isinstance(dense[1], Hole)


@pytest.mark.parametrize(("op", "states"), [("Adagrad", 1), ("Adam", 2), ("Momentum", 1)])
def test_optimisers_work_element_by_element(op, states) -> None:
    names = ["x0", "x1", "g0", "g1", *[f"s{index}" for index in range(2 * states)]]
    made = [f"y{index}" for index in range(2 + 2 * states)]
    node = helper.make_node(op, ["r", "t", *names], made, domain="ai.onnx.preview.training")
    inputs = [take("r", []), take("t", [], TensorProto.INT64)]
    inputs += [take(name, [2] if name.endswith(("0", "2")) else [3]) for name in names]
    found = cost([node], inputs, made, domains=("ai.onnx.preview.training",))
    assert macs(found) == 0
    assert [shapes(read(build([node], inputs, made, domains=("ai.onnx.preview.training",))))[0][name] for name in made] == [
        (2,), (3,)] * (1 + states)  # fmt: skip


def test_a_gradient_is_unknown_with_its_reason() -> None:
    node = helper.make_node("Gradient", ["x"], ["y"], domain="ai.onnx.preview.training", xs=["x"], y="x")
    assert "training" in causes(cost([node], [X], domains=("ai.onnx.preview.training",)))[0]
