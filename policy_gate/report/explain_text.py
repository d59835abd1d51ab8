"""The explanation of one rule for a terminal: its words, where its values come from, and what decided."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from textwrap import fill

from policy_gate.explanation import (
    ExplainedFact,
    ExplainedFormula,
    ExplainedJudgement,
    ExplainedLimit,
    ExplainedReading,
    ExplainedRelease,
    RuleExplanation,
    ValueStep,
)
from policy_gate.model import Judgement, Outcome, Place
from policy_gate.report.cells import fitting, width
from policy_gate.report.escaping import safe
from policy_gate.report.numbers import shown, with_unit

WIDTH = 88
MAX_VALUE = 48
MAX_READINGS = 40
CUT = "…"
DIRECTIONS = {
    "lower": "a lower value is stricter",
    "higher": "a higher value is stricter",
    "subset": "fewer members are stricter",
    "superset": "more members are stricter",
    "true": "true is stricter",
    "false": "false is stricter",
    "": "it has no direction",
}


def render_explanation(explained: RuleExplanation) -> str:
    """Render an explanation for a terminal; every text of a policy or a release is made harmless."""
    sections = [
        _head(explained),
        _titled("Promise", _paragraphs(explained.promise)),
        _titled("Why", _paragraphs(explained.rationale)),
        _titled("How to keep it", _paragraphs(explained.remediation)),
        _titled("Expression", _expression(explained)),
        _titled("Mode", _mode(explained)),
        _titled("Limits", _limits(explained.limits)),
        _titled("Applies when", _ways(explained)),
        _titled("Exceptions", _exceptions(explained)),
        iter(["Unknown blocks too: evidence that is missing or cannot be read never passes."]),
        *(_release(one) for one in explained.releases),
    ]
    texts = ["\n".join(section) for section in sections]
    return "\n\n".join(text for text in texts if text) + "\n"


def _titled(title: str, lines: Iterator[str]) -> Iterator[str]:
    """Lines under their title; a section without lines has no title."""
    found = list(lines)
    if found:
        yield f"{title}:"
        yield from found


def _paragraphs(words: str) -> Iterator[str]:
    for paragraph in words.split("\n\n"):
        yield _wrapped(paragraph, "  ")


def _wrapped(words: str, indentation: str, hanging: str | None = None) -> str:
    following = indentation if hanging is None else hanging
    return fill(safe(" ".join(words.split())), WIDTH, initial_indent=indentation, subsequent_indent=following)


def _at(place: Place) -> str:
    where = f":{place.line}" if place.line else ""
    return safe(f"{place.path}{where}")


def _exactly_at(place: Place) -> str:
    """A place with its column; one of the base is told from one of this release."""
    where = f":{place.line}:{place.column}" if place.line else ""
    base = " in the base" if place.source.startswith("base") else ""
    return safe(f"{place.path}{where}{base}")


def _head(explained: RuleExplanation) -> Iterator[str]:
    yield f"{safe(explained.rule)}  {safe(explained.title)}"
    stages = " and ".join(stage.value for stage in explained.stages)
    floor = ", part of the floor" if explained.floor else ""
    yield f"  severity {explained.severity.value}, mode {explained.mode.value}, judged at stage {stages}{floor}"
    what = "an expression" if explained.is_expression else f"check {safe(explained.decided_by)}"
    yield f"  {what}, written in {_at(explained.place)}"
    if explained.absent:
        yield _wrapped(f"not part of the policy here: {explained.absent}", "  ")


def _expression(explained: RuleExplanation) -> Iterator[str]:
    if explained.is_expression:
        yield _wrapped(explained.decided_by, "  ", "    ")
        if explained.each:
            yield f"  for each {safe(explained.each)}, as `fact`"


def _mode(explained: RuleExplanation) -> Iterator[str]:
    if len(explained.mode_steps) < 2 and explained.mode is explained.mode_after:
        return
    if explained.mode is not explained.mode_after:
        days = explained.rollout_days
        left = f"in {days} {'day' if days == 1 else 'days'}"
        yield f"  {explained.mode.value} today, {explained.mode_after.value} {left}"
    yield from _steps(explained.mode_steps, "  ")


def _limits(limits: Iterable[ExplainedLimit]) -> Iterator[str]:
    for one in limits:
        named = f" (parameter {one.parameter})" if one.name and one.parameter else ""
        default = "" if one.steps else " (the check's own default)"
        yield f"  {safe(one.name or one.parameter)} = {_value(one.value)}{safe(named)}{default}"
        yield _wrapped(one.words, "      ")
        yield _wrapped(f"{one.kind}; {DIRECTIONS.get(one.stricter, one.stricter)}", "      ")
        yield from _steps(one.steps, "      ")
        for floor in one.floor:
            yield f"      the floor demands {_value(floor.value)}, {safe(floor.origin)}, {_at(floor.place)}"


def _steps(steps: Iterable[ValueStep], indentation: str) -> Iterator[str]:
    """A line for each place that gives a value, outward; the one in force is marked."""
    rows = [(_value(one.value), one) for one in steps]
    column = max((width(text) for text, _ in rows), default=0)
    for text, one in rows:
        mark = "->" if one.holds else "  "
        note = f" ({one.note})" if one.note else ""
        padding = " " * (column - width(text))
        yield _wrapped_row(f"{indentation}{mark} {text}{padding}  ", f"{one.origin}, {_at(one.place)}{note}")


def _wrapped_row(start: str, words: str) -> str:
    """A row whose last cell is wrapped below itself."""
    return start + fill(safe(words), max(24, WIDTH + 24 - width(start)), subsequent_indent=" " * width(start))


def _value(value: object) -> str:
    """A value as a policy writes it, in one line and cut to what a row has room for."""
    text = safe(value) if isinstance(value, str) else safe(json.dumps(_plain(value), ensure_ascii=False, default=str))
    return text if width(text) <= MAX_VALUE else fitting(text, MAX_VALUE - 1) + CUT


def _plain(value: object) -> object:
    return list(value) if isinstance(value, (tuple, set, frozenset)) else value


def _ways(explained: RuleExplanation) -> Iterator[str]:
    for position, way in enumerate(explained.ways):
        for number, one in enumerate(way):
            word = "and " if number else ("or " if position else "")
            yield _wrapped(f"{word}{one.text} ({_at(one.place)})", "  ", "    ")
    if explained.ways:
        yield "  of this release or of its base; where that cannot be decided, the rule is unknown"


def _exceptions(explained: RuleExplanation) -> Iterator[str]:
    if explained.waivable:
        yield _wrapped(explained.waivable, "  ")
    for one in explained.exceptions:
        yield _wrapped(f"{one.kind} {one.name} ({_at(one.place)}): {one.state}", "  ", "    ")
        yield _wrapped(one.words, "    ")


def _release(explained: ExplainedRelease) -> Iterator[str]:
    release = explained.release
    yield _wrapped(
        f"{release.path}: {release.name} {release.version} at stage {explained.stage.value} "
        f"as of {explained.today}; {explained.base_note}",
        "",
        "  ",
    )
    for formula in explained.conditions:
        yield from _formula(formula, "condition")
    if explained.note:
        yield _wrapped(explained.note, "  ")
    for one in explained.judgements:
        yield ""
        yield from _judgement(one)


def _judgement(explained: ExplainedJudgement) -> Iterator[str]:
    judgement = explained.judgement
    yield f"{judgement.outcome.value.upper()} {safe(str(judgement.subject))}"
    yield f"  at        {_exactly_at(judgement.place)}"
    reason = f"{judgement.reason.value}: " if _is_unknown(judgement) and judgement.reason is not None else ""
    yield _wrapped(f"{reason}{judgement.message}", "  says      ", " " * 12)
    numbers = _numbers(judgement)
    if numbers:
        yield f"  value     {numbers}"
    if judgement.basis is not None:
        yield f"  basis     {judgement.basis.value}"
    for fact in explained.facts:
        yield from _fact(fact)
    for formula in explained.assertion:
        yield from _formula(formula, "assert")
    for cause in judgement.causes:
        yield _wrapped(cause, "  cause     ", " " * 12)
    for waiver in explained.waivers:
        state = "covers it" if waiver.covers else "does not cover it"
        yield _wrapped(f"{waiver.id} {state}: {waiver.message}", "  waiver    ", " " * 12)
    if judgement.note:
        yield _wrapped(judgement.note, "  note      ", " " * 12)


def _is_unknown(judgement: Judgement) -> bool:
    return judgement.outcome in (Outcome.UNKNOWN, Outcome.ERROR)


def _numbers(judgement: Judgement) -> str:
    parts = []
    if judgement.measured is not None:
        parts.append(with_unit(judgement.measured, judgement.unit))
    if judgement.limit is not None:
        where = judgement.limit_place
        at = f" ({_at(where)})" if where is not None else ""
        parts.append(f"limit {shown(judgement.limit)}{at}")
    if judgement.base is not None:
        parts.append(f"base {shown(judgement.base)}")
    return ", ".join(parts)


def _fact(fact: ExplainedFact) -> Iterator[str]:
    yield f"  evidence  {safe(fact.name)} of {safe(fact.side)}, {fact.basis.value}, {_exactly_at(fact.place)}"
    names = max((width(safe(name)) for name, _ in fact.values), default=0)
    for name, value in fact.values:
        label = safe(name) + " " * (names - width(safe(name)))
        yield f"            {label} = {safe(value)}"


def _formula(formula: ExplainedFormula, what: str) -> Iterator[str]:
    side = "" if formula.side == "this release" else f" (of its {formula.side})"
    yield _wrapped(f"{formula.text}{side}: {formula.answer}", f"  {what:<9} ", " " * 12)
    for one in formula.readings[:MAX_READINGS]:
        yield from _reading(one)
    if len(formula.readings) > MAX_READINGS:
        yield f"            {len(formula.readings) - MAX_READINGS} more in --format json"


def _reading(one: ExplainedReading) -> Iterator[str]:
    """One value that was read; those that decided are marked."""
    mark = "->" if one.decided else "  "
    at = f"  {_exactly_at(one.places[0])}" if one.places else ""
    yield f"          {mark} {safe(one.path)} = {safe(one.value)}{at}"
