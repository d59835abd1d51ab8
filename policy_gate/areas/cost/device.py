"""What a device profile is: one device with one engine, element type and runtime version, and what was fitted on it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from policy_gate.frozen import dataclass


class CostBasis(StrEnum):
    """How a predicted figure is known, best first."""

    MEASURED = "measured"
    """A tester attested a measurement of this model on this device and runtime."""
    ESTIMATED = "estimated"
    """A profile with enough rows and families, inside the range it was fitted on."""
    SCREENING = "screening"
    """A profile with too few rows or families, or a model outside the range: good for sorting, not for a promise."""


def weakest(found: Sequence[CostBasis]) -> CostBasis:
    """How a figure is known that is made of several."""
    return max(found, key=list(CostBasis).index)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A figure between two bounds; `mid` is the likeliest."""

    low: float
    mid: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Coefficients:
    """Nanoseconds by feature of one inference (`model_graph.figures.Features`), all at least 0, and a fixed part."""

    ns_per_conv_mac: float
    ns_per_depthwise_mac: float
    ns_per_activation_byte: float
    ns_per_weight_byte: float
    ns_per_operator: float
    fixed_ns: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyModel:
    """How long one inference takes: expected between mid x `lower_factor` and mid x `upper_factor`."""

    coefficients: Coefficients
    lower_factor: float
    upper_factor: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureRange:
    """The smallest and largest value of one feature among the rows of a fit."""

    feature: str
    least: int
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOutErrors:
    """How far predictions were off for `rows` measurements whose family was left out of the fit.

    `mape_percent` is the mean absolute error; `within_20_percent` the share of rows within 20 %; `covered` of `rows`
    measurements lay under the upper bound. Families have equal weight in the mean, the share and the median.
    `naive_mape_percent` is what MACs times a constant reach on the same rows.
    """

    rows: int
    mape_percent: float
    within_20_percent: float
    covered: int
    median_upper_over_measured: float
    naive_mape_percent: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FitReport:
    """What the latency of a profile was fitted on, and how far it was off when each family in turn was left out.

    `borrowed_families` come from other runtime versions of the same device, with `borrowed_rows`; `shape` names the
    profile whose coefficients were scaled ("" when they were fitted). `errors` is None where there was one family only.
    """

    rows: int
    families: tuple[str, ...]
    borrowed_rows: int
    borrowed_families: tuple[str, ...]
    shape: str
    naive_ns_per_mac: float
    errors: LeftOutErrors | None
    ranges: tuple[FeatureRange, ...]
    data_sha256: str
    tool: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Power:
    """Mean power while inferring, in milliwatt, between the least and the most seen; at `supply_v` where known.

    `mape_percent` is the mean error of a model's energy predicted by the power of the others, over `models` models;
    None where there was one model only.
    """

    low_mw: float
    mid_mw: float
    high_mw: float
    supply_v: float | None
    wake_uj: float
    models: int
    mape_percent: float | None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryModel:
    """What a runtime takes beside the model, in KiB, and where its planner lies beside ours.

    Activations with scratch lie between `low_of_overlay` x the overlay plan and `high_of_overlay` x the overlay plan +
    `scratch_kib`; runtime RAM and code flash between their bounds. Fitted on `rows` of `families`; of the rows,
    `held` lay inside when their family was left out, with intervals `median_width` of the true value wide.
    `screening` when no row is of this runtime version.
    """

    low_of_overlay: float
    high_of_overlay: float
    scratch_kib: float
    runtime_ram_low_kib: float
    runtime_ram_high_kib: float
    code_flash_low_kib: float
    code_flash_high_kib: float
    rows: int
    families: int
    held: int
    median_width: float
    screening: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RowLabels:
    """How rows of measurements name what a profile is about; they are compared letter by letter."""

    device: str
    engine: str
    dtype: str
    runtime: str

    @property
    def texts(self) -> tuple[str, ...]:
        """The four in this order."""
        return self.device, self.engine, self.dtype, self.runtime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceProfile:
    """One profile; `operators` are those its runtime runs on the device, by domain::name, () where not stated.

    `screening` says that the data do not support a promise. `quantisation` is "per_tensor", "per_channel" or "any".
    `digest` is that of the file it was read from, and `source` says where: builtin, or a path.
    """

    id: str
    words: str
    device: str
    processor: str
    engine: str
    dtype: str
    quantisation: str
    runtime_name: str
    runtime_version: str
    screening: bool
    latency: LatencyModel | None
    power: Power | None
    memory: MemoryModel | None
    operators: tuple[str, ...]
    fit: FitReport | None
    labels: RowLabels
    digest: str
    source: str


def is_runtime_of(profile: DeviceProfile, name: str, version: str) -> bool:
    """Whether a runtime is that of a profile: its name without regard to case, its version exactly."""
    return (name.casefold(), version) == (profile.runtime_name.casefold(), profile.runtime_version)
