"""The model of an artifact, read once a run however many areas ask for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from policy_gate.errors import EvidenceError

if TYPE_CHECKING:
    from policy_gate.area import Evidence
    from policy_gate.manifest import Artifact
    from policy_gate.model_graph import Model
    from policy_gate.source import Tree

T = TypeVar("T")


def model_of(evidence: Evidence, artifact: Artifact) -> Model:
    """Read an artifact as a model, without its weights; raises EvidenceError with the reason it cannot be read."""
    tree, path = evidence.tree, evidence.tree_path(artifact.path)

    def size_of(location: str) -> int:
        with tree.open(beside(path, location)) as file:
            return file.size

    def read() -> Model:
        from policy_gate.model_graph import read_model

        with tree.open(path) as file:
            return read_model(file, artifact.path, external=size_of)

    return once(tree, f"model:{path}", read)


def beside(path: str, location: str) -> str:
    """The tree path of a file that a model names relative to its own folder; the tree refuses what lies outside."""
    folder = path.rpartition("/")[0]
    return f"{folder}/{location}" if folder else location


def once(tree: Tree, key: str, make: Callable[[], T]) -> T:
    """Remember a result, or the reason there is none; raises that reason each time."""

    def attempt() -> T | EvidenceError:
        try:
            return make()
        except EvidenceError as error:
            return error

    found = tree.memo(key, attempt)
    if isinstance(found, EvidenceError):
        raise found
    return found
