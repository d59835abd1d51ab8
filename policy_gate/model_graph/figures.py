"""The figures of a model's predicted cost, as frozen data: a figure that is not established is no number."""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum

from policy_gate.frozen import dataclass
from policy_gate.model_graph.values import UnknownCost


class Certainty(StrEnum):
    """How a call's cost is known."""

    EXACT = "exact"
    BOUNDED = "bounded"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Unestablished:
    """A figure that cannot be given; `causes` holds at least one."""

    causes: tuple[UnknownCost, ...]


@dataclass(frozen=True, slots=True)
class MacCounts:
    """Multiply-accumulates of one inference by class; an upper bound when `bounded`."""

    total: int
    conv: int
    depthwise: int
    dense: int
    other: int
    bounded: bool


@dataclass(frozen=True, slots=True)
class WeightCounts:
    """Parameters, and their bytes by element type; `generated` parameters are made by nodes and not stored."""

    parameters: int
    generated: int
    bytes_by_dtype: tuple[tuple[str, int], ...]

    @property
    def total_bytes(self) -> int:
        """Bytes of all weights."""
        return sum(size for _, size in self.bytes_by_dtype)


class Quantisation(StrEnum):
    """How the weights of convolutions and matrix products are quantised, in the whole model."""

    NONE = "none"
    PER_TENSOR = "per_tensor"
    PER_CHANNEL = "per_channel"
    MIXED = "mixed"


@dataclass(frozen=True, slots=True)
class Features:
    """What latency is predicted from, of one inference after folding (see `kernels`).

    `conv_macs` are all multiply-accumulates but the depthwise ones; `activation_bytes` are read and written by every
    kernel that does not only rename, at the width they are stored in; `weight_bytes` are those of all constants;
    `operators` counts the kernels that do not only rename; `dtype` is the element type that takes most of the MACs,
    and `dtype_share` its share of them from 0 to 1. Upper bounds when `bounded`.
    """

    conv_macs: int
    depthwise_macs: int
    activation_bytes: int
    weight_bytes: int
    operators: int
    dtype: str
    dtype_share: float
    bounded: bool


@dataclass(frozen=True, slots=True)
class MemoryPlans:
    """Bytes of the activation peak under four planners, after Q/DQ folding; each shares more storage than the last.

    `no_fusion`: every stored value has its own room while it lives. `pad_fused`: padding happens inside the kernel
    that reads it, and reshapes are aliases. `in_place`: depthwise convolutions, element-wise work and pooling also
    overwrite an input that dies. `overlay`: every convolution's output also lies over its dying input.
    `peak_call` is the first call, by position, at which `no_fusion` is reached; -1 where no call is.
    """

    no_fusion: int
    pad_fused: int
    in_place: int
    overlay: int
    peak_call: int = field(default=-1, compare=False)


@dataclass(slots=True)
class NodeCost:
    """The cost of one call; `op` is `domain::name`, `output` the shape of its first output for a reader.

    Not frozen: there is one a call, and freezing takes three times as long.

    `structure` is a short digest of what the call computes and on what shapes, without any name: a renamed call has
    the same one. `dtype` is the element type it works in.
    """

    name: str
    op: str
    macs: int | UnknownCost
    certainty: Certainty
    output_bytes: int | UnknownCost
    weight_bytes: int
    output: str
    structure: str = ""
    dtype: str = ""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many calls have an exact, a bounded and no cost, and which operators have none, by the names of the calls.

    `covered_…_bytes` are of calls of the main graph that have a cost, `total_…_bytes` of all: what they make at run
    time, and the weights they use first. `unsized_outputs` counts the calls whose output has no known size.
    """

    exact: int
    bounded: int
    unknown: int
    unknown_operators: tuple[tuple[str, tuple[str, ...]], ...]
    covered_output_bytes: int
    total_output_bytes: int
    unsized_outputs: int
    covered_weight_bytes: int
    total_weight_bytes: int

    @property
    def total(self) -> int:
        """All calls."""
        return self.exact + self.bounded + self.unknown


@dataclass(frozen=True, slots=True)
class ShapeDisagreement:
    """A shape the file claims for a value and that the walk over the graph contradicts."""

    value: str
    claimed: str
    computed: str


@dataclass(frozen=True, slots=True)
class ModelProfile:
    """What one inference costs; a figure that is not established is no number.

    `operators` counts every call by `domain::name`, in subgraphs and in called functions too; `unbound_dimensions` are
    the symbols (or `input[axis]`) that `dimensions` must bind; `rows` are the calls of the graph in stored order.
    """

    macs: MacCounts | Unestablished
    weights: WeightCounts | Unestablished
    activation_peak_bytes: int | Unestablished
    plans: MemoryPlans | Unestablished
    features: Features | Unestablished
    quantisation: Quantisation
    stored_constant_bytes: int
    node_count: int
    operators: tuple[tuple[str, int], ...]
    coverage: Coverage
    unbound_dimensions: tuple[str, ...]
    unknown: tuple[UnknownCost, ...]
    rows: tuple[NodeCost, ...]
    disagreements: tuple[ShapeDisagreement, ...]
    notes: tuple[str, ...]
