"""The rule engine: orders collectors by the facts they need, judges every subject, folds to a verdict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING

from policy_gate.area import Collector, Evidence, FactBook
from policy_gate.errors import EvidenceError, InternalError, PolicyError, Reason
from policy_gate.frozen import dataclass
from policy_gate.model import (
    RELEASE,
    Answer,
    Fact,
    Fix,
    Input,
    Judgement,
    Missing,
    Outcome,
    Place,
    Record,
    ReleaseIdentity,
    Stage,
    Subject,
    Verdict,
)
from policy_gate.policy.loading import place_of

if TYPE_CHECKING:
    from policy_gate.catalogue import BoundRule
    from policy_gate.document import Document

SHOWN_SUBJECTS = 5

SCHEMA = "policy-gate/record/v1alpha1"


class BaseState(StrEnum):
    """What is known of the release this one replaces."""

    FOUND = "compared with its base release"
    FIRST_RELEASE = "no baseline: the base holds no release of this name"
    NO_BASE = "no baseline: there is no base revision"
    BROKEN = "the base release could not be read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """The base release as facts from the same collectors; `detail` says what was wrong when it is BROKEN."""

    state: BaseState
    identity: ReleaseIdentity | None = None
    facts: FactBook | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Everything beside policy and facts that decides a record, all of it an argument."""

    manifest: Document
    release: ReleaseIdentity
    stage: Stage
    today: str
    tool_version: str
    policy_names: tuple[str, ...]
    policy_source: str
    bootstrap: bool
    inputs: tuple[Input, ...]
    limits: tuple[str, ...] = ()


def wanted_collectors(rules: Iterable[BoundRule], collectors: Sequence[Collector]) -> tuple[Collector, ...]:
    """The collectors whose facts the rules need, those they take first; raises InternalError on a cycle."""
    givers = {kind.name: collector for collector in collectors for kind in collector.gives}
    ordered: dict[int, Collector] = {}
    for rule in rules:
        _visit(rule.check.judges, givers, ordered, ())
    return tuple(ordered.values())


def _visit(
    kind: type[Fact], givers: Mapping[str, Collector], ordered: dict[int, Collector], above: tuple[str, ...]
) -> None:
    collector = givers.get(kind.name)
    if collector is None:
        raise InternalError(f"no collector gives {kind.name}")
    if kind.name in above:
        raise InternalError(f"collectors wait for each other: {' > '.join((*above, kind.name))}")
    if id(collector) in ordered:
        return
    for needed in collector.takes:
        _visit(needed, givers, ordered, (*above, kind.name))
    ordered[id(collector)] = collector


def collect(collectors: Iterable[Collector], evidence: Evidence) -> FactBook:
    """Run collectors in order into `evidence.facts`; one that cannot look leaves its facts missing."""
    for collector in collectors:
        try:
            entries = tuple(collector.run(evidence))
        except EvidenceError as error:
            entries = _all_missing(collector, error.reason, error.detail)
        except Exception as error:  # noqa: BLE001  # the one broad except: a crash blocks, it never passes
            entries = _all_missing(collector, Reason.CRASHED, f"{type(error).__name__}: {error}")
        evidence.facts.add(entries)
        given = {entry.fact if isinstance(entry, Missing) else entry.name for entry in entries}
        silent = [kind for kind in collector.gives if kind.name not in given]
        evidence.facts.add(
            Missing(
                fact=kind.name, subject=RELEASE, pointer="", reason=Reason.NOTHING_TO_JUDGE, detail=f"no {kind.name}"
            )
            for kind in silent
        )
    return evidence.facts


def _all_missing(collector: Collector, reason: Reason, detail: str) -> tuple[Missing, ...]:
    return tuple(
        Missing(fact=kind.name, subject=RELEASE, pointer="", reason=reason, detail=detail) for kind in collector.gives
    )


def evaluate(rules: Sequence[BoundRule], facts: FactBook, base: Base, setting: Setting) -> Record:
    """Judge every subject by every rule. Pure, total, deterministic; an empty policy raises PolicyError."""
    if not rules:
        raise PolicyError(f"no rule of the policy applies at stage {setting.stage.value}")
    places = _Places(setting)
    judgements = [judgement for rule in rules for judgement in _judge(rule, facts, base, places)]
    judgements.sort(key=lambda one: (one.rule, one.subject, one.place.pointer))
    entries = facts.everything()
    root = setting.manifest.root
    return Record(
        schema=SCHEMA,
        tool_version=setting.tool_version,
        release=setting.release,
        base=base.identity,
        base_note=base.state.value + (f": {base.detail}" if base.detail else ""),
        stage=setting.stage,
        today=setting.today,
        policy=setting.policy_names,
        policy_source=setting.policy_source,
        bootstrap=setting.bootstrap,
        claims=root if isinstance(root, dict) else {},
        facts=tuple(entry for entry in entries if isinstance(entry, Fact)),
        missing=tuple(entry for entry in entries if isinstance(entry, Missing)),
        judgements=tuple(judgements),
        verdict=fold(judgements),
        inputs=setting.inputs,
        limits=setting.limits,
    )


