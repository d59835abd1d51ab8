"""Explains what one rule decided about one release: subject by subject, with evidence, values and waivers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from datetime import date
from typing import TYPE_CHECKING

from policy_gate.area import FactBook
from policy_gate.errors import GateError
from policy_gate.explaining.witness import BASE_SIDE, RELEASE_SIDE, Sources, Witness
from policy_gate.explanation import (
    ExplainedFact,
    ExplainedFormula,
    ExplainedJudgement,
    ExplainedRelease,
    ExplainedWaiver,
)
from policy_gate.gate import Request, judge, read_document
from policy_gate.gate.exempting import Exceptions, artifact_digests
from policy_gate.model import Fact, Judgement, Missing, Record
from policy_gate.policy.waivers import Circumstances, decide, number_running
from policy_gate.record import as_tree

if TYPE_CHECKING:
    from policy_gate.catalogue import BoundRule
    from policy_gate.gate.judge import Judge
    from policy_gate.gate.trees import Trees

SHOWN_CHARS = 160
_NOT_SHOWN = ("subject", "pointer", "basis")


def judged_record(request: Request) -> Record:
    """The record of the one manifest that a request names; raises GateError with every problem."""
    report = judge(request)
    if report.problems or len(report.presented) != 1:
        raise GateError(report.problems or "one manifest is explained at a time")
    return report.presented[0]


def explained_release(
    request: Request, trees: Trees, judged: tuple[Record, Judge], exceptions: Exceptions, rule_id: str
) -> ExplainedRelease:
    """Explain what one rule decided about a record, with the judge of its release.

    Raises GateError where the manifest cannot be read any more.
    """
    record, judge_of_it = judged
    is_waived_somewhere = any(one.rule == rule_id for one in exceptions.waivers)
    unexcepted = judged_record(replace(request, exceptions=False)) if is_waived_somewhere else record
    return _Explained(record, unexcepted, judge_of_it, exceptions).release(rule_id, _sources(record, trees))


def _sources(record: Record, trees: Trees) -> Sources:
    base = None
    if record.base is not None and trees.base is not None:
        try:
            base = read_document(trees.base, record.base.path)
        except GateError:
            base = None  # its claims are in the record; only their lines are not
    return Sources(manifest=read_document(trees.head, record.release.path), base=base)


class _Explained:
    """One record beside what it is without exceptions."""

    def __init__(self, record: Record, unexcepted: Record, judge: Judge, exceptions: Exceptions) -> None:
        self.record, self.unexcepted, self.judge, self.exceptions = record, unexcepted, judge, exceptions

    def release(self, rule_id: str, sources: Sources) -> ExplainedRelease:
        rule = next((one for one in self.judge.rules if one.policy_rule.rule.id == rule_id), None)
        witness = Witness(rule, self.record, self.judge, sources) if rule is not None else None
        judgements = [one for one in self.record.judgements if one.rule == rule_id]
        entries = _entries(rule, witness)
        explained = []
        for judgement, plain in zip(judgements, self._plain(judgements, rule_id), strict=True):
            entry = _taken(entries, judgement)
            explained.append(
                ExplainedJudgement(
                    judgement=judgement,
                    facts=tuple(self._facts(entry, rule, witness, sources)),
                    assertion=tuple(_assertion(entry, rule, witness)),
                    waivers=tuple(self._waivers(plain)),
                )
            )
        return ExplainedRelease(
            release=self.record.release,
            base_note=self.record.base_note,
            stage=self.record.stage,
            today=self.record.today,
            conditions=tuple(witness.conditions()) if witness is not None else (),
            judgements=tuple(explained),
            note="" if judgements else f"{rule_id} judges nothing of this release at stage {self.record.stage.value}",
        )

    def _plain(self, judgements: Sequence[Judgement], rule_id: str) -> Sequence[Judgement]:
        """The same judgements before exceptions, which keep their order."""
        plain = [one for one in self.unexcepted.judgements if one.rule == rule_id]
        return plain if len(plain) == len(judgements) else judgements

    def _facts(
        self, entry: Fact | Missing | None, rule: BoundRule | None, witness: Witness | None, sources: Sources
    ) -> Iterator[ExplainedFact]:
        if not isinstance(entry, Fact) or rule is None or witness is None:
            return
        yield _fact(entry, RELEASE_SIDE, sources, self.record)
        book = witness.base_facts if _is_compared(rule) else None
        before = book.get(type(entry), entry.subject) if book is not None else None
        if isinstance(before, Fact):
            yield _fact(before, BASE_SIDE, sources, self.record)

    def _waivers(self, judgement: Judgement) -> Iterator[ExplainedWaiver]:
        """Every waiver of the rule for this release, and what the one function that decides says of it."""
        release = self.record.release
        own = [one for one in self.exceptions.waivers if one.release == release.name]
        circumstances = Circumstances(
            release=release,
            artifacts=dict(artifact_digests(FactBook(self.record.facts))),
            today=date.fromisoformat(self.record.today),
            limits=self.judge.policy.exceptions,
        )
        running = number_running(own, circumstances)
        for waiver in own:
            if waiver.rule == judgement.rule:
                decision = decide(waiver, judgement, self.exceptions.proofs[waiver.id], circumstances, running=running)
                yield ExplainedWaiver(id=waiver.id, covers=decision.covers, message=decision.message)


def _is_compared(rule: BoundRule) -> bool:
    """Whether a rule looks at the base fact of its subject."""
    if rule.check is not None:
        return rule.check.against_base
    return any(path[:2] == ("base", "fact") for one in rule.formulas for path in one.expression.paths)


def _entries(rule: BoundRule | None, witness: Witness | None) -> list[Fact | Missing]:
    if rule is None or witness is None or rule.judges is None or witness.applies(rule) is not None:
        return []
    return list(witness.facts.entries(rule.judges))


def _taken(entries: list[Fact | Missing], judgement: Judgement) -> Fact | Missing | None:
    """Take the entry that a judgement is about: of its subject, and at its place where there are several."""
    same = [one for one in entries if one.subject == judgement.subject]
    if not same:
        return None
    found = next((one for one in same if one.pointer == judgement.place.pointer), same[0])
    entries.remove(found)
    return found


def _assertion(
    entry: Fact | Missing | None, rule: BoundRule | None, witness: Witness | None
) -> Iterator[ExplainedFormula]:
    """The expression that decided; a rule that goes through facts says nothing of one that is missing."""
    if rule is None or witness is None or rule.assertion is None or witness.applies(rule) is not None:
        return
    if rule.judges is None:
        yield from witness.assertion(None)
    elif isinstance(entry, Fact):
        yield from witness.assertion(entry)


def _fact(fact: Fact, side: str, sources: Sources, record: Record) -> ExplainedFact:
    values = tuple((one.name, _short(getattr(fact, one.name))) for one in fields(fact) if one.name not in _NOT_SHOWN)
    place = sources.place(fact.pointer, record, of_base=side == BASE_SIDE)
    return ExplainedFact(side=side, name=fact.name, basis=fact.basis, values=values, place=place)


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(as_tree(value), ensure_ascii=False)
    return text if len(text) <= SHOWN_CHARS else f"{text[: SHOWN_CHARS - 1]}…"
