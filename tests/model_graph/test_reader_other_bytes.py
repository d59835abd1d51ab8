"""Bytes of an ONNX file that no call needs are named and counted, wherever they hide."""

from __future__ import annotations

import numpy as np
import onnx
import onnx_bytes as raw
import pytest
from graphs import build, read, take, zeros
from onnx import TensorProto, defs, helper, numpy_helper

from policy_gate.model_graph import onnx_spare, spare
from policy_gate.model_graph.profile import profile
from policy_gate.model_graph.spare import ANNOTATIONS, DOCUMENTATION, LONG_NAMES, METADATA, UNKNOWN_FIELDS

SIZE = 100_000
HIDDEN = "h" * SIZE


def plain(**parts) -> onnx.ModelProto:
    nodes = parts.pop("nodes", [helper.make_node("Relu", ["x"], ["y"])])
    return build(nodes, [take("x", [2, 3])], **parts)


def other(model: onnx.ModelProto) -> dict[str, int]:
    return dict(read(model).other_bytes)


def weight(size: int = SIZE) -> onnx.TensorProto:
    return numpy_helper.from_array(np.zeros(size, np.uint8), "w")


def test_a_model_of_calls_and_their_weights_has_no_other_bytes() -> None:
    node = helper.make_node("MatMul", ["x", "w"], ["y"])
    assert other(plain(nodes=[node], constants=[zeros("w", 3, 1000)])) == {}


def document(model: onnx.ModelProto, place: str) -> None:
    graph = model.graph
    held = {
        "model": model,
        "graph": graph,
        "node": graph.node[0],
        "input": graph.input[0],
        "constant": graph.initializer[0],
        "attribute": graph.node[0].attribute[0],
    }[place]
    held.doc_string = HIDDEN


@pytest.mark.parametrize("place", ["model", "graph", "node", "input", "constant", "attribute"])
def test_documentation_is_counted_wherever_it_stands(place) -> None:
    node = helper.make_node("Gemm", ["x", "w"], ["y"], transB=1)
    model = plain(nodes=[node], constants=[zeros("w", 4, 3)])
    document(model, place)
    assert SIZE <= other(model)[DOCUMENTATION] <= SIZE + 8


@pytest.mark.parametrize("place", ["model", "graph", "node", "input", "constant"])
def test_metadata_is_counted_wherever_it_stands(place) -> None:
    model = plain(nodes=[helper.make_node("Gemm", ["x", "w"], ["y"])], constants=[zeros("w", 3, 4)])
    graph = model.graph
    held = {
        "model": model, "graph": graph, "node": graph.node[0], "input": graph.input[0], "constant": graph.initializer[0],
    }[place]  # fmt: skip
    entry = held.metadata_props.add()
    entry.key, entry.value = "weights", HIDDEN
    assert SIZE <= other(model)[METADATA] <= SIZE + 30


def test_metadata_of_ordinary_length_is_still_read() -> None:
    model = plain()
    entry = model.metadata_props.add()
    entry.key, entry.value = "author", "someone"
    found = read(model)
    assert found.metadata == (("author", "someone"),)
    assert 0 < dict(found.other_bytes)[METADATA] < 30


def test_training_information_is_counted() -> None:
    model = plain()
    model.training_info.add().algorithm.initializer.append(weight())
    assert SIZE <= other(model)[spare.TRAINING] <= SIZE + 50


def test_annotations_of_quantisation_are_counted() -> None:
    model = plain()
    entry = model.graph.quantization_annotation.add().quant_parameter_tensor_names.add()
    entry.key, entry.value = "scale", HIDDEN
    assert other(model)[ANNOTATIONS] >= SIZE


def test_fields_that_no_version_knows_are_counted() -> None:
    content = raw.model(None, raw.block(99, b"\0" * SIZE), *[raw.number(98, 2**63)] * 1000)
    found = dict(raw.read(content).other_bytes)
    assert SIZE + 1000 * 10 <= found[UNKNOWN_FIELDS] <= SIZE + 1000 * 12 + 8


def test_fields_unknown_inside_a_tensor_are_counted() -> None:
    tensor = raw.tensor("w", (2,), 1, raw.block(9, bytes(8)), raw.block(77, b"\0" * 5000))
    node = raw.node("Add", ("x", "w"))
    found = dict(raw.read(raw.model(raw.graph(raw.block(5, tensor), nodes=(node,)))).other_bytes)
    assert 5000 <= found[UNKNOWN_FIELDS] <= 5010


def test_a_name_longer_than_names_are_is_counted() -> None:
    node = helper.make_node("Relu", ["x"], ["y"], name="n" * 5000)
    assert other(plain(nodes=[node])) == {LONG_NAMES: 5000}


def test_constants_that_no_call_reads_are_counted() -> None:
    assert other(plain(constants=[weight()])) == {spare.UNUSED_CONSTANTS: SIZE}


