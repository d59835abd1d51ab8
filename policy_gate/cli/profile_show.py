"""The `profile list` and `profile show` commands: which profiles there are, what one says, how well they do."""

from __future__ import annotations

from pathlib import Path

import click

from policy_gate.cli.printing import FORMAT, print_json


@click.command("list", short_help="List the shipped device profiles.")
@FORMAT
def list_all(output_format: str) -> int:
    """List the shipped device profiles: what each was fitted on, and how far it is off on families left out."""
    from policy_gate.profiling.showing import listed

    profiles = listed()
    if output_format == "json":
        from policy_gate.profiled import LIST_SCHEMA

        return print_json({"schema": LIST_SCHEMA, "profiles": profiles})
    from policy_gate.report.profile_text import render_profiles

    click.echo(render_profiles(profiles), nl=False)
    return 0


@click.command("show", short_help="Show a device profile, or score profiles on measurements.")
@click.argument("profile", required=False, metavar="[ID|FILE]")
@click.option("--rows", default="", type=click.Path(), help="Score on this table of latencies, or of RAM and flash.")
@click.option(
    "--fitted-rows",
    type=click.Choice(["skip", "count", "refit"]),
    default="skip",
    show_default=True,
    help="Rows that were fitted on: leave them out, count them, or predict each without its family.",
)
@FORMAT
def show(profile: str | None, *, rows: str, fitted_rows: str, output_format: str) -> int:
    """Show what one profile says, by its ID or FILE; with --rows, how far it is off on measurements.

    With --rows and no profile, all shipped profiles are scored, each on the rows that are about it.
    """
    if rows:
        return _score(Path(rows), (profile,) if profile else (), fitted_rows, output_format)
    if not profile:
        from policy_gate.errors import UsageError

        raise UsageError("profile show takes the ID or FILE of a profile, or --rows; `profile list` names the ids")
    from policy_gate.profiling.reading import find
    from policy_gate.profiling.showing import sheet

    found, _ = find(profile)
    if output_format == "json":
        from policy_gate.profiled import SHEET_SCHEMA

        return print_json({"schema": SHEET_SCHEMA, "profile": found})
    from policy_gate.report.profile_text import render_sheet

    click.echo(render_sheet(sheet(found)), nl=False)
    return 0


def _score(rows: Path, names: tuple[str, ...], fitted_rows: str, output_format: str) -> int:
    from policy_gate.profiled import SCORES_SCHEMA, FittedRows, Scores
    from policy_gate.profiling.scoring import scored

    scores = scored(rows, names, FittedRows(fitted_rows))
    if output_format == "json":
        return print_json({"schema": SCORES_SCHEMA, "scores": scores})
    from policy_gate.report.profile_text import render_memory_score, render_scores

    shown = render_scores(scores) if isinstance(scores, Scores) else render_memory_score(scores)
    click.echo(shown, nl=False)
    return 0
