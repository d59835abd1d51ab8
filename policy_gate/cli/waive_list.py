"""`waive --list`: every waiver with its state today, the days it has left, and what it covers now."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from policy_gate.excepting.listing import Listed
    from policy_gate.gate import Request

SHOWN = 5


def list_all(request: Request) -> int:
    """Print a table of waivers, then what is to be said of each; exit code 2 where something cannot be judged."""
    from policy_gate.excepting.findings import open_findings
    from policy_gate.excepting.listing import list_waivers
    from policy_gate.report.problems import render_problems

    with open_findings(request) as findings:
        listed = list_waivers(findings)
        named = findings.configuration.spec.waivers
    click.echo(render_problems(findings.problems), err=True, nl=False)
    if not listed:
        click.echo("there is no waiver" if named else "the configuration names no file of waivers")
    for line in _lines(listed):
        click.echo(line)
    return 2 if findings.problems else 0


def _lines(listed: tuple[Listed, ...]) -> Iterator[str]:
    """Columns first, then a line of words, so that a narrow terminal keeps the state."""
    from policy_gate.report.cells import width
    from policy_gate.report.escaping import safe

    rows = [tuple(safe(cell) for cell in _row(one)) for one in listed]
    columns = [max(width(row[column]) for row in rows) for column in range(3)] if rows else []
    for one, row in zip(listed, rows, strict=True):
        cells = [row[column] + " " * (columns[column] - width(row[column])) for column in range(3)]
        yield "  ".join((*cells, row[3])).rstrip()
        for words in _words(one):
            yield f"    {safe(words)}"


def _row(one: Listed) -> tuple[str, str, str, str]:
    waiver = one.waiver
    state = one.state.status.value if one.state is not None else "not judged here"
    return waiver.id, state, _days(one), f"{waiver.rule} for {waiver.subject} of {waiver.release}"


def _days(one: Listed) -> str:
    from policy_gate.policy.exceptions import Days

    if not isinstance(one.days, Days):
        return "no day"
    left = one.days.left
    if left < 0:
        return f"ended {one.waiver.expires}"
    return "last day" if left == 0 else f"{left} {'day' if left == 1 else 'days'} left"


def _words(one: Listed) -> Iterator[str]:
    if one.state is None:
        yield f"no release {one.waiver.release} is judged here"
        return
    if one.state.covers:
        more = len(one.state.covers) - SHOWN
        yield f"covers now: {', '.join(one.state.covers[:SHOWN])}{f' and {more} more' if more > 0 else ''}"
    else:
        yield f"covers nothing: {one.state.message}"
    if one.state.objection and one.state.objection != one.state.message:
        yield one.state.objection
