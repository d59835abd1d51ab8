"""Policies made of text, for tests: packs by name, one configuration, and what loading them says."""

from __future__ import annotations

from policy_gate.errors import PolicyError
from policy_gate.policy.loading import Policy, Setup, load_config, load_policy

TODAY = "2026-11-23"


def pack(body: str, *, name: str = "mine", more: str = "") -> bytes:
    """A pack with this text under `spec`, indented by two."""
    lines = "".join(f"  {line}\n" for line in body.splitlines())
    head = f"{{name: {name}, version: '1', words: words of a pack{more}}}"
    return f"apiVersion: policy-gate/v1alpha1\nkind: PolicyPack\nmetadata: {head}\nspec:\n{lines}".encode()


def rule(rule_id: str = "MINE-001", decides: str = "check: fingerprint.digest_matches", more: str = "") -> str:
    """One rule of a pack's list."""
    return (
        f"  - {{id: {rule_id}, title: A rule, severity: high, {decides}, "
        f"rationale: because, remediation: mend it{more}}}\n"
    )


GROWTH = "{cost.macs_growth: {max_growth: $growth}}"
MACS = "{cost.macs_within_budget: {max_macs: $macs}}"
PARAMETERS = """\
parameters:
  growth: {type: ratio, stricter: lower, default: 0.05, words: allowed growth}
  macs: {type: map, of: integer, by: target, stricter: lower, default: {}, words: budgets by target}
"""
BUDGETS = PARAMETERS + "rules:\n" + rule("MINE-001", f"check: {GROWTH}") + rule("MINE-002", f"check: {MACS}")


def policy(config: str = "", packs: dict[str, bytes] | None = None, *, today: str = TODAY, floors=(), **more) -> Policy:
    """The policy of a configuration, given as the text under `spec` after its `policy` line."""
    files = {"mine.yaml": pack(BUDGETS)} if packs is None else packs

    def read(name: str) -> bytes:
        if name not in files:
            raise PolicyError(f"no file {name}")
        return files[name]

    named = more.pop("names", None) or [one for one in files if one not in (*floors, *more.get("added", ()))]
    names = ", ".join(f"'{name}'" for name in named) or "'builtin:fingerprint'"
    lines = "".join(f"  {line}\n" for line in config.splitlines())
    text = f"apiVersion: policy-gate/v1alpha1\nkind: PolicyConfig\nspec:\n  policy: [{names}]\n{lines}"
    spec, document = load_config(text.encode(), "policy-gate.yaml")
    return load_policy(
        read,
        Setup(names=spec.policy, source="head", today=today, spec=spec, config=document, floors=tuple(floors), **more),
    )


def value(found: Policy, name: str) -> object:
    """The value of a parameter in force."""
    setting = found.values[name].setting
    return None if setting is None else setting.value


def modes(found: Policy) -> dict[str, str]:
    """The mode of each rule today."""
    return {one.rule.id: one.mode.value for one in found.rules}
