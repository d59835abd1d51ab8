"""What policies may tell the checks of cost, with type, range, direction of tightening and words."""

from __future__ import annotations

from policy_gate.frozen import dataclass
from policy_gate.policy.limits import flag, limit, map_of, number, ratio, text, text_set, whole_number

SCREENING = "whether a figure may decide that is good for sorting only: of too few data, or outside their range"
PROFILE_ID = r"[A-Za-z0-9][A-Za-z0-9._@+:-]{0,127}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageLimits:
    """Which operators may stay without a known cost."""

    allowed_unknown: tuple[str, ...] = limit(
        text_set(r"[A-Za-z0-9_.]{1,128}::[A-Za-z0-9_]{1,128}", "operators as domain::name"),
        "operators without a known cost that are allowed, as domain::name",
        stricter="subset",
        default=(),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class GrowthLimits:
    """How much more than the base release is allowed."""

    # A starting point: a change of design moves these figures by more, a new export of the same design by less.
    max_growth: float = limit(ratio(), "allowed growth against the base release", stricter="lower", default=0.05)


@dataclass(frozen=True, slots=True, kw_only=True)
class MacBudgets:
    """Multiply-accumulates of all models together, by target."""

    max_macs: tuple[tuple[str, int], ...] = limit(
        map_of(whole_number(), "target"), "most multiply-accumulates by target", stricter="lower", default=()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightBudgets:
    """Flash for the constants of all models together, by target."""

    max_weight_kib: tuple[tuple[str, float], ...] = limit(
        map_of(number(0, 2**43), "target"), "most KiB of constants by target", stricter="lower", default=()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivationBudgets:
    """Memory for the activations of the model that takes most, by target."""

    max_activation_kib: tuple[tuple[str, float], ...] = limit(
        map_of(number(0, 2**43), "target"), "most KiB of activations by target", stricter="lower", default=()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimLimits:
    """How far a claimed figure may lie from the computed one where they are not the same thing."""

    min_flash_share: float = limit(
        number(0, 1),
        "least flash that may be claimed, as a share of the weights; below 1 for engines that compress weights",
        stricter="higher",
        default=1.0,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileLimits:
    """Which device profile each target has, as the owner of the policy says."""

    device_profiles: tuple[tuple[str, str], ...] = limit(
        map_of(text(PROFILE_ID, "the id of a device profile"), "target"), "device profile by target", default=()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictedGrowthLimits:
    """How much more than the base release a prediction may be, and which profile each target has."""

    # Of the same graph on the same profile most of the model's error is in both figures, and cancels.
    max_growth: float = limit(ratio(), "allowed growth against the base release", stricter="lower", default=0.1)
    device_profiles: tuple[tuple[str, str], ...] = limit(
        map_of(text(PROFILE_ID, "the id of a device profile"), "target"), "device profile by target", default=()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyBudgets:
    """Time of one inference of all models together, by target."""

    max_latency_ms: tuple[tuple[str, float], ...] = limit(
        map_of(number(above=0, maximum=2**43), "target"), "most milliseconds by target", stricter="lower", default=()
    )
    allow_screening: bool = limit(flag(), SCREENING, stricter="false", default=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyBudgets:
    """Energy of one inference of all models together, by target."""

    max_energy_uj: tuple[tuple[str, float], ...] = limit(
        map_of(number(above=0, maximum=2**43), "target"), "most microjoules by target", stricter="lower", default=()
    )
    allow_screening: bool = limit(flag(), SCREENING, stricter="false", default=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RamBudgets:
    """RAM while inferring, with the runtime's own, by target."""

    max_ram_kib: tuple[tuple[str, float], ...] = limit(
        map_of(number(0, 2**43), "target"), "most KiB of RAM by target", stricter="lower", default=()
    )
    allow_screening: bool = limit(flag(), SCREENING, stricter="false", default=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlashBudgets:
    """Flash of constants, files and the runtime's code together, by target."""

    max_flash_kib: tuple[tuple[str, float], ...] = limit(
        map_of(number(0, 2**43), "target"), "most KiB of flash by target", stricter="lower", default=()
    )
    allow_screening: bool = limit(flag(), SCREENING, stricter="false", default=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacementLimits:
    """How much of a target's models may run outside its device."""

    max_fallback_nodes: int = limit(
        whole_number(), "most operator calls outside the device", stricter="lower", default=0
    )
    max_fallback_mac_share: float = limit(
        ratio(1.0), "largest share of the multiply-accumulates outside the device", stricter="lower", default=0.0
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLimits:
    """How much of a model file may be for something else than its graph."""

    # Names, notes of the exporter and alignment are in every file; see docs/inference-cost.md for what was seen.
    max_other_share: float = limit(
        ratio(1.0), "largest share of a model file that no call needs", stricter="lower", default=0.02
    )
    max_other_kib: float = limit(
        number(0, 2**43), "KiB that no call needs and that are allowed in any file", stricter="lower", default=4
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedEstimateLimits:
    """How far under the predicted or measured figure a claim may lie."""

    min_claimed_share: float = limit(
        number(0, 1),
        "least figure that may be claimed, as a share of the lower bound; below 1 for claims that were rounded",
        stricter="higher",
        default=0.95,
    )
