"""The rules that judge one release: the policy, tightened by the selectors that speak of the release, and bound."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from policy_gate.area import Collector
from policy_gate.assertion import Formula
from policy_gate.catalogue import AREAS, BoundRule, area, bind_condition, bind_rules
from policy_gate.engine import Base, BaseState, wanted_collectors
from policy_gate.errors import PolicyError, Problem, Reason
from policy_gate.frozen import dataclass
from policy_gate.model import Fact, Stage
from policy_gate.policy.loading import Policy
from policy_gate.policy.unread import unread_parameters

if TYPE_CHECKING:
    from policy_gate.expression import Meter


STEPS_OF_BINDING = 200
"""What binding a rule once more takes, beside a step of an expression."""
NO_BASE = Base(state=BaseState.NO_BASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """One policy with everything bound: rules about releases, rules about exceptions, and who collects for them."""

    policy: Policy
    rules: tuple[BoundRule, ...]
    own_rules: tuple[BoundRule, ...]
    collectors: tuple[Collector, ...]
    base_collectors: tuple[Collector, ...]
    parameters: Mapping[str, object]


class Judges:
    """The judges of one run, by the presets that selectors choose for a release; each is bound once."""

    def __init__(
        self, policy: Policy, stage: Stage, today: str, also: tuple[Stage, ...] = (), meter: Meter | None = None
    ) -> None:
        """Bind the policy of a run; raises PolicyError with every problem of its checks, limits and expressions.

        `also` are stages whose rules are judged beside those of `stage`. A policy that nobody trusts gets a `meter`.
        """
        self._policy, self._stages, self._today, self._meter = policy, (stage, *also), today, meter
        self._judges: dict[tuple[str, ...], Judge] = {}
        self._selectors = tuple((_metered(one, meter), preset) for one, preset in _bound_selectors(policy))
        self.usual = self._judge(())

    def of(self, claims: Mapping[str, object], base: Base = NO_BASE) -> Judge:
        """The judge of a release, by what its manifest claims and, so that no change selects by itself, its base too.

        A condition that is unknown of either tightens. No fact is known yet; of `base` only state and claims are read.
        """
        if not self._selectors:
            return self.usual
        environments = tuple(self._environments(claims, base))
        chosen = {
            preset
            for formula, preset in self._selectors
            if any(formula.decide(one) is not False for one in environments)
        }
        return self._judge(tuple(sorted(chosen)))

    def _environments(self, claims: Mapping[str, object], base: Base) -> Iterator[dict[str, object]]:
        from policy_gate.expression import Absent

        later = Absent(Reason.NOTHING_TO_JUDGE.value, "a selector is asked before there are facts")
        unreadable = Absent(Reason.BASE_UNKNOWN.value, base.detail)
        broken = base.state is BaseState.BROKEN
        before = {"manifest": base.claims, "facts": later} if base.claims else {}
        shared = {
            "facts": later,
            "base": unreadable if broken else before,
            "params": self.usual.parameters,
            "today": self._today,
        }
        yield {**shared, "manifest": claims}
        if broken or base.claims:
            yield {**shared, "manifest": unreadable if broken else base.claims}

    def _judge(self, presets: tuple[str, ...]) -> Judge:
        if presets not in self._judges:
            if self._meter is not None:
                self._meter.spend(STEPS_OF_BINDING * len(self._policy.rules))
            policy = self._policy.tightened_by(presets) if presets else self._policy
            self._judges[presets] = bound_judge(policy, self._stages, self._meter)
        return self._judges[presets]


def bound_judge(policy: Policy, stages: tuple[Stage, ...], meter: Meter | None) -> Judge:
    """Bind a policy for the rules of some stages; raises PolicyError with every problem."""
    # A rule of the other stage that cannot be bound is found today, not on the day of the release.
    bound = bind_rules(policy.rules, policy.values)
    unread = tuple(unread_parameters(policy))
    if unread:
        raise PolicyError(unread)
    rules = tuple(
        _metered_rule(rule, meter) for rule in bound if not set(stages).isdisjoint(rule.policy_rule.rule.stages)
    )
    kinds = list(dict.fromkeys(kind for rule in rules for kind in rule.needs))
    base_kinds = list(dict.fromkeys(kind for rule in rules for kind in rule.base_needs))
    collectors = _all_collectors(kinds, rules)
    return Judge(
        policy=policy,
        rules=rules,
        own_rules=bind_rules(policy.own_rules, policy.values),
        collectors=wanted_collectors(kinds, collectors),
        base_collectors=wanted_collectors(base_kinds, _all_collectors(base_kinds, ())),
        parameters={name: value.setting.value for name, value in policy.values.items() if value.setting is not None},
    )


def _metered_rule(rule: BoundRule, meter: Meter | None) -> BoundRule:
    if meter is None or not rule.formulas:
        return rule
    assertion = rule.assertion
    return replace(
        rule,
        assertion=replace(assertion, formula=_metered(assertion.formula, meter)) if assertion is not None else None,
        ways=tuple(tuple(_metered(formula, meter) for formula in way) for way in rule.ways),
    )


def _metered(formula: Formula, meter: Meter | None) -> Formula:
    return formula if meter is None else replace(formula, meter=meter)


def _bound_selectors(policy: Policy) -> Iterator[tuple[Formula, str]]:
    problems: list[Problem] = []
    for one in policy.selectors:
        formula = bind_condition(one.condition, policy.values, problems)
        if formula is not None:
            yield formula, one.preset
    if problems:
        raise PolicyError(problems)


def _all_collectors(kinds: Sequence[type[Fact]], rules: Iterable[BoundRule]) -> tuple[Collector, ...]:
    """The collectors of every area that is needed; areas whose rules are not selected may still be taken from."""
    owners = {rule.policy_rule.rule.area for rule in rules if rule.check is not None}
    owners |= {kind.name.partition(".")[0] for kind in kinds}
    needed = [name for name in AREAS if name in owners]
    collectors: dict[int, Collector] = {}
    for name in needed:
        for collector in area(name).collectors:
            collectors[id(collector)] = collector
            givers = dict.fromkeys(kind.name.partition(".")[0] for kind in collector.takes)
            needed.extend(one for one in givers if one not in needed)
    return tuple(collectors.values())
