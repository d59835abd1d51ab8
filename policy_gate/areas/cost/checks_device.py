"""Judges what a target's device has to give: its profile, time, energy, RAM, flash, and operators that it runs."""

from __future__ import annotations

from policy_gate.areas.cost.facts_device import (
    ClaimedEstimate,
    TargetArena,
    TargetEnergy,
    TargetInPlace,
    TargetLatency,
    TargetPlacement,
    TargetPrediction,
    TargetProfile,
    TargetRam,
    TargetStorage,
)
from policy_gate.areas.cost.intervals import span_within
from policy_gate.areas.cost.limits import (
    ActivationBudgets,
    ClaimedEstimateLimits,
    EnergyBudgets,
    FlashBudgets,
    GrowthLimits,
    LatencyBudgets,
    PlacementLimits,
    PredictedGrowthLimits,
    ProfileLimits,
    RamBudgets,
)
from policy_gate.areas.cost.totals import target_of, total_growth
from policy_gate.areas.cost.units import ARENA, ENERGY, FLASH, IN_PLACE, LATENCY, RAM, UPPER_LATENCY, plain
from policy_gate.errors import Reason
from policy_gate.model import Answer, Fix, Outcome
from policy_gate.policy.limits import lookup

SHOWN = 5
KIB = 1024


def profile_named(target: TargetProfile, *, limits: ProfileLimits) -> Answer:
    """A target names the device profile that the policy names for it.

    Write the profile of the policy under `device.profile`, or have the owner of the policy name another.
    Once the policy names a profile for any target, every target with a profile has to be named there.
    """
    if not limits.device_profiles:
        return _does_not_apply("the policy names no device profile", Reason.NOTHING_TO_JUDGE)
    wanted = lookup(limits.device_profiles, _target(target))
    if wanted is None and not target.profile:
        return _does_not_apply("neither the policy nor the target names a device profile", Reason.NOTHING_TO_JUDGE)
    if wanted is None:
        return Answer(
            outcome=Outcome.UNKNOWN,
            reason=Reason.NOT_TRUSTED,
            message=f"the target names the profile {target.profile}, and the policy names those of other targets only",
            measured=target.profile,
            fixes=(Fix(text="name it under the parameter `device_profiles` of the policy"),),
        )
    if target.profile != wanted:
        return Answer(
            outcome=Outcome.FAIL,
            message=f"the profile is {target.profile or 'not named'}; the policy says {wanted}",
            measured=target.profile,
            limit=wanted,
            fixes=(Fix(text=f"write `device: {{profile: {wanted}}}` in the target"),),
        )
    if not target.source:
        return Answer(
            outcome=Outcome.UNKNOWN,
            reason=Reason.NOT_TRUSTED,
            message=f"the policy names {wanted}, and neither the tool nor the configuration has such a profile",
            measured=target.profile,
            fixes=(Fix(text="name its file under `profiles` in the configuration"),),
        )
    return Answer(outcome=Outcome.PASS, message=f"{wanted}, as the policy says", measured=wanted, limit=wanted)


def profile_kept(target: TargetProfile, *, base: TargetProfile, limits: ProfileLimits) -> Answer:
    """A target keeps the device profile and the class that it has in the base release.

    Keep both; a faster profile would make the same model look cheaper. Where the hardware changed, let the owner of
    the policy name the new profile of the target, or describe the new hardware as another target.
    """
    if base.device_class and target.device_class != base.device_class:
        return Answer(
            outcome=Outcome.FAIL,
            message=f"the device is of class {target.device_class or 'none'}, and was {base.device_class} in the base",
            measured=target.device_class,
            limit=base.device_class,
            base=base.device_class,
            fixes=(Fix(text="keep the class, or describe the new hardware as another target"),),
        )
    named = lookup(limits.device_profiles, _target(target))
    if named is not None and named == target.profile:
        return Answer(outcome=Outcome.PASS, message=f"{named}, as the policy says", measured=named, limit=named)
    if not base.profile:
        what = "the base release names no device profile of this target"
        return _does_not_apply(what, Reason.NO_BASELINE if target.profile else Reason.NOTHING_TO_JUDGE)
    if target.profile == base.profile:
        return Answer(
            outcome=Outcome.PASS,
            message=f"{target.profile}, as in the base",
            measured=target.profile,
            limit=base.profile,
            base=base.profile,
        )
    return Answer(
        outcome=Outcome.FAIL,
        message=f"the profile is {target.profile or 'not named any more'}, and was {base.profile} in the base",
        measured=target.profile,
        limit=base.profile,
        base=base.profile,
        fixes=(
            Fix(text=f"keep `device: {{profile: {base.profile}}}`"),
            Fix(text="where the hardware changed, let the owner of the policy name the new one in `device_profiles`"),
        ),
    )


