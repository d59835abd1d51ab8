"""The `profile` commands: what is done with device profiles, which predict the cost of inference."""

from __future__ import annotations

import click

from policy_gate.cli.profile_fit import fit
from policy_gate.cli.profile_show import list_all, show


@click.group("profile")
def command() -> None:
    """Work with device profiles: fit one to measurements, list and show those there are, score them."""


command.add_command(fit)
command.add_command(list_all)
command.add_command(show)
