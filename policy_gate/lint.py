"""Loads one policy file as a run would, so that what is wrong with it is known before a run needs it."""

from __future__ import annotations

from collections.abc import Mapping

from policy_gate.catalogue import bind_rules
from policy_gate.document import Document, problem
from policy_gate.errors import EvidenceError, PolicyError, Problem
from policy_gate.gate import MAX_DOCUMENT_BYTES, beside, read_document
from policy_gate.policy.loading import load_config, load_policy
from policy_gate.source import Tree

KINDS = ("PolicyPack", "PolicyConfig", "TrustFile")


def lint_file(tree: Tree, path: str) -> None:
    """Decode a pack, configuration or trust file and all it names; raises GateError with every problem."""
    document = read_document(tree, path)
    kind = document.root.get("kind") if isinstance(document.root, dict) else None
    if kind == "PolicyPack":
        _bind(tree, document, (path.rpartition("/")[2],), {})
    elif kind == "PolicyConfig":
        spec, config = load_config(document.content, path)
        _bind(tree, config, spec.policy, spec.parameters)
        if spec.trust is not None:
            lint_file(tree, beside(config, spec.trust))
    elif kind == "TrustFile":
        from policy_gate.areas.signature.trust import decode_trust

        decode_trust(document)
    else:
        raise PolicyError(problem(document, "/kind", f"kind must be one of {', '.join(KINDS)}"))


def _bind(tree: Tree, document: Document, names: tuple[str, ...], parameters: Mapping[str, object]) -> None:
    def read(name: str) -> bytes:
        try:
            return tree.read(beside(document, name), MAX_DOCUMENT_BYTES)
        except EvidenceError as error:
            raise PolicyError(Problem(f"{error.reason.value}: {error.detail}", name)) from error

    # A pack alone may leave required parameters to the configuration that will use it.
    config = document if parameters else None
    bind_rules(load_policy(names, read, parameters, config, tree.source).rules)
