"""No operator of any table ends in another exception, whatever its inputs and attributes are."""

from __future__ import annotations

import struct

import pytest
from graphs import build, cost, plain, read, take
from hypothesis import given, settings
from hypothesis import strategies as st
from microsoft_calls import CALLS, model_of
from onnx import helper

from policy_gate.errors import GateError
from policy_gate.model_graph.figures import Certainty, ModelProfile, Unestablished
from policy_gate.model_graph.graph import Function, Graph, Model, Node, Tensor, ValueInfo
from policy_gate.model_graph.operators import NEWEST, TABLES
from policy_gate.model_graph.operators.classification import classify
from policy_gate.model_graph.profile import profile

OPERATORS = sorted((domain, op) for domain, table in TABLES.items() if domain != "tflite" for op in table)
WORDS = (
    "K N Nkv Nq axes axis batch_dims bits block_size blocksize body border broadcast cats_int64s channels_last "
    "classlabels_ints coefficients dilation dilations direction dtype else_branch equation gather_axis group "
    "inputdimensions inverse k keepdims kernel_shape kv_num_heads layout map_form max_map max_ngram_size mode "
    "n_head_per_ngram n_targets ngram_indexes num_heads num_outputs num_scan_inputs onesided output_dtype "
    "output_padding output_shape packed_type pads past_present_share_buffer perm pooled_shape q_num_heads "
    "qkv_hidden_sizes router_size sample_size scale scales score_mod shape signal_ndim size spatial split step stopwords "
    "strides string_vocabulary support_vectors swiglu_fusion targets then_branch to transA transB transBatchA "
    "unidirectional window"
)
NAMES = WORDS.split()
WHOLE = st.sampled_from([0, 1, 2, 3, 4, 7, -1, -2, 2**31, 2**62, -(2**63), 2**63 - 1])
REAL = st.sampled_from([0.0, 1.0, 2.5, -1.0, 1e30, float("inf"), float("nan")])
TYPES = ["float32", "int64", "uint8", "bool", "string", "sequence(float32)", "map(int64,float32)", "optional(float32)"]
EXTENTS = st.sampled_from([1, 2, 3, 4, 8, 0, None, "n", 2**40, 2**62])
BODY = Graph("b", (Node("Relu", "", "", ("q",), ("r",), {}),), {}, (ValueInfo("q", "float32", None),), (ValueInfo("r", "float32", None),))  # fmt: skip
HELD = st.one_of(
    WHOLE,
    REAL,
    st.lists(WHOLE, max_size=5).map(tuple),
    st.lists(REAL, max_size=8).map(tuple),
    st.sampled_from(["SAME_UPPER", "ij,jk->ik", "bidirectional", "SPARSE", "none", ""]),
    st.just(("a", "b")),
    st.just(Tensor("t", "float32", (2, 3), 24)),
    st.just(BODY),
)


@st.composite
def constants(draw, name):
    dtype, code = draw(st.sampled_from([("int64", "q"), ("float32", "f")]))
    dims = tuple(draw(st.lists(st.integers(0, 4), max_size=2)))
    count = 1
    for extent in dims:
        count *= extent
    numbers = draw(st.lists(WHOLE if code == "q" else REAL, min_size=count, max_size=count))
    return Tensor(name, dtype, dims, 8 * count, None, struct.pack(f"<{count}{code}", *numbers))


@st.composite
def models(draw):
    domain, op = draw(st.sampled_from(OPERATORS))
    names, inputs, held = [], [], {}
    for index in range(draw(st.integers(0, 9))):
        name = f"i{index}"
        kind = draw(st.sampled_from(["input", "input", "constant", "absent"]))
        names.append("" if kind == "absent" else name)
        if kind == "constant":
            held[name] = draw(constants(name))
        elif kind == "input":
            inputs.append(ValueInfo(name, draw(st.sampled_from(TYPES)), tuple(draw(st.lists(EXTENTS, max_size=5)))))
    attributes = draw(st.dictionaries(st.sampled_from(NAMES), HELD, max_size=6))
    outputs = tuple(f"o{index}" for index in range(draw(st.integers(1, 4))))
    version = draw(st.sampled_from([1, 6, 8, 9, 11, 13, 18, 20, 28])) if not domain else NEWEST[domain]
    node = Node(op, domain, "", tuple(names), outputs, attributes)
    ends = tuple(ValueInfo(name, "", None) for name in outputs)
    opsets = {"": 21, domain: version}
    return Model("onnx", 1000, 10, opsets, Graph("g", (node,), held, tuple(inputs), ends))


