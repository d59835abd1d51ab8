"""Collects the figures that a manifest claims of cost, beside those that were computed or predicted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from policy_gate.area import Evidence, not_declared, not_established
from policy_gate.areas.cost.collect import moved
from policy_gate.areas.cost.device import CostBasis
from policy_gate.areas.cost.facts import ClaimedCost, MacCost, ModelFile, WeightCost
from policy_gate.areas.cost.facts_device import (
    ClaimedEstimate,
    ModelEstimate,
    ModelRoom,
    TargetEnergy,
    TargetEstimate,
    TargetLatency,
    TargetRam,
    TargetRoom,
    TargetStorage,
)
from policy_gate.areas.cost.runs import runs
from policy_gate.errors import EvidenceError
from policy_gate.model import RELEASE, Fact, Missing, Subject, round_down

if TYPE_CHECKING:
    from policy_gate.areas.cost.claims import CostEntry

KIB = 1024


def claimed_costs(evidence: Evidence) -> Iterator[Fact | Missing]:
    """The figures of the `cost` section that can be computed again, beside what was computed."""
    from policy_gate.areas.cost.claims import Cost

    claimed = evidence.section("cost")
    entries = claimed.root if isinstance(claimed, Cost) else ()
    spoken: set[Subject] = set()
    for position, entry in enumerate(entries):
        for fact in _claimed(evidence, entry, f"/cost/{position}"):
            spoken.add(fact.subject)
            yield fact
    if spoken:
        yield from _unclaimed(evidence, spoken)
        return
    what = "no figure that can be computed again (macs, parameters, flash_kib)" if entries else "no cost"
    yield not_declared(ClaimedCost, "/cost", f"the manifest claims {what}")


def _unclaimed(evidence: Evidence, spoken: set[Subject]) -> Iterator[Missing]:
    """Every model on a target that nothing is claimed of, where something is claimed of others."""
    models = {entry.subject for entry in evidence.facts.entries(ModelFile)}
    try:
        every = runs(evidence) if evidence.manifest.targets else ()
    except EvidenceError as error:
        yield not_established(ClaimedCost, RELEASE, "/targets", error)
        return
    for run in every:
        if run.subject not in spoken and Subject("artifact", (run.artifact.id,)) in models:
            what = "the manifest claims no figure of it that can be computed again (macs, parameters, flash_kib)"
            yield not_declared(ClaimedCost, "/cost", what, run.subject)


def _claimed(evidence: Evidence, entry: CostEntry, pointer: str) -> Iterator[Fact | Missing]:
    subject = Subject("target", (entry.target, entry.artifact))
    macs = evidence.facts.get(MacCost, subject)
    weights = evidence.facts.get(WeightCost, subject)
    if entry.macs is not None:
        yield _exact(macs, subject, f"{pointer}/macs", entry.macs)
    if entry.parameters is not None:
        yield _exact(weights, subject, f"{pointer}/parameters", entry.parameters)
    if entry.flash_kib is not None:
        yield _flash(weights, subject, f"{pointer}/flash_kib", entry.flash_kib)


def _exact(cost: MacCost | WeightCost | Missing, subject: Subject, pointer: str, claimed: int) -> Fact | Missing:
    if isinstance(cost, Missing):
        return moved(cost, ClaimedCost, subject, pointer)
    is_macs = isinstance(cost, MacCost)
    return ClaimedCost(
        subject=subject,
        pointer=pointer,
        key="macs" if is_macs else "parameters",
        claimed=float(claimed),
        computed=float(cost.macs if isinstance(cost, MacCost) else cost.parameters),
        unit="MAC" if is_macs else "parameters",
        exact=True,
    )


def _flash(weights: WeightCost | Missing, subject: Subject, pointer: str, claimed_kib: float) -> Fact | Missing:
    """Flash holds the weights and the code of the engine, so a true figure is never under the weights alone."""
    if isinstance(weights, Missing):
        return moved(weights, ClaimedCost, subject, pointer)
    return ClaimedCost(
        subject=subject,
        pointer=pointer,
        key="flash_kib",
        claimed=float(claimed_kib),
        computed=weights.weight_bytes / 1024,
        unit="KiB",
        exact=False,
    )


def claimed_estimates(evidence: Evidence) -> Iterator[Fact | Missing]:
    """The claimed latency, energy, RAM and flash, beside the least that each can be on the target."""
    from policy_gate.areas.cost.claims import Cost

    claimed = evidence.section("cost")
    entries = claimed.root if isinstance(claimed, Cost) else ()
    found = [one for position, entry in enumerate(entries) for one in _estimated(evidence, entry, f"/cost/{position}")]
    yield from found or [
        ClaimedEstimate(
            subject=RELEASE, pointer="/cost", key="", claimed=0.0, least=0.0, unit="", how=CostBasis.ESTIMATED
        )
    ]


def _estimated(evidence: Evidence, entry: CostEntry, pointer: str) -> Iterator[Fact | Missing]:
    claims: tuple[tuple[str, float | None, str, type[TargetEstimate | TargetRoom]], ...] = (
        ("latency_ms", entry.latency_ms, "ms", TargetLatency),
        ("energy_uj", entry.energy_uj, "uJ", TargetEnergy),
        ("ram_kib", entry.ram_kib, "KiB", TargetRam),
        ("flash_kib", entry.flash_kib, "KiB", TargetStorage),
    )
    for key, claimed, unit, kind in claims:
        if claimed is None:
            continue
        found = _least(evidence, kind, entry)
        subject, at = Subject("target", (entry.target, entry.artifact)), f"{pointer}/{key}"
        if isinstance(found, Missing):
            yield replace(found, subject=subject, pointer=at)
            continue
        least, how = found
        yield ClaimedEstimate(
            subject=subject, pointer=at, key=key, claimed=float(claimed), least=least, unit=unit, how=how
        )


def _least(
    evidence: Evidence, kind: type[TargetEstimate | TargetRoom], entry: CostEntry
) -> tuple[float, CostBasis] | Missing:
    """The least that a figure of one artifact can be on a target, and how that is known."""
    if all(target.id != entry.target for target in evidence.manifest.targets):
        what = f"'{entry.target}' is no target of this manifest, so nothing is predicted of it"
        return not_declared(ClaimedEstimate, "/cost", what, fix="name a target of the manifest under `target`")
    whole = evidence.facts.get(kind, Subject("target", (entry.target,)))
    if isinstance(whole, Missing):
        return replace(whole, fact=ClaimedEstimate.name)
    models: tuple[ModelEstimate | ModelRoom, ...] = whole.models
    one = next((model for model in models if model.artifact == entry.artifact), None)
    if one is None:
        what = f"{entry.target} does not run {entry.artifact}, so nothing is predicted of it"
        fix = "name an artifact that the target runs, or add it under `runs` of the target"
        return not_declared(ClaimedEstimate, "/cost", what, fix=fix)
    if isinstance(one, ModelRoom):
        return round_down((one.low + _code(whole, one)) / KIB), one.how
    return one.low, one.how


def _code(whole: TargetEstimate | TargetRoom, one: ModelRoom) -> int:
    """Bytes of the runtime's code, which flash holds with each model by itself; a measurement has them already."""
    is_measured = one.how is CostBasis.MEASURED
    return whole.code_low if isinstance(whole, TargetStorage) and not is_measured else 0
