"""An inspection as Markdown for a comment: what changed first, then targets and totals; tables open with a click."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from policy_gate.inspected import CallRow, Change, Compared, Inspected, OperatorRow, TargetFigures
from policy_gate.report.escaping import code_cell, code_span, html_text, markdown_text, utf16_units
from policy_gate.report.fitting import Part, Written, fitted
from policy_gate.report.inspection_rows import (
    became_words,
    certainties,
    moved_words,
    peak_words,
    target_rows,
    total_rows,
)
from policy_gate.report.inspection_words import (
    brief,
    device,
    growth,
    number,
    operator,
    opsets,
    percent,
    reasons,
    size,
    whole,
)

MAX_UNITS = 60_000
"""GitHub refuses a comment of more than 65,536 characters."""
MAX_WORDS = 600
TOTALS = "| | |\n|---|---|\n"
CHANGES = "| | Now | Base | Change |\n|---|---:|---:|---:|\n"
OPERATORS = "| Operator | Calls | MACs | Share | Weights | Outputs | Known |\n|---|---:|---:|---:|---:|---:|---|\n"
CALLS = "| Call | Operator | MACs | Weights | Output | Type | Known |\n|---|---|---:|---:|---|---|---|\n"


def render_inspection_markdown(inspected: Inspected) -> str:
    """A document in GitHub-flavoured Markdown of at most 60,000 characters; what is left out is counted."""
    return fitted(_parts(inspected), MAX_UNITS, utf16_units)


def _parts(inspected: Inspected) -> Iterator[Part]:
    yield Part(rank=0, entries=(_heading(inspected),), entry="heading")
    if inspected.base is not None:
        yield from _base(inspected.base)
    for target in inspected.targets:
        yield _target(target)
    yield Part(rank=0, entries=(*_rows(total_rows(inspected)), "\n"), opening=TOTALS, entry="total")
    yield _list(1, "Not established", reasons(inspected), "reason")
    yield _list(
        1,
        "Operators that nothing is known of",
        [
            f"{operator(one.operator)}: {one.calls:,} calls, such as {one.some[0]}"
            for one in inspected.unknown_operators
        ],
        "operator",
    )
    if inspected.operators:
        yield _table("Operators", OPERATORS, Written(inspected.operators, _operator), inspected.operators_left_out)
    if inspected.costliest.calls:
        yield _table("Costliest calls", CALLS, Written(inspected.costliest.calls, _call), inspected.costliest.left_out)
    if inspected.fingerprint is not None:
        sides = ("scheme", "weights", "structure", "bound", "interface", "operators")
        entries = tuple(f"| {side} | {code_cell(getattr(inspected.fingerprint, side))} |\n" for side in sides)
        yield Part(rank=2, entries=entries, opening=f"**Fingerprint**\n\n{TOTALS}", closing="\n", entry="side")
    yield _list(4, "Notes", inspected.notes, "note")


def _heading(inspected: Inspected) -> str:
    what = f"{inspected.format}, {inspected.file.file_bytes:,} bytes, {opsets(inspected)}"
    return f"### {code_span(inspected.path)}\n\n{markdown_text(what, MAX_WORDS)}\n\n"


def _base(base: Compared) -> Iterator[Part]:
    path = code_span(base.path)
    yield _changes(f"**Compared with {path}**", base.changes)
    for change in base.changes:
        peak = peak_words(change)
        if peak:
            words = f"**{markdown_text(change.quantity)}**: {markdown_text(peak, MAX_WORDS)}\n\n"
            yield Part(rank=1, entries=(words,), entry="cause")
        if change.increase or change.decrease:
            yield Part(
                rank=1,
                entries=(*_explained(change), "\n"),
                opening=f"**{markdown_text(change.quantity)}**: {markdown_text(moved_words(change))}\n\n",
                entry="cause",
            )
    for target in base.targets:
        yield _changes(f"**On {code_span(target.profile)}**", target.changes)
    yield _list(4, "Notes on the base", base.notes, "note")


def _changes(title: str, changes: Sequence[Change]) -> Part:
    cells = [(one.quantity, number(one.now, one.unit), number(one.before, one.unit), growth(one)) for one in changes]
    rows = tuple(f"| {' | '.join(map(markdown_text, row))} |\n" for row in cells)
    return Part(rank=0, entries=(*rows, "\n"), opening=f"{title}\n\n{CHANGES}", entry="change")


def _explained(change: Change) -> Iterator[str]:
    for one in (*change.grown, *change.shrunk):
        became = markdown_text(became_words(one, change.unit))
        yield f"- {code_span(one.name)} ({code_span(operator(one.operator))}) {became}\n"
    more = change.grown_left_out + change.shrunk_left_out
    if more:
        yield f"- and {more:,} more calls\n"
    if change.operators:
        words = [
            f"{code_span(operator(one.operator))} {one.share_percent}% ({one.calls:,})" for one in change.operators
        ]
        yield f"- the increase by operator, with calls: {', '.join(words)}\n"


def _target(target: TargetFigures) -> Part:
    title = f"**Target {code_span(target.profile)}**: {markdown_text(device(target), MAX_WORDS)}\n\n"
    return Part(rank=1, entries=(*_rows(target_rows(target)), "\n"), opening=title + TOTALS, entry="figure")


def _rows(rows: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(f"| {markdown_text(label)} | {markdown_text(words, MAX_WORDS)} |\n" for label, words in rows)


def _list(rank: int, title: str, words: Sequence[str], entry: str) -> Part:
    entries = Written(words, lambda one: f"- {markdown_text(one, MAX_WORDS)}\n")
    return Part(rank=rank, entries=entries, opening=f"**{title}**\n\n", closing="\n", entry=entry)


def _table(title: str, head: str, rows: Sequence[str], left_out: int) -> Part:
    opening = f"<details><summary>{html_text(title)}</summary>\n\n{head}"
    more = f"\nand {left_out:,} more\n" if left_out else ""
    return Part(rank=3, entries=rows, opening=opening, closing=f"{more}\n</details>\n\n", entry="row")


def _operator(row: OperatorRow) -> str:
    figures = (
        f"{row.calls:,}",
        whole(row.macs),
        percent(row.mac_share_percent),
        size(row.weight_bytes),
        size(row.output_bytes),
        certainties(row.exact, row.bounded, row.unknown),
    )
    return f"| {code_cell(brief(operator(row.operator)))} | {' | '.join(figures)} |\n"


def _call(row: CallRow) -> str:
    cells = (
        code_cell(brief(row.name) or f"#{row.position}"),
        code_cell(brief(operator(row.operator))),
        whole(row.macs),
        size(row.weight_bytes),
        code_cell(brief(row.output)),
        code_cell(row.dtype),
        markdown_text(row.certainty),
    )
    return f"| {' | '.join(cells)} |\n"
