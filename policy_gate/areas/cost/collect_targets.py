"""Adds up what one target runs, so that a budget holds for the target however many models and files share it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from policy_gate.area import Evidence, not_declared, not_established
from policy_gate.areas.cost import reading
from policy_gate.areas.cost.facts import (
    ActivationCost,
    AssetTake,
    MacCost,
    ModelFile,
    ModelTake,
    TargetActivations,
    TargetFlash,
    TargetMacs,
    WeightCost,
)
from policy_gate.areas.cost.runs import Run, runs
from policy_gate.errors import EvidenceError
from policy_gate.frozen import dataclass
from policy_gate.model import RELEASE, Fact, Missing, Subject

if TYPE_CHECKING:
    from policy_gate.manifest import Artifact

Cost = MacCost | WeightCost | ActivationCost
TOTALS: tuple[tuple[type[Cost], type[Fact]], ...] = (
    (MacCost, TargetMacs),
    (WeightCost, TargetFlash),
    (ActivationCost, TargetActivations),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What shares one device: a target with the models and the other files it runs, and where it says so."""

    subject: Subject
    pointer: str
    models: tuple[Run, ...]
    assets: tuple[Run, ...]


def target_costs(evidence: Evidence) -> Iterator[Fact | Missing]:
    """The totals of every target; without targets, those of all artifacts of the release."""
    try:
        groups = _groups(evidence)
    except EvidenceError as error:
        yield from (not_established(total, RELEASE, "/targets", error) for _, total in TOTALS)
        return
    for part, total in TOTALS:
        found = False
        by_subject = {entry.subject: entry for entry in evidence.facts.entries(part)}
        for group in groups:
            if group.models:
                found = True
                yield _total(evidence, group, part, total, by_subject)
            elif total is TargetFlash:
                found = True
                yield _with_assets(evidence, group, ())
        if not found:
            yield not_declared(total, "/targets", "no target runs a model of this release")


def _groups(evidence: Evidence) -> tuple[Group, ...]:
    """Every target with what it runs, in order; raises EvidenceError for too many."""
    models = {entry.subject.names[0] for entry in evidence.facts.entries(ModelFile) if entry.subject.names}
    pointers = {target.id: f"/targets/{position}/runs" for position, target in enumerate(evidence.manifest.targets)}
    together: dict[str, list[Run]] = {}
    for run in runs(evidence):
        together.setdefault(run.subject.names[0] if pointers else "", []).append(run)
    return tuple(
        Group(
            subject=Subject("target", (target,)) if target else RELEASE,
            pointer=pointers.get(target, "/artifacts"),
            models=tuple(run for run in found if run.artifact.id in models),
            assets=tuple(run for run in found if run.artifact.id not in models),
        )
        for target, found in together.items()
    )


def _total(
    evidence: Evidence, group: Group, part: type[Cost], total: type[Fact], known: Mapping[Subject, Fact | Missing]
) -> Fact | Missing:
    entries = [known.get(run.subject) or evidence.facts.get(part, run.subject) for run in group.models]
    missing = [entry for entry in entries if isinstance(entry, Missing)]
    if missing:
        return _missing_total(group, missing, total)
    takes = tuple(_take(entry) for entry in entries if isinstance(entry, Cost))
    if total is TargetFlash:
        return _with_assets(evidence, group, takes)
    pointer = _pointer(group, takes)
    amounts = [take.amount for take in takes]
    if total is TargetMacs:
        return TargetMacs(subject=group.subject, pointer=pointer, total=sum(amounts), models=takes)
    return TargetActivations(subject=group.subject, pointer=pointer, total=max(amounts), models=takes)


def _with_assets(evidence: Evidence, group: Group, models: tuple[ModelTake, ...]) -> Fact | Missing:
    """Flash holds the other files of a target too; one whose size is not known leaves the total unknown."""
    assets: list[AssetTake] = []
    try:
        used = _used(evidence, [run.artifact for run in group.models])
        for run in group.assets:
            size = reading.size_of(evidence, run.artifact)
            left = max(size - used.get(evidence.tree_path(run.artifact.path), 0), 0)
            assets.append(AssetTake(artifact=run.artifact.id, pointer=run.pointer, size_bytes=left))
    except EvidenceError as error:
        return not_established(TargetFlash, group.subject, group.pointer, error)
    return TargetFlash(
        subject=group.subject,
        pointer=_pointer(group, models),
        total=sum(one.amount for one in models) + sum(one.size_bytes for one in assets),
        models=models,
        assets=tuple(assets),
    )


def _used(evidence: Evidence, models: Sequence[Artifact]) -> dict[str, int]:
    """Bytes of files beside the models that count as their constants already."""
    used: dict[str, int] = {}
    for artifact in models:
        for path, count in reading.used_beside(evidence, artifact).items():
            used[path] = used.get(path, 0) + count
    return used


def _pointer(group: Group, models: Sequence[ModelTake]) -> str:
    return models[0].pointer if len(models) == 1 else group.pointer


def _missing_total(group: Group, missing: Sequence[Missing], total: type[Fact]) -> Missing:
    """The first of a target's models that is not established is the reason why its total is not."""
    first = missing[0]
    named = f"{first.subject.names[-1]}: {first.detail}" if len(group.models) > 1 else first.detail
    more = f"; and {len(missing) - 1} more models" if len(missing) > 1 else ""
    return replace(first, fact=total.name, subject=group.subject, detail=f"{named}{more}")


def _take(cost: Cost) -> ModelTake:
    if isinstance(cost, MacCost):
        amount, inputs = cost.macs, cost.inputs
    elif isinstance(cost, ActivationCost):
        amount, inputs = cost.peak_bytes, cost.inputs
    else:
        amount, inputs = cost.flash_bytes, ()
    return ModelTake(
        artifact=cost.subject.names[-1], pointer=cost.pointer, amount=amount, inputs=inputs, layers=cost.layers
    )
