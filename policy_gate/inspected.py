"""What was seen in a model file, as frozen values: every report of `inspect` is rendered from them and nothing else.

A figure that is not known is an `Unknown` with its reasons, never a number. Units stand in the names of the fields.
"""

from __future__ import annotations

from enum import StrEnum

from policy_gate.errors import Reason
from policy_gate.frozen import dataclass

SCHEMA = "policy-gate/inspection/v1alpha2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """One reason why a figure is not known: the call and its operator where there is one, and how to mend it."""

    reason: Reason
    call: str
    operator: str
    detail: str
    fix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """A figure that is not known: at least one reason, and how many `more` there are."""

    unknown: tuple[Why, ...]
    more: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedCount:
    """How much of something goes by a name: an element type, a kind of bytes, a version of an operator set."""

    name: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MacFigures:
    """Multiply-accumulates of one inference, by class and by the element type they work in; at most, when `bounded`."""

    total: int
    conv: int
    depthwise: int
    dense: int
    other: int
    bounded: bool
    by_dtype: tuple[NamedCount, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightFigures:
    """Parameters and their bytes; `generated` parameters are made by calls and not stored."""

    parameters: int
    generated: int
    total_bytes: int
    bytes_by_dtype: tuple[NamedCount, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFigures:
    """What the bytes of the file are: constants, those that no call needs by what they are, and files beside it."""

    file_bytes: int
    constant_bytes: int
    unneeded_bytes: tuple[NamedCount, ...]
    external_bytes: tuple[NamedCount, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFigures:
    """The peak of activations: between what the planner that shares most and the one that shares least need.

    `peak_call` names the call while which the most is reached, "" where none is.
    """

    low_bytes: int
    high_bytes: int
    overlay_bytes: int
    in_place_bytes: int
    pad_fused_bytes: int
    no_fusion_bytes: int
    peak_call: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficFigures:
    """What one inference moves after folding, and the multiply-accumulates for each byte of it."""

    activation_bytes: int
    weight_bytes: int
    kernels: int
    macs_per_byte: float
    dtype: str
    dtype_share_percent: float
    bounded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageFigures:
    """How many calls have an exact, a bounded and no cost, and how many bytes those with a cost make and weigh.

    `unsized_calls` make something of no known size, which is in no count of bytes.
    """

    exact_calls: int
    bounded_calls: int
    unknown_calls: int
    known_output_bytes: int
    output_bytes: int
    unsized_calls: int
    known_weight_bytes: int | Unknown
    weight_bytes: int | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownOperator:
    """An operator that nothing is known of, and some of the calls."""

    operator: str
    calls: int
    some: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorRow:
    """All calls of one operator in the main graph; `mac_share_percent` is of all that the calls there take."""

    operator: str
    calls: int
    exact: int
    bounded: int
    unknown: int
    macs: int | Unknown
    mac_share_percent: float | Unknown
    weight_bytes: int | Unknown
    output_bytes: int | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRow:
    """One call of the main graph; `position` counts from 0 in stored order, `output` is the shape it gives."""

    position: int
    name: str
    operator: str
    certainty: str
    macs: int | Unknown
    weight_bytes: int | Unknown
    output_bytes: int | Unknown
    output: str
    dtype: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """The costliest calls, and how many are `left_out`."""

    calls: tuple[CallRow, ...]
    left_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimated:
    """A predicted figure between two bounds, how it is known (`estimated`, `screening` …), and what to know of it."""

    low: float
    mid: float
    high: float
    basis: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """An operator that the runtime of a target does not run on the device."""

    operator: str
    calls: int
    macs: int | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """What lies outside a target's operators, by calls and by multiply-accumulates; the first of `outside_operators`.

    Of a call inside control flow the multiply-accumulates are not known by themselves: then all of the model's count.
    """

    outside: tuple[Outside, ...]
    outside_operators: int
    outside_calls: int
    calls: int
    outside_macs: int | Unknown
    mac_share_percent: float | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetFigures:
    """What a model takes on one device by its profile; `screening` says that the data support no promise.

    `mismatch` says why the profile is not for this model, "" when it is.
    """

    profile: str
    words: str
    device: str
    engine: str
    dtype: str
    runtime: str
    screening: bool
    source: str
    digest: str
    mismatch: str
    latency_ms: Estimated | Unknown
    energy_uj: Estimated | Unknown
    ram_bytes: Estimated | Unknown
    flash_bytes: Estimated | Unknown
    placement: Placement | Unknown


class Moved(StrEnum):
    """What became of a call since the base."""

    GREW = "grew"
    SHRANK = "shrank"
    NEW = "new"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallChange:
    """A call that takes another amount than before; `share_percent` is of everything that moved the same way."""

    name: str
    operator: str
    moved: Moved
    now: int
    before: int
    share_percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorChange:
    """What the calls of one operator explain of an increase; shares add up to 100 over all operators."""

    operator: str
    calls: int
    increase: int
    share_percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One quantity beside that of the base: calls that grew, operators they are of, and calls that shrank.

    `adds_up` says that the quantity is the sum over its calls: then `increase` minus `decrease` is what it grew by.
    `sets_now` and `sets_before` name the calls that set a peak, "" where none does or it is not known.
    """

    quantity: str
    unit: str
    now: int | float | Unknown
    before: int | float | Unknown
    adds_up: bool = False
    increase: int = 0
    decrease: int = 0
    grown: tuple[CallChange, ...] = ()
    grown_left_out: int = 0
    operators: tuple[OperatorChange, ...] = ()
    shrunk: tuple[CallChange, ...] = ()
    shrunk_left_out: int = 0
    sets_now: str = ""
    sets_before: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetChange:
    """What changed on one target."""

    profile: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A model beside its base: its path, and every quantity in both."""

    path: str
    format: str
    file_bytes: int
    changes: tuple[Change, ...]
    targets: tuple[TargetChange, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """The identity of a model: one digest a side."""

    scheme: str
    weights: str
    structure: str
    bound: str
    interface: str
    operators: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """Everything that one look at a model found; `base` and `fingerprint` are None when they were not asked for."""

    schema: str
    tool_version: str
    path: str
    format: str
    opsets: tuple[NamedCount, ...]
    dimensions: tuple[NamedCount, ...]
    macs: MacFigures | Unknown
    weights: WeightFigures | Unknown
    file: FileFigures
    activations: PlanFigures | Unknown
    traffic: TrafficFigures | Unknown
    quantisation: str
    call_count: int
    coverage: CoverageFigures
    unknown_operators: tuple[UnknownOperator, ...]
    unknown: tuple[Why, ...]
    unbound_dimensions: tuple[str, ...]
    operators: tuple[OperatorRow, ...]
    operators_left_out: int
    costliest: Listed
    targets: tuple[TargetFigures, ...]
    base: Compared | None
    fingerprint: Fingerprint | None
    notes: tuple[str, ...]
