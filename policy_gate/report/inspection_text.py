"""An inspection for a terminal: totals first, then what is not known, operators, calls, targets, and what changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from policy_gate.inspected import CallChange, Change, Compared, Inspected, TargetFigures
from policy_gate.report.cells import width
from policy_gate.report.escaping import safe
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

LABEL = 13
MAX_REASONS = 20


def render_inspection_text(inspected: Inspected) -> str:
    """Render what was seen of one model; every line is harmless to a terminal."""
    return "".join(f"{safe(line).rstrip()}\n" for line in _lines(inspected))


def _lines(inspected: Inspected) -> Iterator[str]:
    file = inspected.file
    yield f"{inspected.path}: {inspected.format}, {file.file_bytes:,} bytes, {opsets(inspected)}"
    for label, words in total_rows(inspected):
        yield _line(label, words)
    why = reasons(inspected)
    for one in why[:MAX_REASONS]:
        yield _line("unknown", one)
    if len(why) > MAX_REASONS:
        yield _line("unknown", f"and {len(why) - MAX_REASONS} more reasons (--format json)")
    for unknown in inspected.unknown_operators:
        some = ", ".join(f"'{one}'" for one in unknown.some)
        yield _line("unknown", f"operator {operator(unknown.operator)}, calls: {unknown.calls:,}, such as {some}")
    for note in inspected.notes:
        yield _line("note", note)
    if inspected.fingerprint is not None:
        yield _line("fingerprint", inspected.fingerprint.scheme)
        for side in ("weights", "structure", "bound", "interface", "operators"):
            yield f"  {side:<9} {getattr(inspected.fingerprint, side)}"
    yield from _operators(inspected)
    yield from _calls(inspected)
    for target in inspected.targets:
        yield from _target(target)
    if inspected.base is not None:
        yield from _base(inspected.base)


def _operators(inspected: Inspected) -> Iterator[str]:
    if not inspected.operators:
        return
    yield ""
    yield from _table(
        ("operator", "calls", "MACs", "share", "weights", "outputs", "known"),
        (
            (
                brief(operator(row.operator)),
                f"{row.calls:,}",
                whole(row.macs),
                percent(row.mac_share_percent),
                size(row.weight_bytes),
                size(row.output_bytes),
                certainties(row.exact, row.bounded, row.unknown),
            )
            for row in inspected.operators
        ),
        texts=(0, 6),
    )
    if inspected.operators_left_out:
        yield f"and {inspected.operators_left_out:,} more operators (--top)"


def _calls(inspected: Inspected) -> Iterator[str]:
    listed = inspected.costliest
    if not listed.calls:
        return
    yield ""
    yield from _table(
        ("call", "operator", "MACs", "weights", "output", "type", "known"),
        (
            (
                brief(row.name) or f"#{row.position}",
                brief(operator(row.operator)),
                whole(row.macs),
                size(row.weight_bytes),
                brief(row.output),
                row.dtype,
                row.certainty,
            )
            for row in listed.calls
        ),
        texts=(0, 1, 4, 5, 6),
    )
    if listed.left_out:
        yield f"and {listed.left_out:,} more calls (--top)"


def _target(target: TargetFigures) -> Iterator[str]:
    yield ""
    yield f"target {target.profile}: {device(target)}"
    for label, words in target_rows(target):
        yield _line(f"  {label}", words)


def _base(base: Compared) -> Iterator[str]:
    yield ""
    yield f"compared with {base.path}: {base.format}, {base.file_bytes:,} bytes"
    yield from _change_table(base.changes)
    for change in base.changes:
        yield from _explained(change)
    for note in base.notes:
        yield _line("  base note", note)
    for target in base.targets:
        yield ""
        yield f"on {target.profile}"
        yield from _change_table(target.changes)


def _change_table(changes: Sequence[Change]) -> Iterator[str]:
    rows = [(one.quantity, number(one.now, one.unit), number(one.before, one.unit), growth(one)) for one in changes]
    yield from _table(("", "now", "base", "change"), rows, texts=(0,))


def _explained(change: Change) -> Iterator[str]:
    peak = peak_words(change)
    if peak:
        yield f"{change.quantity}: {peak}"
    if not change.increase and not change.decrease:
        return
    yield f"{change.quantity}: {moved_words(change)}"
    for one in change.grown:
        yield f"  {_call_change(one, change.unit)}"
    if change.grown_left_out:
        yield f"  and {change.grown_left_out:,} more calls that grew (--top)"
    if change.operators:
        words = [
            f"{operator(one.operator)} {one.share_percent}% in {one.calls:,} call{'' if one.calls == 1 else 's'}"
            for one in change.operators
        ]
        yield f"  by operator: {', '.join(words)}"
    for one in change.shrunk:
        yield f"  {_call_change(one, change.unit)}"
    if change.shrunk_left_out:
        yield f"  and {change.shrunk_left_out:,} more calls that shrank (--top)"


def _call_change(one: CallChange, unit: str) -> str:
    return f"'{one.name}' ({operator(one.operator)}) {became_words(one, unit)}"


def _line(label: str, words: str) -> str:
    return f"{label:<{LABEL}} {words}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], *, texts: Sequence[int]) -> Iterator[str]:
    """Columns as wide as they need; those in `texts` start at the left, numbers end at the right."""
    cells = [[*head], *([safe(cell) for cell in row] for row in rows)]
    widths = [max(width(row[column]) for row in cells) for column in range(len(head))]
    for row in cells:
        yield "  ".join(_padded(cell, widths[at], left=at in texts) for at, cell in enumerate(row)).rstrip()


def _padded(cell: str, cells: int, *, left: bool) -> str:
    blank = " " * (cells - width(cell))
    return f"{cell}{blank}" if left else f"{blank}{cell}"
