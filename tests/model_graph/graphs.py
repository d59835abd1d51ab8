"""Makes small ONNX models for tests and reads them as the gate does."""

from __future__ import annotations

import io

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from policy_gate.model_graph import read_model
from policy_gate.model_graph.figures import ModelProfile, Unestablished
from policy_gate.model_graph.graph import Graph, Model, Node, ValueInfo
from policy_gate.model_graph.infer import Inference
from policy_gate.model_graph.profile import profile
from policy_gate.model_graph.values import Dims, Hole

FLOAT = TensorProto.FLOAT


def take(name, shape, dtype=FLOAT):
    return helper.make_tensor_value_info(name, dtype, shape)


def ints(name, *numbers):
    return numpy_helper.from_array(np.array(numbers, dtype=np.int64), name)


def zeros(name, *shape, dtype=np.float32):
    return numpy_helper.from_array(np.zeros(shape, dtype=dtype), name)


def build(nodes, inputs, outputs=("y",), *, constants=(), opset=21, functions=(), claims=(), domains=()):
    ends = [take(each, None) if isinstance(each, str) else each for each in outputs]
    graph = helper.make_graph(list(nodes), "g", list(inputs), ends, list(constants), value_info=list(claims))
    opsets = [helper.make_opsetid("", opset), *[helper.make_opsetid(domain, 1) for domain in domains]]
    return helper.make_model(graph, opset_imports=opsets, functions=list(functions), ir_version=10)


def read(proto: onnx.ModelProto) -> Model:
    return read_model(io.BytesIO(proto.SerializeToString()), "model.onnx")


def cost(*args, dimensions=None, **kwargs) -> ModelProfile:
    return profile(read(build(*args, **kwargs)), dimensions)


def macs(found: ModelProfile) -> int:
    assert not isinstance(found.macs, Unestablished), [str(cause) for cause in found.macs.causes]
    return found.macs.total


def causes(found: ModelProfile) -> list[str]:
    assert isinstance(found.macs, Unestablished)
    return [str(cause) for cause in found.macs.causes]


def shapes(model: Model, dimensions=None) -> tuple[dict[str, Dims | Hole], Inference]:
    walk = Inference(model, dimensions or {})
    scope = walk.run()[1]
    return {name: value.shape for name, value in scope.values.items()}, walk


def node(op, reads="x", makes="y", domain="", **attributes) -> Node:
    """A neutral node; names are given in one text."""
    return Node(op, domain, "", tuple(reads.split()), tuple(makes.split()), attributes)


def plain(nodes, outputs=("y",), *, inputs=("x",), constants=(), functions=()) -> Model:
    """A neutral graph that no reader has checked."""
    graph = Graph(
        "g",
        tuple(nodes),
        {constant.name: constant for constant in constants},
        tuple(ValueInfo(name, "float32", (2, 3)) for name in inputs),
        tuple(ValueInfo(name, "float32", None) for name in outputs),
    )
    return Model("onnx", 1000, 10, {"": 21, "my": 1}, graph, functions=tuple(functions))
