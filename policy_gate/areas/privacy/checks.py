"""Compares the privacy claim with what was recomputed, and both with policy."""

from __future__ import annotations

from dataclasses import replace

from policy_gate.areas.privacy.facts import (
    ClaimKind,
    DeltaClaim,
    Neighbours,
    PhaseAccounting,
    PhaseDataset,
    PhaseEvidence,
    PhaseParameters,
    PrivacyBound,
    ProtectedUnit,
    TuningRuns,
)
from policy_gate.errors import Reason
from policy_gate.frozen import dataclass
from policy_gate.model import Answer, Fix, Outcome
from policy_gate.policy.limits import limit, number, text_set, whole_number


@dataclass(frozen=True, slots=True, kw_only=True)
class EpsilonLimits:
    """How much privacy one release may cost."""

    max_epsilon: float = limit(
        number(above=0, maximum=1e6), "largest epsilon of one release", stricter="lower", default=10.0
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeltaLimits:
    """How likely epsilon may be not to hold, however few people the data came from."""

    max_delta: float = limit(number(above=0, maximum=1), "largest delta", stricter="lower", default=1e-4)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitLimits:
    """Whom a guarantee must protect."""

    units: tuple[str, ...] = limit(
        text_set(r"user|device|household|user-day|example", "units"),
        "units of protection that are enough",
        stricter="subset",
        default=("device", "household", "user"),
    )
    max_records: int = limit(
        whole_number(minimum=1), "most records one unit may hold", stricter="lower", default=1_000_000
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class NeighbourLimits:
    """Which neighbouring data sets a claim may compare."""

    adjacencies: tuple[str, ...] = limit(
        text_set(r"add-or-remove-one|replace-one|replace-special", "adjacencies"),
        "neighbours a claim may compare",
        stricter="subset",
        default=("add-or-remove-one", "replace-one", "replace-special"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MicrobatchLimits:
    """How many records may be clipped together."""

    max_microbatch: int = limit(whole_number(minimum=1), "most records clipped together", stricter="lower", default=1)


def parameters_complete(phase: PhaseParameters) -> Answer:
    """Every phase states all that its accounting needs; numbers are finite and in range.

    Add the value the finding names, as the training configuration has it.
    """
    return Answer(outcome=Outcome.PASS, message=f"the {phase.mechanism} phase states what its accounting needs")


def claim_confirmed(bound: PrivacyBound) -> Answer:
    """The claimed epsilon is at least the bound recomputed from the stated training parameters.

    Claim the provable epsilon, or train again with the noise the finding names.
    """
    provable = f"{bound.epsilon_upper:g} at delta {bound.delta:g}"
    if bound.claimed_epsilon >= bound.epsilon_upper:
        return Answer(
            outcome=Outcome.PASS,
            message=f"claimed epsilon {bound.claimed_epsilon:g} holds; provable is {provable}",
            measured=bound.epsilon_upper,
            limit=bound.claimed_epsilon,
            causes=_rests_on(bound),
        )
    refuted = bound.claimed_epsilon < bound.epsilon_lower
    said = ", which no accountant can prove" if refuted else ""
    return Answer(
        outcome=Outcome.FAIL if refuted else Outcome.UNKNOWN,
        reason=None if refuted else Reason.NOT_PROVEN,
        message=f"claimed epsilon {bound.claimed_epsilon:g}{said}; provable is {provable}",
        measured=bound.epsilon_upper,
        limit=bound.claimed_epsilon,
        causes=_rests_on(bound),
        fixes=_ways_to_prove(bound),
    )


def _rests_on(bound: PrivacyBound) -> tuple[str, ...]:
    return (*bound.rests_on, f"accounted by {bound.method}")


def _ways_to_prove(bound: PrivacyBound) -> tuple[Fix, ...]:
    raised = " and ".join(f"noise_multiplier of {one.phase} to {one.noise_multiplier:g}" for one in bound.noise_advice)
    # Never written by `fix`: a weaker promise to the people in the data is a decision, not a typing error.
    claim = Fix(text=f"set claim.epsilon to {bound.epsilon_to_claim:g}", pointer="/privacy/claim/epsilon")
    return (claim, Fix(text=f"raise {raised}, and train again")) if raised else (claim,)


def epsilon_within(bound: PrivacyBound, limits: EpsilonLimits) -> Answer:
    """The recomputed epsilon of the release is within what policy allows.

    Train with more noise, fewer steps or smaller batches; what a release has spent cannot be taken back.
    """
    measured, most = bound.epsilon_upper, limits.max_epsilon
    if measured <= most:
        message = f"epsilon {measured:g} is within {most:g}"
        return Answer(outcome=Outcome.PASS, message=message, measured=measured, limit=most)
    certain = bound.epsilon_lower > most or bound.claimed_epsilon > most
    message = f"epsilon {measured:g} is above {most:g}" if certain else f"epsilon is not proven to be within {most:g}"
    return Answer(
        outcome=Outcome.FAIL if certain else Outcome.UNKNOWN,
        reason=None if certain else Reason.INTERVAL_STRADDLES,
        message=message,
        measured=measured,
        limit=most,
        causes=_rests_on(bound),
        fixes=(Fix(text="train with more noise, fewer steps or smaller batches"),),
    )


def delta_below_inverse(claim: DeltaClaim, limits: DeltaLimits) -> Answer:
    """Delta is smaller than one over the number of people or devices in the data, and than a largest delta.

    At 1/n the guarantee allows to publish one person's record outright, and a delta near 1 proves any epsilon;
    claim a smaller delta.
    """
    if claim.delta > limits.max_delta and claim.inverse > limits.max_delta:
        most = f"{limits.max_delta:g}"
        return Answer(
            outcome=Outcome.FAIL,
            message=f"delta {claim.delta:g} is above {most}, the most that policy allows for however few units",
            measured=claim.delta,
            limit=limits.max_delta,
            fixes=(Fix(text=f"claim a delta of at most {most}, with the epsilon that goes with it"),),
        )
    # The limit is 1/n here, which the message states: a reader would look for it in the policy.
    return replace(_delta_answer(claim, claim.inverse, strictly=True, formula="1/n"), limit=None)


def delta_with_margin(claim: DeltaClaim) -> Answer:
    """Delta leaves a margin below one over the number of people: at most n^-1.1.

    Claim a smaller delta; epsilon grows only a little.
    """
    return _delta_answer(claim, claim.margin, strictly=False, formula="n^-1.1")


def _delta_answer(claim: DeltaClaim, most: float, *, strictly: bool, formula: str) -> Answer:
    fits = claim.delta < most if strictly else claim.delta <= most
    relation = "below" if strictly else "at most"
    wanted = f"{formula} = {most:g} for {claim.population} units"
    return Answer(
        outcome=Outcome.PASS if fits else Outcome.FAIL,
        message=f"delta {claim.delta:g} is {'' if fits else 'not '}{relation} {wanted}",
        measured=claim.delta,
        limit=most,
        fixes=() if fits else (Fix(text=f"claim a delta {relation} {most:g}, with the epsilon that goes with it"),),
    )


def scheme_supported(phase: PhaseAccounting) -> Answer:
    """The way batches were drawn is one the accounting holds for.

    Poisson figures hold for Poisson samples alone; batches in any other order are accounted for without that gain.
    """
    causes: tuple[str, ...] = (phase.accounted_as,)
    if phase.poisson_epsilon:
        causes += (f"the Poisson figure {phase.poisson_epsilon:g} is not proven for {phase.scheme} batches",)
    subject = f"{phase.scheme} batches prove" if phase.scheme else "this mechanism proves"
    message = f"{subject} epsilon {phase.epsilon_upper:g} for the phase"
    return Answer(outcome=Outcome.PASS, message=message, measured=phase.epsilon_upper, causes=causes)


def unit_sufficient(unit: ProtectedUnit, limits: UnitLimits) -> Answer:
    """The guarantee protects a whole user or device, not one of many examples.

    Bound the records of one user, sample whole users, and claim the guarantee per user.
    """
    if unit.kind not in limits.units:
        return Answer(
            outcome=Outcome.FAIL,
            message=f"the guarantee protects one {unit.kind}; policy asks for one of {', '.join(limits.units)}",
            measured=unit.kind,
            limit=", ".join(limits.units),
            fixes=(Fix(text="account for all records of one user together, and claim the guarantee per user"),),
        )
    if unit.max_records > limits.max_records:
        return Answer(
            outcome=Outcome.FAIL,
            message=f"one {unit.kind} may hold {unit.max_records} records; policy allows {limits.max_records}",
            measured=unit.max_records,
            limit=limits.max_records,
            unit="records",
            pointer="/privacy/unit/max_records_per_unit",
            fixes=(Fix(text="keep fewer records of each unit in the training data"),),
        )
    message = f"the guarantee protects one {unit.kind} with up to {unit.max_records} records"
    return Answer(outcome=Outcome.PASS, message=message, measured=unit.kind, limit=", ".join(limits.units))


def adjacency_accepted(neighbours: Neighbours, limits: NeighbourLimits) -> Answer:
    """The claim compares neighbours that policy accepts, and is accounted for with just these.

    Restate the claim for accepted neighbours; replace-one costs about twice what add-or-remove-one does.
    """
    accepted = ", ".join(limits.adjacencies)
    fits = neighbours.adjacency in limits.adjacencies
    return Answer(
        outcome=Outcome.PASS if fits else Outcome.FAIL,
        message=f"the claim compares {neighbours.adjacency} neighbours{'' if fits else f'; policy accepts {accepted}'}",
        measured=neighbours.adjacency,
        limit=accepted,
        fixes=() if fits else (Fix(text=f"restate the claim for {accepted} neighbours"),),
    )


def evidence_agrees(evidence: PhaseEvidence) -> Answer:
    """Training parameters in the manifest are those in the training configuration of this commit.

    Correct whichever is wrong; if it is the manifest, the claimed epsilon changes with it.
    """
    place = f"{evidence.file}:{evidence.line}"
    if evidence.agrees:
        message = f"{evidence.parameter} is {evidence.claimed} here and in {place}"
        return Answer(outcome=Outcome.PASS, message=message, measured=evidence.found, limit=evidence.claimed)
    return Answer(
        outcome=Outcome.FAIL,
        message=f"{evidence.parameter} is {evidence.claimed} here, {evidence.found} in {place}",
        measured=evidence.found,
        limit=evidence.claimed,
        causes=(f"{place} has {evidence.found} at {evidence.locator}",),
        fixes=(Fix(text=f"state the {evidence.parameter} that was trained with, in both files"),),
    )


def dataset_size_agrees(phase: PhaseDataset) -> Answer:
    """The data set size behind an epsilon is the number of records that the lineage states of this data.

    Name the node under `dataset` of the phase, and state its real number of records in both places.
    """
    if not phase.claimed:
        known = f", and '{phase.dataset}' has {phase.records} records" if phase.records else ""
        message = f"the phase states no dataset_size to compare{known}"
        return Answer(outcome=Outcome.NOT_APPLICABLE, reason=Reason.OUT_OF_SCOPE, message=message)
    place = f"{phase.file}:{phase.line}"
    holds = phase.claimed == phase.records
    differs = f"dataset_size is {phase.claimed} here, and '{phase.dataset}' has {phase.records} records in {place}"
    return Answer(
        outcome=Outcome.PASS if holds else Outcome.FAIL,
        message=f"'{phase.dataset}' has {phase.records} records, as {place} says" if holds else differs,
        measured=phase.claimed,
        limit=phase.records,
        unit="records",
        fixes=() if holds else (Fix(text="state the number of records that was trained on, in both places"),),
    )


def tuning_accounted(tuning: TuningRuns) -> Answer:
    """Choosing hyper-parameters on private data is part of what was spent.

    Tune on public data; trials on private data are not accounted for yet.
    """
    if not tuning.spends_budget:
        message = f"tuning on {tuning.data} data cost nothing"
        return Answer(outcome=Outcome.PASS, message=message)
    return Answer(
        outcome=Outcome.UNKNOWN,
        reason=Reason.NOT_PROVEN,
        message="tuning on private data is not accounted for",
        measured=tuning.trials or None,
        limit=0,
        unit="trials",
        fixes=(Fix(text="tune on public data, or fix the hyper-parameters before the private data is seen"),),
    )


def microbatch_within(phase: PhaseParameters, limits: MicrobatchLimits) -> Answer:
    """Every record's gradient is clipped on its own: clipping several together doubles what one can change.

    Set the microbatch size to one record in the training configuration, and train again.
    """
    if not phase.microbatch:
        message = f"{phase.mechanism} clips no microbatches"
        return Answer(outcome=Outcome.NOT_APPLICABLE, reason=Reason.OUT_OF_SCOPE, message=message)
    fits = phase.microbatch <= limits.max_microbatch
    return Answer(
        outcome=Outcome.PASS if fits else Outcome.FAIL,
        message=f"{phase.microbatch} records are clipped together; policy allows {limits.max_microbatch}",
        measured=phase.microbatch,
        limit=limits.max_microbatch,
        unit="records",
        causes=() if phase.microbatch == 1 else ("one record can move a microbatch's mean by twice the clipping norm",),
        fixes=() if fits else (Fix(text="train with microbatches of one record"),),
    )


def no_claim_justified(kind: ClaimKind) -> Answer:
    """A release without a privacy claim uses no personal data.

    Claim a guarantee, or show by the lineage that no data set behind the release holds personal data.
    """
    if kind.claim_type != "none":
        message = f"the release claims {kind.claim_type}"
        return Answer(outcome=Outcome.NOT_APPLICABLE, reason=Reason.OUT_OF_SCOPE, message=message)
    return Answer(
        outcome=Outcome.UNKNOWN,
        reason=Reason.NOT_PROVEN,
        message="nothing shows that the release uses no personal data",
        measured="none",
        fixes=(Fix(text="state a privacy claim with the phases that used the data"),),
    )