def test_a_constant_that_a_subgraph_reads_or_the_graph_gives_back_is_used() -> None:
    branch = helper.make_graph([helper.make_node("Relu", ["w"], ["b"])], "branch", [], [take("b", None)])
    yes = helper.make_tensor("yes", TensorProto.BOOL, [], [True])
    node = helper.make_node("If", ["yes"], ["y"], then_branch=branch, else_branch=branch)
    assert other(plain(nodes=[node], constants=[yes, zeros("w", 1000)])) == {}
    relu = helper.make_node("Relu", ["x"], ["y"])
    assert other(build([relu], [take("x", [2])], ["y", "w"], constants=[zeros("w", 1000)])) == {}


def test_a_constant_in_another_file_takes_none_of_this_one() -> None:
    model = plain(constants=[zeros("w", 1000)])
    held = model.graph.initializer[0]
    held.ClearField("raw_data")
    held.data_location = TensorProto.EXTERNAL
    entry = held.external_data.add()
    entry.key, entry.value = "location", "w.bin"
    found = raw.read(model.SerializeToString(), external=lambda _: 4000)
    assert found.other_bytes == ()
    assert found.external_bytes == (("w.bin", 4000),)


@pytest.mark.parametrize(
    "held",
    [weight(), [1.5] * 20_000, list(range(20_000)), ["abcdefgh"] * 2000],
    ids=["a tensor", "floats", "whole numbers", "texts"],
)
def test_attributes_that_no_operator_reads_are_counted(held) -> None:
    found = other(plain(nodes=[helper.make_node("Relu", ["x"], ["y"], extra=held)]))
    assert found.keys() == {spare.UNREAD_ATTRIBUTES}
    assert found[spare.UNREAD_ATTRIBUTES] > 15_000


@pytest.mark.parametrize("size", [5000, SIZE])
def test_texts_in_attributes_are_counted(size) -> None:
    node = helper.make_node("Relu", ["x"], ["y"], extra="t" * size)
    assert size <= other(plain(nodes=[node]))[spare.TEXTS] <= size + 20


def test_a_subgraph_of_an_operator_that_runs_none_is_counted() -> None:
    hidden = helper.make_graph([helper.make_node("Relu", ["w"], ["b"])], "hidden", [], [take("b", None)], [weight()])
    assert other(plain(nodes=[helper.make_node("Relu", ["x"], ["y"], extra=hidden)])) == {spare.UNRUN_GRAPHS: SIZE}


def function(name: str) -> onnx.FunctionProto:
    nodes = [helper.make_node("Constant", [], ["w"], value=weight()), helper.make_node("Cast", ["a"], ["b"], to=1)]
    return helper.make_function("my", name, ["a"], ["b"], nodes, [helper.make_opsetid("", 21)])


def test_a_function_that_nothing_calls_is_counted_and_one_that_is_called_is_not() -> None:
    called = helper.make_node("Used", ["x"], ["y"], domain="my")
    model = plain(nodes=[called], functions=[function("Used"), function("Unused")], domains=("my",))
    assert SIZE <= other(model)[spare.UNUSED_FUNCTIONS] <= SIZE + 10


def test_lists_that_classic_operators_define_are_no_other_bytes() -> None:
    vectors = {"support_vectors": [0.5] * 30_000, "coefficients": [0.5] * 10_000}
    node = helper.make_node("SVMRegressor", ["x"], ["y"], domain="ai.onnx.ml", n_supports=10_000, **vectors)
    model = plain(nodes=[node], domains=("ai.onnx.ml",))
    assert other(model) == {}
    found = profile(read(model))
    assert found.weights.total_bytes == found.stored_constant_bytes == 160_000


def test_a_constant_node_may_hold_what_it_likes() -> None:
    nodes = [
        helper.make_node("Constant", [], ["w"], value=zeros("w", 3, 1000)),
        helper.make_node("MatMul", ["x", "w"], ["y"]),
    ]
    assert other(plain(nodes=nodes)) == {}


def test_other_bytes_are_sorted_and_never_more_than_the_file() -> None:
    model = plain(constants=[weight(), zeros("v", 500)])
    model.doc_string = model.graph.doc_string = HIDDEN
    model.graph.node[0].attribute.append(helper.make_attribute("extra", "t" * 5000))
    found = read(model)
    assert list(found.other_bytes) == sorted(found.other_bytes)
    assert sum(size for _, size in found.other_bytes) <= found.file_bytes


def test_the_long_attributes_of_classic_operators_are_those_onnx_defines() -> None:
    kinds = {defs.OpSchema.AttrType.FLOATS, defs.OpSchema.AttrType.INTS, defs.OpSchema.AttrType.STRINGS}
    kinds |= {defs.OpSchema.AttrType.TENSOR}
    named = {
        name
        for schema in defs.get_all_schemas_with_history()
        if schema.domain == "ai.onnx.ml"
        for name, attribute in schema.attributes.items()
        if attribute.type in kinds
    }
    assert named == onnx_spare.CLASSIC_LISTS
    texts = {op: set(defs.get_schema(op, 28).attributes) for op in onnx_spare.LONG_LISTS}
    assert all(names <= texts[op] for op, names in onnx_spare.LONG_LISTS.items())
