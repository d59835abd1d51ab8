"""The check run: a title with the counts, a summary and a text in GitHub's limits, and every annotation."""

from __future__ import annotations

from policy_gate.errors import Problem
from policy_gate.overview import Overview
from policy_gate.publication import Annotation, CheckRun
from policy_gate.report.body import (
    details_part,
    head_part,
    problem_part,
    release_part,
    suggestion_part,
    table_part,
    waived_part,
)
from policy_gate.report.escaping import clip, safe, utf8_bytes, utf16_units, xml_text
from policy_gate.report.findings import (
    Finding,
    Spot,
    annotated_message,
    findings,
    problem_message,
    problem_spot,
    waived,
)
from policy_gate.report.fitting import fitted
from policy_gate.report.headline import headline_of
from policy_gate.report.policy_parts import change_part, end_part, note_part, preview_part

MAX_BYTES = 65_000
"""UTF-8 bytes of a summary and of a text: GitHub says 65,535 characters, and counts bytes."""
MAX_TITLE = 255
MAX_MESSAGE_BYTES = 64_000
UNJUDGED = "could not be judged"
NO_FILE = ".github"
"""Where GitHub itself shows what stands in no file."""


def render_check_run(overview: Overview) -> CheckRun:
    """A finished check run: it succeeds only with exit code 0, and never reads as neutral or skipped."""
    found = findings(overview)
    headline = headline_of(overview, lambda name: safe(clip(name, 80)), safe)
    summary = [
        head_part(overview),
        problem_part(overview),
        table_part(overview, found),
        release_part(overview),
        end_part(overview),
    ]
    text = [
        details_part(overview, found),
        suggestion_part(overview.suggestions),
        change_part(overview.review),
        waived_part(waived(overview)),
        preview_part(overview),
        note_part(overview),
    ]
    return CheckRun(
        name=overview.name,
        conclusion="success" if overview.exit_code == 0 and not overview.problems else "failure",
        title=_cut(f"{headline.words}: {headline.counts}", MAX_TITLE),
        summary=fitted(summary, MAX_BYTES, utf8_bytes),
        text=fitted(text, MAX_BYTES, utf8_bytes),
        annotations=(*map(_problem, overview.problems), *map(_finding, found)),
    )


def _problem(problem: Problem) -> Annotation:
    spot = problem_spot(problem)
    return _annotation("failure", spot, UNJUDGED, problem_message(problem, spot))


def _finding(finding: Finding) -> Annotation:
    title = f"{finding.judgement.rule} {finding.judgement.title}"
    return _annotation(finding.level.value, finding.spot, title, annotated_message(finding))


def _annotation(level: str, spot: Spot, title: str, message: str) -> Annotation:
    """An annotation; columns are only known where it is one line, and GitHub refuses them elsewhere."""
    line = max(1, spot.line)
    return Annotation(
        level=level,
        path=spot.path or NO_FILE,
        start_line=line,
        end_line=max(line, spot.end_line),
        title=_cut(safe(title), MAX_TITLE),
        message=_cut_bytes(xml_text(message), MAX_MESSAGE_BYTES),
        start_column=spot.column,
        end_column=max(spot.column, spot.end_column - 1) if spot.column else 0,
    )


def _cut(text: str, most: int) -> str:
    """Text of at most so many UTF-16 units: nobody says in what GitHub counts a title, and they are most."""
    shown = clip(text, most)
    while utf16_units(shown) > most:
        shown = clip(shown, len(shown) - 1)
    return shown


def _cut_bytes(text: str, most: int) -> str:
    if utf8_bytes(text) <= most:
        return text
    return text.encode("utf-8", "backslashreplace")[: most - 3].decode("utf-8", "ignore") + "…"
