"""Compares what models take with budgets, with the base release and with what the manifest claims."""

from __future__ import annotations

from policy_gate.areas.cost.facts import ClaimedCost, OperatorCoverage, TargetActivations, TargetFlash, TargetMacs
from policy_gate.areas.cost.limits import (
    ClaimLimits,
    CoverageLimits,
    GrowthLimits,
    MacBudgets,
    WeightBudgets,
)
from policy_gate.areas.cost.totals import target_of, total_growth, total_within
from policy_gate.areas.cost.units import ACTIVATIONS, CONSTANTS, MACS
from policy_gate.model import Answer, Fix, Outcome
from policy_gate.policy.limits import lookup

SHOWN = 5


def operators_known(coverage: OperatorCoverage, *, limits: CoverageLimits) -> Answer:
    """Every operator of every model is understood, so that its cost is known and never taken for zero.

    Export the model with standard operators, or let the policy allow an operator by name.
    """
    refused = [op for op in coverage.unknown if op not in limits.allowed_unknown]
    share = f"{coverage.known} of {coverage.total} operator calls are understood"
    if not refused:
        return Answer(outcome=Outcome.PASS, message=share, measured=coverage.known, limit=coverage.total, unit="calls")
    more = len(refused) - SHOWN
    return Answer(
        outcome=Outcome.FAIL,
        message=share,
        measured=coverage.known,
        limit=coverage.total,
        unit="calls",
        causes=(f"not understood: {', '.join(refused[:SHOWN])}{f' and {more} more' if more > 0 else ''}",),
        fixes=(
            Fix(text="export the model with standard operators"),
            Fix(text="if the operator is meant to be there, name it under `allowed_unknown` in the policy"),
        ),
    )


def macs_growth(cost: TargetMacs, *, base: TargetMacs, limits: GrowthLimits) -> Answer:
    """One inference of a target's models takes no more multiply-accumulates than before, up to the allowed growth.

    Judged are the sum over all models of the target, and each of them. Look at the layers that grew.
    If the growth is meant, let the owner of the policy raise the share.
    """
    return total_growth(MACS, cost, base, max_growth=limits.max_growth)


def weights_growth(cost: TargetFlash, *, base: TargetFlash, limits: GrowthLimits) -> Answer:
    """The constants of a target's models take no more flash than in the base release, up to the allowed growth.

    Judged are the sum over all models and other files of the target, and each model. Look at the layers that grew,
    and at the types of their weights: an int8 layer that became float32 takes four times.
    """
    return total_growth(CONSTANTS, cost, base, max_growth=limits.max_growth)


def activations_growth(cost: TargetActivations, *, base: TargetActivations, limits: GrowthLimits) -> Answer:
    """The peak of activations on a target takes no more memory than in the base release, up to the allowed growth.

    Models of one target are taken to run one at a time, so the largest peak counts, and each by itself.
    Look at the layers with the largest outputs near the input, where resolution is highest.
    """
    return total_growth(ACTIVATIONS, cost, base, max_growth=limits.max_growth)


def macs_within_budget(cost: TargetMacs, *, limits: MacBudgets) -> Answer:
    """All models of a target take no more multiply-accumulates together than the target's budget.

    Make the models smaller, or have the budget of the target raised where the policy is kept.
    """
    return total_within(MACS, cost, lookup(limits.max_macs, target_of(cost)))


def weights_within_budget(cost: TargetFlash, *, limits: WeightBudgets) -> Answer:
    """The constants of all models of a target, and its other files, fit together the flash that the target has.

    Quantise or prune the models, or have the budget of the target raised where the policy is kept.
    """
    budget_kib = lookup(limits.max_weight_kib, target_of(cost))
    return total_within(CONSTANTS, cost, None if budget_kib is None else int(budget_kib * 1024))


def claim_matches(claim: ClaimedCost, *, limits: ClaimLimits) -> Answer:
    """The figures of the `cost` section agree with those computed from the model.

    Let `policy-gate fix` write the computed figure, or restore the model that the claim was made for.
    """
    if claim.exact:
        return _exact_claim(claim)
    least = claim.computed * limits.min_flash_share
    outcome = Outcome.PASS if claim.claimed >= least else Outcome.FAIL
    relation = "holds" if outcome is Outcome.PASS else "is less than"
    return Answer(
        outcome=outcome,
        message=f"{claim.key} {claim.claimed:g} {relation} the {claim.computed:.1f} KiB that the weights alone take",
        measured=claim.claimed,
        limit=least,
        unit=claim.unit,
        fixes=()
        if outcome is Outcome.PASS
        else (Fix(text="state the flash that weights and engine take together, as measured or linked"),),
    )


def _exact_claim(claim: ClaimedCost) -> Answer:
    claimed, computed = int(claim.claimed), int(claim.computed)
    if claimed == computed:
        return Answer(
            outcome=Outcome.PASS,
            message=f"{claim.key} is {computed} as claimed",
            measured=computed,
            limit=claimed,
            unit=claim.unit,
        )
    return Answer(
        outcome=Outcome.FAIL,
        message=f"{claim.key} is claimed as {claimed}, and computed as {computed}",
        measured=computed,
        limit=claimed,
        unit=claim.unit,
        fixes=(
            Fix(text="let `policy-gate fix` write the computed figure", pointer=claim.pointer, replacement=computed),
        ),
    )
