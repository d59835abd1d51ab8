"""The job summary: what a reader of a run's page sees first, in at most 900 KiB, verdict first."""

from __future__ import annotations

from policy_gate.overview import Overview
from policy_gate.report.body import (
    details_part,
    head_part,
    passed_part,
    problem_part,
    release_part,
    suggestion_part,
    table_part,
    waived_part,
)
from policy_gate.report.escaping import utf8_bytes
from policy_gate.report.findings import findings, judged, waived
from policy_gate.report.fitting import Part, fitted
from policy_gate.report.policy_parts import change_part, end_part, note_part, preview_part

MAX_BYTES = 900 * 1024
"""GitHub drops a summary of more than 1 MiB as a whole."""


def render_summary(overview: Overview) -> str:
    """A job summary in Markdown of at most 900 KiB of UTF-8; what is left out is counted, what passed goes first."""
    return fitted(parts_of(overview, heading=3), MAX_BYTES, utf8_bytes)


def parts_of(overview: Overview, *, heading: int) -> list[Part]:
    """Everything a run says, in the order of the page; the verdict is a heading of the level `heading`."""
    found = findings(overview)
    return [
        head_part(overview, level=heading),
        problem_part(overview),
        table_part(overview, found),
        release_part(overview),
        details_part(overview, found),
        suggestion_part(overview.suggestions),
        change_part(overview.review),
        waived_part(waived(overview)),
        preview_part(overview),
        note_part(overview),
        passed_part(judged(overview)),
        end_part(overview),
    ]
