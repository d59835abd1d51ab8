"""Evaluates the expressions of a rule once more over a record, and says what they read and where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from policy_gate.area import FactBook
from policy_gate.document import join
from policy_gate.engine import Base, BaseState, Setting
from policy_gate.engine.asserting import World
from policy_gate.engine.comparison import Comparison
from policy_gate.explaining.provenance import SOURCE
from policy_gate.explanation import ExplainedFormula, ExplainedReading
from policy_gate.frozen import dataclass
from policy_gate.model import Fact, Place, Record
from policy_gate.policy.loading import place_of

if TYPE_CHECKING:
    from policy_gate.assertion import Formula
    from policy_gate.catalogue import BoundRule
    from policy_gate.document import Document
    from policy_gate.expression import Explanation, Reading
    from policy_gate.gate.judge import Judge

RELEASE_SIDE, BASE_SIDE = "this release", "base"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """The manifests that pointers point into; a base that cannot be read has no lines to show."""

    manifest: Document
    base: Document | None

    def place(self, pointer: str, record: Record, *, of_base: bool = False) -> Place:
        """The place of a pointer into the manifest of the release or of its base."""
        if not of_base:
            return place_of(self.manifest, pointer, record.release.source)
        source = record.base.source if record.base is not None else ""
        if self.base is not None:
            return place_of(self.base, pointer, source)
        return Place(source=source, path=record.base.path if record.base is not None else "", pointer=pointer)


class Witness(World):
    """What the expressions of one rule read of a recorded release."""

    def __init__(self, rule: BoundRule, record: Record, judge: Judge, sources: Sources) -> None:
        """Build the same world the engine built, from the record's own facts."""
        self._record, self._judge, self._sources = record, judge, sources
        self.facts = FactBook((*record.facts, *record.missing))
        before = FactBook((*record.base_facts, *record.base_missing))
        self.base_facts = before if record.base_state is BaseState.FOUND else None
        base = Base(
            state=record.base_state,
            identity=record.base,
            claims=record.base_claims,
            facts=self.base_facts,
            detail=record.base_note.partition(": ")[2],
        )
        super().__init__((rule,), self.facts, base, _setting(record, judge, sources))
        self._rule = rule
        self._comparison = Comparison(rule.judges, self.facts, base) if rule.judges is not None else None

    def conditions(self) -> Iterator[ExplainedFormula]:
        """Each `when` of the rule as it was answered."""
        for side, environment in zip((RELEASE_SIDE, BASE_SIDE), self._environments, strict=False):
            for formula in (one for way in self._rule.ways for one in way):
                yield self._formula(formula, environment, None, side)

    def assertion(self, entry: Fact | None) -> Iterator[ExplainedFormula]:
        """The `assert` of the rule as it was answered about one fact, or about the release."""
        assertion = self._rule.assertion
        if assertion is None:
            return
        found = self._comparison.find(entry) if self._comparison is not None and entry is not None else None
        environment = self._environment if entry is None else self._with(entry, found)
        yield self._formula(assertion.formula, environment, entry, RELEASE_SIDE)

    def _formula(
        self, formula: Formula, environment: dict[str, object], entry: Fact | None, side: str
    ) -> ExplainedFormula:
        explained = formula.expression.explain(environment)
        deciding = frozenset(one.path for one in explained.deciding)
        readings = tuple(
            ExplainedReading(
                path=one.path,
                value=_value(one),
                decided=one.path in deciding,
                places=tuple(self._places(one, entry, is_base=side == BASE_SIDE)),
            )
            for one in explained.readings
        )
        text = formula.expression.text
        return ExplainedFormula(side=side, text=text, answer=_answer(explained), readings=readings)

    def _places(self, reading: Reading, entry: Fact | None, *, is_base: bool) -> Iterator[Place]:
        """Where a value stands that was read: one place, or none for the day and for facts about no claim."""
        keys, of_base = reading.keys, reading.root == "base"
        root, keys = (str(keys[0]), keys[1:]) if of_base and keys else (reading.root, keys)
        if root == "manifest":
            yield self._sources.place(join("", *keys), self._record, of_base=of_base or is_base)
        elif root == "fact" and entry is not None:
            yield self._sources.place(entry.pointer, self._record, of_base=of_base)
        elif root == "facts":
            pointer = self._pointer_of(keys, of_base=of_base)
            if pointer is not None:
                yield self._sources.place(pointer, self._record, of_base=of_base)
        elif root == "params" and keys:
            value = self._judge.policy.values.get(str(keys[0]))
            if value is not None and value.setting is not None:
                pointer = join(value.setting.pointer, *keys[1:])
                yield place_of(value.setting.document, pointer, SOURCE)

    def _pointer_of(self, keys: tuple[str | int, ...], *, of_base: bool) -> str | None:
        """The pointer of one fact of a list of facts."""
        book = self.base_facts if of_base else self.facts
        if book is None or len(keys) < 3 or not isinstance(keys[2], int):
            return None
        entries = book.named(f"{keys[0]}.{keys[1]}")
        return entries[keys[2]].pointer if 0 <= keys[2] < len(entries) else None


def _setting(record: Record, judge: Judge, sources: Sources) -> Setting:
    return Setting(
        claims=record.claims,
        locate=lambda pointer: sources.place(pointer, record),
        release=record.release,
        stage=record.stage,
        today=record.today,
        tool_version=record.tool_version,
        policy_names=record.policy,
        policy_source=record.policy_source,
        bootstrap=record.bootstrap,
        inputs=record.inputs,
        parameters=judge.parameters,
    )


def _value(reading: Reading) -> str:
    """A value in short; of one that is not known, why."""
    from policy_gate.expression import Unknown

    found = reading.found
    if isinstance(found, Unknown):
        return f"not known: {found.detail or found.reason}"
    return reading.shown


def _answer(explained: Explanation) -> str:
    from policy_gate.expression import Unknown

    result = explained.result
    if isinstance(result, Unknown):
        return f"unknown: {result.detail or result.reason}"
    return "true" if result else "false"
