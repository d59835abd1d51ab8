"""Lints a configuration: selectors, permissions, stages, pins and waivers that do nothing, or no longer do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import TYPE_CHECKING

from policy_gate.catalogue import bind_condition
from policy_gate.document import join
from policy_gate.model import Stage
from policy_gate.policy.exceptions import NoDays, days_between
from policy_gate.policy.overlays import Permission
from policy_gate.policy.waivers import UNWAIVABLE_AREAS
from policy_gate.workbench.linting_finding import Finding, is_own, note, warning
from policy_gate.workbench.linting_rules import unguarded

if TYPE_CHECKING:
    from policy_gate.gate.trusted import Configuration
    from policy_gate.policy.loading import Policy, PolicyRule
    from policy_gate.policy.lock import Lock
    from policy_gate.policy.waivers import Waiver


def selector_findings(policy: Policy) -> Iterator[Finding]:
    """Selectors whose condition is constant, or whose preset tightens nothing."""
    from policy_gate.expression import Constant

    said = {
        Constant.NEVER_TRUE: "no release is selected: the condition is never true",
        Constant.NEVER_FALSE: "every release is selected: the condition is never false",
        Constant.ALWAYS_UNKNOWN: "every release is selected: the condition is never known",
    }
    for selector in policy.selectors:
        formula = bind_condition(selector.condition, policy.values, [])
        if formula is None:
            continue
        document, pointer = formula.document, formula.pointer
        message = said.get(formula.expression.constant)
        if message is not None:
            yield warning(document, pointer, message, "correct the condition, or name the preset under `preset`")
        yield from unguarded(formula)
        if _is_same(policy, policy.tightened_by((selector.preset,))):
            message = f"the preset '{selector.preset}' changes nothing that is not so already"
            at = f"{pointer.removesuffix('/when')}/preset"
            yield warning(document, at, message, "take the selector away, or name a preset that is stricter")


def _is_same(policy: Policy, tightened: Policy) -> bool:
    values = {name: value.setting.value for name, value in policy.values.items() if value.setting is not None}
    others = {name: value.setting.value for name, value in tightened.values.items() if value.setting is not None}
    modes = {rule.rule.id: (rule.mode, rule.mode_after) for rule in policy.rules}
    return values == others and modes == {rule.rule.id: (rule.mode, rule.mode_after) for rule in tightened.rules}


def permission_findings(policy: Policy) -> Iterator[Finding]:
    """Entries of `loosens` without force."""
    hints = {
        Permission.EXPIRED: "the packs' own value holds: take the entry and what it permits away, or renew it",
        Permission.NOT_APPROVED: "the packs' own value holds until it is approved",
        Permission.UNUSED: "take the entry away",
    }
    for one in policy.loosenings:
        if one.state in hints:
            message = f"'{one.what}' is {one.state.value}: {one.detail}"
            yield warning(one.document, one.pointer, message, hints[one.state])


def stage_findings(configuration: Configuration, rules: Iterable[PolicyRule]) -> Iterator[Finding]:
    """Rules of a stage that the configuration never speaks of: they are judged only where somebody asks for it."""
    spec, document = configuration.spec, configuration.document
    used = {spec.stage, *spec.stages}
    unused = {stage: [one.rule.id for one in rules if set(one.rule.stages) == {stage}] for stage in set(Stage) - used}
    for stage, ids in sorted(unused.items()):
        if ids and document is not None:
            few = ", ".join(ids[:5]) + (f" and {len(ids) - 5} more" if len(ids) > 5 else "")
            message = f"the configuration never speaks of the stage {stage.value}, at which {few} are judged"
            hint = f"judge with `--stage {stage.value}` where it counts, or set `stage: {stage.value}`"
            yield note(document, "/spec/stage" if document.has("/spec/stage") else "/spec", message, hint)


def lock_findings(lock: Lock | None, policy: Policy) -> Iterator[Finding]:
    """Pins of packs that the policy does not have."""
    if lock is None or lock.document is None:
        return
    unused = {entry.source for entry in lock.unused({pack.name for pack in policy.packs})}
    for position, entry in enumerate(lock.entries):
        if entry.source in unused:
            message = f"{entry.source} is pinned, and is no pack of the policy"
            yield warning(lock.document, join("/packs", position), message, "run `policy-gate policy lock`")


def include_findings(policy: Policy, read: set[str]) -> Iterator[Finding]:
    """Values that a pack gives to parameters of what it includes, and that no rule it takes reads."""
    for pack in policy.packs:
        if not is_own(pack.document):
            continue
        for position, inclusion in enumerate(pack.content.spec.include):
            for name in inclusion.parameters:
                if name not in read:
                    pointer = join("/spec/include", position, "parameters", name)
                    message = f"parameter '{name}' is set, and no rule that is taken reads it"
                    yield warning(pack.document, pointer, message, "take it away, or take the rules it is for")


def waiver_findings(waivers: Iterable[Waiver], today: str, policy: Policy | None = None) -> Iterator[Finding]:
    """Waivers that are over, and by a policy those that it has no rule for, does not let waive, or finds too long."""
    rules = {rule.rule.id: rule for rule in (*policy.rules, *policy.own_rules)} if policy is not None else {}
    for waiver in waivers:
        document, pointer = waiver.document, waiver.pointer
        days = days_between(waiver.granted, waiver.expires, date.fromisoformat(today))
        if isinstance(days, NoDays):
            yield warning(document, f"{pointer}/expires", days.words, "write a day such as 2027-01-31")
        elif days.left < 0:
            message = f"waiver {waiver.id} expired on {waiver.expires}"
            yield warning(document, f"{pointer}/expires", message, "take it away, or have a new one approved")
        elif policy is not None and days.lifetime > policy.exceptions.waiver_days_max:
            most = policy.exceptions.waiver_days_max
            message = f"waiver {waiver.id} is for {days.lifetime} days, and the policy allows {most}"
            yield warning(document, f"{pointer}/expires", message, "it does not count: choose an earlier day")
        if policy is not None and (why := _no_use(waiver, rules.get(waiver.rule), policy)):
            yield warning(document, f"{pointer}/rule", f"waiver {waiver.id}: {why}", "take it away: it covers nothing")


def _no_use(waiver: Waiver, rule: PolicyRule | None, policy: Policy) -> str:
    if rule is None:
        return f"the policy has no rule {waiver.rule}"
    limits = policy.exceptions
    is_listed = isinstance(limits.waivable, str) or waiver.rule in limits.waivable
    if rule.rule.area in UNWAIVABLE_AREAS or waiver.rule in limits.protected or not is_listed:
        return f"the policy does not let {waiver.rule} be waived"
    return ""
