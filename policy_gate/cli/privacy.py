"""The `privacy` commands: what a training run costs its people, and the ledger of what releases cost them."""

from __future__ import annotations

import click

from policy_gate.cli.privacy_account import account
from policy_gate.cli.privacy_ledger import ledger


@click.group("privacy")
def command() -> None:
    """Account for differential privacy, and show, extend and verify the ledger of what releases have spent."""


command.add_command(account)
command.add_command(ledger)