def fold(judgements: Sequence[Judgement]) -> Verdict:
    """Blocked when any judgement blocks, or when there is none at all."""
    if not judgements or any(judgement.blocks for judgement in judgements):
        return Verdict.BLOCKED
    return Verdict.ALLOWED


def exit_code(record: Record) -> int:
    """0 allowed, 1 blocked, 3 when a check or collector crashed."""
    if any(judgement.outcome is Outcome.ERROR for judgement in record.judgements):
        return 3
    return 0 if record.verdict is Verdict.ALLOWED else 1


class _Places:
    """Places in one manifest by pointer; many rules judge the same few claims."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._known: dict[str, Place] = {}

    def of(self, pointer: str, locator: str) -> Place:
        place = self._known.get(pointer)
        if place is None:
            place = place_of(self._setting.manifest, pointer, self._setting.release.source)
            self._known[pointer] = place
        return replace(place, locator=locator) if locator else place


def _judge(rule: BoundRule, facts: FactBook, base: Base, places: _Places) -> Iterator[Judgement]:
    entries = facts.entries(rule.check.judges)
    if not entries:
        entries = (
            Missing(
                fact=rule.check.judges.name,
                subject=RELEASE,
                pointer="",
                reason=Reason.NOTHING_TO_JUDGE,
                detail=f"no {rule.check.judges.name} was collected",
            ),
        )
    comparison = _Comparison(rule, facts, base)
    for entry in entries:
        if isinstance(entry, Missing):
            answer = _answer_missing(entry)
        elif rule.check.against_base:
            answer = comparison.answer(entry)
        else:
            answer = _call(rule, entry)
        yield _judgement(rule, entry, answer, places)


def _answer_missing(missing: Missing) -> Answer:
    crashed = missing.reason is Reason.CRASHED
    return Answer(
        outcome=Outcome.ERROR if crashed else Outcome.UNKNOWN,
        reason=missing.reason,
        message=missing.detail,
        fixes=missing.fixes,
    )


class _Comparison:
    """One rule against the base: which subjects the base has that this release lost, found once for all subjects."""

    def __init__(self, rule: BoundRule, facts: FactBook, base: Base) -> None:
        self._rule, self._base = rule, base
        kind = rule.check.judges
        self._before = {entry.subject for entry in base.facts.entries(kind)} if base.facts is not None else set()
        now = {entry.subject for entry in facts.entries(kind)}
        self._gone = sorted(self._before - now)

    def answer(self, fact: Fact) -> Answer:
        """Compare with the base fact; having none is a state of its own, and never by losing the old subject."""
        base = self._base
        if base.state is BaseState.BROKEN:
            return Answer(outcome=Outcome.UNKNOWN, reason=Reason.BASE_UNKNOWN, message=base.detail)
        if base.facts is None:
            return _no_baseline(base.state.value)
        found = base.facts.get(type(fact), fact.subject)
        if isinstance(found, Fact):
            return _call(self._rule, fact, base=found)
        if fact.subject in self._before:
            message = f"the base has no comparable value: {found.detail}"
            return Answer(outcome=Outcome.UNKNOWN, reason=Reason.BASE_UNKNOWN, message=message)
        if self._gone:
            return self._renamed(fact.subject)
        return _no_baseline(f"no baseline: {fact.subject} is new in this release")

    def _renamed(self, subject: Subject) -> Answer:
        more = len(self._gone) - SHOWN_SUBJECTS
        gone = ", ".join(map(str, self._gone[:SHOWN_SUBJECTS])) + (f" and {more} more" if more > 0 else "")
        return Answer(
            outcome=Outcome.UNKNOWN,
            reason=Reason.BASE_UNKNOWN,
            message=f"{subject} is new while {gone} is gone: what replaces what is unknown",
            fixes=(Fix(text="keep the id of what this replaces, or add and remove in two releases"),),
        )


def _no_baseline(message: str) -> Answer:
    return Answer(outcome=Outcome.NOT_APPLICABLE, reason=Reason.NO_BASELINE, message=message)


def _call(rule: BoundRule, fact: Fact, **extra: Fact) -> Answer:
    named: dict[str, object] = dict(extra)
    if rule.check.limits is not None:
        named["limits"] = rule.limits
    try:
        return rule.check.function(fact, **named)
    except Exception as error:  # noqa: BLE001  # the engine's one broad except, for checks: a crash blocks
        return Answer(outcome=Outcome.ERROR, reason=Reason.CRASHED, message=f"{type(error).__name__}: {error}")


def _judgement(rule: BoundRule, entry: Fact | Missing, answer: Answer, places: _Places) -> Judgement:
    written = rule.policy_rule
    pointer = entry.pointer if answer.pointer is None else answer.pointer
    return Judgement(
        rule=written.rule.id,
        title=written.rule.title,
        area=written.rule.area,
        severity=written.rule.severity,
        mode=written.mode,
        subject=entry.subject,
        outcome=answer.outcome,
        reason=answer.reason,
        message=answer.message,
        place=places.of(pointer, answer.locator),
        limit_place=rule.limit_place,
        basis=entry.basis if isinstance(entry, Fact) else None,
        measured=answer.measured,
        limit=answer.limit,
        base=answer.base,
        unit=answer.unit,
        causes=answer.causes,
        fixes=answer.fixes,
    )
