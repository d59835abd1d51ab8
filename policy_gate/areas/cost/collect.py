"""Collects what models are and what they take, for every target and artifact it runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from policy_gate import artifact_model
from policy_gate.area import Evidence, not_declared, not_established
from policy_gate.areas.cost import reading
from policy_gate.areas.cost.facts import (
    ActivationCost,
    MacCost,
    ModelFile,
    OperatorCoverage,
    WeightCost,
)
from policy_gate.areas.cost.figures import (
    Profiled,
    activation_cost,
    coverage,
    mac_cost,
    weight_cost,
    with_fewest_layers,
)
from policy_gate.areas.cost.runs import MANY_RUNS, Bindings, Run, runs
from policy_gate.errors import EvidenceError, Reason
from policy_gate.model import RELEASE, Fact, Missing, Subject
from policy_gate.model_graph import UNKNOWN
from policy_gate.policy.globs import matches

if TYPE_CHECKING:
    from policy_gate.manifest import Artifact

COSTS: tuple[type[Fact], ...] = (MacCost, WeightCost, ActivationCost)
FIGURES = (mac_cost, weight_cost, activation_cost)


def model_files(evidence: Evidence) -> Iterator[Fact | Missing]:
    """Every artifact that is a model by its role, its name or its content, read."""
    found = False
    for position, artifact in enumerate(evidence.manifest.artifacts):
        entry = _model_file(evidence, artifact, f"/artifacts/{position}")
        if entry is not None:
            found = True
            yield entry
    if not found:
        yield not_declared(ModelFile, "/artifacts", "no artifact of the release is a model")


def _model_file(evidence: Evidence, artifact: Artifact, pointer: str) -> Fact | Missing | None:
    """The fact about one artifact, or None when it is an asset and nothing says otherwise."""
    subject = Subject("artifact", (artifact.id,))
    try:
        found = reading.found_format(evidence, artifact)
        if artifact.role != "model":
            if not found and not matches(artifact.path, evidence.trusted.models):
                return None
            if found in ("", UNKNOWN):
                return not_established(ModelFile, subject, f"{pointer}/path", _no_known_format(artifact))
            return _model_fact(artifact, subject, pointer, found)
        model = artifact_model.model_of(evidence, artifact)
        external = reading.external_paths(evidence, artifact, model)
    except EvidenceError as error:
        return not_established(ModelFile, subject, f"{pointer}/path", error)
    return _model_fact(artifact, subject, pointer, model.format, external)


def _no_known_format(artifact: Artifact) -> EvidenceError:
    what = f"{artifact.path} is named as a model, and its content is of no known format"
    return EvidenceError(Reason.UNSUPPORTED_FORMAT, what)


def _model_fact(
    artifact: Artifact, subject: Subject, pointer: str, found: str, external: tuple[str, ...] = ()
) -> ModelFile:
    return ModelFile(
        subject=subject,
        pointer=pointer,
        path=artifact.path,
        role=artifact.role,
        claimed_format=artifact.format or "",
        found_format=found,
        external_files=external,
    )


def costs(evidence: Evidence) -> Iterator[Fact | Missing]:
    """What each model takes on each target that runs it; without targets, what each takes as it stands."""
    models = {entry.subject: entry for entry in evidence.facts.entries(ModelFile)}
    found = False
    try:
        every = runs(evidence)
    except EvidenceError as error:
        yield from (not_established(kind, RELEASE, "/targets", error) for kind in COSTS)
        return
    shared = _Shared(few_layers=len(every) > MANY_RUNS)
    for run in every:
        model = models.get(Subject("artifact", (run.artifact.id,)))
        if model is None:
            continue  # an asset
        found = True
        if isinstance(model, Missing):
            yield from (moved(model, kind, run.subject, run.pointer) for kind in COSTS)
        else:
            yield from shared.costs_of(evidence, run)
    if not found:
        for kind in COSTS:
            yield not_declared(kind, "/targets", "no target runs a model of this release")


class _Shared:
    """The figures of runs; targets that bind a model alike share what was found."""

    def __init__(self, *, few_layers: bool) -> None:
        self._few_layers = few_layers
        self._bindings = Bindings()
        self._known: dict[tuple[str, tuple[tuple[str, int], ...]], tuple[Fact | Missing, ...]] = {}

    def costs_of(self, evidence: Evidence, run: Run) -> Iterator[Fact | Missing]:
        """The three figures of one run."""
        try:
            model = artifact_model.model_of(evidence, run.artifact)
            bound = reading.bound_dimensions(model, run.dimensions)
            self._bindings.admit(run.artifact.path, bound)
            profile = reading.profile_of(evidence, run.artifact, run.dimensions)
        except EvidenceError as error:
            for kind in COSTS:
                yield not_established(kind, run.subject, run.pointer, error)
            return
        profiled = Profiled(run.subject, run.pointer, run.dimensions_pointer, run.dimensions, model, profile)
        known = self._known.get((run.artifact.path, bound))
        if known is None:
            known = self._known[run.artifact.path, bound] = self._figures(profiled)
        for entry, figure in zip(known, FIGURES, strict=True):
            missing = isinstance(entry, Missing)  # it points at its own target
            yield figure(profiled) if missing else replace(entry, subject=run.subject, pointer=run.pointer)

    def _figures(self, profiled: Profiled) -> tuple[Fact | Missing, ...]:
        found = tuple(figure(profiled) for figure in FIGURES)
        if not self._few_layers:
            return found
        return tuple(
            with_fewest_layers(one) if isinstance(one, (MacCost, WeightCost, ActivationCost)) else one for one in found
        )


def operators(evidence: Evidence) -> Iterator[Fact | Missing]:
    """How many operator calls of each model are understood."""
    dimensions = {artifact_id: target.dimensions for target in evidence.manifest.targets for artifact_id in target.runs}
    artifacts = {one.id: (position, one) for position, one in enumerate(evidence.manifest.artifacts)}
    for entry in evidence.facts.entries(ModelFile):
        if isinstance(entry, Missing):
            yield moved(entry, OperatorCoverage, entry.subject, entry.pointer)
            continue
        position, artifact = artifacts[entry.subject.names[0]]
        pointer = f"/artifacts/{position}/path"
        try:
            profile = reading.profile_of(evidence, artifact, dimensions.get(artifact.id, {}))
        except EvidenceError as error:
            yield not_established(OperatorCoverage, entry.subject, pointer, error)
            continue
        yield coverage(entry.subject, pointer, profile)


def moved(missing: Missing, kind: type[Fact], subject: Subject, pointer: str) -> Missing:
    """What is missing for one fact, said of another that needs it."""
    return replace(missing, fact=kind.name, subject=subject, pointer=pointer)
