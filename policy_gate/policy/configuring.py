"""What a configuration changes of its packs: tightening is free, the rest needs leave, and a floor gives none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from policy_gate.document import problem
from policy_gate.errors import PolicyError
from policy_gate.model import Mode
from policy_gate.policy.direction import Change, compare_modes
from policy_gate.policy.overlays import Permissions
from policy_gate.policy.packs import Setting
from policy_gate.policy.parts import CONFIGURATION, PolicyRule, Setup, is_own
from policy_gate.policy.values import Value, Values, known_parameter, read


def configured_values(values: Values, setup: Setup, permissions: Permissions) -> dict[str, Value]:
    """The values that configuration sets, as far as it may; raises PolicyError for what it may not."""
    configured = dict(values)
    for name, given in setup.spec.parameters.items():
        pointer = f"/spec/parameters/{name}"
        known = known_parameter(values, name, setup.config, pointer)
        if setup.config is None:
            continue
        setting = Setting(value=given, document=setup.config, pointer=pointer, origin=CONFIGURATION)
        read(known.parameter, name, setting)
        _hold_floor(name, known, setting)
        change = known.change_to(given)
        old = known.pack_setting.value if known.pack_setting is not None else None
        loosens = change is Change.LOOSER or (change is Change.DIFFERENT and known.parameter.stricter != "")
        if loosens and not permissions.allow(f"parameter {name}", f"'{name}' goes from {old!r} to {given!r}", pointer):
            continue  # the packs' own value holds, and the permission's state says why
        configured[name] = replace(known, setting=setting)
    return configured


def _hold_floor(name: str, known: Value, setting: Setting) -> None:
    if known.floor is None:
        return
    floor = replace(known, pack_setting=known.floor)
    if not floor.change_to(setting.value).tightens:
        message = f"'{name}' is {setting.value!r}, and the floor {known.floor.origin} demands {known.floor.value!r}"
        hint = "a floor cannot be loosened by a repository, also not by a `loosens` entry"
        raise PolicyError(problem(setting.document, setting.pointer, message, hint))


def overlaid_rules(rules: Mapping[str, PolicyRule], setup: Setup, permissions: Permissions) -> dict[str, PolicyRule]:
    """The rules with what configuration changes of them, as far as it may; raises PolicyError for what it may not."""
    overlaid = dict(rules)
    for rule_id, overlay in setup.spec.rules.items():
        pointer = f"/spec/rules/{rule_id}"
        known = rules.get(rule_id)
        if known is None:
            message, hint = f"the policy has no rule {rule_id}", f"rules: {', '.join(sorted(rules))}"
            raise PolicyError(problem(setup.config, pointer, message, hint) if setup.config else message)
        if overlay.remove:
            _hold_rule(known, f"rule {rule_id} is removed", setup, pointer)
            if permissions.allow(f"rule {rule_id}", f"rule {rule_id} is removed", pointer):
                del overlaid[rule_id]
        elif overlay.mode is not None:
            overlaid[rule_id] = _with_mode(known, overlay.mode, setup, permissions, pointer)
    return overlaid


def _with_mode(known: PolicyRule, mode: Mode, setup: Setup, permissions: Permissions, pointer: str) -> PolicyRule:
    change = f"rule {known.rule.id} goes from {known.mode_after.value} to {mode.value}"
    if not compare_modes(known.mode_after, mode).tightens:
        _hold_rule(known, change, setup, pointer)
        if not permissions.allow(f"rule {known.rule.id}", change, pointer):
            return known
    return replace(known, mode=mode, mode_after=mode, note="")


def _hold_rule(known: PolicyRule, change: str, setup: Setup, pointer: str) -> None:
    if (known.floor or is_own(known)) and setup.config is not None:
        what = "a rule about policies themselves" if is_own(known) else "a rule of the floor"
        hint = "a repository can neither remove it nor make it advisory"
        raise PolicyError(problem(setup.config, pointer, f"{change}, and is {what}", hint))