def judged(found: ModelProfile) -> None:
    if isinstance(found.macs, Unestablished):
        assert found.macs.causes
        assert all(cause.detail for cause in found.macs.causes)
        return
    assert 0 <= found.macs.total <= 2**62
    for row in found.rows:
        domain, _, op = row.op.rpartition("::")
        if row.certainty is Certainty.BOUNDED:
            assert classify(domain, op) is Certainty.BOUNDED, row.op


@settings(max_examples=400, deadline=None)
@given(models(), st.booleans())
def test_no_operator_ends_in_another_exception(model, bound) -> None:
    judged(profile(model, {"n": 2} if bound else {}))


@settings(max_examples=200, deadline=None)
@given(st.data(), st.sampled_from(sorted(CALLS)))
def test_no_valid_call_that_is_changed_ends_in_another_exception(data, form) -> None:
    model = model_of(CALLS[form])
    node = model.graph.node[0]
    for _ in range(data.draw(st.integers(1, 3))):
        if data.draw(st.booleans()) and model.graph.input:
            dims = data.draw(st.sampled_from(list(model.graph.input))).type.tensor_type.shape.dim
            for dim in dims[-1:]:
                dim.dim_value = data.draw(st.sampled_from([0, 1, 3, 2**40, 2**62]))
        elif node.attribute:
            held = data.draw(st.sampled_from(list(node.attribute)))
            if held.type == held.INT:
                held.i = data.draw(WHOLE)
            else:
                node.attribute.remove(held)
        else:
            node.input[data.draw(st.integers(0, len(node.input) - 1))] = ""
    try:
        known = read(model)
    except GateError:
        return
    judged(profile(known))


@pytest.mark.parametrize(
    "op", ["ConvTransposeWithDynamicPads", "GatedRelativePositionBias", "NhwcConv", "Rfft", "CDist"]
)
@pytest.mark.parametrize("shape", [[], [0], [2**62], [3]])
def test_data_of_too_few_dimensions_is_refused(op, shape) -> None:
    names = ["x", "z", "v", "u", "t", "s"]
    node = helper.make_node(op, names, ["y"], domain="com.microsoft", num_heads=1, signal_ndim=1)
    judged(cost([node], [take(name, shape) for name in names], domains=("com.microsoft",)))


def test_a_function_that_runs_itself_in_a_loop_is_named() -> None:
    inner = Graph("b", (Node("Again", "my", "", ("q",), ("r",), {}),), {}, (), (ValueInfo("r", "float32", None),))
    again = Node("If", "", "", ("a",), ("b",), {"then_branch": inner, "else_branch": inner})
    held = Function("my", "Again", ("a",), ("b",), (), {}, (again,), {"": 21, "my": 1})
    found = profile(plain([Node("Again", "my", "", ("x",), ("y",), {})], functions=[held]))
    assert "reads 'q'" in str(found.unknown[0]) or "calls itself" in str(found.unknown[0])


def test_functions_that_double_at_every_level_end_at_the_limit_of_calls() -> None:
    functions = []
    for level in range(30):
        below = "Relu" if level == 0 else f"F{level - 1}"
        domain = "" if level == 0 else "my"
        nodes = (Node(below, domain, "", ("a",), ("m",), {}), Node(below, domain, "", ("m",), ("b",), {}))
        functions.append(Function("my", f"F{level}", ("a",), ("b",), (), {}, nodes, {"": 21, "my": 1}))
    found = profile(plain([Node("F29", "my", "", ("x",), ("y",), {})], functions=functions))
    assert "nested calls" in str(found.unknown[0])


def test_an_equation_of_einsum_that_says_nothing_is_refused() -> None:
    node = helper.make_node("Einsum", ["x", "x"], ["y"], equation="…->🜁")
    judged(profile(read(build([node], [take("x", [2, 2])]))))
