"""From differences to a review: facts, the judgements of the rules about changes, and the digest an approver signs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from policy_gate import __version__
from policy_gate.area import FactBook
from policy_gate.areas.policy.change_facts import Direction, PolicyChange, Proposal
from policy_gate.engine import fold, judge_facts
from policy_gate.gate.change_approval import change_digest
from policy_gate.gate.changes import PROPOSAL, Changes
from policy_gate.model import Basis, Fact, Judgement, Place, Preview, Subject
from policy_gate.policy.exceptions import NO_PROOF, NotProven, Proof, Proven
from policy_gate.review import SCHEMA, PastFlip, PolicyReview

if TYPE_CHECKING:
    from policy_gate.catalogue import BoundRule
    from policy_gate.errors import Problem
    from policy_gate.policy.difference import Difference

NOWHERE = Place(source="policy", path="")


def change_facts(changes: Changes, proof: Proof = NO_PROOF) -> tuple[PolicyChange, ...]:
    """One fact for each difference; `proof` is of the approval of the whole table, by its digest."""
    return tuple(_fact(row, proof) for row in changes.rows)


def proposal_fact(changes: Changes) -> Proposal:
    """Whether the head's policy can be loaded."""
    first = changes.problems[0] if changes.problems else None
    return Proposal(
        subject=Subject("policy", (f"proposal {PROPOSAL}",)),
        pointer="",
        problems=tuple(dict.fromkeys(_one_line(one) for one in changes.problems)),
        source=changes.head,
        path=first.path if first else "",
        line=first.line if first else 0,
    )


def judge_changes(rules: Sequence[BoundRule], changes: Changes, facts: Sequence[Fact]) -> tuple[Judgement, ...]:
    """What the policy's rules about changes say of each; without such a rule there is no judgement."""
    places = {_subject(row): row.place for row in changes.rows if row.place is not None}
    book = FactBook(facts)
    found = [
        one
        for rule in rules
        for one in judge_facts(rule, book, lambda fact: places.get(fact.subject) or _place_of(fact))
    ]
    return tuple(sorted(found, key=lambda one: (one.rule, one.subject, one.place.path, one.place.line)))


def review_changes(
    changes: Changes,
    rules: Sequence[BoundRule],
    *,
    base: str,
    head: str,
    today: str,
    proof: Proof = NO_PROOF,
    previews: Mapping[str, Preview] | None = None,
    flips: tuple[PastFlip, ...] = (),
    records_replayed: int = 0,
    notes: tuple[str, ...] = (),
) -> PolicyReview:
    """Judge a change of what judges, by the rules of the base, and hold all that a report shows of it. Pure."""
    facts = change_facts(changes, proof)
    judgements = judge_changes(rules, changes, (*facts, proposal_fact(changes)))
    return PolicyReview(
        schema=SCHEMA,
        tool_version=__version__,
        base=base,
        head=head,
        today=today,
        changes=facts,
        judgements=judgements,
        verdict=fold(judgements),
        digest=change_digest(changes.rows, changes.context),
        previews=dict(previews or {}),
        flips=flips,
        records_replayed=records_replayed,
        notes=notes,
    )


def _subject(row: Difference) -> Subject:
    return Subject("policy", (f"{row.kind} {row.name}",))


def _fact(row: Difference, proof: Proof) -> PolicyChange:
    place = row.place or NOWHERE
    reviewed_by = proof.by if isinstance(proof, Proven) and proof.reviewed else ()
    return PolicyChange(
        subject=_subject(row),
        pointer=place.pointer,
        kind=row.kind,
        what=row.name,
        before=row.before,
        after=row.after,
        direction=Direction(row.change.value),
        source=place.source,
        path=place.path,
        line=place.line,
        basis=Basis.ATTESTED if reviewed_by else Basis.RECOMPUTED,
        approved_by=proof.by if isinstance(proof, Proven) and not proof.reviewed else (),
        objection=proof.reason if isinstance(proof, NotProven) and proof is not NO_PROOF else "",
        reviewed_by=reviewed_by,
    )


def _place_of(fact: Fact) -> Place:
    if not isinstance(fact, Proposal):
        return NOWHERE
    column = 1 if fact.line else 0
    return Place(
        source=fact.source, path=fact.path, line=fact.line, column=column, end_line=fact.line, end_column=2 * column
    )


def _one_line(problem: Problem) -> str:
    hint = f" ({problem.hint})" if problem.hint else ""
    return " ".join(f"{replace(problem, hint='')}{hint}".split())
