"""The `policy` commands: what is done with policies themselves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from policy_gate.cli.policy_diff import diff
from policy_gate.cli.policy_lock import fetch, lock
from policy_gate.cli.policy_replay import replay
from policy_gate.cli.policy_test import test

if TYPE_CHECKING:
    from policy_gate.errors import Problem
    from policy_gate.workbench.linting import Finding


@click.group("policy")
def command() -> None:
    """Work with policies: lint, test, compare, replay, pin and fetch them."""


command.add_command(lock)
command.add_command(fetch)
command.add_command(diff)
command.add_command(replay)
command.add_command(test)


EPILOG = "Exit codes: 0 nothing a run would refuse, 2 an error, or with --strict a warning, 3 internal error."


@command.command("lint", short_help="Name everything wrong or odd with policy files.", epilog=EPILOG)
@click.argument("files", nargs=-1, required=True, type=click.Path())
@click.option("--strict", is_flag=True, help="Exit 2 on a warning too.")
def lint(files: tuple[str, ...], *, strict: bool) -> int:
    """Load FILES as a run would, and name everything wrong or odd with them.

    FILES are packs, configurations, trust files, waivers, baselines, locks and policy tests.

    An error is what a run would refuse. A warning is a likely mistake, a note is worth a thought.
    """
    from datetime import UTC, datetime

    from policy_gate.cli.paths import inside
    from policy_gate.errors import GateError
    from policy_gate.gate import default_root
    from policy_gate.report.problems import render_problems
    from policy_gate.source import open_working_tree
    from policy_gate.workbench.linting import Level, lint_file

    root = default_root(Path.cwd())
    problems: list[Problem] = []
    findings: dict[Finding, None] = {}
    with open_working_tree(root) as tree:
        for name in files:
            try:
                found = lint_file(tree, inside(name, root), datetime.now(UTC).date().isoformat())
                findings |= dict.fromkeys(found)
            except GateError as error:
                problems.extend(error.problems)
    click.echo(render_problems([*problems, *(one.shown for one in findings)]), err=True, nl=False)
    refused = (Level.ERROR, Level.WARNING) if strict else (Level.ERROR,)
    is_refused = any(one.level in refused for one in findings)
    return 2 if problems or is_refused else 0
