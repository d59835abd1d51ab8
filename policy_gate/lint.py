"""Loads one policy file as a run would, so that what is wrong with it is known before a run needs it."""

from __future__ import annotations

from collections.abc import Mapping

from policy_gate.catalogue import bind_rules, find_check
from policy_gate.document import Document, problem
from policy_gate.errors import EvidenceError, PolicyError, Problem
from policy_gate.gate import MAX_DOCUMENT_BYTES, beside, read_document
from policy_gate.policy.loading import PARAMETER, PolicyRule, load_config, load_policy
from policy_gate.source import Tree

KINDS = ("PolicyPack", "PolicyConfig", "TrustFile")


def lint_file(tree: Tree, path: str) -> None:
    """Decode a pack, configuration or trust file and all it names; raises GateError with every problem."""
    document = read_document(tree, path)
    kind = document.root.get("kind") if isinstance(document.root, dict) else None
    if kind == "PolicyPack":
        _bind(tree, None, (path,), {})
    elif kind == "PolicyConfig":
        spec, config = load_config(document.content, path)
        _bind(tree, config, spec.policy, spec.parameters)
        if spec.trust is not None:
            _trust(read_document(tree, beside(config, spec.trust)))
    elif kind == "TrustFile":
        _trust(document)
    else:
        raise PolicyError(problem(document, "/kind", f"kind must be one of {', '.join(KINDS)}"))


def _trust(document: Document) -> None:
    from policy_gate.areas.signature.trust import decode_trust

    decode_trust(document)


def _bind(tree: Tree, config: Document | None, names: tuple[str, ...], parameters: Mapping[str, object]) -> None:
    """Bind packs as a run does; a pack alone is read as by a configuration at the top of the tree."""

    def read(name: str) -> bytes:
        try:
            return tree.read(beside(config, name), MAX_DOCUMENT_BYTES)
        except EvidenceError as error:
            raise PolicyError(Problem(f"{error.reason.value}: {error.detail}", name, hint=error.fix)) from error

    policy = load_policy(names, read, parameters, config, tree.source, complete=config is not None)
    bind_rules(rule for rule in policy.rules if config is not None or not _is_open(rule))


def _is_open(rule: PolicyRule) -> bool:
    """Whether a rule whose check is known waits for a parameter of the configuration that will use the pack."""
    return find_check(rule.rule.check_name) is not None and any(
        isinstance(one.value, str) and PARAMETER.fullmatch(one.value) for one in rule.limits.values()
    )
