"""The figures of a model's predicted cost, as frozen data: a figure that is not established is no number."""

from __future__ import annotations

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


@dataclass(frozen=True, slots=True)
class NodeCost:
    """The cost of one call; `op` is `domain::name`, `output` the shape of its first output for a reader."""

    name: str
    op: str
    macs: int | UnknownCost
    certainty: Certainty
    output_bytes: int | UnknownCost
    weight_bytes: int
    output: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many calls have an exact, a bounded and no cost, and which operators have none, by the names of the calls."""

    exact: int
    bounded: int
    unknown: int
    unknown_operators: tuple[tuple[str, tuple[str, ...]], ...]

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
    stored_constant_bytes: int
    node_count: int
    operators: tuple[tuple[str, int], ...]
    coverage: Coverage
    unbound_dimensions: tuple[str, ...]
    unknown: tuple[UnknownCost, ...]
    rows: tuple[NodeCost, ...]
    disagreements: tuple[ShapeDisagreement, ...]
    notes: tuple[str, ...]
