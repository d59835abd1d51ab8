"""Judges identity and time: what a release is called, when it was made, where it goes back to, against the base."""

from __future__ import annotations

from policy_gate.areas.release.facts import (
    CertificationTerm,
    CreationTime,
    ReleaseName,
    ReleaseState,
    RollbackPlan,
    SequenceFloor,
)
from policy_gate.errors import Reason
from policy_gate.manifest.claims import MAX_SEQUENCE
from policy_gate.model import Answer, Fix, Outcome


def same_release_same_bytes(state: ReleaseState, *, base: ReleaseState) -> Answer:
    """A manifest that changed since the base release carries a higher sequence number.

    Raise `metadata.sequence` with every change. A rollback is a release too: it gets a higher number
    and points at the older files.
    """
    if state.manifest_digest == base.manifest_digest:
        return Answer(outcome=Outcome.PASS, message="the manifest is the base release's, byte for byte")
    if state.sequence > base.sequence:
        return Answer(
            outcome=Outcome.PASS,
            message=f"sequence rose from {base.sequence} to {state.sequence}",
            measured=state.sequence,
            base=base.sequence,
        )
    if state.sequence == base.sequence:
        message = f"the manifest changed, but its sequence is still {state.sequence}"
    else:
        message = f"sequence went back from {base.sequence} to {state.sequence}"
    return Answer(
        outcome=Outcome.FAIL,
        message=message,
        measured=state.sequence,
        limit=base.sequence + 1,
        base=base.sequence,
        fixes=_next_sequence(state, base),
    )


def _next_sequence(state: ReleaseState, base: ReleaseState) -> tuple[Fix, ...]:
    if base.sequence >= MAX_SEQUENCE:
        return (Fix(text="sequence numbers are used up: start a release with another name"),)
    following = base.sequence + 1
    return (Fix(text=f"set `sequence: {following}`", pointer=state.pointer, replacement=following),)


def name_is_stable(name: ReleaseName) -> Answer:
    """A manifest keeps the release name it has in the base.

    Under another name a release would have no history to be compared with. For another release write
    another manifest.
    """
    if not name.base_known:
        return Answer(
            outcome=Outcome.NOT_APPLICABLE, reason=Reason.NO_BASELINE, message="there is no base to compare with"
        )
    if name.name_at_path == name.release:
        return Answer(outcome=Outcome.PASS, message=f"the release is named '{name.release}' as in the base")
    if name.name_at_path:
        return Answer(
            outcome=Outcome.FAIL,
            message=f"the release of this manifest is '{name.name_at_path}' in the base, and '{name.release}' here",
            measured=name.release,
            base=name.name_at_path,
            fixes=(
                Fix(text=f"name it '{name.name_at_path}' again"),
                Fix(text="for another release write a manifest at another path, and keep this one"),
            ),
        )
    if name.known_in_base:
        return Answer(outcome=Outcome.PASS, message=f"the manifest of '{name.release}' moved to this path")
    near = f"; the base has '{name.nearest_in_base}'" if name.nearest_in_base else ""
    return Answer(outcome=Outcome.PASS, message=f"'{name.release}' is a new release{near}")


def created_in_the_past(time: CreationTime) -> Answer:
    """The release states when it was made, in UTC, and not after today.

    Write the time of the build as in 2026-11-20T09:14:03Z.
    """
    if not time.well_formed:
        return Answer(
            outcome=Outcome.FAIL,
            message="the time of creation is not a UTC time of RFC 3339, such as 2026-11-20T09:14:03Z",
            measured=time.created[:64],
        )
    if time.created_ms >= time.end_of_today_ms:
        return Answer(
            outcome=Outcome.FAIL,
            message=f"the release says it was made on {time.created}, after today",
            measured=time.created,
            limit=time.today,
            fixes=(Fix(text="write the time of the build; if it is right, check the clock of the machine that built"),),
        )
    return Answer(outcome=Outcome.PASS, message=f"made on {time.created}", measured=time.created, limit=time.today)


def created_after_base(time: CreationTime, *, base: CreationTime) -> Answer:
    """A release was not made before the one it follows.

    Write the time of this build, also when the release points at older files.
    """
    if not (time.well_formed and base.well_formed):
        return Answer(
            outcome=Outcome.UNKNOWN,
            reason=Reason.UNREADABLE,
            message="one of the two times of creation is not a UTC time of RFC 3339",
        )
    outcome = Outcome.PASS if time.created_ms >= base.created_ms else Outcome.FAIL
    order = "not before" if outcome is Outcome.PASS else "before"
    return Answer(
        outcome=outcome,
        message=f"made on {time.created}, {order} the base release",
        measured=time.created,
        base=base.created,
    )


def rollback_is_possible(plan: RollbackPlan) -> Answer:
    """The release to go back to is an earlier one, and not under the lowest that devices may run.

    Point `rollback.to` at the last good release; keep `min_sequence` at or under its sequence.
    """
    if plan.to_sequence >= plan.sequence:
        return Answer(
            outcome=Outcome.FAIL,
            message=f"the release to go back to has sequence {plan.to_sequence}, which is not before {plan.sequence}",
            measured=plan.to_sequence,
            limit=plan.sequence - 1,
            pointer=f"{plan.pointer}/to/sequence",
        )
    if plan.to_sequence < plan.min_sequence:
        return Answer(
            outcome=Outcome.FAIL,
            message=f"devices may not run anything under {plan.min_sequence}, yet would go back to {plan.to_sequence}",
            measured=plan.to_sequence,
            limit=plan.min_sequence,
            pointer=f"{plan.pointer}/to/sequence",
        )
    return Answer(
        outcome=Outcome.PASS,
        message=f"goes back to {plan.to_version}, sequence {plan.to_sequence}",
        measured=plan.to_sequence,
    )


def floor_never_falls(floor: SequenceFloor, *, base: SequenceFloor) -> Answer:
    """The lowest sequence that devices may run never falls from one release to the next.

    Keep `rollback.min_sequence` at or above the base release's: under it lies what was withdrawn.
    """
    now = floor.min_sequence if floor.min_sequence >= 0 else None
    before = base.min_sequence if base.min_sequence >= 0 else None
    if floor.min_sequence < base.min_sequence:
        return Answer(
            outcome=Outcome.FAIL,
            message=f"`min_sequence` was {before} and is {'absent' if now is None else now}",
            measured=now,
            limit=before,
            base=before,
            fixes=(Fix(text=f"write `min_sequence: {before}` or more"),),
        )
    message = "devices may run any sequence, as before" if now is None else f"no device may run anything under {now}"
    return Answer(outcome=Outcome.PASS, message=message, measured=now, limit=before, base=before)


def certification_is_valid(term: CertificationTerm) -> Answer:
    """No certification of the release has expired; its last day still counts (UTC).

    Renew the certification and state its new term, or withdraw the claim.
    """
    if term.days_left >= 0:
        return Answer(
            outcome=Outcome.PASS,
            message=f"{term.scheme} is valid until {term.valid_until}",
            measured=term.days_left,
            limit=0,
            unit="days",
        )
    return Answer(
        outcome=Outcome.FAIL,
        message=f"{term.scheme} expired on {term.valid_until}",
        measured=term.days_left,
        limit=0,
        unit="days",
        fixes=(Fix(text="renew the certification, or withdraw the claim"),),
    )
