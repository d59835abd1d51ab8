"""Holds judgements against what a case expects; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from policy_gate.frozen import dataclass
from policy_gate.model import Judgement, Outcome, Place
from policy_gate.tested import Miss
from policy_gate.workbench.testing_file import ALL, expectations

if TYPE_CHECKING:
    from policy_gate.workbench.testing_file import Case, Expectation

GRAVITY = (Outcome.NOT_APPLICABLE, Outcome.PASS, Outcome.WAIVED, Outcome.UNKNOWN, Outcome.FAIL, Outcome.ERROR)
FINE = (Outcome.PASS, Outcome.NOT_APPLICABLE)
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Held:
    """What a case showed: expectations that did not hold, and the outcomes that were expected and given, by rule."""

    misses: tuple[Miss, ...]
    reached: tuple[tuple[str, Outcome], ...]


def held(case: Case, judgements: Sequence[Judgement], place_of: Callable[[tuple[str | int, ...]], Place]) -> Held:
    """Hold the judgements of a case against all it expects; `place_of` places a path below the case."""
    by_rule: dict[str, list[Judgement]] = {}
    for judgement in judgements:
        by_rule.setdefault(judgement.rule, []).append(judgement)
    misses: list[Miss] = []
    reached: list[tuple[str, Outcome]] = []
    for rule, expected in case.expect.items():
        if rule == ALL:
            continue
        several = isinstance(expected, tuple)
        for position, one in enumerate(expectations(expected)):
            written = place_of(("expect", rule, position) if several else ("expect", rule))
            missed = _missed(rule, one, by_rule.get(rule, []), written)
            if missed is None:
                reached.append((rule, one.outcome))
            else:
                misses.append(missed)
    if ALL in case.expect:
        written = place_of(("expect", ALL))
        others = {rule: found for rule, found in by_rule.items() if rule not in case.expect}
        misses.extend(_not_fine(others, written))
        reached.extend((rule, gravest(found)[0].outcome) for rule, found in others.items())
    return Held(tuple(misses), tuple(reached))


def gravest(judgements: Iterable[Judgement]) -> list[Judgement]:
    """The judgements with the gravest outcome: what a rule says of a release as a whole."""
    listed = list(judgements)
    worst = max((GRAVITY.index(one.outcome) for one in listed), default=0)
    return [one for one in listed if GRAVITY.index(one.outcome) == worst]


def _missed(rule: str, expected: Expectation, judgements: Sequence[Judgement], written: Place) -> Miss | None:
    about = [one for one in judgements if expected.subject in (None, str(one.subject))]
    if not about:
        subjects = ", ".join(dict.fromkeys(str(one.subject) for one in judgements[:SHOWN]))
        actual = f"not judged about {expected.subject}, but about {subjects}" if judgements else "not judged"
        return Miss(
            rule=rule,
            expected=_wanted(expected),
            actual=actual,
            message="",
            written=written,
            place=Place(source="", path=""),
        )
    found = gravest(about)
    if found[0].outcome is expected.outcome and any(_fits(one, expected) for one in found):
        return None
    return _miss(rule, expected, found[0], written)


def _fits(judgement: Judgement, expected: Expectation) -> bool:
    place = judgement.place
    return (
        (expected.at is None or expected.at == (place.line if isinstance(expected.at, int) else place.pointer))
        and expected.reason in (None, judgement.reason)
        and expected.waiver in (None, judgement.waiver)
        and expected.blocks in (None, judgement.blocks)
    )


def _miss(rule: str, expected: Expectation, judgement: Judgement, written: Place) -> Miss:
    return Miss(
        rule=rule,
        expected=_wanted(expected),
        actual=_given(judgement, expected),
        message=judgement.message,
        written=written,
        place=judgement.place,
    )


def _wanted(expected: Expectation) -> str:
    parts = [expected.outcome.value]
    if expected.subject is not None:
        parts.append(f"about {expected.subject}")
    if expected.at is not None:
        parts.append(f"at line {expected.at}" if isinstance(expected.at, int) else f"at '{expected.at}'")
    if expected.reason is not None:
        parts.append(f"because {expected.reason.value}")
    if expected.waiver is not None:
        parts.append(f"by waiver {expected.waiver}")
    if expected.blocks is not None:
        parts.append("and blocks" if expected.blocks else "and does not block")
    return " ".join(parts)


def _given(judgement: Judgement, expected: Expectation) -> str:
    """The judgement in the terms of the expectation, so that the two can be compared part by part."""
    place = judgement.place
    parts = [judgement.outcome.value, f"about {judgement.subject}"]
    if expected.at is not None:
        parts.append(f"at line {place.line}" if isinstance(expected.at, int) else f"at '{place.pointer}'")
    if judgement.reason is not None:
        parts.append(f"because {judgement.reason.value}")
    if expected.waiver is not None:
        parts.append(f"by waiver {judgement.waiver}" if judgement.waiver else "by no waiver")
    if expected.blocks is not None:
        parts.append("and blocks" if judgement.blocks else "and does not block")
    return " ".join(parts)


def _not_fine(by_rule: dict[str, list[Judgement]], written: Place) -> Iterator[Miss]:
    for rule, judgements in by_rule.items():
        found = gravest(judgements)[0]
        if found.outcome not in FINE:
            yield Miss(
                rule=rule,
                expected="pass",
                actual=f"{found.outcome.value} about {found.subject}"
                + (f" because {found.reason.value}" if found.reason else ""),
                message=found.message,
                written=written,
                place=found.place,
            )
