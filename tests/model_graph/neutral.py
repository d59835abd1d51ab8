"""Makes neutral graphs by hand: TFLite models without a file, and walked bodies without a walk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from policy_gate.model_graph import read_model
from policy_gate.model_graph.figures import ModelProfile
from policy_gate.model_graph.graph import Graph, Model, Node, Tensor, ValueInfo
from policy_gate.model_graph.infer import Inference
from policy_gate.model_graph.memory import Stored
from policy_gate.model_graph.operators import TABLES
from policy_gate.model_graph.operators.table import Work
from policy_gate.model_graph.profile import profile
from policy_gate.model_graph.values import Value
from policy_gate.model_graph.walked import Body, Step

WINDOW = {"padding": "SAME", "stride_w": 1, "stride_h": 1, "dilation_w_factor": 1, "dilation_h_factor": 1}
FUSED = {"fused_activation_function": "NONE"}


def constant(name, *dims, dtype="int8", scales=0) -> Tensor:
    elements = 1
    for dim in dims:
        elements *= dim
    width = {"int8": 1, "int32": 4, "float32": 4}[dtype]
    return Tensor(name, dtype, dims, elements * width, scales=scales)


def whole(name, dims, *numbers) -> Tensor:
    """A constant of int32, elements and all."""
    content = b"".join(number.to_bytes(4, "little", signed=True) for number in numbers)
    return Tensor(name, "int32", tuple(dims), len(content), small=content)


def call(op, reads, makes="y", **attributes) -> Node:
    return Node(op, "tflite", "", tuple(reads.split()), tuple(makes.split()), attributes)


def conv(reads, makes="y", **attributes) -> Node:
    return call("CONV_2D", reads, makes, **WINDOW, **FUSED, **attributes)


def depthwise(reads, makes="y", **attributes) -> Node:
    return call("DEPTHWISE_CONV_2D", reads, makes, **WINDOW, **FUSED, depth_multiplier=1, **attributes)


def lite(nodes, inputs, constants=(), outputs=("y",), *, dtype="int8", claims=None) -> Model:
    """A TFLite model; inputs are shapes by name, `claims` the types of other tensors, where `dtype` is not theirs."""
    types = dict(claims or {})
    made = [name for node in nodes for name in node.outputs if name not in outputs]
    graph = Graph(
        "main",
        tuple(nodes),
        {each.name: each for each in constants},
        tuple(ValueInfo(name, dtype, tuple(shape)) for name, shape in inputs.items()),
        tuple(ValueInfo(name, types.get(name, dtype), None) for name in outputs),
        tuple(ValueInfo(name, types.get(name, dtype), None) for name in made),
    )
    return Model("tflite", 1000, 3, {"tflite": 3}, graph)


def stored(model: Model, dimensions=None) -> Stored:
    return Stored(Inference(model, dimensions or {}).run()[0])


def chain(calls: Sequence[tuple[str, int, int]]) -> Body:
    """Build a walked TFLite graph of (operator, bytes in, bytes out): each reads the latest values that fit."""
    values = [Value("int8", (calls[0][1],), elements=calls[0][1])]
    first, steps = values[0], []
    for op, size, makes in calls:
        reads = _fitting(values, size)
        made = Value("int8", (makes,), elements=makes)
        node = Node(op, "tflite", "", ("",) * len(reads), ("",), {})
        work = Work(depthwise=1) if op.startswith("DEPTHWISE") else Work()
        steps.append(Step(node, op, TABLES["tflite"][op], reads, (made,), work))
        values.append(made)
    return Body((first,), (values[-1],), tuple(steps))


def _fitting(values: Sequence[Value], size: int) -> tuple[Value, ...]:
    for value in reversed(values):
        if value.elements == size:
            return (value,)
    assert values[-1].elements + values[-2].elements == size
    return (values[-2], values[-1])


def from_file(shared: Path, name: str) -> ModelProfile:
    """Profile a published model with every open dimension at 1."""
    path = shared / "models" / "mlperf-tiny" / name
    if not path.exists():
        pytest.skip("the model is not present")
    with path.open("rb") as file:
        model = read_model(file, name)
    return profile(model, dict.fromkeys(profile(model).unbound_dimensions, 1))
