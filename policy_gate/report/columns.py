"""Rows of cells as the aligned columns of a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from policy_gate.report.cells import width


def columns(rows: Sequence[tuple[str, ...]], right: Sequence[int] = ()) -> Iterator[str]:
    """Each row as a line, two spaces between columns; those in `right` are aligned to the right."""
    widths = [max(width(row[column]) for row in rows) for column in range(len(rows[0]))] if rows else []
    for row in rows:
        cells = (
            " " * (room - width(text)) + text if column in right else text + " " * (room - width(text))
            for column, (text, room) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join(cells).rstrip()
