"""What policies may tell the checks of cost, with type, range, direction of tightening and words."""

from __future__ import annotations

from policy_gate.frozen import dataclass
from policy_gate.policy.limits import limit, map_of, number, ratio, text_set, whole_number


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
