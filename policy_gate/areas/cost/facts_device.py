"""What the cost area knows of a target's device: its profile, what inferences take there, and what it cannot run."""

from __future__ import annotations

from typing import ClassVar

from policy_gate.areas.cost.device import CostBasis
from policy_gate.areas.cost.facts import TargetCost
from policy_gate.frozen import dataclass
from policy_gate.model import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetProfile(Fact):
    """The device that a target says it is: class and profile, each "" where it names none.

    `source` says where the trusted side has the profile, "" where it has none of that id; `digest` is its file's.
    `lists` names who lists the operators that the device runs, "" where nobody does.
    """

    name: ClassVar[str] = "cost.target_profile"
    profile: str
    device_class: str
    source: str
    digest: str
    lists: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEstimate:
    """What one model of a target takes, between two bounds, and how that is known.

    `row` is the line of measurements that would settle it, "" where nothing predicts it; see `estimate`.
    """

    artifact: str
    pointer: str
    low: float
    mid: float
    high: float
    how: CostBasis
    notes: tuple[str, ...]
    row: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetEstimate(Fact):
    """One inference of every model of a target: the sum of each bound; `how` is the weakest of the models'."""

    low: float
    mid: float
    high: float
    how: CostBasis
    profile: str
    models: tuple[ModelEstimate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetLatency(TargetEstimate):
    """Milliseconds of one inference of every model of a target."""

    name: ClassVar[str] = "cost.target_latency"


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetEnergy(TargetEstimate):
    """Microjoules of one inference of every model of a target."""

    name: ClassVar[str] = "cost.target_energy"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRoom:
    """Bytes that one model of a target takes, between two bounds; rounded outward, as they are counted."""

    artifact: str
    pointer: str
    low: int
    high: int
    how: CostBasis
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRoom(Fact):
    """Bytes that a target's models take, between two bounds; `how` is the weakest of the models'."""

    low: int
    high: int
    how: CostBasis
    profile: str
    models: tuple[ModelRoom, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRam(TargetRoom):
    """RAM of a target while it infers: the largest of its models', which run one at a time, with the runtime's own."""

    name: ClassVar[str] = "cost.target_ram"


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetStorage(TargetRoom):
    """Flash of a target: the sum of constants, other files, and the runtime's code.

    `files` are bytes of the files that are no models; code lies between its two bounds, 0 where it was measured with
    every model.
    """

    name: ClassVar[str] = "cost.target_storage"
    files: int
    code_low: int
    code_high: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetArena(TargetRoom):
    """Bytes of activations of the largest model of a target, whoever plans them, or as the profile's runtime does."""

    name: ClassVar[str] = "cost.target_arena"


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetInPlace(TargetCost):
    """Bytes of activations of the largest model of a target, by a planner that works in place; for comparing."""

    name: ClassVar[str] = "cost.target_in_place"


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetPrediction(TargetCost):
    """The upper bound of latency that a target's profile predicts, measured or not, in microseconds.

    For comparing two releases alike. Without a profile `profile` is "", and nothing is predicted.
    """

    name: ClassVar[str] = "cost.target_prediction"
    profile: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideOperator:
    """An operator that a device does not run, as domain::name, and how many calls of it a target's models hold."""

    op: str
    nodes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetPlacement(Fact):
    """What of a target's models is outside the operators that its device runs, by calls and by share of the MACs.

    `lists` says whose list it was. `mac_share` is an upper bound: where the MACs of such a call are not known,
    all of the model's count.
    """

    name: ClassVar[str] = "cost.target_placement"
    lists: str
    nodes: int
    fallback_nodes: int
    mac_share: float
    outside: tuple[OutsideOperator, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherBytes:
    """Bytes of a model file that no call needs, by what they are."""

    what: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FileBytes(Fact):
    """A model file's bytes, and those among them that no call of the graph needs."""

    name: ClassVar[str] = "cost.file_bytes"
    path: str
    file_bytes: int
    other_bytes: int
    others: tuple[OtherBytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapeClaim:
    """A shape that a file claims for a value, beside the one that the graph computes."""

    value: str
    claimed: str
    computed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapeClaims(Fact):
    """The shapes a model file claims for values inside it that the graph contradicts; the first `shown` of `wrong`."""

    name: ClassVar[str] = "cost.shape_claims"
    path: str
    wrong: int
    shown: tuple[ShapeClaim, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedEstimate(Fact):
    """A claimed latency, energy, RAM or flash beside the least it can be, both in `unit`; `key` is "" for no claim."""

    name: ClassVar[str] = "cost.claimed_estimate"
    key: str
    claimed: float
    least: float
    unit: str
    how: CostBasis
