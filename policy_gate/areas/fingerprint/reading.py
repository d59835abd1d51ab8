"""Recognises models among artifacts and computes their identity, each once a run."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from policy_gate.area import Evidence
from policy_gate.artifact_model import beside, model_of, once

if TYPE_CHECKING:
    from policy_gate.manifest import Artifact
    from policy_gate.model_graph import BinaryFile
    from policy_gate.model_graph.identity import Identity


def is_model(evidence: Evidence, artifact: Artifact) -> bool:
    """Whether an artifact is a model, by its role or by its content; raises EvidenceError."""
    if artifact.role == "model":
        return True
    from policy_gate.model_graph import UNKNOWN, sniff_file

    with evidence.open(artifact.path) as file:
        return sniff_file(file, artifact.path) not in ("", UNKNOWN)


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

    return once(tree, f"fingerprint.identity:{path}", compute)
