"""The `profile fit` command: a table of measurements becomes a device profile, or the reason it does not."""

from __future__ import annotations

from pathlib import Path

import click

EPILOG = "Exit codes: 0 fitted, 2 refused: too little data, contradicting data, or more than one device."


@click.command("fit", short_help="Fit a device profile to a table of measurements.", epilog=EPILOG)
@click.argument("rows", type=click.Path())
@click.option("--device", default="", help="Only rows of this device.")
@click.option("--engine", default="", help="Only rows of this engine.")
@click.option("--dtype", default="", help="Only rows of this element type.")
@click.option("--runtime", default="", help="Only rows of this runtime and version.")
@click.option("--id", default="", metavar="ID", help="What the profile is called; default: by device and runtime.")
@click.option("--words", default="", help="What it is for, in a sentence.")
@click.option("--processor", default="", help="Processor and clock; default: as the rows have them.")
@click.option("--quantisation", type=click.Choice(["any", "per_tensor", "per_channel"]), default="any")
@click.option("--runtime-name", default="", help="The runtime's name as manifests declare it.")
@click.option("--runtime-version", default="", help="The runtime's version as manifests declare it.")
@click.option("--shape", default="", metavar="ID", help="Scale this profile instead of fitting; takes --screening.")
@click.option("--memory", default="", type=click.Path(), help="A table of published RAM and flash of this runtime.")
@click.option("--screening", is_flag=True, help="Accept too little data: for sorting, not for a promise.")
@click.option("--no-borrowing", is_flag=True, help="Take no families from other versions of the runtime.")
@click.option("--with-suspect", is_flag=True, help="Use rows marked suspect too.")
@click.option("-o", "--output", default="", type=click.Path(), help="Write the profile here instead of printing it.")
def fit(rows: str, *, output: str, no_borrowing: bool, with_suspect: bool, **given: str) -> int:
    """Fit a device profile to ROWS, a CSV table of measured latencies with the features of each model.

    Non-negative least squares on relative errors, families weighing the same; refused below 8 rows of 3 families.
    """
    from policy_gate.profiling.fitting import Asked, fit, written

    asked = Asked(borrow=not no_borrowing, keep_suspect=with_suspect, **given)  # type: ignore[arg-type]  # --screening is a flag
    profile = fit(Path(rows), asked)
    text = written(profile)
    if not output:
        click.echo(text.encode(), nl=False)
        return 0
    from policy_gate.cli.writing import write_whole
    from policy_gate.report.escaping import safe

    write_whole(Path(output), text)
    click.echo(f"{safe(output)}: profile {profile.id}; `policy-gate profile show {safe(output)}` shows its error")
    return 0
