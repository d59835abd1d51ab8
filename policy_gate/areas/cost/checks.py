"""Compares what models take with budgets, with the base release and with what the manifest claims."""

from __future__ import annotations

from policy_gate.areas.cost.answers import budget_answer, growth_answer
from policy_gate.areas.cost.facts import ActivationCost, ClaimedCost, MacCost, OperatorCoverage, WeightCost
from policy_gate.areas.cost.growth import grown_layers, smaller_binding
from policy_gate.areas.cost.limits import (
    ActivationBudgets,
    ClaimLimits,
    CoverageLimits,
    GrowthLimits,
    MacBudgets,
    WeightBudgets,
)
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


def macs_growth(cost: MacCost, *, base: MacCost, limits: GrowthLimits) -> Answer:
    """One inference takes no more multiply-accumulates than the base release, up to the allowed growth.

    Look at the layers that grew. If the growth is meant, let the owner of the policy raise the share.
    """
    grown = grown_layers(cost.layers, base.layers)
    return _binding_answer(cost, base) or growth_answer(MACS, cost.macs, base.macs, grown, max_growth=limits.max_growth)


def weights_growth(cost: WeightCost, *, base: WeightCost, limits: GrowthLimits) -> Answer:
    """The model's constants take no more flash than the base release's, up to the allowed growth.

    Look at the layers that grew, and at the types of their weights: an int8 layer that became float32 takes four times.
    """
    grown = grown_layers(cost.layers, base.layers)
    return growth_answer(CONSTANTS, cost.flash_bytes, base.flash_bytes, grown, max_growth=limits.max_growth)


def activations_growth(cost: ActivationCost, *, base: ActivationCost, limits: GrowthLimits) -> Answer:
    """The peak of activations takes no more memory than the base release's, up to the allowed growth.

    Look at the layers with the largest outputs near the input, where resolution is highest.
    """
    grown = grown_layers(cost.layers, base.layers)
    return _binding_answer(cost, base) or growth_answer(
        ACTIVATIONS, cost.peak_bytes, base.peak_bytes, grown, max_growth=limits.max_growth, shares=False
    )


def macs_within_budget(cost: MacCost, *, limits: MacBudgets) -> Answer:
    """One inference takes no more multiply-accumulates than the target's budget.

    Make the model smaller, or have the budget of the target raised where the policy is kept.
    """
    budget = lookup(limits.max_macs, _target(cost))
    return budget_answer(MACS, _target(cost), cost.macs, budget)


def weights_within_budget(cost: WeightCost, *, limits: WeightBudgets) -> Answer:
    """The model's constants fit the flash that the target has for them.

    Quantise or prune the model, or have the budget of the target raised where the policy is kept.
    """
    budget_kib = lookup(limits.max_weight_kib, _target(cost))
    budget = None if budget_kib is None else int(budget_kib * 1024)
    return budget_answer(CONSTANTS, _target(cost), cost.flash_bytes, budget)


def activations_within_budget(cost: ActivationCost, *, limits: ActivationBudgets) -> Answer:
    """The peak of activations fits the memory that the target has for them.

    Lower the resolution or the width near the input, or have the budget raised where the policy is kept.
    """
    budget_kib = lookup(limits.max_activation_kib, _target(cost))
    budget = None if budget_kib is None else int(budget_kib * 1024)
    return budget_answer(ACTIVATIONS, _target(cost), cost.peak_bytes, budget)


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


def _binding_answer(cost: MacCost | ActivationCost, base: MacCost | ActivationCost) -> Answer | None:
    """A failure when the target binds a dimension to less than before, since figures would not compare."""
    smaller = smaller_binding(cost.inputs, base.inputs)
    if smaller is None:
        return None
    model_input, axis, was = smaller
    now = model_input.extents[axis]
    return Answer(
        outcome=Outcome.FAIL,
        message=f"axis {axis} of input '{model_input.name}' is bound to {now}, and was {was} in the base release: "
        "the two figures do not compare",
        measured=now,
        limit=was,
        base=was,
        fixes=(Fix(text=f"bind the dimension to {was} in the target, as the base release does"),),
    )


def _target(cost: MacCost | WeightCost | ActivationCost) -> str:
    """The target whose budget counts; a model that no target runs has that of all others."""
    return cost.subject.names[0] if cost.subject.kind == "target" else "*"
