"""The terminal report: excerpt with a caret, limit, base, value, cause and fix, then one table and the verdict."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from policy_gate.frozen import dataclass
from policy_gate.model import Judgement, Mode, Outcome, Place, Preview, Record, Scalar, Severity, Verdict
from policy_gate.report.cells import fitting, fitting_end, width
from policy_gate.report.escaping import safe, safe_line

SourceLine = Callable[[Place], str]
"""Gives the text of the line a place stands on, or "" when it is not at hand."""

COLUMNS = (Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN, Outcome.ERROR, Outcome.WAIVED, Outcome.NOT_APPLICABLE)
HEADINGS = {Outcome.NOT_APPLICABLE: "n/a"}
GRAVITY = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW)
FEW_RELEASES = 3
"""Of more releases than this, those that are allowed get one line each."""
MAX_CAUSES = 5
MAX_FLIPS = 10
WIDTH = 96
MAX_INDENT = 48
MAX_CARETS = 40
MIN_GUTTER = 2
CUT = "…"


@dataclass(frozen=True, slots=True)
class Style:
    """How to colour words; without colour the words alone carry the verdict."""

    colour: bool = False

    def paint(self, text: str, code: str) -> str:
        """Wrap text in an ANSI colour when colour is on."""
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour else text


def render_text(record: Record, source_line: SourceLine, style: Style, *, show_passed: bool = False) -> str:
    """Render one record for a terminal of 80 columns and more."""
    return "\n".join(_lines(record, source_line, style, show_passed=show_passed)) + "\n"


def render_verdict(record: Record, style: Style) -> str:
    """The one line that says what became of a release, and where its manifest is."""
    return f"{_verdict(record, style)}  {safe(record.release.path)}\n"


def _lines(record: Record, source_line: SourceLine, style: Style, *, show_passed: bool) -> Iterator[str]:
    rules = len({judgement.rule for judgement in record.judgements})
    base = f"base {record.base.version} ({record.base.source[:17]})" if record.base else record.base_note
    counted = f"{rules} {'rule' if rules == 1 else 'rules'}"
    yield f"policy-gate {safe(record.tool_version)}  {safe(record.release.path)}  {safe(base)}  {counted}"
    yield ""
    for judgement in _findings(record.judgements):
        yield from _finding(judgement, source_line, style)
        yield ""
    waived = [one for one in record.judgements if one.outcome is Outcome.WAIVED]
    for judgement in waived:
        yield from _waived(judgement, style)
    if waived:
        yield ""
    if show_passed:
        yield from _passed(record.judgements)
        yield ""
    yield from _table(record.judgements)
    yield ""
    yield _verdict(record, style)
    if record.preview is not None:
        yield from preview_lines(record.preview)
    for note in record.limits:
        yield f"note: {safe(note)}"
    if record.bootstrap:
        yield "note: the base has no configuration, so the built-in edge-baseline judged (bootstrap)"
    explained = next(iter(_findings(record.judgements)), None)
    if explained is not None:
        yield f"Explain: policy-gate explain {safe(explained.rule)}"


def _findings(judgements: Iterable[Judgement]) -> list[Judgement]:
    """What a reader must see, gravest first: what blocks, then what warns."""
    shown = [one for one in judgements if one.outcome in (Outcome.FAIL, Outcome.UNKNOWN, Outcome.ERROR)]
    return sorted(
        shown, key=lambda one: (not one.blocks, GRAVITY.index(one.severity), one.rule, one.subject, one.place.pointer)
    )


def _waived(judgement: Judgement, style: Style) -> Iterator[str]:
    """What an exception covers is shown in two lines: it would block without it."""
    word = style.paint("WAIVED", "33;1")
    yield f"{word} {safe(judgement.rule)} {safe(judgement.title)}: {safe(str(judgement.subject))}"
    numbers = _numbers(judgement)
    yield f"  = {safe(judgement.note)}" + (f" (value: {numbers})" if numbers else "")


def preview_lines(preview: Preview) -> Iterator[str]:
    """What the proposed policy would say of this release; it decides nothing."""
    if preview.verdict is None:
        yield f"preview: the proposed policy cannot judge: {safe(' '.join(preview.detail.split()))}"
        return
    yield f"preview: under the proposed policy this release would be {preview.verdict.value.upper()}"
    for flip in preview.flips[:MAX_FLIPS]:
        before, after = flip.before or "not judged", flip.after or "not judged"
        blocks = ", which blocks" if flip.blocks else ""
        yield f"  {safe(flip.rule)} {safe(str(flip.subject))}: {before} -> {after}{blocks}"
    if len(preview.flips) > MAX_FLIPS:
        yield f"  {len(preview.flips) - MAX_FLIPS} more in --format json"


def _word(judgement: Judgement) -> str:
    if judgement.outcome is Outcome.ERROR or judgement.mode is Mode.ENFORCE:
        return judgement.outcome.value.upper()
    return "WARN" if judgement.mode is Mode.WARN else "AUDIT"


def _finding(judgement: Judgement, source_line: SourceLine, style: Style) -> Iterator[str]:
    place = judgement.place
    colour = "31;1" if judgement.blocks else "33;1"
    word = style.paint(_word(judgement), colour)
    yield f"{word} {safe(judgement.rule)} {safe(judgement.title)}: {safe(str(judgement.subject))}"
    where = f":{place.line}:{place.column}" if place.line else ""
    yield f"  --> {safe(place.path)}{where}" + (f" in {safe(place.locator)}" if place.locator else "")
    message = safe(judgement.message)
    if judgement.outcome is Outcome.UNKNOWN and judgement.reason is not None:
        message = f"{judgement.reason.value}: {message}"
    gutter = " " * max(MIN_GUTTER, len(str(place.line)))
    yield from _excerpt(place, source_line(place), message, gutter)
    for note in _notes(judgement):
        yield f"{gutter} = {note}"


def _excerpt(place: Place, line: str, message: str, gutter: str) -> Iterator[str]:
    """The line of a place, cut to the width of the report, with carets under what is meant."""
    shown = safe_line(line.rstrip("\r\n"))
    if not shown or not place.line:
        yield f"{gutter} = {message}"
        return
    start = max(0, place.column - 1)
    end = place.end_column - 1 if place.end_line == place.line else len(shown)
    before, rest = shown[:start], shown[start:]
    if width(shown) > WIDTH:
        before = _cut_start(before)
    carets = "^" * max(1, min(width(shown[start:end]), MAX_CARETS))
    indent = " " * width(before)
    yield f"{gutter} |"
    yield f"{place.line:>{len(gutter)}} | {before}{_cut_end(rest, WIDTH - width(before))}"
    if width(before) + len(carets) + width(message) < WIDTH:
        yield f"{gutter} | {indent}{carets} {message}"
        return
    yield f"{gutter} | {indent}{carets}"
    yield f"{gutter} = {message}"


def _cut_start(text: str) -> str:
    return text if width(text) <= MAX_INDENT else CUT + fitting_end(text, MAX_INDENT - 1)


def _cut_end(text: str, cells: int) -> str:
    return text if width(text) <= cells else fitting(text, cells - 1) + CUT


def _notes(judgement: Judgement) -> Iterator[str]:
    numbers = _numbers(judgement)
    if numbers:
        yield f"value: {numbers}"
    for cause in judgement.causes[:MAX_CAUSES]:
        yield f"cause: {safe(cause)}"
    if len(judgement.causes) > MAX_CAUSES:
        yield f"cause: {len(judgement.causes) - MAX_CAUSES} more in --format json"
    if judgement.note:
        yield f"note:  {safe(judgement.note)}"
    for fix in judgement.fixes:
        mark = "[*] " if fix.replacement is not None else ""
        yield f"fix:   {mark}{safe(fix.text)}"


def _numbers(judgement: Judgement) -> str:
    unit = f" {safe(judgement.unit)}" if judgement.unit else ""
    parts = []
    if judgement.measured is not None:
        parts.append(f"{_shown(judgement.measured)}{unit}")
    if judgement.limit is not None:
        where = judgement.limit_place
        at = f" ({safe(where.path)}:{where.line})" if where is not None else ""
        parts.append(f"limit {_shown(judgement.limit)}{at}")
    if judgement.base is not None:
        parts.append(f"was {_shown(judgement.base)}{_growth(judgement) if judgement.unit else ''}")
    return ", ".join(parts)


def _shown(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:,}" if isinstance(value, int) else safe(str(value))


def _growth(judgement: Judgement) -> str:
    """How much more of its unit than the base, where both are numbers and the base is not zero."""
    now, before = _number(judgement.measured), _number(judgement.base)
    growth = (now - before) / abs(before) if before else math.nan
    return f" ({growth:+.1%})" if math.isfinite(growth) else ""


def _number(value: Scalar) -> float:
    """A number as a float, NaN for everything that is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.nan