def latency_within_budget(latency: TargetLatency, *, limits: LatencyBudgets) -> Answer:
    """One inference of every model of a target takes no longer together than its budget, at the upper bound.

    Make the models smaller. Where the budget lies inside the bounds, measure on the device: what a tester signed of
    this file, device and runtime counts instead of the prediction.
    """
    budget = lookup(limits.max_latency_ms, target_of(latency))
    return span_within(LATENCY, latency, budget, allow_screening=limits.allow_screening)


def energy_within_budget(energy: TargetEnergy, *, limits: EnergyBudgets) -> Answer:
    """One inference of every model of a target takes no more energy together than its budget, at the upper bound.

    Make the models smaller, or measure energy or mean power on the device and have a tester sign it.
    """
    budget = lookup(limits.max_energy_uj, target_of(energy))
    return span_within(ENERGY, energy, budget, allow_screening=limits.allow_screening)


def activations_within_budget(arena: TargetArena, *, limits: ActivationBudgets) -> Answer:
    """The largest peak of activations fits the memory that the target has for them, whatever plans it.

    Models of one target are taken to run one at a time; where yours run at once, set a smaller budget.
    Lower the resolution or the width near the input. Where the budget lies between two planners, name a device
    profile that says how its runtime plans, or have a tester sign the RAM that was measured.
    """
    return span_within(ARENA, arena, _bytes(lookup(limits.max_activation_kib, target_of(arena))), allow_screening=False)


def ram_within_budget(ram: TargetRam, *, limits: RamBudgets) -> Answer:
    """Activations of the largest model and the runtime's own RAM fit the target's memory, at the upper bound.

    Lower the resolution or the width near the input, or measure on the device and have a tester sign `ram_kib`.
    """
    budget = _bytes(lookup(limits.max_ram_kib, target_of(ram)))
    return span_within(RAM, ram, budget, allow_screening=limits.allow_screening)


def flash_within_budget(storage: TargetStorage, *, limits: FlashBudgets) -> Answer:
    """Constants of all models, other files and the runtime's code fit the target's flash, at the upper bound.

    Quantise or prune the models, or measure the image that is flashed and have a tester sign `flash_kib`.
    """
    budget = _bytes(lookup(limits.max_flash_kib, target_of(storage)))
    return span_within(FLASH, storage, budget, allow_screening=limits.allow_screening)


def placement_within(placement: TargetPlacement, *, limits: PlacementLimits) -> Answer:
    """Every operator of a target's models runs on its device, by the list of its profile and of its firmware.

    Export the model with operators that the device runs, or let the policy allow a number of calls and a share of the
    multiply-accumulates outside. Each target is judged by itself, and never by a mean over devices.
    """
    nodes, share = placement.fallback_nodes, placement.mac_share
    lists = "firmware, as the manifest claims it" if placement.lists == "firmware" else placement.lists
    message = f"{nodes} of {placement.nodes} calls run outside the device, by the list of its {lists}"
    if nodes:
        message = f"{message}; with {_percent(share)} of the multiply-accumulates"
    fits = nodes <= limits.max_fallback_nodes and share <= limits.max_fallback_mac_share
    by_share = nodes <= limits.max_fallback_nodes
    more = len(placement.outside) - SHOWN
    outside = [f"{one.op} ({one.nodes} call{'s' if one.nodes > 1 else ''})" for one in placement.outside[:SHOWN]]
    return Answer(
        outcome=Outcome.PASS if fits else Outcome.FAIL,
        message=message,
        measured=share if by_share and not fits else nodes,
        limit=limits.max_fallback_mac_share if by_share and not fits else limits.max_fallback_nodes,
        unit="" if by_share and not fits else "calls",
        causes=(f"not run: {', '.join(outside)}{f' and {more} more' if more > 0 else ''}",) if outside else (),
        fixes=()
        if fits
        else (
            Fix(text="export the model with operators that the device runs"),
            Fix(text="if the device does run it, have the list in its profile or firmware completed"),
        ),
    )


