"""Every rule a reader may ask about: those of the configured policy, then those of the shipped packs."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from policy_gate.errors import PolicyError
from policy_gate.gate.request import Request, default_root
from policy_gate.gate.trees import open_trees
from policy_gate.gate.trusted import PolicyFiles, read_configuration, read_policy
from policy_gate.policy.loading import PolicyRule, Setup, load_policy
from policy_gate.policy.packs import builtin_names
from policy_gate.policy.values import Values


def known_rules(start: Path, config: str = "") -> tuple[dict[str, PolicyRule], Values]:
    """Every rule by id, and the parameters: those of the configured policy, then those of the shipped packs."""
    today = datetime.now(UTC).date()
    request = Request(root=default_root(start), config=config, today=today)
    with open_trees(request) as trees:
        configuration = read_configuration(config, trees.trusted, from_base=False)
        files = PolicyFiles(configuration, today.isoformat())
        policy = read_policy(request, files, configuration.spec.stage, from_base=False)
    found = {rule.rule.id: rule for rule in (*policy.rules, *policy.own_rules)}
    for name in builtin_names():
        shipped = load_policy(_no_files, Setup(names=(f"builtin:{name}",), source="builtin", complete=False))
        for rule in (*shipped.rules, *shipped.own_rules):
            found.setdefault(rule.rule.id, rule)
    return found, policy.values


def _no_files(name: str) -> bytes:
    raise PolicyError(f"a shipped pack includes only shipped packs, not {name}")
