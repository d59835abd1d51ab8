"""Explains one rule of the policy in force, or of a shipped pack that the policy does not take."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from policy_gate.catalogue import bind_rules, find_check
from policy_gate.engine import base_of
from policy_gate.errors import Problem, UsageError
from policy_gate.explaining.excepted import explained_exceptions, waivable_words
from policy_gate.explaining.provenance import SOURCE, explained_limits, mode_steps, permission_words
from policy_gate.explanation import SCHEMA, ExplainedCondition, RuleExplanation
from policy_gate.gate import Request, known_rules
from policy_gate.gate.exempting import read_exceptions
from policy_gate.gate.judge import Judges
from policy_gate.gate.trees import open_trees
from policy_gate.gate.trusted import Configuration, PolicyFiles, read_configuration, read_policy
from policy_gate.policy.exceptions import read_day
from policy_gate.policy.loading import Policy, PolicyRule, parameters_used, place_of

if TYPE_CHECKING:
    from policy_gate.explanation import ExplainedRelease


def explain_rule(request: Request, rule_id: str) -> RuleExplanation:
    """Explain a rule as it judges the working tree of a request, and the one manifest that it names, if any.

    Raises GateError where there is no such rule, or where policy or manifest cannot be read.
    """
    with open_trees(request) as trees:
        configuration = read_configuration(request.config, trees.trusted, from_base=trees.policy_from_base)
        files = PolicyFiles(configuration, request.today.isoformat())
        stage = request.stage or configuration.spec.stage
        policy = read_policy(request, files, stage, from_base=trees.policy_from_base)
        judges = Judges(policy, stage, files.today)
        exceptions = read_exceptions(files)
        chosen = _find(policy, rule_id)
        if chosen is None:
            return _absent(request, configuration, policy, rule_id)
        releases: tuple[ExplainedRelease, ...] = ()
        if request.manifests:
            from policy_gate.explaining.releases import explained_release, judged_record

            record = judged_record(request)
            judge = judges.of(record.claims, base_of(record))
            releases = (explained_release(request, trees, (record, judge), exceptions, rule_id),)
            policy = judge.policy
            chosen = _find(policy, rule_id) or chosen
        read = _parameters_read(chosen, policy)
        used = {*read, *(name for _, name in parameters_used(chosen.rule))}
        return replace(
            _written(chosen, policy, configuration, request.today),
            limits=tuple(explained_limits(chosen, read, policy, configuration)),
            exceptions=tuple(explained_exceptions(chosen.rule, used, policy, exceptions, request.today)),
            releases=releases,
        )


def _find(policy: Policy, rule_id: str) -> PolicyRule | None:
    return next((one for one in (*policy.rules, *policy.own_rules) if one.rule.id == rule_id), None)


def _parameters_read(chosen: PolicyRule, policy: Policy) -> tuple[str, ...]:
    """The parameters that the expressions of a rule may read, in the order they are written."""
    if not chosen.rule.assertion and not chosen.ways:
        return ()
    (bound,) = bind_rules((chosen,), policy.values)
    paths = (path for formula in bound.formulas for path in formula.expression.paths)
    return tuple(dict.fromkeys(path[1] for path in paths if path[0] == "params" and len(path) > 1))


def _absent(request: Request, configuration: Configuration, policy: Policy, rule_id: str) -> RuleExplanation:
    """A rule that ships and that the policy here does not take, or has removed."""
    known, _ = known_rules(request.root, request.config)
    chosen = known.get(rule_id)
    if chosen is None:
        raise UsageError(Problem(f"there is no rule {rule_id}", hint=_nearest(rule_id, known)))
    absent = "no pack takes it, and these are the values that it ships with"
    overlay = configuration.spec.rules.get(rule_id)
    if overlay is not None and overlay.remove and configuration.document is not None:
        place = place_of(configuration.document, f"/spec/rules/{rule_id}", SOURCE)
        words = permission_words(policy, f"rule {rule_id}")
        absent = f"the configuration removes it ({place.path}:{place.line}); {words}"
    limits = tuple(explained_limits(chosen, (), policy, configuration))
    return replace(_written(chosen, policy, configuration, request.today), limits=limits, absent=absent, waivable="")


def _nearest(rule_id: str, known: Iterable[str]) -> str:
    import difflib

    known = sorted(known)
    near = difflib.get_close_matches(rule_id, known, n=1)
    return f"did you mean {near[0]}?" if near else f"rules: {', '.join(known)}"


def _written(chosen: PolicyRule, policy: Policy, configuration: Configuration, today: date) -> RuleExplanation:
    """What is said of a rule by itself, in the policy or not."""
    rule = chosen.rule
    return RuleExplanation(
        schema=SCHEMA,
        rule=rule.id,
        title=rule.title,
        severity=rule.severity,
        mode=chosen.mode,
        mode_after=chosen.mode_after,
        mode_steps=mode_steps(chosen, policy, configuration),
        rollout_days=_rollout_days(chosen, today),
        stages=rule.stages,
        floor=chosen.floor,
        decided_by=rule.assertion or rule.check_name,
        each=rule.each or "",
        is_expression=rule.assertion is not None,
        place=place_of(chosen.document, chosen.pointer, SOURCE),
        absent="",
        promise=_promise(chosen),
        rationale=rule.rationale,
        remediation=rule.remediation,
        limits=(),
        ways=tuple(
            tuple(ExplainedCondition(text=one.text, place=place_of(one.document, one.pointer, SOURCE)) for one in way)
            for way in chosen.ways
        ),
        exceptions=(),
        waivable=waivable_words(rule, policy.exceptions),
        releases=(),
    )


def _promise(chosen: PolicyRule) -> str:
    """What the check's own words promise; an expression promises its rule's title."""
    check = find_check(chosen.rule.check_name) if chosen.rule.check_name else None
    words = inspect.getdoc(check.function) if check is not None else None
    return words or f"{chosen.rule.title}."


def _rollout_days(chosen: PolicyRule, today: date) -> int:
    rollout = chosen.rule.rollout
    if rollout is None or chosen.mode is chosen.mode_after:
        return 0
    try:
        return max(0, (read_day(rollout.effective_on) - today).days)
    except ValueError:
        return 0  # no day: text that sorts after every day keeps the mild mode, and the step shows it
