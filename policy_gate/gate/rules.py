"""Every rule a reader may ask about: those of the configured policy, then those of the shipped packs."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from policy_gate.errors import PolicyError
from policy_gate.gate.request import Request, default_root
from policy_gate.gate.trees import open_trees
from policy_gate.gate.trusted import read_configuration, read_policy
from policy_gate.policy.loading import PolicyRule, builtin_names, load_policy


def known_rules(start: Path, config: str = "") -> dict[str, PolicyRule]:
    """Every rule by id: those of the configured policy, with its parameters, then those of the shipped packs."""
    request = Request(root=default_root(start), config=config, today=date.min)
    with open_trees(request) as trees:
        spec, document, _, _ = read_configuration(request, trees.trusted, from_base=False)
        policy = read_policy(request, spec, document, trees.trusted, from_base=False)
    found = {rule.rule.id: rule for rule in policy.rules}
    for name in builtin_names():
        shipped = load_policy((f"builtin:{name}",), _no_files, {}, None, "builtin", complete=False)
        for rule in shipped.rules:
            found.setdefault(rule.rule.id, rule)
    return found


def _no_files(name: str) -> bytes:
    raise PolicyError(f"a shipped pack includes only shipped packs, not {name}")
