"""What the privacy area knows: the recomputed bound, what it rests on, and whom the claim protects."""

from __future__ import annotations

from typing import ClassVar

from policy_gate.frozen import dataclass
from policy_gate.model import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseAdvice:
    """The noise multiplier at which one phase would have met the claim, rounded up to four digits."""

    phase: str
    noise_multiplier: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectionRate:
    """Share of the units that took part which any attacker finds at most, at one share of false alarms."""

    false_alarm_rate: float
    found_rate_upper: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyBound(Fact):
    """Certified interval of epsilon at the claimed delta, over all phases together, beside the claim.

    `epsilon_lower` is 0 where nothing certifies one. `rests_on` says, phase by phase, what was accounted for.
    `resolved`: the claim is confirmed or refuted. `stage` is 2 where the tight accountant was needed, and `unresolved`
    says where its numbers end ("" where they do not). `advantage_upper` bounds how much more often any attacker finds
    a unit that took part than one that did not; `detection` has the same for single rates of false alarms.
    """

    name: ClassVar[str] = "privacy.bound"
    claimed_epsilon: float
    delta: float
    epsilon_lower: float
    epsilon_upper: float
    method: str
    rests_on: tuple[str, ...]
    epsilon_to_claim: float
    noise_advice: tuple[NoiseAdvice, ...] = ()
    resolved: bool = True
    stage: int = 1
    unresolved: str = ""
    advantage_upper: float = 1.0
    detection: tuple[DetectionRate, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeltaClaim(Fact):
    """The claimed delta beside the size of the population (the larger of the stated one and the training data's).

    `inverse` is 1/n and `margin` n^-1.1, both rounded down.
    """

    name: ClassVar[str] = "privacy.delta"
    delta: float
    population: int
    inverse: float
    margin: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseParameters(Fact):
    """The parameters of one phase, all that its accounting needs; `microbatch` is 0 where nothing is clipped so."""

    name: ClassVar[str] = "privacy.phase_parameters"
    mechanism: str
    microbatch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseAccounting(Fact):
    """One phase on its own: what it was accounted for as, and the epsilon that proves at the claimed delta.

    `scheme` is "" for a phase without batches;
    `poisson_epsilon` is the figure that Poisson sampling would have had where the batches were drawn otherwise, or 0.
    """

    name: ClassVar[str] = "privacy.phase_accounting"
    scheme: str
    accounted_as: str
    epsilon_upper: float
    poisson_epsilon: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseEvidence(Fact):
    """One parameter of a phase as the manifest claims it and as an evidence file has it.

    The file is only declared to be what training read, until a builder attests it: `attested_by` are the digests of
    the keys that signed for it, beside every model of the release.
    """

    name: ClassVar[str] = "privacy.phase_evidence"
    parameter: str
    claimed: str
    found: str
    file: str
    line: int
    locator: str
    agrees: bool
    attested_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseDataset(Fact):
    """The data set size that one phase is accounted for with, beside the records of that node of the lineage.

    `claimed` is 0 for a phase that states none: it uses all its data in every step, and nothing else is known, or
    its sampling rate stands instead, and `records` is what its data has.
    `file` and `line` are where the node states its records.
    """

    name: ClassVar[str] = "privacy.phase_dataset"
    dataset: str
    claimed: int
    records: int = 0
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectedUnit(Fact):
    """Who or what the guarantee protects, and how many records of one unit the data may hold."""

    name: ClassVar[str] = "privacy.unit"
    kind: str
    max_records: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours(Fact):
    """Which neighbouring data sets the guarantee compares."""

    name: ClassVar[str] = "privacy.adjacency"
    adjacency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TuningRuns(Fact):
    """On which data hyper-parameters were chosen, and by how many trials: a fixed number, or one drawn with a mean."""

    name: ClassVar[str] = "privacy.tuning"
    data: str
    trials: int
    spends_budget: bool
    mean_trials: float = 0.0
    selection: str = "fixed"


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifyingField:
    """A telemetry field that identifies a person or a device, and why it is taken to."""

    field: str
    why: str
    pointer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StableId:
    """A telemetry field that tells reports of one device from others' until it is renewed."""

    field: str
    rotation_days: int
    pointer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TelemetryStream(Fact):
    """One stream of telemetry as declared; a stream without fields is the statement that nothing is sent.

    `crowd` is the smallest group that is stored, 0 where none is stated; `rate` is the share that reports.
    `local_epsilon` is what all reports of one device's window cost together, 0 where the device adds no noise.
    """

    name: ClassVar[str] = "privacy.telemetry_stream"
    fields: int = 0
    identifying: tuple[IdentifyingField, ...] = ()
    stable_ids: tuple[StableId, ...] = ()
    quasi_identifiers: tuple[str, ...] = ()
    crowd: int = 0
    local_epsilon: float = 0.0
    rate: float = 0.0
    retention_days: int = 0
