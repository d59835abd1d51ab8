"""The log of a run: the text report as plain lines that no runner takes for a command, then the annotations."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator

from policy_gate.model import Place, Verdict
from policy_gate.overview import Overview
from policy_gate.report.escaping import neutral_log_line, safe


def log_lines(overview: Overview, source_line: Callable[[Place], str]) -> Iterator[str]:
    """Everything a run found, as plain lines; between two commands that switch commands off, in case one slips in."""
    token = secrets.token_hex(16)
    yield f"::stop-commands::{token}"
    for block in _blocks(overview, source_line):
        yield from (neutral_log_line(line) for line in block.split("\n"))
    yield f"::{token}::"


def _blocks(overview: Overview, source_line: Callable[[Place], str]) -> Iterator[str]:
    from policy_gate.report.policy_text import render_policy_text
    from policy_gate.report.problems import render_problems
    from policy_gate.report.text import FEW_RELEASES, Style, render_text, render_verdict

    style = Style()
    for record in overview.records:
        if len(overview.records) > FEW_RELEASES and record.verdict is Verdict.ALLOWED:
            yield render_verdict(record, style).rstrip("\n")
        else:
            yield render_text(record, source_line, style)
    if overview.review is not None:
        yield render_policy_text(overview.review, source_line, style)
    if overview.problems:
        yield render_problems(overview.problems)
    yield from (f"note: {safe(note)}" for note in overview.notes)
    if overview.reproduce:
        yield f"Reproduce: {safe(overview.reproduce)}"


def short_lines(overview: Overview, why: str) -> Iterator[str]:
    """What the log says where the report could not be made: every problem, and what became of each release."""
    yield from plain_lines([why])
    yield from plain_lines(str(one) for one in overview.problems)
    yield from plain_lines(f"{one.release.path}: {one.verdict.value}" for one in overview.records)
    yield f"exit code {overview.exit_code}"


def plain_lines(lines: Iterable[str]) -> Iterator[str]:
    """Lines of our own that quote others' words, harmless for a runner."""
    return (neutral_log_line(each) for line in lines for each in line.split("\n"))
