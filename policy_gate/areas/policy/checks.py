"""Judges exceptions to the policy: waivers that ended, linger or nobody approved, and a baseline that is stale."""

from __future__ import annotations

from policy_gate.areas.policy.facts import KnownFindings, ListedWaiver, WaiverNumber
from policy_gate.errors import Reason
from policy_gate.frozen import dataclass
from policy_gate.model import Answer, Fix, Outcome
from policy_gate.policy.limits import limit, whole_number
from policy_gate.policy.waivers import Status

_ELSEWHERE = (Status.OTHER_RELEASE, Status.OTHER_VERSION, Status.OTHER_ARTIFACT)
_OVER = (Status.EXPIRED, Status.NO_SUCH_DAY, Status.NOT_YET, Status.NOT_WAIVABLE)
_JUDGED_BY_OTHER_RULES = (Status.TOO_LONG, Status.NOT_APPROVED, Status.TOO_MANY)
_MISSES = (Status.NOT_NEEDED, Status.NOT_A_FAIL, Status.PAST_ACCEPT)
_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class EndLimits:
    """How early the end of a waiver is announced."""

    announce_days: int = limit(
        whole_number(0, 3650), "days before its end that a waiver is announced", stricter="higher", default=30
    )


def waiver_in_force(waiver: ListedWaiver) -> Answer:
    """A waiver that is listed is in force: it has begun, has not ended, and its rule may be waived.

    Remove a waiver that has ended. If the finding is still there, mend it, or ask for a new waiver.
    The last day still counts (UTC). What is no day counts as expired.
    """
    if waiver.status in _ELSEWHERE or waiver.status in _JUDGED_BY_OTHER_RULES:
        return _not_here(waiver)
    if waiver.status in _OVER:
        is_expired = waiver.status is Status.EXPIRED
        return Answer(
            outcome=Outcome.FAIL,
            message=waiver.message,
            measured=waiver.days_left if is_expired else waiver.expires,
            limit=0 if is_expired else None,
            unit="days" if is_expired else "",
            fixes=(Fix(text=f"remove waiver {waiver.waiver}, or have a new one approved"),),
        )
    return Answer(
        outcome=Outcome.PASS,
        message=f"in force until {waiver.expires}",
        measured=waiver.days_left,
        limit=0,
        unit="days",
    )


def waiver_is_needed(waiver: ListedWaiver) -> Answer:
    """A waiver in force covers a finding; one that covers nothing is removed.

    Remove a waiver whose finding is gone. A waiver covers fail, never unknown, and a number only up to its `accept`.
    """
    if waiver.status is Status.COVERS:
        return Answer(outcome=Outcome.PASS, message=f"covers {_some(waiver.covers)}")
    if waiver.status in _MISSES:
        fixes = (Fix(text=f"remove waiver {waiver.waiver}, unless it should cover something else"),)
        return Answer(outcome=Outcome.FAIL, message=f"it covers nothing: {waiver.message}", fixes=fixes)
    return _not_here(waiver)


def waiver_not_ending(waiver: ListedWaiver, limits: EndLimits) -> Answer:
    """A waiver that is used does not end in the next days, so that its end surprises nobody.

    Mend the finding before the waiver ends, or have a new waiver approved in time.
    """
    if waiver.status is not Status.COVERS:
        return _not_here(waiver)
    is_soon = waiver.days_left <= limits.announce_days
    return Answer(
        outcome=Outcome.FAIL if is_soon else Outcome.PASS,
        message=f"{waiver.rule} fails again after {waiver.expires}; days left: {waiver.days_left}",
        measured=waiver.days_left,
        limit=limits.announce_days,
        unit="days",
        fixes=(Fix(text=f"mend the finding before {waiver.expires} is over, or have a new waiver approved"),)
        if is_soon
        else (),
    )


def waiver_within_lifetime(waiver: ListedWaiver) -> Answer:
    """A waiver is granted for no more days than the policy allows.

    Choose an earlier day for `expires`. Days are counted from `granted`, or from today where it is left out.
    """
    if not waiver.days_known:
        message = "how long it lives cannot be told: its days are no days"
        fix = Fix(text="write days such as 2027-01-31")
        return Answer(outcome=Outcome.UNKNOWN, reason=Reason.UNREADABLE, message=message, fixes=(fix,))
    is_within = waiver.lifetime_days <= waiver.days_max
    return Answer(
        outcome=Outcome.PASS if is_within else Outcome.FAIL,
        message=f"granted for {waiver.lifetime_days} days; the policy allows {waiver.days_max}",
        measured=waiver.lifetime_days,
        limit=waiver.days_max,
        unit="days",
        fixes=() if is_within else (Fix(text=f"choose an earlier day for `expires` of waiver {waiver.waiver}"),),
    )


def waivers_within_number(number: WaiverNumber) -> Answer:
    """No more waivers run for a release than the policy allows; with more, none of them counts.

    Mend some findings and remove their waivers. A waiver runs when it is for this release and today is one of its days,
    approved or not.
    """
    is_within = number.running <= number.waivers_max
    consequence = "" if is_within else ": none of them counts"
    return Answer(
        outcome=Outcome.PASS if is_within else Outcome.FAIL,
        message=f"{number.running} of {number.listed} waivers run for this release today; "
        f"the policy allows {number.waivers_max}{consequence}",
        measured=number.running,
        limit=number.waivers_max,
        unit="waivers",
        fixes=() if is_within else (Fix(text="mend some of the findings, and remove their waivers"),),
    )


def waiver_is_approved(waiver: ListedWaiver) -> Answer:
    """A waiver is approved by somebody else than its owner, and proven where the policy demands it.

    Ask an approver of the trust file to sign the waiver, and name the signature under `approval`.
    Any change of the waiver, but of `approval`, needs a new signature.
    """
    if waiver.objection:
        fix = Fix(text=f"an approver signs it: policy-gate waive --approve {waiver.waiver} --key approver.pem")
        return Answer(outcome=Outcome.FAIL, message=waiver.objection, measured=waiver.basis.value, fixes=(fix,))
    names = ", ".join(waiver.approvers)
    return Answer(outcome=Outcome.PASS, message=f"approved by {names} ({waiver.basis})", measured=waiver.basis.value)


def baseline_is_current(known: KnownFindings) -> Answer:
    """The baseline holds what is still there: a finding that is gone or better is taken out or tightened.

    Run `policy-gate baseline` again and commit the result: what was mended then stays mended.
    """
    parts = (("gone", known.gone), ("better", known.better), ("never covered", known.never_known))
    stale = [f"{len(ids)} {word} ({_some(ids)})" for word, ids in parts if ids]
    if not stale:
        return Answer(outcome=Outcome.PASS, message=f"made {known.made}; {known.same} findings are as recorded")
    return Answer(
        outcome=Outcome.FAIL,
        message=f"made {known.made}; since then {', '.join(stale)}",
        fixes=(Fix(text="run `policy-gate baseline` again and commit the result"),),
    )


def _not_here(waiver: ListedWaiver) -> Answer:
    return Answer(outcome=Outcome.NOT_APPLICABLE, reason=Reason.OUT_OF_SCOPE, message=waiver.message)


def _some(ids: tuple[str, ...]) -> str:
    more = len(ids) - _SHOWN
    return ", ".join(ids[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
