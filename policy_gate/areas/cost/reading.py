"""Reads and profiles the models of a release, each once a run however many rules and targets ask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from policy_gate.area import Evidence
from policy_gate.areas.cost.facts import TRIPS
from policy_gate.artifact_model import beside, model_of, once
from policy_gate.errors import EvidenceError, Reason
from policy_gate.model_graph import HEAD_BYTES, UNKNOWN, archive, sniff_file

if TYPE_CHECKING:
    from policy_gate.manifest import Artifact
    from policy_gate.model_graph import Model
    from policy_gate.model_graph.figures import ModelProfile


def found_format(evidence: Evidence, artifact: Artifact) -> str:
    """Format of an artifact by its content: "" when it is no model, "unknown" when only its name is one's.

    Raises:
        EvidenceError: it cannot be opened, or is an archive, which may hold a model under any name.
    """
    with evidence.open(artifact.path) as file:
        found = sniff_file(file, artifact.path)
        file.seek(0)
        kind = archive(file.read(HEAD_BYTES)) if found in ("", UNKNOWN) else ""
    if kind:
        raise EvidenceError(
            Reason.UNSUPPORTED_FORMAT,
            f"{artifact.path} is an archive ({kind}); what it holds is not looked into",
            fix="unpack it, and list the files it holds as artifacts",
        )
    return found


def size_of(evidence: Evidence, artifact: Artifact) -> int:
    """Size of an artifact in bytes; raises EvidenceError."""
    tree, path = evidence.tree, evidence.tree_path(artifact.path)

    def read() -> int:
        with tree.open(path) as file:
            return file.size

    return once(tree, f"cost.size:{path}", read)


def profile_of(evidence: Evidence, artifact: Artifact, dimensions: Mapping[str, int]) -> ModelProfile:
    """Predict what one inference of an artifact takes with these dimensions; raises EvidenceError."""
    from policy_gate.model_graph.profile import profile

    model = model_of(evidence, artifact)
    bound = dict(bound_dimensions(model, dimensions))
    key = f"cost.profile:{evidence.tree_path(artifact.path)}:{bound}"
    return once(evidence.tree, key, lambda: profile(model, bound))


def bound_dimensions(model: Model, dimensions: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """What of a target's dimensions binds something of a model, sorted: symbols, axes of inputs, trips of loops."""
    known = open_symbols(model) | {
        f"{one.name}[{axis}]" for one in model.graph.inputs for axis in range(len(one.shape or ()))
    }
    return tuple((key, extent) for key, extent in sorted(dimensions.items()) if key in known or key.endswith(TRIPS))


def open_symbols(model: Model) -> frozenset[str]:
    """Names of the dimensions that the model's inputs leave open."""
    return frozenset(extent for one in model.graph.inputs for extent in one.shape or () if isinstance(extent, str))


def external_paths(evidence: Evidence, artifact: Artifact, model: Model) -> tuple[str, ...]:
    """Tree paths of the files beside a model that hold some of its weights."""
    path = evidence.tree_path(artifact.path)
    return tuple(sorted(beside(path, location) for location in model.external_files))


def used_beside(evidence: Evidence, artifact: Artifact) -> dict[str, int]:
    """Bytes that a model's constants take of each file beside it, by tree path; raises EvidenceError."""
    path = evidence.tree_path(artifact.path)
    used = model_of(evidence, artifact).external_bytes
    return {beside(path, location): count for location, count in used}
