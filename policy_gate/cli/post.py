"""The `post` command: the step of a GitHub workflow that puts a result on the pull request."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("post")
@click.argument("overview", required=False, type=click.Path(path_type=Path))
@click.option("--fork", is_flag=True, help="In a workflow_run event: OVERVIEW is a fork's own word; only comment.")
def command(overview: Path | None, *, fork: bool) -> int:
    """Put what `action` found on the pull request: one comment, suggestions on lines, a check run where asked for.

    OVERVIEW is the file that `action` wrote; default: where it wrote it. The verdict does not change, and neither does
    the exit code, unless INPUT_REQUIRE_POSTING is true: then 2 where something could not be posted.
    """
    import os

    from policy_gate.actions.posting import run_posting

    return run_posting(os.environ, overview, _say, fork=fork)


def _say(line: str) -> None:
    click.echo(line.encode("utf-8", "backslashreplace"))
