"""What the cost area knows: readable models, what each takes on each target, and what the manifest claims of it."""

from __future__ import annotations

from typing import ClassVar

from policy_gate.frozen import dataclass
from policy_gate.model import Fact

TRIPS = "[trips]"
"""How a key of `dimensions` ends that says how often a loop runs whose trips the file does not give."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile(Fact):
    """An artifact that is a model: its format by content beside the one claimed ("" when none is).

    `external_files` are tree paths of the files beside it that hold some of its weights.
    """

    name: ClassVar[str] = "cost.model_file"
    path: str
    role: str
    claimed_format: str
    found_format: str
    external_files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One operator call and what it takes, in the unit of the fact it stands in.

    `structure` tells what it computes on what shapes, without any name; "" where that is not known. Of activations,
    `sets_peak` marks the first call while which the model's peak is reached.
    """

    name: str
    op: str
    amount: int
    structure: str = ""
    sets_peak: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInput:
    """One input of a model: its extents, and the axes among them that the file leaves open and the target binds.

    `resizable` inputs have extents in the file that a target may bind to more (TFLite). The trips of a loop that the
    target binds are one axis of an input that is named as its key in `dimensions`.
    """

    name: str
    extents: tuple[int, ...]
    bound_axes: tuple[int, ...]
    resizable: bool = False

    @property
    def counts_trips(self) -> bool:
        """Whether this is how often a loop runs."""
        return self.name.endswith(TRIPS)


@dataclass(frozen=True, slots=True, kw_only=True)
class MacCost(Fact):
    """Multiply-accumulates of one inference; one is a multiplication and an addition, and bias is none.

    An upper bound when `bounded`. `layers` are the calls that take any, in order: all when there are few, else the
    largest; `layer_count` counts all of them.
    """

    name: ClassVar[str] = "cost.macs"
    macs: int
    bounded: bool
    inputs: tuple[ModelInput, ...]
    layers: tuple[Layer, ...]
    layer_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DtypeBytes:
    """Bytes of the weights of one element type."""

    dtype: str
    weight_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightCost(Fact):
    """Parameters, the bytes of the weights that calls use, and of every constant in the file; layers as `MacCost`.

    `layers` hold the bytes of weights by the call that uses them first.
    """

    name: ClassVar[str] = "cost.weights"
    parameters: int
    weight_bytes: int
    stored_bytes: int
    by_dtype: tuple[DtypeBytes, ...]
    layers: tuple[Layer, ...]
    layer_count: int

    @property
    def flash_bytes(self) -> int:
        """What the model's constants take on a device: none may be left out, and generated ones are made real."""
        return max(self.weight_bytes, self.stored_bytes)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivationCost(Fact):
    """Most bytes of activations alive at once when the calls run in stored order.

    `layers` hold the bytes of the outputs that may be stored; the peak is no sum of them.
    """

    name: ClassVar[str] = "cost.activations"
    peak_bytes: int
    inputs: tuple[ModelInput, ...]
    layers: tuple[Layer, ...]
    layer_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelTake:
    """What one model of a target takes, with its layers and inputs as `MacCost` has them; `pointer` is its path's."""

    artifact: str
    pointer: str
    amount: int
    inputs: tuple[ModelInput, ...]
    layers: tuple[Layer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetCost(Fact):
    """What all models that a target runs take together; about the release where it has no targets."""

    total: int
    models: tuple[ModelTake, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetMacs(TargetCost):
    """Multiply-accumulates of one inference of every model of a target: the sum."""

    name: ClassVar[str] = "cost.target_macs"


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetTake:
    """What a file of a target that is no model takes of its flash; of weights beside a model, what it leaves unused."""

    artifact: str
    pointer: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetFlash(TargetCost):
    """Bytes of the constants of every model of a target and of its other files: the sum, since all are stored."""

    name: ClassVar[str] = "cost.target_flash"
    assets: tuple[AssetTake, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetActivations(TargetCost):
    """The largest activation peak among the models of a target, in bytes: they run one at a time."""

    name: ClassVar[str] = "cost.target_activations"


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorCoverage(Fact):
    """How many operator calls of a model are understood; `unknown` are the operators that are not, as domain::name."""

    name: ClassVar[str] = "cost.operator_coverage"
    known: int
    total: int
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedCost(Fact):
    """One figure of the `cost` section beside the recomputed one, both in `unit`.

    An `exact` claim equals the computed figure; any other may be more than it, never less.
    """

    name: ClassVar[str] = "cost.claimed"
    key: str
    claimed: float
    computed: float
    unit: str
    exact: bool
