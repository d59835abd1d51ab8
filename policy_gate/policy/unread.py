"""Parameters that nothing reads: a budget that is loaded and never evaluated is a mistake, and refused."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policy_gate.document import problem
from policy_gate.errors import Problem
from policy_gate.policy.loading import CONFIGURATION, Policy, PolicyRule, parameters_used
from policy_gate.policy.packs import Pack

_IN_EXPRESSION = re.compile(r"\bparams\s*\.\s*([a-z][a-z0-9_]{0,63})\b")


def unread_parameters(policy: Policy) -> Iterator[Problem]:
    """Values of the configuration that no selected rule reads, and parameters that no rule of their own pack reads."""
    read = {name for rule in (*policy.rules, *policy.own_rules) for name in _read_by(rule)}
    read |= {name for one in policy.selectors for name in _IN_EXPRESSION.findall(one.condition.text)}
    for name, value in sorted(policy.values.items()):
        setting = value.setting
        if setting is not None and setting.origin == CONFIGURATION and name not in read:
            message = f"parameter '{name}' is set, and no rule of the policy reads it"
            hint = "take it away, or add the rules it is for to the policy"
            yield problem(setting.document, setting.pointer, message, hint)
    for pack in policy.packs:
        yield from _unread_in(pack)


def _read_by(rule: PolicyRule) -> Iterator[str]:
    yield from (name for _, name in parameters_used(rule.rule))
    conditions = (one.text for way in rule.ways for one in way)
    for text in (rule.rule.assertion or "", rule.rule.message or "", *conditions):
        yield from _IN_EXPRESSION.findall(text)


def _unread_in(pack: Pack) -> Iterator[Problem]:
    spec = pack.content.spec
    read: set[str] = set()
    for rule in spec.rules:
        read |= {name for _, name in parameters_used(rule)}
        for text in (rule.assertion or "", rule.message or "", rule.when or ""):
            read |= set(_IN_EXPRESSION.findall(text))
    for inclusion in spec.include:
        for text in inclusion.when.values():
            read |= set(_IN_EXPRESSION.findall(text))
    for name in spec.parameters:
        if name not in read:
            message = f"no rule of this pack reads its parameter '{name}'"
            yield problem(pack.document, f"/spec/parameters/{name}", message)
