"""What a reader must see of a run: findings, the gravest first, each with its words and its lines of the head."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from enum import StrEnum

from policy_gate.errors import Problem
from policy_gate.frozen import dataclass
from policy_gate.model import Judgement, Mode, Outcome, Place, Record, Scalar, Severity, Verdict
from policy_gate.overview import Overview
from policy_gate.report.escaping import clip

GRAVITY = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW)
SHOWN = (Outcome.FAIL, Outcome.UNKNOWN, Outcome.ERROR)
MAX_CAUSES = 5
MAX_FIXES = 8
MAX_LINES = 20
"""A finding about more lines than these is shown at the first of them: GitHub shows it under the last."""
MAX_WORDS = 1000
"""Characters of one message, cause or fix where there is room; names and values have 200."""
_HEAD = re.compile(r"\A(?:head|working|index|revision:.*)\Z", re.DOTALL)
_NO_FILE = re.compile(r"\A(?:/|[A-Za-z]:|builtin:)|(?:\A|/)\.\.(?:/|\Z)|\\")


class Level(StrEnum):
    """How much a finding weighs: it fails the run, it warns, or it is only recorded."""

    FAILURE = "failure"
    WARNING = "warning"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Lines of a file of the head (1-based, inclusive; 0 where none is known); columns where it is one line, else 0.

    `path` is "" where no file of the head is meant. `end_column` is the column after the last character.
    """

    path: str = ""
    line: int = 0
    end_line: int = 0
    column: int = 0
    end_column: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One judgement and where it is shown; `record` is None where it is about the policy itself.

    `spot` are its lines in the head, else the manifest; `stands` says in words where it stands when that is elsewhere.
    """

    judgement: Judgement
    record: Record | None
    level: Level
    spot: Spot
    stands: str = ""

    @property
    def release(self) -> str:
        """The name of the release, "" for a finding about the policy."""
        return self.record.release.name if self.record is not None else ""


def findings(overview: Overview) -> list[Finding]:
    """What does not pass: first what fails the run, then warnings, then what is only recorded; each gravest first."""
    found = [one for one in judged(overview) if one.judgement.outcome in SHOWN]
    order = list(Level)
    return sorted(found, key=lambda one: (order.index(one.level), GRAVITY.index(one.judgement.severity)))


def waived(overview: Overview) -> list[Finding]:
    """What only an exception lets pass."""
    return [one for one in judged(overview) if one.judgement.outcome is Outcome.WAIVED]


def judged(overview: Overview) -> Iterator[Finding]:
    """Every judgement of every release, whatever it says, then those about the policy."""
    fails = warnings_fail(overview)
    for record in overview.records:
        for one in record.judgements:
            yield _finding(overview, record, one, level_of(one, warnings_fail=fails))
    if overview.review is not None:
        for one in overview.review.judgements:
            yield _finding(overview, None, one, level_of(one, warnings_fail=fails))


def warnings_fail(overview: Overview) -> bool:
    """Whether the run fails although nothing blocks: then it was asked to fail on warnings."""
    if overview.exit_code != 1 or overview.problems:
        return False
    verdicts = [one.verdict for one in overview.records]
    judgements = [one for record in overview.records for one in record.judgements]
    if overview.review is not None:
        verdicts.append(overview.review.verdict)
        judgements += overview.review.judgements
    warned = any(one.mode is Mode.WARN and one.outcome in SHOWN for one in judgements)
    return warned and Verdict.BLOCKED not in verdicts


def level_of(judgement: Judgement, *, warnings_fail: bool = False) -> Level:
    """How much a judgement weighs that does not pass."""
    if judgement.blocks or (warnings_fail and judgement.mode is Mode.WARN):
        return Level.FAILURE
    return Level.NOTICE if judgement.mode is Mode.AUDIT else Level.WARNING


def counted(number: int, word: str) -> str:
    """A number with its word: `1 warning`, `2 warnings`."""
    return f"{number:,} {word}" + ("" if number == 1 else "s")


def tally(judgements: Iterable[Judgement], *, warnings_fail: bool = False) -> str:
    """How many judgements block, warn, are waived and passed: `2 blocking, 1 warning, 21 passed`."""
    listed = list(judgements)
    outcomes = Counter(one.outcome for one in listed)
    shown = [one for one in listed if one.outcome in SHOWN]
    levels = Counter(level_of(one, warnings_fail=warnings_fail) for one in shown)
    parts = [
        f"{levels[Level.FAILURE]:,} {'failing' if warnings_fail else 'blocking'}",
        *([counted(levels[Level.WARNING], "warning")] if levels[Level.WARNING] else []),
        *([f"{levels[Level.NOTICE]:,} recorded"] if levels[Level.NOTICE] else []),
        *([f"{outcomes[Outcome.WAIVED]:,} waived"] if outcomes[Outcome.WAIVED] else []),
        f"{outcomes[Outcome.PASS]:,} passed",
    ]
    return ", ".join(parts)


def word_of(judgement: Judgement) -> str:
    """The one word for what a judgement says: fail, unknown, error, warn, audit, waived and so on."""
    if judgement.outcome in (Outcome.FAIL, Outcome.UNKNOWN) and judgement.mode is not Mode.ENFORCE:
        return judgement.mode.value
    return judgement.outcome.value


def message_of(judgement: Judgement) -> str:
    """What is found; of what could not be established, why first."""
    if judgement.outcome is Outcome.UNKNOWN and judgement.reason is not None:
        return f"{judgement.reason.value}: {judgement.message}"
    return judgement.message


def numbers_of(judgement: Judgement) -> str:
    """Value, limit with its place, and base: `value 5 MAC, limit 4 MAC (policy-gate.yaml:7), was 3 MAC (+66.7%)`."""
    parts = []
    if judgement.measured is not None:
        parts.append(f"value {amount(judgement.measured, judgement.unit)}")
    if judgement.limit is not None:
        where = judgement.limit_place
        at = f" ({limit_words(where)})" if where is not None and where.path else ""
        word = "expected" if isinstance(judgement.limit, str) else "limit"
        parts.append(f"{word} {amount(judgement.limit, judgement.unit)}{at}")
    if judgement.base is not None:
        grown = growth(judgement)
        parts.append(f"was {amount(judgement.base, judgement.unit)}" + (f" ({grown})" if grown else ""))
    return ", ".join(parts)


def amount(value: Scalar, unit: str) -> str:
    """A value with its unit, `2,656,768 MAC`; true and false as policies write them. Not made harmless."""
    if isinstance(value, bool):
        shown = "true" if value else "false"
    else:
        shown = f"{value:,}" if isinstance(value, int) else clip(str(value))
    return f"{shown} {unit}" if unit else shown


def growth(judgement: Judgement) -> str:
    """How much more of its unit than the base, `+31.0%`; "" where it has no unit, is the same, or has no such base."""
    if not judgement.unit:
        return ""
    now, before = _number(judgement.measured), _number(judgement.base)
    grown = (now - before) / abs(before) if before else math.nan
    return f"{grown:+.1%}" if grown and math.isfinite(grown) else ""


def place_words(place: Place) -> str:
    """A place as `path:line:column`, with its node or tensor."""
    where = f":{place.line}" + (f":{place.column}" if place.column else "") if place.line else ""
    return f"{clip(place.path)}{where}" + (f" in {clip(place.locator)}" if place.locator else "")


def limit_words(place: Place) -> str:
    """The place of a limit, by its line."""
    return f"{clip(place.path)}:{place.line}" if place.line else clip(place.path)


def details_of(finding: Finding) -> Iterator[str]:
    """Everything else a finding says, a line each, as plain text that nobody has made harmless yet."""
    judgement = finding.judgement
    if finding.stands:
        yield f"At: {finding.stands}"
    numbers = numbers_of(judgement)
    if numbers:
        yield f"{numbers[0].upper()}{numbers[1:]}"
    for cause in judgement.causes[:MAX_CAUSES]:
        yield f"Cause: {clip(cause, MAX_WORDS)}"
    if len(judgement.causes) > MAX_CAUSES:
        yield f"Cause: {MAX_CAUSES} of {len(judgement.causes)} shown"
    if judgement.note:
        yield f"Note: {clip(judgement.note, MAX_WORDS)}"
    for fix in judgement.fixes[:MAX_FIXES]:
        yield f"Fix: {clip(fix.text, MAX_WORDS)}"
    if len(judgement.fixes) > MAX_FIXES:
        yield f"Fix: {MAX_FIXES} of {len(judgement.fixes)} shown"


def problem_spot(problem: Problem) -> Spot:
    """Where a problem stands, as far as it names a file of a repository."""
    if not is_file_path(problem.path):
        return Spot()
    line = max(problem.line, 0)
    return Spot(path=problem.path, line=line, end_line=line, column=max(problem.column, 0) if line else 0)


def is_file_path(path: str) -> bool:
    """Whether this can be the path of a file inside a repository."""
    return bool(path) and _NO_FILE.search(path) is None


def annotated_message(finding: Finding) -> str:
    """A finding as plain lines: its subject and what is found, then numbers, causes and fixes."""
    judgement = finding.judgement
    start = f"{judgement.subject}: {clip(message_of(judgement), MAX_WORDS)}"
    return "\n".join([start, *details_of(finding)])


def problem_message(problem: Problem, spot: Spot) -> str:
    """A problem as plain lines: its place, where no file of the repository is meant, what is wrong, and the hint."""
    start = f"{clip(problem.path)}: " if problem.path and not spot.path else ""
    lines = [f"{start}{clip(problem.message, MAX_WORDS)}", clip(problem.hint, MAX_WORDS)]
    return "\n".join(one for one in lines if one) or "no message says why"


def _finding(overview: Overview, record: Record | None, judgement: Judgement, level: Level) -> Finding:
    place = judgement.place
    head = record.release.source if record is not None else ""
    if (place.source == head or _HEAD.match(place.source)) and is_file_path(place.path):
        stands = place_words(place) if place.locator else ""
        return Finding(judgement=judgement, record=record, level=level, spot=_spot(place), stands=stands)
    where = f"{place_words(place)} ({clip(place.source)})" if place.path else ""
    return Finding(judgement=judgement, record=record, level=level, spot=_manifest(overview, record), stands=where)


def _manifest(overview: Overview, record: Record | None) -> Spot:
    """Where a finding is shown that stands in no file of the head: at the manifest it is about, else at the first."""
    of = record if record is not None else next(iter(overview.records), None)
    return Spot(path=of.release.path) if of is not None and is_file_path(of.release.path) else Spot()


def _spot(place: Place) -> Spot:
    """The lines of a place; an end before the first character of a line is one at the end of the line before."""
    first, last = max(place.line, 0), max(place.end_line, place.line, 0)
    if last > first and place.end_column == 1:
        last -= 1
    if last - first >= MAX_LINES:
        last = first
    if not first or first != last or place.end_line > last or place.column < 1:
        return Spot(path=place.path, line=first, end_line=last)
    end = max(place.end_column, place.column + 1) if place.end_column else 0
    return Spot(path=place.path, line=first, end_line=last, column=place.column, end_column=end)


def _number(value: Scalar) -> float:
    """A number as a float, NaN for everything that is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.nan
