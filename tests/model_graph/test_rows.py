"""A row a call: its structure without names, the type it works in; and how much of a model is covered by rows."""

from __future__ import annotations

import numpy as np
import onnx
from graphs import build, cost, read, take, zeros
from onnx import TensorProto, helper

from policy_gate.model_graph.graph import Graph, Model, Node, Tensor, ValueInfo
from policy_gate.model_graph.profile import profile

node = helper.make_node


def structure(*nodes, shape=(1, 4, 5, 5), constants=(), dtype=TensorProto.FLOAT) -> list[str]:
    found = profile(read(build(nodes, [take("x", list(shape), dtype)], constants=constants)))
    return [each.structure for each in found.rows]


def test_a_structure_depends_on_operator_attributes_types_and_shapes_and_on_nothing_else() -> None:
    weight = zeros("w", 4, 4, 1, 1)
    base = structure(node("Conv", ["x", "w"], ["y"], strides=[1, 1]), constants=[weight])
    named = node("Conv", ["x", "other"], ["y"], name="named", strides=[1, 1])
    assert structure(named, constants=[zeros("other", 4, 4, 1, 1)]) == base
    ones = onnx.numpy_helper.from_array(np.ones((4, 4, 1, 1), np.float32), "w")
    assert structure(node("Conv", ["x", "w"], ["y"], strides=[1, 1]), constants=[ones]) == base
    others = [
        structure(node("Conv", ["x", "w"], ["y"], strides=[2, 2]), constants=[weight]),
        structure(node("Conv", ["x", "w"], ["y"], strides=[1, 1]), constants=[zeros("w", 8, 4, 1, 1)]),
        structure(node("Conv", ["x", "w"], ["y"], strides=[1, 1]), constants=[weight], shape=(1, 4, 6, 6)),
        structure(node("Add", ["x", "x"], ["y"])),
        structure(node("Mul", ["x", "x"], ["y"])),
        structure(node("Mul", ["x", "x"], ["y"]), dtype=TensorProto.FLOAT16),
        structure(node("Mul", ["x", "w"], ["y"]), constants=[zeros("w", 1, 4, 5, 5)]),
    ]
    assert len({tuple(each) for each in [base, *others]}) == 8


def test_a_structure_is_the_same_on_every_platform_and_in_every_version_of_python() -> None:
    found = structure(node("Conv", ["x", "w"], ["y"], strides=[1, 1]), constants=[zeros("w", 4, 4, 1, 1)])
    assert found == ["253b3bee8f6e"]


def test_a_structure_holds_those_of_the_bodies_a_call_runs() -> None:
    def branch(op):
        return helper.make_graph([node(op, ["x"], [op])], op, [], [take(op, None)])

    def found(left, right):
        call = node("If", ["c"], ["y"], then_branch=branch(left), else_branch=branch(right))
        return cost([call], [take("x", [4]), take("c", [], TensorProto.BOOL)]).rows[0].structure

    assert found("Abs", "Neg") == found("Abs", "Neg")
    assert found("Abs", "Neg") != found("Neg", "Abs")


def test_a_very_long_attribute_enters_a_structure_without_being_written_out() -> None:
    def found(content):
        graph = Graph(
            "g",
            (Node("Neg", "", "", ("x",), ("y",), {"odd": content}),),
            {},
            (ValueInfo("x", "float32", (2,)),),
            (ValueInfo("y", "float32", None),),
        )
        return profile(Model("onnx", 100, 10, {"": 21}, graph)).rows[0].structure

    contents = [b"a" * 5000, b"a" * 4999 + b"b", "a" * 5000, "é" * 5000, Tensor("t", "float32", (5000,), 20000)]
    assert len({found(content) for content in contents}) == len(contents)
    assert all(len(found(content)) == 12 for content in contents)


def test_each_row_says_in_which_type_its_call_works() -> None:
    nodes = [
        node("DequantizeLinear", ["x", "s", "z"], ["xf"]),
        node("DequantizeLinear", ["w8", "s", "z"], ["w"]),
        node("Conv", ["xf", "w"], ["c"]),
        node("QuantizeLinear", ["c", "s", "z"], ["q"]),
        node("DequantizeLinear", ["q", "s", "z"], ["f"]),
        node("Softmax", ["f"], ["y"]),
    ]
    constants = [zeros("s"), zeros("z", dtype=np.int8), zeros("w8", 2, 2, 1, 1, dtype=np.int8)]
    found = cost(nodes, [take("x", [1, 2, 5, 5], TensorProto.INT8)], constants=constants)
    assert [each.dtype for each in found.rows][2:] == ["int8", "int8", "int8", "float32"]


def test_coverage_is_given_in_calls_in_bytes_made_and_in_bytes_of_weights() -> None:
    nodes = [
        node("MatMul", ["x", "w"], ["m"]),
        node("Mystery", ["m", "v"], ["h"], domain="my"),
        node("Neg", ["m"], ["y"]),
    ]
    found = cost(nodes, [take("x", [1, 4])], ["y", "h"], constants=[zeros("w", 4, 5), zeros("v", 7)], domains=("my",))
    coverage = found.coverage
    assert (coverage.exact, coverage.unknown, coverage.unsized_outputs) == (2, 1, 1)
    assert (coverage.covered_output_bytes, coverage.total_output_bytes) == (20 + 20, 20 + 20)
    assert (coverage.covered_weight_bytes, coverage.total_weight_bytes) == (80, 80 + 28)
