"""The parts of a report in Markdown about the policy itself: what a change does to its judge, previews and notes."""

from __future__ import annotations

from collections.abc import Iterator

from policy_gate.model import Preview, Verdict
from policy_gate.overview import Overview
from policy_gate.report.escaping import code_cell, code_span, is_plain, markdown_prose
from policy_gate.report.findings import MAX_WORDS, counted
from policy_gate.report.fitting import Part, Written
from policy_gate.report.headline import short_source
from policy_gate.review import Direction, PolicyChange, PolicyReview

MAX_FLIPS = 5
MAX_COMMAND = 2000
REPRODUCE_ELSEWHERE = "How to reproduce this is in the log."
NOTHING = "-"
BOOTSTRAP = "the base has no configuration, so the built-in edge-baseline judged (bootstrap)"
HEADINGS = "| | What | Old | New | Where |\n|---|---|---|---|---|\n"


def change_part(review: PolicyReview | None) -> Part:
    """The table of what a change does to its judge, with what an approver signs."""
    if review is None:
        return Part(rank=3, entries=())
    counts = ", ".join(f"{review.count(one)} {one.value}" for one in Direction)
    base, head = (code_span(short_source(one)) for one in (review.base, review.head))
    opening = f"**This changes what judges:** {counts} ({base} → {head})\n\n{HEADINGS}"
    rows = Written(review.changes, _change)
    return Part(rank=3, entries=rows, opening=opening, closing=f"\n{_approval(review)}\n", entry="change")


def _change(change: PolicyChange) -> str:
    where = f"{change.path}:{change.line}" if change.line else change.path
    direction = f"**{change.direction.value}**" if change.direction is Direction.LOOSER else change.direction.value
    cells = [
        direction,
        code_cell(f"{change.kind} {change.what}"),
        code_cell(change.before) if change.before else NOTHING,
        code_cell(change.after) if change.after else NOTHING,
        code_cell(where) if where else NOTHING,
    ]
    return f"| {' | '.join(cells)} |\n"


def _approval(review: PolicyReview) -> str:
    """Who approves the table, or how; nothing where the table has no digest, as that of a fork's own run."""
    if not review.digest:
        return ""
    approvers = dict.fromkeys(name for one in review.changes for name in one.approved_by)
    if approvers:
        names = ", ".join(map(code_span, approvers))
        return f"This table is approved by the signature of {names}: {code_span(review.digest)}\n"
    reviewers = dict.fromkeys(name for one in review.changes for name in one.reviewed_by)
    if reviewers:
        names = ", ".join(map(code_span, reviewers))
        return f"This table is approved by the GitHub review of {names}: {code_span(review.digest)}\n"
    if not review.count(Direction.LOOSER):
        return ""
    command = f"policy-gate waive --approve {review.digest} --key approver.pem"
    return f"An approver signs this table: {code_span(command)}\n"


def preview_part(overview: Overview) -> Part:
    """What the proposed policy would say of each release; it decides nothing."""
    previews = {one.release.name: one.preview for one in overview.records if one.preview is not None}
    if overview.review is not None:
        previews |= overview.review.previews
    ordered = sorted(previews.items(), key=lambda one: (one[1].verdict is Verdict.ALLOWED, one[0]))
    lines = tuple(_preview(name, preview) for name, preview in ordered)
    return Part(rank=7, entries=lines, opening="Under the proposed policy:\n\n", closing="\n", entry="preview")


def _preview(name: str, preview: Preview) -> str:
    if preview.verdict is None:
        detail = markdown_prose(" ".join(preview.detail.split()), MAX_WORDS)
        return f"- {code_span(name)} could not be judged: {detail}\n"
    flips = [f"{code_span(one.rule)} {markdown_prose(one.message)}" for one in preview.flips[:MAX_FLIPS]]
    more = len(preview.flips) - len(flips)
    rest = f"; {counted(more, 'more outcome')} would change" if more else ""
    return f"- {code_span(name)} would be **{preview.verdict.value}**" + (
        f": {'; '.join(flips)}{rest}\n" if flips else "\n"
    )


def note_part(overview: Overview) -> Part:
    """What else a reader should know: limits of what was judged, permissions that end, advice only."""
    lines = tuple(f"- {markdown_prose(one, MAX_WORDS)}\n" for one in dict.fromkeys(_notes(overview)))
    return Part(rank=7, entries=lines, opening="Notes:\n\n", closing="\n", entry="note")


def _notes(overview: Overview) -> Iterator[str]:
    for record in overview.records:
        yield from record.limits
        if record.bootstrap:
            yield BOOTSTRAP
    yield from overview.notes
    if overview.review is not None:
        yield from overview.review.notes
        for past in overview.review.flips:
            verdicts = f"{past.before.value} → {past.after.value}"
            yield f"under the proposed policy `{past.release} {past.version}` of the past: {verdicts}"


def end_part(overview: Overview) -> Part:
    """How to get the same again, what made this, and the day that was judged by."""
    days = ", ".join(dict.fromkeys(one.today for one in overview.records))
    made = f"policy-gate {code_span(overview.tool_version)}" + (f", as of {code_span(days)}" if days else "")
    run = _reproduce(overview.reproduce)
    return Part(rank=0, entries=(f"{run}{made}\n",), entry="line")


def _reproduce(command: str) -> str:
    if not can_paste(command):
        return f"{REPRODUCE_ELSEWHERE}  \n" if command else ""
    return f"Reproduce: {code_span(command, MAX_COMMAND)}  \n"


def can_paste(command: str) -> bool:
    """Whether a command can be shown as it is: a cut or an escaped one would be another command."""
    return 0 < len(command) <= MAX_COMMAND and is_plain(command)
