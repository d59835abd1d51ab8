"""The neutral graph every model format is read into: what a model computes, without its weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from math import prod

from policy_gate.frozen import dataclass, many

Dimension = int | str | None
"""One extent of a shape: a number, a symbol to be bound by name, or None when the file does not say."""

Shape = tuple[Dimension, ...]


@many(frozen=True, slots=True)
class Payload:
    """Where a tensor's bytes stand: `path` is empty for the model file itself; offset and length in bytes.

    `encoding` is "raw" for canonical little-endian bytes, else how the format packs the elements there:
    "varint" (protobuf numbers), "strings" (a run of length-delimited fields), "attribute" (one whole
    attribute message that holds a long list). `identity` reads these. "sparse" (TFLite) is read by nothing yet.
    """

    path: str
    offset: int
    length: int
    encoding: str = "raw"


@dataclass(frozen=True, slots=True)
class Scaling:
    """How stored numbers become real ones where a format keeps that beside the tensor (TFLite): scales, zero points.

    `layout` says in words what each scale is for, `places` where the parameters stand. A computation depends on it.
    """

    layout: str
    places: tuple[Payload, ...]


@many(frozen=True, slots=True)
class Tensor:
    """A constant: `dims` and `dtype` as the file claims them, checked against the bytes that are there.

    `small` holds the canonical little-endian bytes of tensors of at most 1 KiB (shape constants), else b"".
    `stored_bytes` is what the constant takes in the file: payload, or attribute floats and ints.
    A sparse constant has the dense `dims`, its values as payload and their coordinates in `indices`.
    An attribute list of more than 4,096 entries stands as a Tensor of one dimension, without `small`.
    `scales` counts the quantisation scales that a format keeps beside the tensor (TFLite); several are per channel.
    `dtype` is spelled float32 float64 float16 bfloat16 float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz
    float8e8m0 float6e2m3 float6e3m2 float4e2m1, int2 to int64, uint2 to uint64, bool, string, complex64/128.
    """

    name: str
    dtype: str
    dims: tuple[int, ...]
    stored_bytes: int
    payload: Payload | None = None
    small: bytes = b""
    indices: Tensor | None = None
    scales: int = 0
    scaling: Scaling | None = None

    @property
    def elements(self) -> int:
        """How many elements the dimensions hold."""
        return prod(self.dims)


@dataclass(frozen=True, slots=True)
class AttributeReference:
    """An attribute inside a function body that takes the value of the function's attribute `name`."""

    name: str


@many(frozen=True, slots=True)
class ValueInfo:
    """A named value with its type and shape as the file claims it; `shape` is None when no rank is given.

    `dtype` is a tensor's as in `Tensor`, "" when not given, else "sequence(…)", "map(…,…)", "optional(…)",
    "sparse(…)" or "opaque(…)".
    """

    name: str
    dtype: str
    shape: Shape | None
    scaling: Scaling | None = None


@many(frozen=True, slots=True)
class Node:
    """One operator call; an empty input or output name is an omitted optional one. `domain` "" is ai.onnx."""

    op: str
    domain: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, object]  # numbers, texts, bytes, tensors, graphs, tuples of them: checked where read
    overload: str = ""


@dataclass(frozen=True, slots=True)
class Graph:
    """A graph or subgraph: constants, nodes in topological order as stored, ordered inputs and outputs."""

    name: str
    nodes: tuple[Node, ...]
    constants: Mapping[str, Tensor]
    inputs: tuple[ValueInfo, ...]
    outputs: tuple[ValueInfo, ...]
    value_info: tuple[ValueInfo, ...] = ()


@dataclass(frozen=True, slots=True)
class Function:
    """A model-local function: its formal inputs, outputs and attributes, and its body."""

    domain: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: tuple[str, ...]
    attribute_defaults: Mapping[str, object]
    nodes: tuple[Node, ...]
    opsets: Mapping[str, int]
    overload: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A way to call a model by name (TFLite signature): the graph it runs, its aliases of inputs and outputs.

    An entry without a name is a graph that neither the model's own nor a named one stands for.
    """

    name: str
    graph: Graph
    inputs: tuple[tuple[str, str], ...] = ()
    outputs: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Model:
    """A model file as read: `format` is "onnx" or "tflite", `opsets` maps domain ("" is ai.onnx) to version.

    `external_bytes` are the bytes that constants take of each external file, each byte once.
    `other_bytes` are bytes of the file that no call of the graph needs, by what they are: documentation, metadata,
    fields and buffers that nothing refers to, gaps, training data, texts longer than names are.
    `entries` are the other ways to call it than `graph`, and graphs that only they run; no figure includes them, so
    that a model which is called by name to run one of those has no figures.
    """

    format: str
    file_bytes: int
    ir_version: int
    opsets: Mapping[str, int]
    graph: Graph
    functions: tuple[Function, ...] = ()
    producer: str = ""
    metadata: tuple[tuple[str, str], ...] = ()
    external_files: tuple[str, ...] = ()
    external_bytes: tuple[tuple[str, int], ...] = ()
    other_bytes: tuple[tuple[str, int], ...] = ()
    entries: tuple[Entry, ...] = ()
    notes: tuple[str, ...] = field(default=())
