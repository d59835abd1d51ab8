"""What-if as CSV for spreadsheets: a row for each flip, for what cannot be said, for a release that stays as it is."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from policy_gate.model import Scalar
from policy_gate.replayed import Replayed, ReplayedFlip, ReplayedRelease
from policy_gate.report.escaping import safe

COLUMNS = (
    *("release", "version", "sequence", "stage", "day", "origin", "release_before", "release_after"),
    *("rule", "severity", "mode", "subject", "before", "after", "newly_blocks", "waivable", "message"),
    *("measured", "limit", "base", "unit", "path", "line"),
)
NOT_SAID = "not in the record"
# A spreadsheet runs a cell that starts with one of these, also in its full-width form, as a formula (CWE-1236).
_FORMULA_STARTS = frozenset("=+-@|%＝＋－＠｜％")  # noqa: RUF001  # the full-width forms are meant


def render_replay_csv(replayed: Replayed) -> str:
    """Rows as RFC 4180 has them, in the order of releases; no text is run as a formula, numbers stay numbers."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for release in replayed.releases:
        for row in _rows(release):
            writer.writerow([_cell(one) for one in row])
    return stream.getvalue()


def _rows(release: ReplayedRelease) -> Iterator[tuple[Scalar, ...]]:
    start: tuple[Scalar, ...] = (
        *(release.name, release.version, release.sequence, release.stage.value, release.day, release.origin),
        *(release.before.value, release.after.value),
    )
    for flip in release.flips:
        yield (*start, *_flip(flip))
    nothing = ("",) * (len(COLUMNS) - len(start) - 1)
    for rule in release.unsaid:
        yield (*start, rule, "", "", "", "", NOT_SAID, *nothing[5:])
    if not release.flips and not release.unsaid:
        yield (*start, "", *nothing)


def _flip(flip: ReplayedFlip) -> tuple[Scalar, ...]:
    return (
        *(flip.rule, flip.severity.value, flip.mode.value, str(flip.subject), str(flip.before), str(flip.after)),
        *(flip.newly_blocks, flip.waivable.value, flip.message),
        *(flip.measured, flip.limit, flip.base, flip.unit, flip.place.path, flip.place.line or None),
    )


def _cell(value: Scalar) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return str(value)
    text = safe(value)
    return f"'{text}" if text.lstrip()[:1] in _FORMULA_STARTS else text
