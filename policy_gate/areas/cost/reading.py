"""Reads and profiles the models of a release, each once a run however many rules and targets ask."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

from policy_gate.area import Evidence
from policy_gate.errors import EvidenceError, Reason
from policy_gate.model_graph import HEAD_BYTES, UNKNOWN, archive, sniff_file

if TYPE_CHECKING:
    from policy_gate.manifest import Artifact
    from policy_gate.model_graph import Model
    from policy_gate.model_graph.figures import ModelProfile
    from policy_gate.source import Tree

T = TypeVar("T")


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

    return _once(tree, f"cost.size:{path}", read)


def model_of(evidence: Evidence, artifact: Artifact) -> Model:
    """Read an artifact as a model; raises EvidenceError with the reason it cannot be read."""
    from policy_gate.model_graph import read_model

    tree, path = evidence.tree, evidence.tree_path(artifact.path)

    def read() -> Model:
        with tree.open(path) as file:
            return read_model(file, artifact.path, external=_sizes_beside(tree, path))

    return _once(tree, f"cost.model:{path}", read)


def profile_of(evidence: Evidence, artifact: Artifact, dimensions: Mapping[str, int]) -> ModelProfile:
    """Predict what one inference of an artifact takes with these dimensions; raises EvidenceError."""
    from policy_gate.model_graph.profile import profile

    model = model_of(evidence, artifact)
    bound = dict(bound_dimensions(model, dimensions))
    key = f"cost.profile:{evidence.tree_path(artifact.path)}:{bound}"
    return _once(evidence.tree, key, lambda: profile(model, bound))


def bound_dimensions(model: Model, dimensions: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """What of a target's dimensions binds something of a model, sorted."""
    symbols = open_symbols(model)
    return tuple((symbol, extent) for symbol, extent in sorted(dimensions.items()) if symbol in symbols)


def open_symbols(model: Model) -> frozenset[str]:
    """Names of the dimensions that the model's inputs leave open."""
    return frozenset(extent for one in model.graph.inputs for extent in one.shape or () if isinstance(extent, str))


def external_paths(evidence: Evidence, artifact: Artifact, model: Model) -> tuple[str, ...]:
    """Tree paths of the files beside a model that hold some of its weights."""
    folder = evidence.tree_path(artifact.path).rpartition("/")[0]
    return tuple(sorted(_beside(folder, location) for location in model.external_files))


def used_beside(evidence: Evidence, artifact: Artifact) -> dict[str, int]:
    """Bytes that a model's constants take of each file beside it, by tree path; raises EvidenceError."""
    folder = evidence.tree_path(artifact.path).rpartition("/")[0]
    used = model_of(evidence, artifact).external_bytes
    return {_beside(folder, location): count for location, count in used}


def _sizes_beside(tree: Tree, path: str) -> Callable[[str], int]:
    """Give the size of a file by its path relative to the model's folder; the tree refuses what lies outside."""
    folder = path.rpartition("/")[0]

    def size_of(location: str) -> int:
        with tree.open(_beside(folder, location)) as file:
            return file.size

    return size_of


def _beside(folder: str, location: str) -> str:
    return f"{folder}/{location}" if folder else location


def _once(tree: Tree, key: str, make: Callable[[], T]) -> T:
    """Remember a result or the reason there is none."""

    def attempt() -> T | EvidenceError:
        try:
            return make()
        except EvidenceError as error:
            return error

    found = tree.memo(key, attempt)
    if isinstance(found, EvidenceError):
        raise found
    return found
