"""The `policy` commands: what is done with policies themselves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from policy_gate.errors import Problem


@click.group("policy")
def command() -> None:
    """Work with policies: packs, configuration and trust files."""


@command.command("lint")
@click.argument("files", nargs=-1, required=True, type=click.Path())
def lint(files: tuple[str, ...]) -> int:
    """Load FILES (packs, configurations, trust files) as a run would, and name everything wrong with them."""
    from policy_gate.cli.paths import inside
    from policy_gate.errors import GateError
    from policy_gate.gate import default_root
    from policy_gate.lint import lint_file
    from policy_gate.report.problems import render_problems
    from policy_gate.source import open_working_tree

    root = default_root(Path.cwd())
    problems: list[Problem] = []
    with open_working_tree(root) as tree:
        for name in files:
            try:
                lint_file(tree, inside(name, root))
            except GateError as error:
                problems.extend(error.problems)
    click.echo(render_problems(problems), err=True, nl=False)
    return 2 if problems else 0
