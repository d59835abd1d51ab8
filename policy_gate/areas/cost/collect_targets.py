"""Adds up what one target runs, so that a budget holds for the target however many models and files share it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from policy_gate.area import Evidence, not_declared, not_established
from policy_gate.areas.cost import reading
from policy_gate.areas.cost.facts import (
    ActivationCost,
    AssetTake,
    MacCost,
    ModelTake,
    TargetActivations,
    TargetFlash,
    TargetMacs,
    WeightCost,
)
from policy_gate.areas.cost.facts_device import TargetInPlace
from policy_gate.areas.cost.figures import inputs_of
from policy_gate.areas.cost.groups import Group, groups
from policy_gate.areas.cost.predicting import figures_of, plans_of
from policy_gate.areas.cost.runs import Run
from policy_gate.errors import EvidenceError
from policy_gate.model import RELEASE, Fact, Missing, Subject

if TYPE_CHECKING:
    from policy_gate.manifest import Artifact

Cost = MacCost | WeightCost | ActivationCost
TOTALS: tuple[tuple[type[Cost], type[Fact]], ...] = (
    (MacCost, TargetMacs),
    (WeightCost, TargetFlash),
    (ActivationCost, TargetActivations),
)


def target_costs(evidence: Evidence) -> Iterator[Fact | Missing]:
    """The totals of every target; without targets, those of all artifacts of the release."""
    try:
        found = groups(evidence)
    except EvidenceError as error:
        yield from (not_established(total, RELEASE, "/targets", error) for _, total in TOTALS)
        return
    for part, total in TOTALS:
        spoken = False
        by_subject = {entry.subject: entry for entry in evidence.facts.entries(part)}
        for group in found:
            if group.models:
                spoken = True
                yield _total(evidence, group, part, total, by_subject)
            elif total is TargetFlash:
                spoken = True
                yield _with_assets(evidence, group, ())
        if not spoken:
            yield not_declared(total, "/targets", "no target runs a model of this release")


def _total(
    evidence: Evidence, group: Group, part: type[Cost], total: type[Fact], known: Mapping[Subject, Fact | Missing]
) -> Fact | Missing:
    entries = [known.get(run.subject) or evidence.facts.get(part, run.subject) for run in group.models]
    missing = [entry for entry in entries if isinstance(entry, Missing)]
    if missing:
        return group.missing(missing, total.name)
    takes = tuple(_take(entry) for entry in entries if isinstance(entry, Cost))
    if total is TargetFlash:
        return _with_assets(evidence, group, takes)
    pointer = group.at([take.pointer for take in takes])
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
        pointer=group.at([model.pointer for model in models]),
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


def in_places(evidence: Evidence) -> Iterator[Fact | Missing]:
    """The largest peak of every target's models when activations are planned in place."""
    try:
        found = [group for group in groups(evidence) if group.models]
    except EvidenceError as error:
        yield not_established(TargetInPlace, RELEASE, "/targets", error)
        return
    for group in found:
        takes = [_in_place(evidence, run) for run in group.models]
        missing = [one for one in takes if isinstance(one, Missing)]
        models = tuple(one for one in takes if isinstance(one, ModelTake))
        if missing:
            yield group.missing(missing, TargetInPlace.name)
            continue
        pointer, peak = group.at([one.pointer for one in models]), max(one.amount for one in models)
        yield TargetInPlace(subject=group.subject, pointer=pointer, total=peak, models=models)
    if not found:
        yield not_declared(TargetInPlace, "/targets", "no target runs a model of this release")


def _in_place(evidence: Evidence, run: Run) -> ModelTake | Missing:
    profiled = figures_of(evidence, run, TargetInPlace)
    plans = plans_of(profiled)
    if isinstance(profiled, Missing):
        return profiled
    if isinstance(plans, Missing):
        return plans
    return ModelTake(
        artifact=run.artifact.id,
        pointer=run.pointer,
        amount=plans.in_place,
        inputs=inputs_of(profiled),
        layers=(),
    )
