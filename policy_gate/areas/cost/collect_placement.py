"""Collects which operator calls a target's device does not run, by the list of its profile and of its firmware."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from policy_gate.area import Evidence, not_declared, not_established
from policy_gate.areas.cost.facts_device import OutsideOperator, TargetPlacement
from policy_gate.areas.cost.figures import Profiled
from policy_gate.areas.cost.groups import Group, groups
from policy_gate.areas.cost.predicting import figures_of, profile_pointer
from policy_gate.areas.cost.target_device import Runnable, runnable, target_of
from policy_gate.errors import EvidenceError, Reason
from policy_gate.model import RELEASE, Basis, Fact, Missing, round_up
from policy_gate.source.paths import shown

MAX_LISTED = 50


def placements(evidence: Evidence) -> Iterator[Fact | Missing]:
    """What of every target's models runs outside its device."""
    try:
        found = [group for group in groups(evidence) if group.models]
    except EvidenceError as error:
        yield not_established(TargetPlacement, RELEASE, "/targets", error)
        return
    for group in found:
        yield _placement(evidence, group)
    if not found:
        yield not_declared(TargetPlacement, "/targets", "no target runs a model of this release")


def _placement(evidence: Evidence, group: Group) -> Fact | Missing:
    target = target_of(evidence.manifest, group)
    if target is None:
        what = "the release names no target, so no list of operators is known"
        return not_declared(TargetPlacement, "/targets", what, group.subject)
    try:
        allowed = runnable(evidence, target)
    except EvidenceError as error:
        declared = error.reason is Reason.NOT_DECLARED
        pointer = f"/targets/{group.position}/runtime/operators" if declared else profile_pointer(group)
        return not_established(TargetPlacement, group.subject, pointer, error)
    profiled = [figures_of(evidence, run, TargetPlacement) for run in group.models]
    missing = [one for one in profiled if isinstance(one, Missing)]
    if missing:
        return group.missing(missing, TargetPlacement.name)
    return _counted(group, [one for one in profiled if isinstance(one, Profiled)], allowed)


def _counted(group: Group, models: list[Profiled], allowed: Runnable) -> TargetPlacement:
    from policy_gate.areas.cost.placing import place

    placed = [place(one.profile, allowed.operators) for one in models]
    outside: Counter[str] = Counter()
    for one in placed:
        outside.update(dict(one.outside))
    known = [(one.macs, one.outside_macs) for one in placed if one.macs is not None and one.outside_macs is not None]
    macs, outside_macs = sum(whole for whole, _ in known), sum(beyond for _, beyond in known)
    return TargetPlacement(
        subject=group.subject,
        pointer=group.at([one.pointer for one in models]),
        basis=Basis.RECOMPUTED if allowed.is_trusted else Basis.DECLARED,
        lists=allowed.lists,
        nodes=sum(one.calls for one in placed),
        fallback_nodes=sum(outside.values()),
        mac_share=_share(outside_macs, macs, is_known=len(known) == len(placed), any_outside=bool(outside)),
        outside=tuple(
            OutsideOperator(op=shown(op), nodes=count)
            for op, count in sorted(outside.items(), key=lambda one: (-one[1], one[0]))[:MAX_LISTED]
        ),
    )


def _share(outside_macs: int, macs: int, *, is_known: bool, any_outside: bool) -> float:
    if not any_outside:
        return 0.0
    if not is_known:
        return 1.0
    return round_up(outside_macs / macs) if macs else 0.0
