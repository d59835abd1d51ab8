"""Judges a record again by other rules: the facts are those of the record, and nothing is read or computed anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from policy_gate.area import FactBook
from policy_gate.engine.base import Base, Exempt, Setting
from policy_gate.engine.judging import evaluate
from policy_gate.errors import Reason
from policy_gate.model import BaseState, Judgement, Place, Record

if TYPE_CHECKING:
    from policy_gate.catalogue import BoundRule

JUDGED_AGAIN = "judged again from its record: no evidence was read"


def replay(
    record: Record,
    rules: Sequence[BoundRule],
    *,
    own_rules: Sequence[BoundRule] = (),
    parameters: Mapping[str, object] | None = None,
    policy_names: tuple[str, ...] = (),
    exempt: Exempt | None = None,
    today: str = "",
) -> Record:
    """What these rules would have said of a record's release, on its day unless `today` says another.

    A fact that the record does not hold, because no rule asked for it then, leaves its rules unknown with the reason
    NOT_IN_RECORD. Raises PolicyError where no rule is left.
    """
    facts = FactBook((*record.facts, *record.missing))
    base = base_of(record)
    setting = Setting(
        claims=record.claims,
        locate=_Recorded(record).locate,
        release=record.release,
        stage=record.stage,
        today=today or record.today,
        tool_version=record.tool_version,
        policy_names=policy_names or record.policy,
        policy_source=record.policy_source,
        bootstrap=False,
        inputs=record.inputs,
        parameters=parameters or {},
        limits=(*record.limits, JUDGED_AGAIN),
        uncollected=Reason.NOT_IN_RECORD,
    )
    return evaluate(rules, facts, base, setting, own_rules=own_rules, exempt=exempt)


def base_of(record: Record) -> Base:
    """The base release as a record holds it."""
    found = record.base_state is BaseState.FOUND
    return Base(
        state=record.base_state,
        identity=record.base,
        claims=record.base_claims,
        facts=FactBook((*record.base_facts, *record.base_missing)) if found else None,
        detail=record.base_note.removeprefix(record.base_state.value).removeprefix(": "),
        uncollected=Reason.NOT_IN_RECORD,
    )


def not_replayable(judgements: Sequence[Judgement]) -> Iterator[Judgement]:
    """The judgements that say nothing of the release, only that its record lacks what the rule needs."""
    return (one for one in judgements if one.reason is Reason.NOT_IN_RECORD)


class _Recorded:
    """Places by pointer as a record has them; a pointer it does not place is named without a line."""

    def __init__(self, record: Record) -> None:
        self._path, self._source = record.release.path, record.release.source
        self._places = {one.place.pointer: one.place for one in record.judgements if one.place.path == self._path}

    def locate(self, pointer: str) -> Place:
        place = self._places.get(pointer)
        if place is None:
            return Place(source=self._source, path=self._path, pointer=pointer)
        return replace(place, locator="") if place.locator else place
