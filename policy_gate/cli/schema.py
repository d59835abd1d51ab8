"""The `schema` command: JSON Schemas of the formats, in the dialect editors read."""

from __future__ import annotations

import click

KINDS = ("manifest", "policy", "config", "trust", "waivers", "baseline", "lock", "policy-test", "profile")


@click.command("schema")
@click.argument("kind", type=click.Choice(KINDS))
def command(kind: str) -> int:
    """Print the JSON Schema (draft-07) of a KIND of file, for yaml-language-server and other editors."""
    import json

    from policy_gate.schemas import schema

    text = json.dumps(schema(kind), indent=2, sort_keys=True, ensure_ascii=False)
    click.echo(f"{text}\n".encode(), nl=False)
    return 0
