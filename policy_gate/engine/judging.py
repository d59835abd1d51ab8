"""Judges every subject of a release by every rule, applies exceptions, and folds to a verdict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from policy_gate.area import FactBook
from policy_gate.engine.asserting import World
from policy_gate.engine.base import Base, Exempt, Exempted, Setting
from policy_gate.engine.comparison import Comparison
from policy_gate.errors import PolicyError, Reason, TooMuchWorkError
from policy_gate.model import (
    RELEASE,
    Answer,
    Fact,
    FailOn,
    Judgement,
    Missing,
    Mode,
    Outcome,
    Place,
    Record,
    Subject,
    Verdict,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy_gate.catalogue import BoundRule
    from policy_gate.review import PolicyReview

NOTHING_APPLIES = "no rule of the policy applies to this release: nothing was judged, so it is blocked"
SCHEMA = "policy-gate/record/v1alpha1"


def evaluate(
    rules: Sequence[BoundRule],
    facts: FactBook,
    base: Base,
    setting: Setting,
    *,
    own_rules: Sequence[BoundRule] = (),
    exempt: Exempt | None = None,
) -> Record:
    """Judge every subject by every rule. Pure, total, deterministic; an empty policy raises PolicyError.

    `exempt` applies waivers and the baseline; `own_rules` then judge the state of each of those exceptions.
    """
    judged = judge_release(rules, facts, base, setting)
    exempted = Exempted(judgements=judged) if exempt is None else exempt(judged, facts)
    states = FactBook(exempted.states)
    own = [one for rule in own_rules for one in judge_facts(rule, states, _place_of(exempted))]
    judgements = sorted((*exempted.judgements, *own), key=_order)
    entries = facts.everything()
    before = base.facts.everything() if base.facts is not None else ()
    return Record(
        schema=SCHEMA,
        tool_version=setting.tool_version,
        release=setting.release,
        base=base.identity,
        base_state=base.state,
        base_note=base.state.value + (f": {base.detail}" if base.detail else ""),
        stage=setting.stage,
        today=setting.today,
        policy=setting.policy_names,
        policy_source=setting.policy_source,
        bootstrap=setting.bootstrap,
        claims=setting.claims,
        facts=tuple(entry for entry in entries if isinstance(entry, Fact)),
        missing=tuple(entry for entry in entries if isinstance(entry, Missing)),
        judgements=tuple(judgements),
        verdict=fold(judgements),
        base_claims=base.claims,
        base_facts=tuple(entry for entry in before if isinstance(entry, Fact)),
        base_missing=tuple(entry for entry in before if isinstance(entry, Missing)),
        inputs=setting.inputs,
        limits=setting.limits if _any_applies(judgements) else (*setting.limits, NOTHING_APPLIES),
    )


def _any_applies(judgements: Sequence[Judgement]) -> bool:
    return any(one.outcome is not Outcome.NOT_APPLICABLE for one in judgements)


def judge_release(rules: Sequence[BoundRule], facts: FactBook, base: Base, setting: Setting) -> tuple[Judgement, ...]:
    """The judgements of one release before any exception, in their order; an empty policy raises PolicyError."""
    if not rules:
        raise PolicyError(f"no rule of the policy applies at stage {setting.stage.value}")
    places = _Places(setting.locate)
    world = World(rules, facts, base, setting)
    return tuple(sorted((one for rule in rules for one in _judge(rule, facts, base, world, places)), key=_order))


def _order(one: Judgement) -> tuple[str, Subject, str]:
    return one.rule, one.subject, one.place.pointer


def fold(judgements: Sequence[Judgement]) -> Verdict:
    """Blocked when any judgement blocks, or when nothing was judged: no rule at all, or none that applies."""
    if not _any_applies(judgements) or any(judgement.blocks for judgement in judgements):
        return Verdict.BLOCKED
    return Verdict.ALLOWED


def exit_code(record: Record | PolicyReview, fail_on: FailOn = "blocked") -> int:
    """0 allowed, 1 blocked, 3 when a check or collector crashed, which no setting hides."""
    if any(judgement.outcome is Outcome.ERROR for judgement in record.judgements):
        return 3
    if fail_on == "never":
        return 0
    if fail_on == "warned" and any(_warns(judgement) for judgement in record.judgements):
        return 1
    return 0 if record.verdict is Verdict.ALLOWED else 1


def _warns(judgement: Judgement) -> bool:
    return judgement.mode is Mode.WARN and judgement.outcome in (Outcome.FAIL, Outcome.UNKNOWN)


class _Places:
    """Places in one manifest by pointer; many rules judge the same few claims."""

    def __init__(self, locate: Callable[[str], Place]) -> None:
        self._locate = locate
        self._known: dict[str, Place] = {}

    def of(self, pointer: str, locator: str) -> Place:
        place = self._known.get(pointer)
        if place is None:
            place = self._known[pointer] = self._locate(pointer)
        return replace(place, locator=locator) if locator else place


def _judge(rule: BoundRule, facts: FactBook, base: Base, world: World, places: _Places) -> Iterator[Judgement]:
    outside = _outside(rule, world)
    if outside is not None:
        yield _judgement(rule, RELEASE, outside, places.of(outside.pointer or "", ""))
        return
    kind = rule.judges
    if kind is None:
        assertion = rule.assertion
        if assertion is not None:
            answer = _guarded(lambda: world.judge(rule, assertion, None, None))
            yield _judgement(rule, RELEASE, answer, places.of(answer.pointer or "", answer.locator))
        return
    compared = rule.check is None or rule.check.against_base
    comparison = Comparison(kind, facts, base) if compared else None
    for entry in facts.entries(kind) or (_nothing(kind, world.uncollected),):
        yield _placed(rule, entry, _answer(rule, entry, world, comparison), places)


def _outside(rule: BoundRule, world: World) -> Answer | None:
    """None when the rule applies; a crash while that is asked is an error of the rule, like any other."""
    applies = Answer(outcome=Outcome.PASS, message="")
    answer = _guarded(lambda: world.applies(rule) or applies)
    return None if answer is applies else answer


def _answer(rule: BoundRule, entry: Fact | Missing, world: World, comparison: Comparison | None) -> Answer:
    if isinstance(entry, Missing):
        return answer_missing(entry)
    found = comparison.find(entry) if comparison is not None else None
    assertion = rule.assertion
    if assertion is not None:
        return _guarded(lambda: world.judge(rule, assertion, entry, found))
    if isinstance(found, Answer):
        return found
    return _call(rule, entry) if found is None else _call(rule, entry, base=found)


def judge_facts(rule: BoundRule, facts: FactBook, place_of: Callable[[Fact], Place]) -> Iterator[Judgement]:
    """Judge facts that are no part of a release, such as waivers; having none of them is nothing to judge."""
    if rule.judges is None:
        return
    for entry in facts.entries(rule.judges):
        if isinstance(entry, Fact):
            yield _judgement(rule, entry.subject, _call(rule, entry), place_of(entry), entry)


def _place_of(exempted: Exempted) -> Callable[[Fact], Place]:
    def place(fact: Fact) -> Place:
        return exempted.places.get(fact.subject) or Place(source="policy", path="", pointer=fact.pointer)

    return place


def _nothing(kind: type[Fact], reason: Reason) -> Missing:
    return Missing(
        fact=kind.name,
        subject=RELEASE,
        pointer="",
        reason=reason,
        detail=f"no {kind.name} was collected",
    )


def answer_missing(missing: Missing) -> Answer:
    """What a missing fact makes of its subject: unknown, or an error when a collector crashed."""
    crashed = missing.reason is Reason.CRASHED
    return Answer(
        outcome=Outcome.ERROR if crashed else Outcome.UNKNOWN,
        reason=missing.reason,
        message=missing.detail,
        fixes=missing.fixes,
    )


def _call(rule: BoundRule, fact: Fact, **extra: Fact) -> Answer:
    check = rule.check
    if check is None:
        return Answer(outcome=Outcome.ERROR, reason=Reason.CRASHED, message="the rule has nothing that decides")
    named: dict[str, object] = dict(extra)
    if check.limits is not None:
        named["limits"] = rule.limits
    return _guarded(lambda: check.function(fact, **named))


def _guarded(decide: Callable[[], Answer]) -> Answer:
    try:
        return decide()
    except TooMuchWorkError:
        raise  # only a policy that decides nothing is metered, and all of it goes without an answer
    except Exception as error:  # noqa: BLE001  # the engine's one broad except, for checks: a crash blocks
        return Answer(outcome=Outcome.ERROR, reason=Reason.CRASHED, message=f"{type(error).__name__}: {error}")


def _placed(rule: BoundRule, entry: Fact | Missing, answer: Answer, places: _Places) -> Judgement:
    pointer = entry.pointer if answer.pointer is None else answer.pointer
    fact = entry if isinstance(entry, Fact) else None
    return _judgement(rule, entry.subject, answer, places.of(pointer, answer.locator), fact)


def _judgement(rule: BoundRule, subject: Subject, answer: Answer, place: Place, fact: Fact | None = None) -> Judgement:
    written = rule.policy_rule
    return Judgement(
        rule=written.rule.id,
        title=written.rule.title,
        area=rule.area,
        severity=written.rule.severity,
        mode=written.mode,
        subject=subject,
        outcome=answer.outcome,
        reason=answer.reason,
        message=answer.message,
        place=place,
        limit_place=rule.limit_place,
        basis=fact.basis if fact is not None else None,
        measured=answer.measured,
        limit=answer.limit,
        base=answer.base,
        unit=answer.unit,
        causes=answer.causes,
        fixes=answer.fixes,
        note=written.note if answer.outcome in (Outcome.FAIL, Outcome.UNKNOWN) else "",
    )
