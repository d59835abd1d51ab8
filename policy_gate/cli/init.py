"""The `init` command: drafts the smallest manifest and configuration with what the gate computed."""

from __future__ import annotations

import os.path
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from policy_gate.draft import Draft


@click.command("init")
@click.option("--name", default="", help="Name of the release; default: that of the folder.")
@click.option("--force", is_flag=True, help="Replace files that exist.")
def command(name: str, *, force: bool) -> int:
    """Draft release.yaml and policy-gate.yaml for the models found here.

    Digests and sizes are computed; a symbolic dimension is bound to 1 and marked for you to confirm.
    """
    from policy_gate.cli.writing import write_whole
    from policy_gate.draft import CONFIGURATION, MANIFEST_NAME, draft_release
    from policy_gate.errors import Problem, UsageError
    from policy_gate.gate import CONFIG_NAME, default_root

    folder = Path.cwd()
    draft = draft_release(folder, name)
    files = {folder / MANIFEST_NAME: draft.text}
    if not (default_root(folder) / CONFIG_NAME).exists() or force:
        files[default_root(folder) / CONFIG_NAME] = CONFIGURATION
    present = [path for path in files if path.exists()]
    if present and not force:
        hint = "edit it, or replace it with --force"
        raise UsageError(
            Problem("already exists; nothing was written", str(_shown(path, folder)), hint=hint) for path in present
        )
    for path, text in files.items():
        write_whole(path, text)
        click.echo(f"wrote {_shown(path, folder)}")
    _report(draft)
    return 0


def _shown(path: Path, folder: Path) -> Path:
    return Path(os.path.relpath(path, folder))


def _report(draft: Draft) -> None:
    from policy_gate.report.escaping import safe

    for note in draft.notes:
        click.echo(f"note: {safe(note)}")
    click.echo("Next: policy-gate check")