def latency_growth(cost: TargetPrediction, *, base: TargetPrediction, limits: PredictedGrowthLimits) -> Answer:
    """The upper bound of a target's latency grows no more than allowed against the base, on the same profile.

    Look at the layers that grew in multiply-accumulates and bytes. Two predictions by one profile share most of their
    error, so that they compare better than each of them is known.
    """
    if not cost.profile and not base.profile:
        return _does_not_apply("the target names no device profile", Reason.NOTHING_TO_JUDGE)
    if not base.profile:
        return _does_not_apply("the base release names no device profile of this target", Reason.NO_BASELINE)
    if cost.profile == base.profile and cost.digest == base.digest:
        return total_growth(UPPER_LATENCY, cost, base, max_growth=limits.max_growth)
    if lookup(limits.device_profiles, target_of(cost)) == cost.profile:
        what = f"predicted by {cost.profile}, as the policy says, and by {base.profile} in the base"
        return _does_not_apply(f"{what}: the two do not compare", Reason.NO_BASELINE)
    return Answer(
        outcome=Outcome.UNKNOWN,
        reason=Reason.BASE_UNKNOWN,
        message=f"predicted by {cost.profile or 'no profile'}, and by {_other(base, cost)} in the base: "
        "the two do not compare",
        fixes=(Fix(text=f"keep the profile of the base release, {base.profile}"),),
    )


def ram_growth(cost: TargetInPlace, *, base: TargetInPlace, limits: GrowthLimits) -> Answer:
    """The peak of activations of a planner that works in place grows no more than allowed against the base.

    Most runtimes for small devices plan in place. Look at the layers with the largest outputs, and at those whose
    input is still needed after them.
    """
    return total_growth(IN_PLACE, cost, base, max_growth=limits.max_growth)


def claim_plausible(claim: ClaimedEstimate, *, limits: ClaimedEstimateLimits) -> Answer:
    """Claimed latency, energy, RAM and flash are no less than what was measured, or than the lower bound predicted.

    State what was measured, and have a tester sign it; a signed measurement of this file counts for the prediction.
    """
    if not claim.key:
        return _does_not_apply("the manifest claims no latency, energy, RAM or flash", Reason.NOTHING_TO_JUDGE)
    least = claim.least * limits.min_claimed_share
    fits = claim.claimed >= least
    known = "was measured" if claim.how.value == "measured" else f"is the least that is {claim.how.value}"
    figures = f"{claim.key} is claimed as {plain(claim.claimed, claim.unit)}; {plain(claim.least, claim.unit)} {known}"
    measure = Fix(text="state what was measured, and name as `evidence` the measurement that a tester signed")
    return Answer(
        outcome=Outcome.PASS if fits else Outcome.FAIL,
        message=figures,
        measured=claim.claimed,
        limit=least,
        unit=claim.unit,
        fixes=() if fits else (measure,),
    )


def _other(base: TargetPrediction, cost: TargetPrediction) -> str:
    return f"another state of {base.profile}" if base.profile == cost.profile else base.profile


def _target(target: TargetProfile) -> str:
    return target.subject.names[0] if target.subject.names else "*"


def _bytes(kib: float | None) -> int | None:
    return None if kib is None else int(kib * KIB)


def _percent(share: float) -> str:
    return f"{share * 100:.3g} %"


def _does_not_apply(message: str, reason: Reason) -> Answer:
    return Answer(outcome=Outcome.NOT_APPLICABLE, reason=reason, message=message)
