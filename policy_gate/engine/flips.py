"""What another policy changes: the judgements that differ, by rule and subject."""

from __future__ import annotations

from collections.abc import Iterable

from policy_gate.model import Flip, Judgement, Outcome, Subject

Key = tuple[str, Subject]


def flips_between(before: Iterable[Judgement], after: Iterable[Judgement]) -> tuple[Flip, ...]:
    """The judgements whose outcome, or whose power to block, another policy changes; sorted by rule and subject.

    Only what a reader would act on: a rule that is new and passes, or is gone and passed, is no flip.
    """
    old, new = _gravest(before), _gravest(after)
    found = []
    for key in sorted({*old, *new}):
        one, other = old.get(key), new.get(key)
        if not _differ(one, other):
            continue
        shown = other or one
        if shown is None:
            continue
        found.append(
            Flip(
                rule=key[0],
                subject=key[1],
                pointer=shown.place.pointer,
                before=one.outcome if one is not None else "",
                after=other.outcome if other is not None else "",
                message=shown.message,
                blocks=other is not None and other.blocks,
            )
        )
    return tuple(found)


def _differ(one: Judgement | None, other: Judgement | None) -> bool:
    if one is None or other is None:
        only = one or other
        return only is not None and only.outcome not in (Outcome.PASS, Outcome.NOT_APPLICABLE)
    return one.outcome is not other.outcome or one.blocks is not other.blocks


def _gravest(judgements: Iterable[Judgement]) -> dict[Key, Judgement]:
    """One judgement for a rule and subject: the one that blocks, else the first that did not pass, else the first."""
    found: dict[Key, Judgement] = {}
    for one in judgements:
        key = (one.rule, one.subject)
        known = found.get(key)
        if known is None or _gravity(one) > _gravity(known):
            found[key] = one
    return found


def _gravity(one: Judgement) -> tuple[bool, bool]:
    return one.blocks, one.outcome not in (Outcome.PASS, Outcome.NOT_APPLICABLE)
