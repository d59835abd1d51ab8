"""A profile counts exactly what the counting rule says, and says so where it cannot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from graphs import FLOAT, build, causes, cost, ints, macs, read, take, zeros
from known_macs import LIGHT_MACS, TINY_MACS
from onnx import TensorProto, helper

from policy_gate.errors import EvidenceError, Reason
from policy_gate.model_graph import read_model
from policy_gate.model_graph.figures import Certainty, ModelProfile, Unestablished
from policy_gate.model_graph.graph import Model
from policy_gate.model_graph.profile import profile

LIGHT = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"

# Millions of parameters, batch norm statistics included.
LIGHT_PARAMETERS = {
    "bvlc_alexnet": 60.97,
    "densenet121": 8.15,
    "inception_v1": 7.00,
    "inception_v2": 11.23,
    "resnet50": 25.61,
    "shufflenet": 1.42,
    "squeezenet": 1.24,
    "vgg19": 143.67,
    "zfnet512": 87.25,
}

# What an int8 runtime keeps at its peak, worked out by hand from the largest pair of tensors alive together.
TINY_PEAKS = {
    "ic_int8": 3 * 32 * 32 * 16,
    "kws_ref_model": 2 * 25 * 5 * 64,
    "vww_96_int8": 48 * 48 * (8 + 16),
    "ad01_int8": 640 + 128,
}


def from_path(path: Path) -> Model:
    with path.open("rb") as file:
        return read_model(file, path.name)


def tiny(shared: Path, name: str) -> Model:
    path = shared / "models" / "mlperf-tiny" / f"{name}.onnx"
    if not path.exists():
        pytest.skip("the model is not present")
    return from_path(path)


def bound(model: Model) -> ModelProfile:
    return profile(model, dict.fromkeys(profile(model).unbound_dimensions, 1))


@pytest.mark.parametrize(("name", "expected"), LIGHT_MACS.items())
def test_macs_of_known_networks_are_exact(name, expected) -> None:
    found = profile(from_path(LIGHT / f"light_{name}.onnx"))
    assert macs(found) == expected
    assert sum(row.macs for row in found.rows) == expected
    assert found.coverage.exact == found.coverage.total == len(found.rows)
    assert found.disagreements == ()


@pytest.mark.parametrize(("name", "millions"), LIGHT_PARAMETERS.items())
def test_parameters_made_by_nodes_are_counted_and_named_as_not_stored(name, millions) -> None:
    found = profile(from_path(LIGHT / f"light_{name}.onnx"))
    assert found.weights.parameters == pytest.approx(millions * 1e6, abs=5e3)
    assert found.weights.generated > 0.99 * found.weights.parameters
    assert any("not stored in the file" in note for note in found.notes)


@pytest.mark.parametrize(("name", "expected"), TINY_MACS.items())
def test_float_and_quantised_models_have_the_same_exact_macs(shared, name, expected) -> None:
    model = tiny(shared, name)
    unbound = profile(model)
    assert isinstance(unbound.macs, Unestablished)
    assert isinstance(unbound.activation_peak_bytes, Unestablished)
    assert [cause.reason for cause in unbound.unknown] == [Reason.UNBOUND_DIMENSION]
    assert len(unbound.unbound_dimensions) == 1
    assert unbound.unbound_dimensions[0] in unbound.unknown[0].fix
    assert macs(bound(model)) == expected


@pytest.mark.parametrize(("name", "expected"), TINY_PEAKS.items())
def test_a_quantised_graph_holds_no_float_copies_at_its_peak(shared, name, expected) -> None:
    assert bound(tiny(shared, name)).activation_peak_bytes == expected


def test_macs_grow_with_the_bound_batch(shared) -> None:
    model = tiny(shared, "ic_int8")
    symbol = profile(model).unbound_dimensions[0]
    assert macs(profile(model, {symbol: 7})) == 7 * TINY_MACS["ic_int8"]


def test_int8_weights_take_a_quarter_of_the_float_ones(shared) -> None:
    quantised, whole = (bound(tiny(shared, name)).weights for name in ("ad01_int8", "ad01_fp32"))
    assert quantised.parameters == whole.parameters
    assert dict(quantised.bytes_by_dtype)["int8"] * 4 < whole.total_bytes


def conv(shape, weight, **attributes) -> ModelProfile:
    node = helper.make_node("Conv", ["x", "w"], ["y"], **attributes)
    return cost([node], [take("x", shape)], constants=[zeros("w", *weight)])


def test_an_unknown_operator_is_never_zero() -> None:
    nodes = [helper.make_node("FastGelu", ["x"], ["y"], domain="com.example", name="gelu")]
    found = cost(nodes, [take("x", [2, 3])], domains=("com.example",))
    assert "gelu" in causes(found)[0]
    assert found.coverage.unknown_operators == (("com.example::FastGelu", ("gelu",)),)
    assert isinstance(found.activation_peak_bytes, Unestablished)


def test_an_operator_that_is_known_and_not_followed_is_unknown_with_its_reason() -> None:
    node = helper.make_node("GatedDeltaNet", ["x"], ["y"], domain="com.microsoft")
    assert "not followed: its recurrence" in causes(cost([node], [take("x", [2])], domains=("com.microsoft",)))[0]


def test_an_operator_set_newer_than_what_is_known_is_unknown() -> None:
    assert "newer" in causes(cost([helper.make_node("Relu", ["x"], ["y"])], [take("x", [2])], opset=99))[0]


def test_a_domain_the_model_does_not_import_is_unknown() -> None:
    found = cost([helper.make_node("Scaler", ["x"], ["y"], domain="ai.onnx.ml")], [take("x", [2, 3])])
    assert "imports no operator set" in causes(found)[0]


def test_an_unbound_dimension_after_the_last_product_leaves_the_macs_alone() -> None:
    nodes = [helper.make_node("NonZero", ["x"], ["y"])]
    found = cost(nodes, [take("x", [4, 5])])
    assert macs(found) == 0
    assert "not zero" in str(found.activation_peak_bytes.causes[0])


@pytest.mark.parametrize("extent", [None, "N", 0, -1])
def test_an_input_extent_that_says_nothing_is_unknown(extent) -> None:
    found = cost(
        [helper.make_node("MatMul", ["x", "w"], ["y"])], [take("x", [extent, 4])], constants=[zeros("w", 4, 5)]
    )
    assert "unbound dimension" in causes(found)[0]


@pytest.mark.parametrize("extent", [0, -3, True, 1.5])
def test_a_dimension_is_bound_to_an_integer_of_at_least_one(extent) -> None:
    with pytest.raises(EvidenceError, match="at least 1"):
        cost([helper.make_node("Relu", ["x"], ["y"])], [take("x", ["N"])], dimensions={"N": extent})


def test_binding_a_name_no_input_has_is_noted_and_binds_nothing() -> None:
    found = cost(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        [take("x", ["N", 4])],
        constants=[zeros("w", 4, 5)],
        dimensions={"M": 1},
    )
    assert found.unbound_dimensions == ("N",)
    assert any("'M' is bound" in note for note in found.notes)
    assert isinstance(found.macs, Unestablished)


def test_shapes_the_file_claims_are_reported_and_never_used() -> None:
    nodes = [helper.make_node("Relu", ["x"], ["r"]), helper.make_node("MatMul", ["r", "w"], ["y"])]
    claims = [take("r", [1, 1]), take("w", [1, 1])]
    found = cost(nodes, [take("x", [8, 64])], [take("y", [1, 1])], constants=[zeros("w", 64, 10)], claims=claims)
    assert macs(found) == 8 * 64 * 10
    assert {each.value: (each.claimed, each.computed) for each in found.disagreements} == {
        "r": ("1x1", "8x64"),
        "w": ("1x1", "64x10"),
        "y": ("1x1", "8x10"),
    }


def test_a_convolution_multiplies_outputs_with_filters() -> None:
    found = conv([2, 6, 10, 10], (4, 3, 3, 3), group=2, strides=[2, 2], pads=[1, 1, 1, 1]).macs
    assert (found.total, found.conv, found.depthwise) == (2 * 4 * 5 * 5 * 3 * 9,) * 2 + (0,)


def test_a_filter_that_sees_one_of_several_channels_is_depthwise() -> None:
    assert conv([1, 6, 10, 10], (12, 1, 3, 3), group=6).macs.depthwise == 12 * 8 * 8 * 9
    assert conv([1, 1, 10, 10], (12, 1, 3, 3)).macs.depthwise == 0


@pytest.mark.parametrize(
    ("shape", "weight", "attributes"),
    [
        ([1, 3, 8, 8], (4, 2, 3, 3), {}),
        ([1, 3, 2, 2], (4, 3, 3, 3), {}),
        ([1, 4, 8, 8], (5, 2, 3, 3), {"group": 2}),
        ([1, 3, 8, 8], (4, 3, 3, 3), {"strides": [0, 1]}),
        ([1, 3, 8, 8], (4, 3, 3, 3), {"kernel_shape": [2, 2]}),
        ([1, 3, 8, 8], (4, 3, 3, 3), {"pads": [-1, 0, 0, 0]}),
        ([1, 3, 8, 8], (4, 3, 3, 3), {"auto_pad": "GUESS"}),
    ],
)
def test_a_convolution_that_cannot_be_is_unreadable(shape, weight, attributes) -> None:
    found = conv(shape, weight, **attributes)
    assert [cause.reason for cause in found.unknown] == [Reason.UNREADABLE]
    assert isinstance(found.weights, Unestablished)
    assert isinstance(found.activation_peak_bytes, Unestablished)


def test_a_transposed_convolution_scatters_each_input_once() -> None:
    node = helper.make_node("ConvTranspose", ["x", "w"], ["y"], strides=[2, 2])
    assert macs(cost([node], [take("x", [1, 3, 5, 7])], constants=[zeros("w", 3, 4, 2, 2)])) == 3 * 5 * 7 * 4 * 4


@pytest.mark.parametrize(
    ("node", "left", "right", "expected"),
    [
        (helper.make_node("Gemm", ["x", "w"], ["y"], transA=1), [4, 3], (4, 5), 3 * 4 * 5),
        (helper.make_node("Gemm", ["x", "w"], ["y"], transB=1), [3, 4], (5, 4), 3 * 4 * 5),
        (helper.make_node("MatMul", ["x", "w"], ["y"]), [2, 7, 3, 4], (7, 4, 5), 2 * 7 * 3 * 4 * 5),
        (helper.make_node("MatMul", ["x", "w"], ["y"]), [4], (4,), 4),
        (helper.make_node("Einsum", ["x", "w"], ["y"], equation="bij,bjk->bik"), [2, 3, 4], (2, 4, 5), 2 * 3 * 4 * 5),
        (helper.make_node("Einsum", ["x", "w"], ["y"], equation="...ij,...jk"), [2, 3, 4], (1, 4, 5), 2 * 3 * 4 * 5),
    ],
)
def test_matrix_products_are_rows_by_columns_by_what_is_summed(node, left, right, expected) -> None:
    found = cost([node], [take("x", left)], constants=[zeros("w", *right)])
    assert macs(found) == found.macs.dense == expected


@pytest.mark.parametrize(("op", "gates"), [("RNN", 1), ("GRU", 3), ("LSTM", 4)])
def test_recurrent_operators_count_each_gate_at_each_step(op, gates) -> None:
    node = helper.make_node(op, ["x", "w", "r"], ["y"], hidden_size=5, direction="bidirectional")
    weights = [zeros("w", 2, gates * 5, 3), zeros("r", 2, gates * 5, 5)]
    found = cost([node], [take("x", [9, 2, 3])], constants=weights)
    assert macs(found) == found.macs.other == 9 * 2 * 2 * gates * 5 * (3 + 5)
    assert found.rows[0].output == "9x2x2x5"


def test_attention_counts_both_products_over_past_and_present_keys() -> None:
    names = ["q", "k", "v", "", "pk", "pv"]
    node = helper.make_node("Attention", names, ["y", "nk", "nv"])
    inputs = [take("q", [1, 4, 3, 8]), take("k", [1, 2, 3, 8]), take("v", [1, 2, 3, 6])]
    inputs += [take("pk", [1, 2, 10, 8]), take("pv", [1, 2, 10, 6])]
    found = cost([node], inputs, ["y", "nk"], opset=23)
    assert macs(found) == 4 * 3 * 13 * (8 + 6)
    assert found.macs.bounded is False


def test_attention_that_leaves_keys_out_is_an_upper_bound() -> None:
    node = helper.make_node("Attention", ["q", "q", "q"], ["y"], is_causal=1, q_num_heads=2, kv_num_heads=2)
    found = cost([node], [take("q", [1, 5, 8])], opset=23)
    assert macs(found) == 2 * 5 * 5 * (4 + 4)
    assert found.macs.bounded is True
    assert found.coverage.bounded == 1


def test_elementwise_work_and_data_movement_is_zero_by_rule() -> None:
    nodes = [helper.make_node("Mul", ["x", "x"], ["a"]), helper.make_node("Softmax", ["a"], ["b"])]
    found = cost([*nodes, helper.make_node("Transpose", ["b"], ["y"])], [take("x", [30, 40])])
    assert macs(found) == 0
    assert found.coverage.exact == 3


def test_bound_symbols_reach_shapes_through_shape_arithmetic() -> None:
    nodes = [
        helper.make_node("Shape", ["x"], ["s"]),
        helper.make_node("Gather", ["s", "zero"], ["n"]),
        helper.make_node("Unsqueeze", ["n", "axis"], ["n1"]),
        helper.make_node("Concat", ["n1", "rest"], ["to"], axis=0),
        helper.make_node("Reshape", ["x", "to"], ["r"]),
        helper.make_node("MatMul", ["r", "w"], ["y"]),
    ]
    constants = [
        helper.make_tensor("zero", TensorProto.INT64, [], [0]),
        ints("axis", 0),
        ints("rest", -1),
        zeros("w", 12, 7),
    ]
    given = {"constants": constants, "inputs": [take("x", ["N", 3, 4])]}
    assert macs(cost(nodes, dimensions={"N": 5}, **given)) == 5 * 12 * 7
    assert causes(cost(nodes, **given)) == ["unbound dimension: 'x': dimension 'N' (axis 0 of the input)"]


def test_weights_in_constant_nodes_count_and_shapes_do_not() -> None:
    weight = helper.make_node("Constant", [], ["w"], value=zeros("", 4, 3, 3, 3))
    to = helper.make_node("Constant", [], ["to"], value_ints=[1, -1])
    nodes = [weight, to, helper.make_node("Conv", ["x", "w"], ["c"]), helper.make_node("Reshape", ["c", "to"], ["y"])]
    found = cost(nodes, [take("x", [1, 3, 8, 8])])
    assert (found.weights.parameters, found.weights.bytes_by_dtype) == (108, (("float32", 432),))
    assert found.stored_constant_bytes == 432 + 16
    assert {row.name: row.weight_bytes for row in found.rows} == {"w": 0, "to": 0, "c": 432, "y": 0}


def test_a_shared_weight_counts_once_and_an_unused_one_not_at_all() -> None:
    nodes = [helper.make_node("MatMul", ["x", "w"], ["a"]), helper.make_node("MatMul", ["a", "w"], ["y"])]
    found = cost(nodes, [take("x", [1, 6])], constants=[zeros("w", 6, 6), zeros("spare", 100)])
    assert found.weights.parameters == 36
    assert [row.weight_bytes for row in found.rows] == [144, 0]
    assert found.stored_constant_bytes == 144 + 400


def test_quantised_weights_belong_to_the_operator_behind_the_dequantisation() -> None:
    nodes = [
        helper.make_node("DequantizeLinear", ["q", "scale", "zero"], ["w"], name="dq"),
        helper.make_node("Conv", ["x", "w"], ["y"], name="conv"),
    ]
    constants = [zeros("q", 4, 3, 3, 3, dtype=np.int8), zeros("scale"), zeros("zero", dtype=np.int8)]
    found = cost(nodes, [take("x", [1, 3, 8, 8])], constants=constants)
    assert {row.name: row.weight_bytes for row in found.rows} == {"dq": 0, "conv": 108}
    assert found.weights.parameters == 108


def branches(then_columns, else_columns):
    def branch(name, columns):
        node = helper.make_node("MatMul", ["x", f"w{columns}"], [name])
        return helper.make_graph(
            [node, helper.make_node("Relu", [name], [f"{name}r"])], name, [], [take(f"{name}r", None)]
        )

    node = helper.make_node(
        "If", ["c"], ["y"], then_branch=branch("t", then_columns), else_branch=branch("e", else_columns)
    )
    weights = {f"w{columns}": zeros(f"w{columns}", 4, columns) for columns in (then_columns, else_columns)}
    return [node], [take("x", [3, 4]), take("c", [], TensorProto.BOOL)], list(weights.values())


def test_if_costs_its_worst_branch_as_a_bound() -> None:
    nodes, inputs, weights = branches(5, 50)
    found = cost(nodes, inputs, constants=weights)
    assert macs(found) == 3 * 4 * 50
    assert found.macs.bounded
    assert found.rows[0].certainty is Certainty.BOUNDED
    assert found.weights.parameters == 4 * 55
    assert found.node_count == 5
    assert isinstance(found.activation_peak_bytes, Unestablished)


def test_if_with_equal_branches_is_exact() -> None:
    nodes, inputs, weights = branches(5, 5)
    found = cost(nodes, inputs, constants=weights)
    assert (macs(found), found.macs.bounded) == (3 * 4 * 5, False)


def test_an_unknown_operator_in_one_branch_makes_the_whole_unknown() -> None:
    other = helper.make_graph([helper.make_node("Mystery", ["x"], ["e"])], "e", [], [take("e", None)])
    then = helper.make_graph([helper.make_node("Relu", ["x"], ["t"])], "t", [], [take("t", None)])
    node = helper.make_node("If", ["c"], ["y"], then_branch=then, else_branch=other)
    found = cost([node], [take("x", [3, 4]), take("c", [], TensorProto.BOOL)])
    assert "Mystery" in causes(found)[0]
    assert found.coverage.unknown_operators[0][0] == "ai.onnx::Mystery"


def loop(trips, *, stops=False, body_op="MatMul"):
    condition = helper.make_node("Less", ["i", "i"], ["go"]) if stops else helper.make_node("Identity", ["ci"], ["go"])
    body = helper.make_graph(
        [condition, helper.make_node(body_op, ["s", "w"], ["n"]), helper.make_node("Relu", ["n"], ["each"])],
        "body",
        [take("i", [], TensorProto.INT64), take("ci", [], TensorProto.BOOL), take("s", None)],
        [take("go", [], TensorProto.BOOL), take("n", None), take("each", None)],
    )
    node = helper.make_node("Loop", ["m", "t", "x"], ["last", "y"], body=body)
    constants = [helper.make_tensor("t", TensorProto.BOOL, [], [True]), zeros("w", 4, 4)]
    inputs = [take("x", [4, 4])]
    if trips is None:
        inputs.append(take("m", [], TensorProto.INT64))
    else:
        constants.append(helper.make_tensor("m", TensorProto.INT64, [], [trips]))
    return cost([node], inputs, ["last", take("y", [7, 4, 4])], constants=constants)


def test_a_loop_costs_its_body_times_a_constant_trip_count() -> None:
    found = loop(7)
    assert (macs(found), found.macs.bounded) == (7 * 4 * 4 * 4, False)
    assert found.disagreements == ()


def test_a_loop_that_may_stop_early_is_bounded() -> None:
    found = loop(7, stops=True)
    assert (macs(found), found.macs.bounded) == (7 * 4 * 4 * 4, True)


def test_a_loop_without_a_constant_trip_count_is_unknown_even_when_its_body_is_free() -> None:
    assert "known only when the model runs" in causes(loop(None))[0]
    assert "known only when the model runs" in causes(loop(None, body_op="Add"))[0]


def test_scan_costs_its_body_times_the_slices() -> None:
    body = helper.make_graph(
        [helper.make_node("MatMul", ["s", "w"], ["n"]), helper.make_node("Add", ["n", "z"], ["o"])],
        "body",
        [take("s", None), take("z", None)],
        [take("n", None), take("o", None)],
    )
    node = helper.make_node("Scan", ["x", "z0"], ["last", "y"], body=body, num_scan_inputs=1)
    found = cost(
        [node], [take("x", [3, 4]), take("z0", [6, 3, 4])], ["last", take("y", [6, 3, 4])], constants=[zeros("w", 4, 4)]
    )
    assert macs(found) == 6 * 3 * 4 * 4
    assert found.disagreements == ()


def test_a_model_local_function_is_counted_where_it_is_called() -> None:
    stride = helper.make_node("Conv", ["a", "b"], ["c"])
    stride.attribute.add(name="strides", ref_attr_name="step", type=onnx.AttributeProto.INTS)
    body = helper.make_function("my", "Block", ["a", "b"], ["c"], [stride], [helper.make_opsetid("", 21)], ["step"])
    nodes = [
        helper.make_node("Block", ["x", "w"], ["m"], domain="my", name="one", step=[1, 1]),
        helper.make_node("Block", ["m", "w"], ["y"], domain="my", name="two", step=[2, 2]),
    ]
    found = cost(
        nodes, [take("x", [1, 3, 9, 9])], constants=[zeros("w", 3, 3, 3, 3)], functions=[body], domains=("my",)
    )
    assert macs(found) == (7 * 7 + 3 * 3) * 81
    assert [row.name for row in found.rows] == ["one/c", "two/c"]
    assert found.operators == (("ai.onnx::Conv", 2),)


def test_activations_live_from_their_making_to_their_last_reader() -> None:
    nodes = [
        helper.make_node("Relu", ["x"], ["a"]),
        helper.make_node("Reshape", ["a", "to"], ["b"]),
        helper.make_node("Concat", ["b", "b", "b"], ["c"], axis=0),
        helper.make_node("Add", ["c", "a"], ["y"]),
    ]
    found = cost(nodes, [take("x", [1, 10])], constants=[ints("to", 1, 10)])
    assert found.activation_peak_bytes == 4 * (10 + 30 + 30)


def test_a_constant_that_grows_while_the_model_runs_takes_memory() -> None:
    nodes = [helper.make_node("Expand", ["one", "to"], ["big"]), helper.make_node("Add", ["big", "x"], ["y"])]
    found = cost(nodes, [take("x", [1])], constants=[zeros("one", 1), ints("to", 1 << 20)])
    assert found.activation_peak_bytes == 4 * ((1 << 20) * 2 + 1)


def test_a_float_that_leaves_a_quantised_graph_is_counted_as_float() -> None:
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "scale", "zero"], ["q"]),
        helper.make_node("DequantizeLinear", ["q", "scale", "zero"], ["y"]),
    ]
    constants = [zeros("scale"), zeros("zero", dtype=np.int8)]
    assert cost(nodes, [take("x", [1, 100])], constants=constants).activation_peak_bytes == 500


def test_a_default_for_an_input_is_counted_and_noted() -> None:
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"])]
    found = cost(nodes, [take("x", [2, 3]), take("w", [3, 4])], constants=[zeros("w", 3, 4)])
    assert macs(found) == 24
    assert any("have a default" in note for note in found.notes)


def test_linear_models_of_ai_onnx_ml_are_matrix_products() -> None:
    node = helper.make_node("LinearRegressor", ["x"], ["y"], domain="ai.onnx.ml", coefficients=[0.5] * 12, targets=3)
    assert macs(cost([node], [take("x", [5, 4])], domains=("ai.onnx.ml",))) == 60


def test_the_same_model_gives_the_same_profile() -> None:
    proto = build([helper.make_node("Relu", ["x"], ["y"])], [take("x", [2, 3], FLOAT)])
    assert profile(read(proto)) == profile(read(proto))


@pytest.mark.parametrize("domain", ["", "ai.onnx", "ai.onnx.ml", "com.microsoft"])
def test_a_function_that_takes_the_name_of_an_operator_is_refused_since_runtimes_ignore_it(domain) -> None:
    body = [helper.make_node("Identity", ["a"], ["c"])]
    free = helper.make_function(domain, "MatMul", ["a", "b"], ["c"], body, [helper.make_opsetid("", 21)])
    call = helper.make_node("MatMul", ["x", "w"], ["y"], domain=domain)
    made = build([call], [take("x", [1, 64])], constants=[zeros("w", 64, 64)], functions=[free])
    with pytest.raises(EvidenceError, match="which of the two runs is not defined") as refused:
        read(made)
    assert refused.value.reason is Reason.UNREADABLE


def test_a_function_of_a_domain_of_its_own_is_counted_by_its_body() -> None:
    body = [helper.make_node("MatMul", ["a", "b"], ["c"])]
    own = helper.make_function("my", "Identity", ["a", "b"], ["c"], body, [helper.make_opsetid("", 21)])
    call = helper.make_node("Identity", ["x", "w"], ["y"], domain="my")
    found = cost([call], [take("x", [1, 64])], constants=[zeros("w", 64, 64)], functions=[own], domains=("my",))
    assert macs(found) == 64 * 64
