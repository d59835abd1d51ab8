"""Makes small neutral graphs of TFLite operators, which no reader has seen, and walks them."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass

from policy_gate.model_graph.dtypes import BITS, byte_count
from policy_gate.model_graph.figures import ModelProfile
from policy_gate.model_graph.folding import FORMATS
from policy_gate.model_graph.graph import Graph, Model, Node, Tensor, ValueInfo
from policy_gate.model_graph.infer import Inference
from policy_gate.model_graph.operators.table import Work
from policy_gate.model_graph.profile import profile
from policy_gate.model_graph.values import Hole, UnknownCost


@dataclass(frozen=True)
class Take:
    """An input of the graph."""

    dims: tuple[int | None, ...]
    dtype: str = "float32"


@dataclass(frozen=True)
class State:
    """A tensor of the file that no call makes."""

    dims: tuple[int, ...]
    dtype: str = "float32"


def take(*dims, dtype="float32") -> Take:
    return Take(dims, dtype)


def weight(*dims, dtype="float32", name="") -> Tensor:
    """A constant whose numbers nobody kept."""
    return Tensor(name, dtype, dims, byte_count(math.prod(dims), dtype) if dtype in BITS else 8)


def numbers(*entries, dtype="int32", dims=None, name="") -> Tensor:
    """A small constant; a vector unless it has `dims`."""
    small = struct.pack(f"<{len(entries)}{FORMATS[dtype]}", *entries)
    return Tensor(name, dtype, (len(entries),) if dims is None else dims, len(small), small=small)


def number(entry, dtype="int32", name="") -> Tensor:
    return numbers(entry, dtype=dtype, dims=(), name=name)


def node(op, reads="x", makes="y", **attributes) -> Node:
    return Node(
        op, "tflite", "", tuple("" if each == "-" else each for each in reads.split()), tuple(makes.split()), attributes
    )


def graph(nodes, inputs=(), outputs=("y",), *, constants=(), claims=(), name="main") -> Graph:
    """Inputs are `(name, Take)`, claims `ValueInfo`; an output is a name or `(name, dtype)`."""
    ends = [(each, "float32") if isinstance(each, str) else each for each in outputs]
    return Graph(
        name,
        tuple(nodes),
        {constant.name: constant for constant in constants},
        tuple(ValueInfo(key, each.dtype, each.dims) for key, each in inputs),
        tuple(ValueInfo(key, dtype, None) for key, dtype in ends),
        tuple(claims),
    )


def model(*args, **kwargs) -> Model:
    return Model("tflite", 1000, 3, {"tflite": 3}, graph(*args, **kwargs))


@dataclass(frozen=True)
class Found:
    """What the walk found of one call."""

    shapes: list[tuple[int | None, ...] | None]
    dtypes: list[str]
    known: list[tuple[object, ...] | None]
    work: Work
    cause: UnknownCost | None
    faults: list[UnknownCost]
    walk: Inference

    @property
    def shape(self) -> tuple[int | None, ...] | None:
        assert not self.faults, [str(fault) for fault in self.faults]
        return self.shapes[0]


def walked(made: Model, dimensions=None) -> Found:
    """Walk a model; the last call is what is found."""
    walk = Inference(made, dimensions or {})
    body, _ = walk.run()
    step = body.steps[-1]
    return Found(
        [_plain(value.shape) for value in step.outputs],
        [value.dtype for value in step.outputs],
        [value.known for value in step.outputs],
        step.work,
        step.cause,
        walk.faults,
        walk,
    )


def _plain(shape):
    return None if isinstance(shape, Hole) else tuple(None if isinstance(dim, Hole) else dim for dim in shape)


def call(op, *given, makes=("float32",), **attributes) -> Found:
    """One call: `given` are graph inputs, constants, states, or None for an input that is left out."""
    inputs, constants, claims, reads = [], [], [], []
    for index, each in enumerate(given):
        name = f"i{index}"
        reads.append("-" if each is None else name)
        if isinstance(each, Take):
            inputs.append((name, each))
        elif isinstance(each, State):
            claims.append(ValueInfo(name, each.dtype, each.dims))
        elif each is not None:
            constants.append(Tensor(name, each.dtype, each.dims, each.stored_bytes, small=each.small))
    outputs = [(f"o{index}", dtype) for index, dtype in enumerate(makes)]
    called = node(op, " ".join(reads), " ".join(name for name, _ in outputs), **attributes)
    return walked(model([called], inputs, outputs, constants=constants, claims=claims))


def cost(*args, dimensions=None, **kwargs) -> ModelProfile:
    return profile(model(*args, **kwargs), dimensions)
