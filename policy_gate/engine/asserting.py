"""Judges by expressions: what one may read of a release, and what a reader is told when it does not hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from policy_gate.area import FactBook
from policy_gate.document import join
from policy_gate.engine.base import Base, Setting
from policy_gate.errors import Reason
from policy_gate.model import Answer, BaseState, Fact, Fix, Missing, Outcome

if TYPE_CHECKING:
    from policy_gate.assertion import Assertion, Formula
    from policy_gate.catalogue import BoundRule
    from policy_gate.expression import Explanation, Reading, Unknown

_Asked = tuple["Formula", Mapping[str, object]]

MAX_CAUSES = 8
_REASONS = {reason.value: reason for reason in Reason}


class World:
    """What expressions may read of one release: claims, facts, base, parameters, the day; built once, when needed."""

    def __init__(self, rules: Iterable[BoundRule], facts: FactBook, base: Base, setting: Setting) -> None:
        """Take everything expressions may read; only the fact types some rule names are turned into trees."""
        formulas, conditions = _read_by(rules)
        self.uncollected = setting.uncollected
        self._facts = facts
        self._environment: dict[str, object] = {}
        self._environments: tuple[dict[str, object], ...] = ()
        if formulas:
            self._environment = {
                "manifest": setting.claims,
                "facts": _trees({kind for one in formulas for kind in one.facts}, facts, setting.uncollected),
                "base": _base(base, {kind for one in formulas for kind in one.base_facts}),
                "params": setting.parameters,
                "today": setting.today,
            }
        if conditions:
            self._environments = (self._environment, *self._asked_of_base(base, conditions))

    def applies(self, rule: BoundRule) -> Answer | None:
        """None when the rule applies; else that it does not, or that this cannot be known."""
        if not rule.ways:
            return None
        doubts: list[_Asked] = []
        denials: list[_Asked] = []
        # A change must not take a rule away by changing the claim, or the fact, that the rule asks for.
        for environment, way in ((one, way) for one in self._environments for way in rule.ways):
            answers = [(one, one.decide(environment)) for one in way]
            false = [(one, environment) for one, answer in answers if answer is False]
            unknown = [(one, environment) for one, answer in answers if answer is not True]
            if not unknown:
                return None
            (denials if false else doubts).extend(false or unknown)
        asked = [_explained(one, environment) for one, environment in (doubts or denials)[:MAX_CAUSES]]
        why = "; ".join(dict.fromkeys(_words(reading) for one in asked for reading in one.deciding[:MAX_CAUSES]))
        if doubts:
            return Answer(
                outcome=Outcome.UNKNOWN,
                reason=_reason(asked[0].result),
                message=f"whether the rule applies is not known: {why or 'its condition cannot be decided'}",
                pointer=self._pointer(asked[0].deciding, None),
            )
        return Answer(outcome=Outcome.NOT_APPLICABLE, reason=Reason.OUT_OF_SCOPE, message=f"does not apply: {why}")

    def _asked_of_base(self, base: Base, conditions: Iterable[Formula]) -> Iterator[dict[str, object]]:
        """What a condition reads when it is asked of the base; nothing where there is no base release."""
        from policy_gate.expression import Absent

        if base.state is BaseState.BROKEN:  # a base that cannot be read says nothing, also not "no"
            unreadable = Absent(Reason.BASE_UNKNOWN.value, base.detail)
            yield {**self._environment, "manifest": unreadable, "facts": unreadable}
        elif base.facts is not None:
            facts = _trees({kind for one in conditions for kind in one.facts}, base.facts, base.uncollected)
            yield {**self._environment, "manifest": base.claims, "facts": facts}
        elif base.claims:  # of the release that stood here under another name
            other = Absent(Reason.BASE_UNKNOWN.value, "the facts of another release are not compared")
            yield {**self._environment, "manifest": base.claims, "facts": other}

    def judge(self, rule: BoundRule, assertion: Assertion, entry: Fact | None, before: Fact | Answer | None) -> Answer:
        """Decide an assertion, for one fact where it goes through facts."""
        environment = self._environment if entry is None else self._with(entry, before)
        if assertion.formula.decide(environment) is True:
            return Answer(outcome=Outcome.PASS, message=f"holds: {assertion.formula.expression.text}")
        explained = _explained(assertion.formula, environment)
        unknown = None if explained.result is False else explained.result
        causes = tuple(_words(reading) for reading in explained.readings[:MAX_CAUSES])
        return Answer(
            outcome=Outcome.FAIL if unknown is None else Outcome.UNKNOWN,
            reason=None if unknown is None else _reason(unknown),
            message=_message(assertion, environment, explained),
            pointer=self._pointer(explained.deciding or explained.readings, entry),
            causes=causes,
            fixes=(Fix(text=" ".join(rule.policy_rule.rule.remediation.split())),),
        )

    def _with(self, entry: Fact, before: Fact | Answer | None) -> dict[str, object]:
        from policy_gate.expression import Absent

        base = self._environment["base"]
        if isinstance(base, dict):
            if isinstance(before, Fact):
                base = {**base, "fact": _tree(before)}
            elif isinstance(before, Answer) and before.outcome is Outcome.UNKNOWN:
                base = {**base, "fact": Absent((before.reason or Reason.BASE_UNKNOWN).value, before.message)}
        return {**self._environment, "fact": _tree(entry), "base": base}

    def _pointer(self, readings: Sequence[Reading], entry: Fact | None) -> str | None:
        """The pointer into the manifest of the first reading that has one."""
        for reading in readings:
            if reading.root == "manifest":
                return join("", *reading.keys)
            if reading.root == "fact" and entry is not None:
                return entry.pointer
            if reading.root == "facts" and (found := self._fact_pointer(reading.keys)) is not None:
                return found
        return None

    def _fact_pointer(self, keys: tuple[str | int, ...]) -> str | None:
        if len(keys) < 3 or not isinstance(keys[2], int):
            return None
        entries = self._facts.named(f"{keys[0]}.{keys[1]}")
        return entries[keys[2]].pointer if 0 <= keys[2] < len(entries) else None


def _read_by(rules: Iterable[BoundRule]) -> tuple[list[Formula], list[Formula]]:
    """Every expression of the rules, and those of them that are conditions."""
    every: list[Formula] = []
    conditions: list[Formula] = []
    for rule in rules:
        every.extend(rule.formulas)
        conditions.extend(formula for way in rule.ways for formula in way)
    return every, conditions


def _trees(kinds: Iterable[type[Fact]], facts: FactBook, uncollected: Reason) -> dict[str, dict[str, object]]:
    """Facts by area and name: a list of each type, where what is missing stands as such; a type without entry too."""
    from policy_gate.expression import Absent

    trees: dict[str, dict[str, object]] = {}
    for kind in sorted(kinds, key=lambda one: one.name):
        area, _, name = kind.name.partition(".")
        listed = [
            Absent(entry.reason.value, entry.detail) if isinstance(entry, Missing) else _tree(entry)
            for entry in facts.entries(kind)
        ]
        nothing = Absent(uncollected.value, f"no {kind.name} was collected")
        trees.setdefault(area, {})[name] = listed or nothing
    return trees


def _tree(fact: Fact) -> dict[str, object]:
    from policy_gate.record import as_tree

    tree = as_tree(fact)
    if not isinstance(tree, dict):
        return {}
    del tree["fact"]
    return {**tree, "subject": str(fact.subject)}


def _base(base: Base, kinds: Iterable[type[Fact]]) -> object:
    """The base as expressions see it: nothing at all without a baseline, not known where it cannot be read."""
    from policy_gate.expression import Absent

    if base.state is BaseState.BROKEN:
        return Absent(Reason.BASE_UNKNOWN.value, base.detail)
    if base.facts is None:
        return {}
    return {"manifest": base.claims, "facts": _trees(kinds, base.facts, base.uncollected)}


def _explained(formula: Formula, environment: Mapping[str, object]) -> Explanation:
    return formula.explain(environment)


def _message(assertion: Assertion, environment: Mapping[str, object], explained: Explanation) -> str:
    if assertion.message is not None:
        said = assertion.message.render(environment)
    elif explained.result is False:
        said = f"does not hold: {assertion.formula.expression.text}"
    else:
        said = f"cannot be decided: {assertion.formula.expression.text}"
    if explained.result is False:
        return said
    why = "; ".join(_words(reading) for reading in explained.deciding) or _detail(explained.result)
    return f"{said}: {why}" if why else said


def _words(reading: Reading) -> str:
    from policy_gate.expression import Unknown

    found = reading.found
    if isinstance(found, Unknown):
        if reading.path in found.detail:
            return found.detail
        return f"{reading.path} is {found.reason}" + (f" ({found.detail})" if found.detail else "")
    return f"{reading.path} is '{found}'" if isinstance(found, str) else f"{reading.path} is {reading.shown}"


def _reason(unknown: bool | Unknown) -> Reason:
    return _REASONS.get(getattr(unknown, "reason", ""), Reason.NOT_COMPARABLE)


def _detail(unknown: bool | Unknown) -> str:
    return str(getattr(unknown, "detail", ""))
