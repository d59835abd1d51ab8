"""Cost: what one inference takes, computed from the model file and compared with budget, base and claim."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_gate.area import Area, Check, Collector
from policy_gate.areas.cost import checks, collect, collect_targets, limits
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
        Collector(
            run=collect_targets.target_costs,
            gives=(TargetMacs, TargetFlash, TargetActivations),
            takes=(ModelFile, MacCost, WeightCost, ActivationCost),
        ),
        Collector(run=collect.claimed_costs, gives=(ClaimedCost,), takes=(MacCost, WeightCost)),
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
            function=checks.activations_within_budget, judges=TargetActivations, limits=limits.ActivationBudgets
        ),
        "cost.claim_matches": Check(function=checks.claim_matches, judges=ClaimedCost, limits=limits.ClaimLimits),
    },
)
