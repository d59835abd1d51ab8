"""The `policy diff` command: what became looser, stricter or different between two policies."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from policy_gate.model import Place
    from policy_gate.review import PolicyReview

EPILOG = "Exit codes: 0 nothing is looser, 1 something is, 2 could not be compared, 3 internal error."


@click.command("diff", short_help="Say what became looser, stricter or different.", epilog=EPILOG)
@click.argument("before")
@click.argument("after")
@click.option("--config", default="", metavar="FILE", help="Configuration; default: policy-gate.yaml at the top.")
@click.option("--format", "output_format", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--now", type=click.DateTime(["%Y-%m-%d"]), help="Compare as of this day (UTC) instead of today.")
def diff(before: str, after: str, config: str, output_format: str, now: object) -> int:
    """Say what AFTER changes of BEFORE: two revisions (or `working`, `index`), or two packs by name or path.

    Of revisions everything that judges is compared: configuration, packs, lock, trust, exceptions, and what runs
    the gate. A value that cannot be read or compared counts as looser.
    """
    from datetime import UTC, datetime

    from policy_gate.cli.paths import inside
    from policy_gate.gate import default_root
    from policy_gate.gate.diffing import compare_policies
    from policy_gate.review import Direction

    root = default_root(Path.cwd())
    today = now.date() if isinstance(now, datetime) else datetime.now(UTC).date()
    path = inside(config, root) if config else ""
    review = compare_policies(root, (before, after), today, config=path, inside=partial(inside, root=root))
    _print(review, output_format, root, today)
    return 1 if review.count(Direction.LOOSER) else 0


def _print(review: PolicyReview, output_format: str, root: Path, today: date) -> None:
    if output_format == "json":
        from policy_gate.record import as_tree, canonical
        from policy_gate.report.policy_text import render_policy_json

        # JSON is UTF-8 with plain line ends on every platform.
        click.echo(render_policy_json(canonical(as_tree(review))).encode(errors="backslashreplace"), nl=False)
        return
    import os

    from policy_gate.report.policy_text import render_policy_text
    from policy_gate.report.text import Style

    style = Style(colour="NO_COLOR" not in os.environ and sys.stdout.isatty())
    click.echo(render_policy_text(review, _lines_of(root, today), style), nl=False)


def _lines_of(root: Path, today: date) -> Callable[[Place], str]:
    """Lines of the working tree; of other trees the table and the place say enough."""
    from policy_gate.gate import Request
    from policy_gate.gate.excerpt import source_lines

    line_of = source_lines(Request(root=root, today=today))
    return lambda place: line_of(place) if place.source in ("head", "working tree") else ""
