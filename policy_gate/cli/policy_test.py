"""The `policy test` command: runs the cases that a policy is held to, and shows what they reach of it."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(
    "test",
    short_help="Run the cases that a policy is held to.",
    epilog="Exit codes: 0 all hold, 1 a case or the coverage does not, 2 could not be run.",
)
@click.argument("files", nargs=-1, required=True, type=click.Path())
@click.option("--format", "output_format", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("-q", "--quiet", is_flag=True, help="Print nothing when every case holds and nothing is lacking.")
@click.option("-v", "--verbose", is_flag=True, help="Also list the cases that hold, and every rule.")
def test(files: tuple[str, ...], output_format: str, *, quiet: bool, verbose: bool) -> int:
    """Run policy tests: FILES, and those below each folder; a case patches a record and says what must come of it.

    Nothing is read but what the tests name, and nothing is computed anew: the policy alone is on trial.
    """
    from policy_gate.cli.paths import inside
    from policy_gate.gate import default_root
    from policy_gate.report.policy_test_text import render_policy_tests
    from policy_gate.report.problems import render_problems
    from policy_gate.source import open_working_tree
    from policy_gate.workbench.testing import find_tests, run_tests

    root = default_root(Path.cwd())
    with open_working_tree(root) as tree:
        found = [run_tests(tree, path) for path in find_tests(tree, [inside(name, root) for name in files])]
    code = max(one.exit_code for one in found)
    if quiet and code == 0:
        return 0
    if output_format == "json":
        from policy_gate.record import as_tree, canonical
        from policy_gate.report.escaping import safe_json
        from policy_gate.tested import SCHEMA

        tree_of = {"schema": SCHEMA, "exit_code": code, "files": [as_tree(one) for one in found]}
        click.echo((safe_json(canonical(tree_of)) + "\n").encode(), nl=False)
        return code
    click.echo(render_problems(problem for one in found for problem in one.problems), err=True, nl=False)
    click.echo(render_policy_tests(found, verbose=verbose), nl=False)
    return code
