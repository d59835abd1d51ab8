"""Compares what a privacy claim says of itself with its evidence and with policy."""

from __future__ import annotations

from dataclasses import replace

from policy_gate.areas.privacy.facts import (
    DeltaClaim,
    Neighbours,
    PhaseDataset,
    PhaseParameters,
    ProtectedUnit,
)
from policy_gate.errors import Reason
from policy_gate.frozen import dataclass
from policy_gate.model import Answer, Fix, Outcome
from policy_gate.policy.limits import limit, number, text_set, whole_number


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
