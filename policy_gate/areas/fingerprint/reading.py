"""Reads models and computes their identity, each once a run; what another area has read is not read again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, TypeVar

from policy_gate.area import Evidence
from policy_gate.errors import EvidenceError

if TYPE_CHECKING:
    from policy_gate.manifest import Artifact
    from policy_gate.model_graph import BinaryFile, Model
    from policy_gate.model_graph.identity import Identity
    from policy_gate.source import Tree

T = TypeVar("T")

SHARED_MODEL = "cost.model"
"""The cost area remembers the models it has read under this name, so that one run reads each file once."""


def is_model(evidence: Evidence, artifact: Artifact) -> bool:
    """Whether an artifact is a model, by its role or by its content; raises EvidenceError."""
    if artifact.role == "model":
        return True
    from policy_gate.model_graph import UNKNOWN, sniff_file

    with evidence.open(artifact.path) as file:
        return sniff_file(file, artifact.path) not in ("", UNKNOWN)


def model_of(evidence: Evidence, artifact: Artifact) -> Model:
    """Read an artifact as a model, without its weights; raises EvidenceError with the reason it cannot be read."""
    tree, path = evidence.tree, evidence.tree_path(artifact.path)

    def read() -> Model:
        from policy_gate.model_graph import read_model

        def size_of(location: str) -> int:
            with tree.open(beside(path, location)) as file:
                return file.size

        with tree.open(path) as file:
            return read_model(file, artifact.path, external=size_of)

    return _once(tree, f"{SHARED_MODEL}:{path}", read)


def identity_of(evidence: Evidence, artifact: Artifact) -> Identity:
    """Compute what a model is from every weight it has, external files included; raises EvidenceError."""
    model = model_of(evidence, artifact)
    tree, path = evidence.tree, evidence.tree_path(artifact.path)

    def compute() -> Identity:
        from policy_gate.model_graph.identity import identify

        with ExitStack() as opened:

            def open_payload(location: str) -> BinaryFile:
                return opened.enter_context(tree.open(beside(path, location) if location else path))

            return identify(model, open_payload)

    return _once(tree, f"fingerprint.identity:{path}", compute)


def beside(path: str, location: str) -> str:
    """The path of a file that a model names relative to its own folder; the tree refuses what lies outside."""
    folder = path.rpartition("/")[0]
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