def _passed(judgements: Iterable[Judgement]) -> Iterator[str]:
    for one in judgements:
        if one.outcome in (Outcome.PASS, Outcome.NOT_APPLICABLE):
            yield f"{one.outcome.value:<14} {safe(one.rule)}  {safe(str(one.subject))}: {safe(one.message)}"


def _table(judgements: Sequence[Judgement]) -> Iterator[str]:
    used = [outcome for outcome in COLUMNS if any(one.outcome is outcome for one in judgements)]
    areas = {area: safe(area) for area in dict.fromkeys(one.area for one in judgements)}
    names = max((len(name) for name in areas.values()), default=0)
    headings = [HEADINGS.get(outcome, outcome.value) for outcome in used]
    yield " " * names + "".join(f"  {heading:>7}" for heading in headings)
    for area, name in areas.items():
        counts = Counter(one.outcome for one in judgements if one.area == area)
        yield f"{name:<{names}}" + "".join(f"  {counts[outcome] or '-':>7}" for outcome in used)


def _verdict(record: Record, style: Style) -> str:
    blocking = sum(one.blocks for one in record.judgements)
    counts = Counter(one.outcome for one in record.judgements)
    warnings = sum(
        one.mode is Mode.WARN and one.outcome in (Outcome.FAIL, Outcome.UNKNOWN) for one in record.judgements
    )
    derived = (fix for one in _findings(record.judgements) for fix in one.fixes if fix.replacement is not None)
    fixable = len({fix.pointer for fix in derived})
    parts = [
        f"{blocking} blocking",
        *([f"{warnings} {'warning' if warnings == 1 else 'warnings'}"] if warnings else []),
        *([f"{counts[Outcome.WAIVED]} waived"] if counts[Outcome.WAIVED] else []),
        f"{counts[Outcome.PASS]} passed",
        *([f"{fixable} {'fix' if fixable == 1 else 'fixes'} with [*]: policy-gate fix"] if fixable else []),
    ]
    word = record.verdict.value.upper()
    painted = style.paint(word, "32;1" if record.verdict is Verdict.ALLOWED else "31;1")
    return f"{painted} {safe(record.release.name)} {safe(record.release.version)}: {', '.join(parts)}"
