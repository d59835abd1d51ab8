"""Cost: what one inference takes, computed from the model file and compared with budget, base and claim."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_gate.area import Area, Check, Collector
from policy_gate.areas.cost import (
    checks,
    checks_device,
    checks_files,
    collect,
    collect_claims,
    collect_estimates,
    collect_files,
    collect_placement,
    collect_rooms,
    collect_targets,
    limits,
    target_device,
)
from policy_gate.areas.cost.facts import (
    ActivationCost,
    ClaimedCost,
    MacCost,
    ModelFile,
    OperatorCoverage,
    TargetActivations,
    TargetFlash,
    TargetMacs,
    WeightCost,
)
from policy_gate.areas.cost.facts_device import (
    ClaimedEstimate,
    FileBytes,
    ShapeClaims,
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
from policy_gate.areas.signature.facts import Measurement

if TYPE_CHECKING:
    from pydantic import BaseModel


def _cost() -> type[BaseModel]:
    from policy_gate.areas.cost.claims import Cost

    return Cost


AREA = Area(
    name="cost",
    sections={"cost": _cost},
    collectors=(
        Collector(run=collect.model_files, gives=(ModelFile,)),
        Collector(run=collect.operators, gives=(OperatorCoverage,), takes=(ModelFile,)),
        Collector(run=collect.costs, gives=(MacCost, WeightCost, ActivationCost), takes=(ModelFile,)),
        Collector(run=collect_files.file_bytes, gives=(FileBytes,), takes=(ModelFile,)),
        Collector(run=collect_files.shape_claims, gives=(ShapeClaims,), takes=(ModelFile,)),
        Collector(
            run=collect_targets.target_costs,
            gives=(TargetMacs, TargetFlash, TargetActivations),
            takes=(ModelFile, MacCost, WeightCost, ActivationCost),
        ),
        Collector(run=target_device.target_profiles, gives=(TargetProfile,)),
        Collector(run=collect_placement.placements, gives=(TargetPlacement,), takes=(ModelFile, MacCost)),
        Collector(
            run=collect_estimates.estimates,
            gives=(TargetLatency, TargetEnergy),
            takes=(ModelFile, MacCost, Measurement),
        ),
        Collector(run=collect_estimates.predictions, gives=(TargetPrediction,), takes=(ModelFile, MacCost)),
        Collector(run=collect_targets.in_places, gives=(TargetInPlace,), takes=(ModelFile, MacCost)),
        Collector(
            run=collect_rooms.rooms,
            gives=(TargetArena, TargetRam, TargetStorage),
            takes=(ModelFile, MacCost, TargetFlash, Measurement),
        ),
        Collector(run=collect_claims.claimed_costs, gives=(ClaimedCost,), takes=(MacCost, WeightCost)),
        Collector(
            run=collect_claims.claimed_estimates,
            gives=(ClaimedEstimate,),
            takes=(TargetLatency, TargetEnergy, TargetRam, TargetStorage),
        ),
    ),
    checks={
        "cost.operators_known": Check(
            function=checks.operators_known, judges=OperatorCoverage, limits=limits.CoverageLimits
        ),
        "cost.macs_growth": Check(
            function=checks.macs_growth, judges=TargetMacs, limits=limits.GrowthLimits, against_base=True
        ),
        "cost.weights_growth": Check(
            function=checks.weights_growth, judges=TargetFlash, limits=limits.GrowthLimits, against_base=True
        ),
        "cost.activations_growth": Check(
            function=checks.activations_growth, judges=TargetActivations, limits=limits.GrowthLimits, against_base=True
        ),
        "cost.macs_within_budget": Check(
            function=checks.macs_within_budget, judges=TargetMacs, limits=limits.MacBudgets
        ),
        "cost.weights_within_budget": Check(
            function=checks.weights_within_budget, judges=TargetFlash, limits=limits.WeightBudgets
        ),
        "cost.activations_within_budget": Check(
            function=checks_device.activations_within_budget, judges=TargetArena, limits=limits.ActivationBudgets
        ),
        "cost.claim_matches": Check(function=checks.claim_matches, judges=ClaimedCost, limits=limits.ClaimLimits),
        "cost.file_accounted": Check(function=checks_files.file_accounted, judges=FileBytes, limits=limits.FileLimits),
        "cost.shapes_agree": Check(function=checks_files.shapes_agree, judges=ShapeClaims),
        "cost.profile_named": Check(
            function=checks_device.profile_named, judges=TargetProfile, limits=limits.ProfileLimits
        ),
        "cost.profile_kept": Check(
            function=checks_device.profile_kept, judges=TargetProfile, limits=limits.ProfileLimits, against_base=True
        ),
        "cost.latency_within_budget": Check(
            function=checks_device.latency_within_budget, judges=TargetLatency, limits=limits.LatencyBudgets
        ),
        "cost.energy_within_budget": Check(
            function=checks_device.energy_within_budget, judges=TargetEnergy, limits=limits.EnergyBudgets
        ),
        "cost.ram_within_budget": Check(
            function=checks_device.ram_within_budget, judges=TargetRam, limits=limits.RamBudgets
        ),
        "cost.flash_within_budget": Check(
            function=checks_device.flash_within_budget, judges=TargetStorage, limits=limits.FlashBudgets
        ),
        "cost.placement_within": Check(
            function=checks_device.placement_within, judges=TargetPlacement, limits=limits.PlacementLimits
        ),
        "cost.latency_growth": Check(
            function=checks_device.latency_growth,
            judges=TargetPrediction,
            limits=limits.PredictedGrowthLimits,
            against_base=True,
        ),
        "cost.ram_growth": Check(
            function=checks_device.ram_growth, judges=TargetInPlace, limits=limits.GrowthLimits, against_base=True
        ),
        "cost.claim_plausible": Check(
            function=checks_device.claim_plausible, judges=ClaimedEstimate, limits=limits.ClaimedEstimateLimits
        ),
    },
)
