"""Collects what a model file holds beside its graph: bytes that no call needs, shapes that the graph contradicts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from policy_gate import artifact_model
from policy_gate.area import Evidence, not_established
from policy_gate.areas.cost import reading
from policy_gate.areas.cost.facts import ModelFile
from policy_gate.areas.cost.facts_device import FileBytes, OtherBytes, ShapeClaim, ShapeClaims
from policy_gate.errors import EvidenceError
from policy_gate.model import Fact, Missing
from policy_gate.source.paths import shown

SHOWN_SHAPES = 5
MAX_KINDS = 20


def file_bytes(evidence: Evidence) -> Iterator[Fact | Missing]:
    """The bytes of every model file that no call needs."""
    artifacts = {one.id: one for one in evidence.manifest.artifacts}
    for entry in evidence.facts.entries(ModelFile):
        if not isinstance(entry, ModelFile):
            yield from _moved(entry, FileBytes)
            continue
        pointer = f"{entry.pointer}/path"
        try:
            model = artifact_model.model_of(evidence, artifacts[entry.subject.names[0]])
        except EvidenceError as error:
            yield not_established(FileBytes, entry.subject, pointer, error)
            continue
        found = sorted(model.other_bytes, key=lambda one: (-one[1], one[0]))
        yield FileBytes(
            subject=entry.subject,
            pointer=pointer,
            path=entry.path,
            file_bytes=model.file_bytes,
            other_bytes=sum(count for _, count in found),
            others=tuple(OtherBytes(what=shown(what), size_bytes=count) for what, count in found[:MAX_KINDS] if count),
        )


def shape_claims(evidence: Evidence) -> Iterator[Fact | Missing]:
    """The shapes that model files claim and their graphs contradict, with the dimensions of a target that runs each."""
    artifacts = {one.id: one for one in evidence.manifest.artifacts}
    dimensions = {name: target.dimensions for target in evidence.manifest.targets for name in target.runs}
    for entry in evidence.facts.entries(ModelFile):
        if not isinstance(entry, ModelFile):
            yield from _moved(entry, ShapeClaims)
            continue
        artifact = artifacts[entry.subject.names[0]]
        pointer = f"{entry.pointer}/path"
        try:
            profile = reading.profile_of(evidence, artifact, dimensions.get(artifact.id, {}))
        except EvidenceError as error:
            yield not_established(ShapeClaims, entry.subject, pointer, error)
            continue
        yield ShapeClaims(
            subject=entry.subject,
            pointer=pointer,
            path=entry.path,
            wrong=len(profile.disagreements),
            shown=tuple(
                ShapeClaim(value=shown(one.value), claimed=shown(one.claimed), computed=shown(one.computed))
                for one in profile.disagreements[:SHOWN_SHAPES]
            ),
        )


def _moved(entry: Fact | Missing, kind: type[Fact]) -> Iterator[Missing]:
    if isinstance(entry, Missing):
        yield replace(entry, fact=kind.name)
