"""The `privacy ledger` commands: what releases have spent of their populations' budgets, line by line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from policy_gate.cli.printing import FORMAT, print_json

if TYPE_CHECKING:
    from datetime import datetime

    from policy_gate.gate import Request

CONFIG = click.option("--config", default="", metavar="FILE", help="Configuration; default: policy-gate.yaml at top.")


@click.group("ledger", short_help="Show, extend and verify the ledger of what releases have spent.")
def ledger() -> None:
    """Show, extend and verify the ledger: one line a release, each with the digest of the line before."""


@ledger.command("show", short_help="List the releases and what each population has spent.")
@CONFIG
@click.option("--now", type=click.DateTime(["%Y-%m-%d"]), help="End the window on this day (UTC) instead of today.")
@FORMAT
def show(*, config: str, now: datetime | None, output_format: str) -> int:
    """List the releases in the ledger, and what each population has spent in the window, composed jointly.

    The forecast says how many more releases like the newest one fit.
    """
    from policy_gate.spending.ledgers import sheet

    found = sheet(_request(config, now))
    if output_format == "json":
        from policy_gate.spent import LEDGER_SCHEMA

        return print_json({"schema": LEDGER_SCHEMA, "ledger": found})
    from policy_gate.report.privacy_ledger_text import render_sheet

    click.echo(render_sheet(found), nl=False)
    return 0


@ledger.command(
    "append",
    short_help="Write the line of a release.",
    epilog="Exit codes: 0 written or already there, 2 refused: the ledger is broken, or the manifest has no claim.",
)
@click.argument("manifest", type=click.Path())
@CONFIG
@click.option("--base", default="", metavar="REV", help="Lines beyond this revision may be replaced; default: HEAD.")
@click.option("--now", type=click.DateTime(["%Y-%m-%d"]), help="Date the line so (UTC) instead of today.")
def append(manifest: str, *, config: str, base: str, now: datetime | None) -> int:
    """Write the ledger's line for the MANIFEST, after its last byte was changed and before it is signed off.

    A line of the same release that has not landed yet is replaced. The file is written whole or not at all.
    """
    from policy_gate.cli.together import write_together
    from policy_gate.report.escaping import safe
    from policy_gate.spending.appending import plan_append

    request = _request(config, now, manifest, base)
    plan = plan_append(request)
    if plan.text:
        write_together(request.root, {plan.path: plan.text})
    for line in plan.words:
        click.echo(safe(line))
    return 0


@ledger.command(
    "verify",
    short_help="Verify the chain, and that no earlier line changed.",
    epilog="Exit codes: 0 it holds, 1 it does not: the line is named, 2 there is nothing to verify.",
)
@CONFIG
@click.option("--base", default="", metavar="REV", help="The revision whose lines have to be there unchanged.")
@click.option("--now", type=click.DateTime(["%Y-%m-%d"]), help="No line is dated after this day (UTC); default: today.")
@FORMAT
def verify(*, config: str, base: str, now: datetime | None, output_format: str) -> int:
    """Verify that every line is well-formed and holds the digest of the line before.

    With --base also that the ledger is that revision's and new lines: nothing edited, reordered or cut off.
    """
    from policy_gate.spending.verifying import verified

    found = verified(_request(config, now, base=base))
    if output_format == "json":
        from policy_gate.spent import CHECK_SCHEMA

        print_json({"schema": CHECK_SCHEMA, "ledger": found})
    else:
        from policy_gate.report.privacy_ledger_text import render_verified

        click.echo(render_verified(found), nl=False)
    return 1 if found.faults else 0


def _request(config: str, now: datetime | None, manifest: str = "", base: str = "") -> Request:
    from dataclasses import replace

    from policy_gate.cli.judging import judging_request

    given = {"config": config, "now": now, "stage": None}
    return replace(judging_request((manifest,) if manifest else (), given), base=base)
