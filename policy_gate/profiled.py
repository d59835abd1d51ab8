"""Device profiles and their accuracy as frozen values: every report about them is rendered from these alone."""

from __future__ import annotations

from enum import StrEnum

from policy_gate.frozen import dataclass

LIST_SCHEMA = "policy-gate/device-profiles/v1alpha1"
SHEET_SCHEMA = "policy-gate/device-profile/v1alpha1"
SCORES_SCHEMA = "policy-gate/profile-scores/v1alpha1"


class FittedRows(StrEnum):
    """What becomes of rows that a profile was fitted on, when it is scored on them."""

    SKIP = "skip"
    """They are left out and counted."""
    COUNT = "count"
    """They are scored like any other, which flatters."""
    REFIT = "refit"
    """Each is predicted by the profile fitted again without its family."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """How far predictions are off `rows` measurements of `families`, which weigh the same; `naive` is MACs alone."""

    rows: int
    families: int
    mape_percent: float
    within_20_percent: float
    covered: int
    median_upper_over_measured: float
    naive_mape_percent: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyAccuracy:
    """How far energy, predicted by measured time and mean power, is off `rows` measurements on `systems`."""

    rows: int
    systems: int
    mape_percent: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileLine:
    """One profile in a list; errors are those of families left out of its fit, None where none could be."""

    id: str
    words: str
    runtime: str
    source: str
    screening: bool
    rows: int
    families: int
    mape_percent: float | None
    upper_factor: float | None
    has_power: bool
    has_memory: bool


@dataclass(frozen=True, slots=True)
class SheetPart:
    """A heading with its lines, each a name and what it is."""

    heading: str
    lines: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileScore:
    """One profile on the rows of a table that are about it.

    `fitted` rows among them were fitted on and left out; `outside` of the scored ones lie far outside its ranges.
    """

    id: str
    screening: bool
    accuracy: Accuracy | None
    energy: EnergyAccuracy | None
    fitted: int
    outside: int
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """All profiles on one table: pooled over those that promise, and apart over those for screening.

    `energy` is over all profiles with power; `energy_left_out` needs none: each model by the power of the others.
    """

    path: str
    rows: int
    families: int
    suspect: int
    without_features: int
    without_latency: int
    unmatched: int
    treatment: FittedRows
    profiles: tuple[ProfileScore, ...]
    promising: Accuracy | None
    screening: Accuracy | None
    energy: EnergyAccuracy | None
    energy_left_out: EnergyAccuracy | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryScore:
    """The memory of one runtime on a table of published memory.

    `held` of `rows` lay inside the interval, `median_width` of the true value wide; `weights_within` of them have
    weights within 0.5 % of our constants. `fitted` rows were fitted on and left out.
    """

    path: str
    runtime: str
    rows: int
    families: int
    held: int
    median_width: float
    weights_within: int
    weights_median_percent: float
    fitted: int
    treatment: FittedRows
