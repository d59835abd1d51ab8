"""Applies waivers to judgements, and says of every waiver what it was worth."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from policy_gate.frozen import dataclass
from policy_gate.model import Basis, Judgement, Outcome
from policy_gate.policy.exceptions import NO_PROOF, Days, NoDays, Proof, Proven, days_between
from policy_gate.policy.waivers import (
    Circumstances,
    Decision,
    Status,
    Waiver,
    approval_objection,
    decide,
    number_running,
    standing,
    subject_words,
)

_NEEDED = (Outcome.FAIL, Outcome.UNKNOWN, Outcome.ERROR)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverState:
    """What one waiver was worth for one release: `covers` are the ids of the findings it covers.

    `basis` says how its approval is known, `approvers` by whom. `objection` is why it is not approved, else "".
    """

    waiver: Waiver
    status: Status
    message: str
    days: Days | NoDays
    basis: Basis
    approvers: tuple[str, ...]
    objection: str
    covers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Waived:
    """Judgements in their order, those covered now waived; the state of each waiver by id; how many run."""

    judgements: tuple[Judgement, ...]
    states: tuple[WaiverState, ...]
    running: int


def apply_waivers(
    judgements: Sequence[Judgement],
    waivers: Sequence[Waiver],
    proofs: Mapping[str, Proof],
    circumstances: Circumstances,
    known_rules: Collection[str],
) -> Waived:
    """Turn every failure that a waiver covers into a waived one; the order of waivers never matters.

    `proofs` are by waiver id; a waiver without one has no proof. `known_rules` are the policy's rules of every stage.
    A failure that no waiver covers keeps in `note` why the waiver that names it does not.
    """
    ordered = sorted(waivers, key=lambda one: one.id)
    running = number_running(ordered, circumstances)
    table = {waiver.id: _Tally(waiver, proofs.get(waiver.id, NO_PROOF)) for waiver in ordered}
    by_finding: dict[tuple[str, str], list[_Tally]] = {}
    for tally in table.values():
        by_finding.setdefault((tally.waiver.rule, tally.waiver.subject), []).append(tally)
    result = []
    for judgement in judgements:
        named_by = by_finding.get((judgement.rule, subject_words(judgement.subject)), [])
        result.append(_judged(judgement, named_by, circumstances, running))
    judged_rules = {judgement.rule for judgement in judgements}
    return Waived(
        judgements=tuple(result),
        states=tuple(_state(one, circumstances, judged_rules, known_rules) for one in table.values()),
        running=running,
    )


class _Tally:
    """One waiver with what it decided on the findings that it names."""

    def __init__(self, waiver: Waiver, proof: Proof) -> None:
        self.waiver = waiver
        self.proof = proof
        self.covers: list[str] = []
        self.decisions: list[Decision] = []


def _judged(judgement: Judgement, named_by: Sequence[_Tally], circumstances: Circumstances, running: int) -> Judgement:
    result = judgement
    for tally in named_by:
        decision = decide(tally.waiver, judgement, tally.proof, circumstances, running=running)
        tally.decisions.append(decision)
        if decision.covers:
            tally.covers.append(judgement.finding_id)
            if result.outcome is not Outcome.WAIVED:
                note = covering_words(tally.waiver, tally.proof, decision)
                result = replace(judgement, outcome=Outcome.WAIVED, waiver=tally.waiver.id, note=note)
        elif result.outcome in _NEEDED and not result.note:
            result = replace(result, note=f"waiver {tally.waiver.id} does not cover this: {decision.message}")
    return result


def covering_words(waiver: Waiver, proof: Proof, decision: Decision) -> str:
    """Say in one line what covers a finding: until when, what it accepts, who answers for it and who approved."""
    approved = f"signed by {', '.join(proof.by)}" if isinstance(proof, Proven) else "declared"
    names = ", ".join(waiver.approved_by)
    return (
        f"waiver {waiver.id} until {waiver.expires}: {decision.message}; owner {waiver.owner}, "
        f"approved by {names} ({approved}); {waiver.reason}"
    )


def _state(
    tally: _Tally, circumstances: Circumstances, judged_rules: Collection[str], known_rules: Collection[str]
) -> WaiverState:
    waiver, proof = tally.waiver, tally.proof
    decision = _worth(tally, circumstances, judged_rules, known_rules)
    return WaiverState(
        waiver=waiver,
        status=decision.status,
        message=decision.message,
        days=days_between(waiver.granted, waiver.expires, circumstances.today),
        basis=Basis.ATTESTED if isinstance(proof, Proven) else Basis.DECLARED,
        approvers=proof.by if isinstance(proof, Proven) else waiver.approved_by,
        objection=approval_objection(waiver, proof, circumstances.limits),
        covers=tuple(sorted(set(tally.covers))),
    )


def _worth(
    tally: _Tally, circumstances: Circumstances, judged_rules: Collection[str], known_rules: Collection[str]
) -> Decision:
    """Pick the one thing to say of a waiver: that it covers, else why it is not in force, else what it misses."""
    waiver = tally.waiver
    covering = [one for one in tally.decisions if one.covers]
    if covering:
        return covering[0]
    held = standing(waiver, tally.proof, circumstances)
    if held.status is not Status.IN_FORCE:
        return held
    if waiver.rule not in known_rules:
        return Decision(status=Status.NOT_NEEDED, message=f"the policy has no rule {waiver.rule}")
    if waiver.rule not in judged_rules:
        return Decision(status=Status.NOT_JUDGED, message=f"rule {waiver.rule} is not judged at this stage")
    missed = [one for one in tally.decisions if one.status is not Status.NOT_NEEDED]
    if missed:
        return missed[0]
    if tally.decisions:
        return Decision(status=Status.NOT_NEEDED, message=f"{waiver.rule} does not fail for {waiver.subject}")
    return Decision(status=Status.NOT_NEEDED, message=f"{waiver.rule} judges no subject '{waiver.subject}'")
