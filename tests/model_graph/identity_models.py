"""Models for the tests of the fingerprint, and ways to change them."""

from __future__ import annotations

import io
import random
from collections.abc import Callable

import numpy as np
import onnx
from onnx import ModelProto, TensorProto, helper, numpy_helper

from policy_gate.model_graph import read_model
from policy_gate.model_graph.identity import Identity, identify

SIDES = ("weights", "structure", "bound", "interface", "operators")


def identity_of(content: bytes | ModelProto, files: dict[str, bytes] | None = None) -> Identity:
    stored = {"": content.SerializeToString() if isinstance(content, ModelProto) else content} | (files or {})
    opened: Callable[[str], io.BytesIO] = lambda path: io.BytesIO(stored[path])  # noqa: E731  # one line says it
    found = read_model(opened(""), "m.onnx", lambda path: len(stored[path]))
    return identify(found, opened)


def changed(before: Identity, after: Identity) -> set[str]:
    return {side for side in SIDES if getattr(before, side) != getattr(after, side)}


def keyword_model(opset: int = 17) -> ModelProto:
    """A small convolutional classifier with shape constants, defaults, symbols and a branch."""
    dice = np.random.default_rng(7)

    def weight(name: str, *dims: int) -> TensorProto:
        return numpy_helper.from_array(dice.standard_normal(dims).astype(np.float32), name)

    branches = [
        helper.make_graph(
            [helper.make_node(op, ["flat"], [f"{op}_out"])],
            op,
            [],
            [helper.make_tensor_value_info(f"{op}_out", 1, None)],
        )
        for op in ("Softmax", "LogSoftmax")
    ]
    nodes = [
        helper.make_node("Conv", ["audio", "w1", "b1"], ["c1"], name="first", kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c1"], ["r1"]),
        helper.make_node("Conv", ["r1", "w2"], ["c2"], kernel_shape=[1, 1]),
        helper.make_node("LeakyRelu", ["c2"], ["r2"], alpha=0.1),
        helper.make_node("Add", ["r1", "r2"], ["sum"]),
        helper.make_node("Clip", ["sum", "", "top"], ["clipped"]),
        helper.make_node("Reshape", ["clipped", "shape"], ["flat"]),
        helper.make_node("If", ["flag"], ["out"], then_branch=branches[0], else_branch=branches[1]),
    ]
    graph = helper.make_graph(
        nodes,
        "kws",
        [helper.make_tensor_value_info("audio", 1, ["N", 1, 8, 8]), helper.make_tensor_value_info("flag", 9, [])],
        [helper.make_tensor_value_info("out", 1, ["N", "M"])],
        [
            weight("w1", 4, 1, 3, 3),
            weight("b1", 4),
            weight("w2", 4, 4, 1, 1),
            numpy_helper.from_array(np.float32(6.0), "top"),
            numpy_helper.from_array(np.array([0, -1], np.int64), "shape"),
        ],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def weight_of(model: ModelProto, name: str) -> TensorProto:
    return next(each for each in model.graph.initializer if each.name == name)


def as_typed(model: ModelProto) -> None:
    for each in model.graph.initializer:
        array = numpy_helper.to_array(each)
        each.CopyFrom(helper.make_tensor(each.name, each.data_type, each.dims, array.flatten().tolist()))


def shuffle_initialisers(model: ModelProto) -> None:
    kept = list(model.graph.initializer)[::-1]
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)


def rename_inside(model: ModelProto) -> None:
    outside = {each.name for each in (*model.graph.input, *model.graph.output)}

    def rename(graph: onnx.GraphProto) -> None:
        for node in graph.node:
            node.name = f"renamed_{node.name}"
            node.input[:] = [name if not name or name in outside else f"z_{name}" for name in node.input]
            node.output[:] = [name if not name or name in outside else f"z_{name}" for name in node.output]
            for attribute in node.attribute:
                if attribute.HasField("g"):
                    rename(attribute.g)
                    for value in attribute.g.output:
                        value.name = f"z_{value.name}"
        for tensor in graph.initializer:
            tensor.name = f"z_{tensor.name}"
        graph.name = "other"

    rename(model.graph)


def redocument(model: ModelProto) -> None:
    model.producer_name, model.doc_string, model.ir_version = "another", "words", 9
    model.graph.doc_string = "words"
    model.graph.node[0].doc_string = "words"
    model.metadata_props.add(key="pgfp", value="sha256:00")


def constants_as_nodes(model: ModelProto) -> None:
    made = [helper.make_node("Constant", [], [each.name], value=each) for each in model.graph.initializer]
    kept = list(model.graph.node)
    del model.graph.node[:]
    del model.graph.initializer[:]
    model.graph.node.extend(made + kept)


def shape_as_list_constant(model: ModelProto) -> None:
    made = [
        helper.make_node("Constant", [], ["shape"], value_ints=[0, -1]),
        helper.make_node("Constant", [], ["top"], value_float=6.0),
        helper.make_node("Constant", [], ["b1"], value_floats=numpy_helper.to_array(weight_of(model, "b1")).tolist()),
    ]
    kept = [each for each in model.graph.initializer if each.name in {"w1", "w2"}]
    nodes = list(model.graph.node)
    del model.graph.node[:]
    del model.graph.initializer[:]
    model.graph.node.extend(made + nodes)
    model.graph.initializer.extend(kept)


def spell_defaults(model: ModelProto) -> None:
    model.graph.node[0].attribute.extend(
        [helper.make_attribute("group", 1), helper.make_attribute("auto_pad", "NOTSET")]
    )
    model.graph.node[6].attribute.append(helper.make_attribute("allowzero", 0))


def reorder_nodes(model: ModelProto) -> None:
    nodes = list(model.graph.node)
    extra = helper.make_node("Constant", [], ["unused_until_late"], value=weight_of(model, "top"))
    nodes[5].input[2] = "unused_until_late"
    shape = helper.make_node("Constant", [], ["late_shape"], value=weight_of(model, "shape"))
    nodes[6].input[1] = "late_shape"
    del model.graph.node[:]
    model.graph.node.extend([shape, *nodes[:3], extra, *nodes[3:]])
    del model.graph.initializer[3:]


def list_initialisers_as_inputs(model: ModelProto) -> None:
    for each in model.graph.initializer:
        model.graph.input.append(helper.make_tensor_value_info(each.name, each.data_type, each.dims))


def rename_symbol(model: ModelProto) -> None:
    for value in (*model.graph.input, *model.graph.output):
        for extent in value.type.tensor_type.shape.dim:
            if extent.dim_param:
                extent.dim_param = f"batch_{extent.dim_param}"


def trail_omitted_input(model: ModelProto) -> None:
    model.graph.node[2].input.append("")


def flip_lowest_bit(model: ModelProto) -> None:
    held = weight_of(model, "w2")
    array = numpy_helper.to_array(held).copy()
    array.view(np.uint32).flat[5] ^= 1
    held.CopyFrom(numpy_helper.from_array(array, "w2"))


def swap_same_shapes(model: ModelProto) -> None:
    model.graph.initializer.append(numpy_helper.from_array(np.ones(4, np.float32), "b2"))
    model.graph.node[2].input.append("b2")


def rename_input(model: ModelProto) -> None:
    model.graph.input[0].name = model.graph.node[0].input[0] = "sound"


def replace_relu(model: ModelProto) -> None:
    model.graph.node[1].op_type = "Sigmoid"


def add_dead_node(model: ModelProto) -> None:
    model.graph.node.append(helper.make_node("Exp", ["flat"], ["nobody"]))


def add_dead_custom_node(model: ModelProto) -> None:
    model.opset_import.add(domain="com.evil", version=1)
    model.graph.node.append(helper.make_node("Run", ["flat"], ["nobody"], domain="com.evil"))


def insert_identity(model: ModelProto) -> None:
    model.graph.node[2].input[0] = "copy"
    model.graph.node.insert(2, helper.make_node("Identity", ["r1"], ["copy"]))


def change_attribute(model: ModelProto) -> None:
    model.graph.node[3].attribute[0].f = 0.2


def change_shape(model: ModelProto) -> None:
    weight_of(model, "shape").CopyFrom(numpy_helper.from_array(np.array([1, -1], np.int64), "shape"))


def swap_branches(model: ModelProto) -> None:
    first, second = model.graph.node[7].attribute
    first.name, second.name = second.name, first.name


def swap_operands(model: ModelProto) -> None:
    model.graph.node[4].input[:] = ["r2", "r1"]


def change_batch(model: ModelProto) -> None:
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1


def hide_weights(model: ModelProto) -> None:
    model.graph.initializer.append(numpy_helper.from_array(np.ones((8, 8), np.float32), "hidden"))


def outer_loop(inner_input: str) -> ModelProto:
    """Two nested branches whose inner body reads the outer or the inner formal value."""
    inner = helper.make_graph(
        [helper.make_node("Relu", [inner_input], ["r"])],
        "inner",
        [helper.make_tensor_value_info("b", 1, [2])],
        [helper.make_tensor_value_info("r", 1, [2])],
    )
    outer = helper.make_graph(
        [helper.make_node("Scan", ["a"], ["s"], body=inner, num_scan_inputs=1)],
        "outer",
        [helper.make_tensor_value_info("a", 1, [2])],
        [helper.make_tensor_value_info("s", 1, [2])],
    )
    graph = helper.make_graph(
        [helper.make_node("Scan", ["x"], ["y"], body=outer, num_scan_inputs=1)],
        "g",
        [helper.make_tensor_value_info("x", 1, [2])],
        [helper.make_tensor_value_info("y", 1, [2])],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def with_function(name: str = "Block", slope: float | None = None, op: str = "LeakyRelu") -> ModelProto:
    inner = helper.make_node(op, ["a"], ["b"])
    if op == "LeakyRelu":
        inner.attribute.append(onnx.AttributeProto(name="alpha", ref_attr_name="slope", type=onnx.AttributeProto.FLOAT))
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
    function = helper.make_function(
        "own", name, ["a"], ["b"], [inner], opsets[:1], [], [helper.make_attribute("slope", 0.5)]
    )
    call = helper.make_node(name, ["x"], ["y"], domain="own", **({} if slope is None else {"slope": slope}))
    graph = helper.make_graph(
        [call], "g", [helper.make_tensor_value_info("x", 1, [2])], [helper.make_tensor_value_info("y", 1, [2])]
    )
    return helper.make_model(graph, functions=[function], opset_imports=opsets, ir_version=9)


def one_tensor(tensor: TensorProto) -> ModelProto:
    graph = helper.make_graph(
        [helper.make_node("Identity", ["w"], ["y"])],
        "g",
        [],
        [helper.make_tensor_value_info("y", tensor.data_type, None)],
        [tensor],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 23)], ir_version=11)


