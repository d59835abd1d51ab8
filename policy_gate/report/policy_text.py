"""The terminal report of a policy's review: the table of changes, what the rules say of them, preview and verdict."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from policy_gate.model import Judgement, Mode, Outcome, Preview, Verdict
from policy_gate.report.cells import fitting, width
from policy_gate.report.escaping import safe, safe_json, safe_line
from policy_gate.report.text import GRAVITY, SourceLine, Style
from policy_gate.review import Direction, PastFlip, PolicyChange, PolicyReview

MAX_ROWS = 50
MAX_FINDINGS = 5
MAX_FLIPS = 10
MAX_PREVIEWS = 10
HEADINGS = ("change", "what", "old", "new", "where")
WIDEST = (9, 44, 28, 28, 44)
"""Cells of each column at most; whole values are in the JSON."""
MAX_LINE = 90
MAX_NAME = 40
MAX_SOURCE = 24
CUT = "…"
_OBJECT_ID = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{28}(?:[0-9a-f]{24})?\b")
COLOURS = {Direction.LOOSER: "31;1", Direction.DIFFERENT: "33;1", Direction.STRICTER: "32"}


def render_policy_text(review: PolicyReview, source_line: SourceLine, style: Style) -> str:
    """Render a review for a terminal; long values are cut, and everything from a repository is made harmless."""
    return "\n".join(_lines(review, source_line, style)) + "\n"


def render_policy_json(encoded: str) -> str:
    """The canonical JSON of a review as one line; harmful characters stand as escapes."""
    return safe_json(encoded) + "\n"


def _lines(review: PolicyReview, source_line: SourceLine, style: Style) -> Iterator[str]:
    base, head = (_cut(_tree(one), MAX_NAME) for one in (review.base, review.head))
    yield f"policy-gate {safe(review.tool_version)}  change of policy  {base} -> {head}"
    yield ""
    if review.changes:
        yield from _table(review.changes, style)
    else:
        yield "nothing that judges is changed"
    yield ""
    yield from _findings(review.judgements, source_line, style)
    yield from _previews(review.previews)
    yield from _flips(review.flips, review.records_replayed)
    for words in review.notes:
        yield f"note: {safe(words)}"
    approvers = ", ".join(dict.fromkeys(name for one in review.changes for name in one.approved_by))
    if approvers:
        yield f"This table is approved by the signature of {safe(approvers)}: {review.digest}"
    elif reviewers := ", ".join(dict.fromkeys(name for one in review.changes for name in one.reviewed_by)):
        yield f"This table is approved by the GitHub review of {safe(reviewers)}: {review.digest}"
    elif review.count(Direction.LOOSER):
        yield f"An approver signs this table: policy-gate waive --approve {review.digest} --key approver.pem"
    yield _verdict(review, style)


def _tree(name: str) -> str:
    """The name of a tree, with object ids as short as git shows them."""
    return safe(_OBJECT_ID.sub(r"\1", name))


def _table(changes: Sequence[PolicyChange], style: Style) -> Iterator[str]:
    rows = [_cells(one) for one in changes[:MAX_ROWS]]
    widths = [min(most, max(width(row[column]) for row in (HEADINGS, *rows))) for column, most in enumerate(WIDEST)]
    yield _joined(HEADINGS, widths)
    for change, row in zip(changes, rows, strict=False):
        line = _joined(row, widths)
        word = change.direction.value
        yield style.paint(word, COLOURS[change.direction]) + line[len(word) :]
    if len(changes) > MAX_ROWS:
        yield f"{len(changes) - MAX_ROWS} more in --format json"


def _cells(change: PolicyChange) -> tuple[str, ...]:
    where = f"{change.path}:{change.line}" if change.line else change.path
    what = f"{change.kind} {change.what}"
    return tuple(safe(one) for one in (change.direction.value, what, change.before, change.after, where))


def _joined(cells: Sequence[str], widths: Sequence[int]) -> str:
    shown = (_cut(cell, most) for cell, most in zip(cells, widths, strict=True))
    return "  ".join(cell + " " * (most - width(cell)) for cell, most in zip(shown, widths, strict=True)).rstrip()


def _cut(text: str, cells: int) -> str:
    return text if width(text) <= cells else fitting(text, cells - 1) + CUT


def _findings(judgements: Iterable[Judgement], source_line: SourceLine, style: Style) -> Iterator[str]:
    """What does not pass by rule, the gravest first: the table has every change, so that a few of each are enough."""
    shown = [one for one in judgements if one.outcome in (Outcome.FAIL, Outcome.UNKNOWN, Outcome.ERROR)]
    shown.sort(key=lambda one: (not one.blocks, GRAVITY.index(one.severity), one.rule))
    for rule, group in groupby(shown, key=lambda one: one.rule):
        found = list(group)
        first = found[0]
        yield f"{style.paint(_word(first), '31;1' if first.blocks else '33;1')} {safe(rule)} {safe(first.title)}"
        for judgement in found[:MAX_FINDINGS]:
            yield from _finding(judgement, source_line)
        if len(found) > MAX_FINDINGS:
            yield f"  {len(found) - MAX_FINDINGS} more in --format json"
        for fix in first.fixes:
            yield f"  = fix:   {safe(fix.text)}"
        yield ""


def _word(judgement: Judgement) -> str:
    if judgement.outcome is Outcome.ERROR or judgement.mode is Mode.ENFORCE:
        return judgement.outcome.value.upper()
    return "WARN" if judgement.mode is Mode.WARN else "AUDIT"


def _finding(judgement: Judgement, source_line: SourceLine) -> Iterator[str]:
    place = judgement.place
    where = f":{place.line}:{place.column}" if place.line else ""
    yield f"  --> {safe(place.path)}{where} ({_cut(_tree(place.source), MAX_SOURCE)})"
    line = safe_line(source_line(place).rstrip("\r\n")).strip() if place.line else ""
    if line:
        yield f"  {place.line:>4} | {_cut(line, MAX_LINE)}"
    yield f"  = {safe(judgement.message)}"
    for word, value in (("was", judgement.base), ("now", judgement.measured)):
        if value is not None:
            yield f"  = {word}:   {safe(str(value))}"
    for cause in judgement.causes:
        yield f"  = cause: {safe(cause)}"


def _previews(previews: Mapping[str, Preview]) -> Iterator[str]:
    """What the proposed policy would say of each release; of many releases, of those that it would not allow."""
    shown = sorted(previews.items(), key=lambda one: (one[1].verdict is Verdict.ALLOWED, one[0]))
    for name, preview in shown[:MAX_PREVIEWS]:
        yield _preview(name, preview)
    rest = [preview.verdict for _, preview in shown[MAX_PREVIEWS:]]
    if rest:
        allowed, blocked = rest.count(Verdict.ALLOWED), rest.count(Verdict.BLOCKED)
        counts = f"{allowed} allowed, {blocked} blocked, {rest.count(None)} not judged"
        yield f"under the proposed policy: of {len(rest)} more releases {counts}"
    if previews:
        yield ""


def _preview(name: str, preview: Preview) -> str:
    start = f"under the proposed policy: release {safe(name)}"
    if preview.verdict is None:
        return f"{start} could not be judged: {safe(' '.join(preview.detail.split()))}"
    blocking = [one for one in preview.flips if one.blocks]
    why = "; ".join(f"{safe(one.rule)} {safe(one.message)}" for one in blocking[:MAX_FLIPS])
    more = len(preview.flips) - min(len(blocking), MAX_FLIPS)
    rest = f"{'; ' if why else ''}{more} other {'outcome' if more == 1 else 'outcomes'} would change" if more else ""
    return f"{start} would be {preview.verdict.value.upper()}" + (f": {why}{rest}" if why or rest else "")


def _flips(flips: Sequence[PastFlip], replayed: int) -> Iterator[str]:
    if not replayed:
        return
    changed = sum(one.before is not one.after for one in flips)
    yield f"of {replayed} past records {len(flips)} would be judged otherwise, {changed} with another verdict"
    for past in flips[:MAX_FLIPS]:
        rules = ", ".join(dict.fromkeys(safe(one.rule) for one in past.flips))
        verdicts = f"{past.before.value} -> {past.after.value}"
        yield f"  {safe(past.release)} {safe(past.version)}: {verdicts} ({rules})"
    if len(flips) > MAX_FLIPS:
        yield f"  {len(flips) - MAX_FLIPS} more in --format json"
    yield ""


def _verdict(review: PolicyReview, style: Style) -> str:
    counts = ", ".join(f"{review.count(one)} {one.value}" for one in COLOURS)
    word = review.verdict.value.upper()
    painted = style.paint(word, "32;1" if review.verdict is Verdict.ALLOWED else "31;1")
    return f"{painted} policy change: {counts}"
