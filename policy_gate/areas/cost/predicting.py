"""Predicts the latency of one model on one target, or says why no trusted profile can."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from policy_gate.area import Evidence, not_established
from policy_gate.areas.cost import reading
from policy_gate.areas.cost.facts import MacCost
from policy_gate.areas.cost.facts_device import TargetArena
from policy_gate.areas.cost.figures import Profiled, missing_figure
from policy_gate.areas.cost.target_device import target_of
from policy_gate.artifact_model import model_of
from policy_gate.errors import EvidenceError, Reason
from policy_gate.frozen import dataclass
from policy_gate.model import Fact, Missing

if TYPE_CHECKING:
    from policy_gate.areas.cost.device import DeviceProfile
    from policy_gate.areas.cost.estimate import Estimate
    from policy_gate.areas.cost.groups import Group
    from policy_gate.areas.cost.runs import Run
    from policy_gate.model_graph.figures import Features, MemoryPlans


@dataclass(frozen=True, slots=True)
class Predicted:
    """A predicted latency in milliseconds, and what it was predicted from."""

    latency: Estimate
    features: Features


def predict(evidence: Evidence, group: Group, run: Run, device: DeviceProfile, kind: type[Fact]) -> Predicted | Missing:
    """Predict by the profile of a target; missing where it is not about this model or this runtime."""
    from policy_gate.areas.cost.estimate import latency

    found = features_of(evidence, group, run, device, kind)
    if isinstance(found, Missing):
        return found
    try:
        return Predicted(latency(device, found), found)
    except EvidenceError as error:
        return not_established(kind, run.subject, profile_pointer(group), error)


def features_of(
    evidence: Evidence, group: Group, run: Run, device: DeviceProfile, kind: type[Fact]
) -> Features | Missing:
    """What a profile predicts from, of a model that it is about; missing with the reason where it is not."""
    from policy_gate.areas.cost.estimate import check_counts, mismatch
    from policy_gate.model_graph.figures import Unestablished

    profiled = figures_of(evidence, run, kind)
    if isinstance(profiled, Missing):
        return profiled
    features = profiled.profile.features
    if isinstance(features, Unestablished):
        return missing_figure(kind, profiled, features)
    try:
        check_counts(features)
    except EvidenceError as error:
        return not_established(kind, run.subject, run.pointer, error)
    target = target_of(evidence.manifest, group)
    runtime = target.runtime if target is not None else None
    name, version = (runtime.name, runtime.version) if runtime is not None else ("", "")
    why = mismatch(device, features, profiled.profile.quantisation, name, version)
    if not why:
        return features
    other = EvidenceError(Reason.NOT_TRUSTED, why, fix="name a profile that is about this runtime and this model")
    return not_established(kind, run.subject, profile_pointer(group), other)


def figures_of(evidence: Evidence, run: Run, kind: type[Fact]) -> Profiled | Missing:
    """The figures of a model with a target's dimensions, counted once however many facts need them."""
    counted = evidence.facts.get(MacCost, run.subject)
    if isinstance(counted, Missing) and counted.reason in (Reason.TOO_LARGE, Reason.NOT_DECLARED):
        # Where the bounds of a release are reached, nothing is counted once more by another way.
        return replace(counted, fact=kind.name, subject=run.subject)
    try:
        model = model_of(evidence, run.artifact)
        profile = reading.profile_of(evidence, run.artifact, run.dimensions)
    except EvidenceError as error:
        return not_established(kind, run.subject, run.pointer, error)
    return Profiled(run.subject, run.pointer, run.dimensions_pointer, run.dimensions, model, profile)


def plans_of(profiled: Profiled | Missing) -> MemoryPlans | Missing:
    """How a planner may lay out a model's activations, or why that is not known."""
    from policy_gate.model_graph.figures import Unestablished

    if isinstance(profiled, Missing):
        return profiled
    plans = profiled.profile.plans
    return missing_figure(TargetArena, profiled, plans) if isinstance(plans, Unestablished) else plans


def profile_pointer(group: Group) -> str:
    """Where a target names its device profile."""
    return f"/targets/{group.position}/device/profile"