def sparse_model(order: list[int]) -> ModelProto:
    values, places = np.array([1, 2, 3], np.float32)[order], np.array([[0, 1], [1, 0], [2, 2]], np.int64)[order]
    held = helper.make_sparse_tensor(numpy_helper.from_array(values, "w"), numpy_helper.from_array(places, "i"), [3, 3])
    model = one_tensor(helper.make_tensor("unused", 1, [1], [0.0]))
    model.graph.sparse_initializer.append(held)
    return model


def renamed_and_reordered(model: ModelProto, dice: random.Random) -> None:
    """Rename every inner value of the main graph and shuffle nodes as far as their order allows."""
    graph = model.graph
    if any(attribute.HasField("g") or attribute.graphs for node in graph.node for attribute in node.attribute):
        return
    waiting, done, order = list(graph.node), {""}, []
    done |= {each.name for each in (*graph.input, *graph.initializer)}
    done |= {each.values.name for each in graph.sparse_initializer}
    while waiting:
        ready = [node for node in waiting if all(name in done for name in node.input)]
        chosen = dice.choice(ready)
        waiting.remove(chosen)
        done |= set(chosen.output)
        order.append(chosen)
    kept = [onnx.NodeProto.FromString(node.SerializeToString()) for node in order]
    del graph.node[:]
    graph.node.extend(kept)
    outside = {each.name for each in (*graph.input, *graph.output)} | {""}
    for node in graph.node:
        node.input[:] = [name if name in outside else f"n/{name}" for name in node.input]
        node.output[:] = [name if name in outside else f"n/{name}" for name in node.output]
    for tensor in (*graph.initializer, *[each.values for each in graph.sparse_initializer]):
        tensor.name = tensor.name if tensor.name in outside else f"n/{tensor.name}"
