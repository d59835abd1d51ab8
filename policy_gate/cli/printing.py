"""Prints frozen results as text or as canonical JSON: what the commands that show something share."""

from __future__ import annotations

import click

FORMAT = click.option(
    "--format", "output_format", type=click.Choice(["text", "json"]), default="text", show_default=True
)


def print_json(tree: object) -> int:
    """Print frozen data as one line of canonical JSON, harmless on a terminal; returns exit code 0."""
    from policy_gate.record import as_tree, canonical
    from policy_gate.report.escaping import safe_json

    click.echo(f"{safe_json(canonical(as_tree(tree)))}\n".encode(), nl=False)
    return 0
