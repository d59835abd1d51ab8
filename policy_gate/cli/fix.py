"""The `fix` command: writes what the gate computed into a manifest, and touches nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from policy_gate.model import Record


@click.command("fix")
@click.argument("manifests", nargs=-1, type=click.Path())
@click.option("--diff", is_flag=True, help="Show what would change and write nothing.")
@click.option("--config", default="", metavar="FILE", help="Configuration; default: policy-gate.yaml at the top.")
@click.option("--policy", "policies", multiple=True, metavar="PACK", help="Packs whose rules compute; as for check.")
def command(manifests: tuple[str, ...], config: str, policies: tuple[str, ...], *, diff: bool) -> int:
    """Write computed values (digests, sizes, fingerprints) into manifests; comments and order stay.

    A value that only a person can know is never written. A changed manifest must be signed again.
    """
    from datetime import UTC, datetime

    from policy_gate.cli.paths import inside
    from policy_gate.gate import Request, default_root, judge
    from policy_gate.report.problems import render_problems

    root = default_root(Path.cwd())
    report = judge(
        Request(
            root=root,
            config=inside(config, root) if config else "",
            policies=policies,
            manifests=tuple(inside(one, root) for one in manifests),
            today=datetime.now(UTC).date(),
        )
    )
    click.echo(render_problems(report.problems), err=True, nl=False)
    for record in report.presented:
        _mend(root, record, diff=diff)
    return 2 if report.problems else 0


def _mend(root: Path, record: Record, *, diff: bool) -> None:
    from policy_gate.cli.writing import write_whole
    from policy_gate.document import apply_edits, load
    from policy_gate.manifest.mending import derived_edits, is_signed

    path = root / record.release.path
    edits = derived_edits(record)
    if not edits:
        click.echo(f"{record.release.path}: nothing to fix")
        return
    document = load(path.read_bytes(), record.release.path)
    text = apply_edits(document, edits)
    if diff:
        _show_diff(document.text, text, record.release.path)
        return
    write_whole(path, text)
    click.echo(f"{record.release.path}: wrote {', '.join(edit.pointer for edit in edits)}")
    if is_signed(record):
        click.echo("  its bytes changed: sign the release again")


def _show_diff(before: str, after: str, path: str) -> None:
    import difflib

    lines = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), f"a/{path}", f"b/{path}"
    )
    click.echo("".join(lines), nl=False)
