"""The `action` command: the step of a GitHub workflow that judges."""

from __future__ import annotations

import click

EPILOG = "Exit codes: 0 allowed, 1 blocked, 2 could not be judged, 3 internal error."


@click.command("action", epilog=EPILOG)
def command() -> int:
    """Judge as a step of a GitHub workflow, and say it in log, annotations, job summary, outputs and files.

    There are no options: the event, the inputs (INPUT_*) and the runner's own variables say everything. No token is
    needed. The exit code is the verdict's; `policy-gate post` puts the result on the pull request.
    """
    import os
    from datetime import UTC, datetime
    from pathlib import Path

    from policy_gate.actions.job import run_job

    return run_job(os.environ, Path.cwd(), datetime.now(UTC).date(), _say)


def _say(line: str) -> None:
    click.echo(line.encode("utf-8", "backslashreplace"))
