"""Judges what a change does to its judge: it does not loosen without approval, it is clear, and it can be loaded."""

from __future__ import annotations

from policy_gate.areas.policy.change_facts import Direction, PolicyChange, Proposal
from policy_gate.model import Answer, Fix, Outcome

_SHOWN = 3


def does_not_loosen(change: PolicyChange) -> Answer:
    """A change of what judges does not loosen it, unless an approver signed or reviewed the table of all its changes.

    Keep the loosening apart from releases: propose it alone, say why, and have its digest signed by a key of the role
    approver. A value that cannot be read or compared counts as looser.
    """
    what = _words(change)
    if change.direction is not Direction.LOOSER:
        return Answer(outcome=Outcome.PASS, message=f"{what}: {change.direction.value}")
    if change.approved_by:
        return Answer(outcome=Outcome.PASS, message=f"{what}: looser, approved by {', '.join(change.approved_by)}")
    if change.reviewed_by:
        return Answer(outcome=Outcome.PASS, message=f"{what}: looser, approved by {_reviews(change.reviewed_by)}")
    objection = f"; its approval is not proven: {change.objection}" if change.objection else ""
    return Answer(
        outcome=Outcome.FAIL,
        message=f"{what}: looser than the base{objection}",
        measured=change.after,
        base=change.before,
        fixes=(
            Fix(text="take the change back, or propose it apart from any release and have an approver sign its table"),
        ),
    )


def is_clear(change: PolicyChange) -> Answer:
    """A change of what judges is looser or stricter by a known direction, so that nobody has to guess what it does.

    Give a parameter its direction by `stricter:`. What has none, such as another check, a text or a pin, is for a
    person to read.
    """
    what = _words(change)
    if change.direction is not Direction.DIFFERENT:
        return Answer(outcome=Outcome.PASS, message=f"{what}: {change.direction.value}")
    return Answer(
        outcome=Outcome.FAIL,
        message=f"{what}: different, and neither looser nor stricter by any rule",
        measured=change.after,
        base=change.before,
        fixes=(Fix(text="have somebody who knows the policy read the old and the new value"),),
    )


def proposal_loads(proposal: Proposal) -> Answer:
    """The policy that a change proposes can be loaded, so that the next change can be judged by it.

    Run `policy-gate policy lint` on the files that are named, and mend what it says.
    """
    if not proposal.problems:
        return Answer(outcome=Outcome.PASS, message="the proposed policy can be loaded")
    more = len(proposal.problems) - 1
    return Answer(
        outcome=Outcome.FAIL,
        message=f"the proposed policy cannot be loaded: {proposal.problems[0]}"
        + (f", and {more} more" if more else ""),
        causes=proposal.problems[1 : 1 + _SHOWN],
        fixes=(Fix(text="mend it here: once merged, nothing could be judged any more"),),
    )


def _reviews(people: tuple[str, ...]) -> str:
    return f"the GitHub {'review' if len(people) == 1 else 'reviews'} of {', '.join(people)}"


def _words(change: PolicyChange) -> str:
    return f"{change.kind} {change.what}"
