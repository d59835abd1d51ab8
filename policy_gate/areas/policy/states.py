"""Turns what waivers and the baseline were worth into facts, so that rules can judge them like everything else."""

from __future__ import annotations

from collections.abc import Iterator

from policy_gate.areas.policy.facts import KnownFindings, ListedWaiver, WaiverNumber
from policy_gate.model import Subject
from policy_gate.policy.baseline import KnownState, KnownStatus
from policy_gate.policy.exceptions import Days, WaiverLimits
from policy_gate.policy.waiver_use import Waived, WaiverState


def waiver_facts(waived: Waived, limits: WaiverLimits) -> tuple[ListedWaiver | WaiverNumber, ...]:
    """One fact for each waiver, in the order of `waived.states`, then the one about their number."""
    number = WaiverNumber(
        subject=Subject("waivers"),
        pointer="/waivers",
        listed=len(waived.states),
        running=waived.running,
        waivers_max=limits.waivers_max,
    )
    return (*(_listed(state, limits) for state in waived.states), number)


def baseline_fact(made: str, states: tuple[KnownState, ...]) -> KnownFindings:
    """The fact about the baseline, which was made on the day `made`."""
    return KnownFindings(
        subject=Subject("baseline"),
        pointer="/findings",
        made=made,
        same=sum(one.status is KnownStatus.SAME for one in states),
        better=tuple(_ids(states, KnownStatus.BETTER)),
        worse=tuple(_ids(states, KnownStatus.WORSE)),
        gone=tuple(_ids(states, KnownStatus.GONE)),
        never_known=tuple(_ids(states, KnownStatus.NEVER_KNOWN)),
    )


def _ids(states: tuple[KnownState, ...], status: KnownStatus) -> Iterator[str]:
    return (one.id for one in states if one.status is status)


def _listed(state: WaiverState, limits: WaiverLimits) -> ListedWaiver:
    waiver, days = state.waiver, state.days
    return ListedWaiver(
        subject=Subject("waiver", (waiver.id,)),
        pointer=waiver.pointer,
        basis=state.basis,
        waiver=waiver.id,
        rule=waiver.rule,
        about=waiver.subject,
        owner=waiver.owner,
        approvers=state.approvers,
        objection=state.objection,
        status=state.status,
        message=state.message,
        expires=waiver.expires,
        days_known=isinstance(days, Days),
        days_left=days.left if isinstance(days, Days) else 0,
        lifetime_days=days.lifetime if isinstance(days, Days) else 0,
        days_max=limits.waiver_days_max,
        covers=state.covers,
    )
