"""The `inspect` command: what a model computes and costs, here and on devices, and what changed since another."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from policy_gate.inspected import Inspected

MAX_EXTENT = 2**31 - 1
MAX_TOP = 1_000_000
MAX_TARGETS = 64
FEW, MANY = 10, 1000
"""Entries of each table by default: for a reader, and for a machine."""


@click.command("inspect")
@click.argument("model", type=click.Path(exists=True, dir_okay=False))
@click.option(
    "--dimension", "dimensions", multiple=True, metavar="NAME=N", help="Bind a symbolic dimension; repeatable."
)
@click.option(
    "--target",
    "targets",
    multiple=True,
    metavar="PROFILE",
    help="Predict for a device: the id of a profile (`profile list`) or a path of one; repeatable.",
)
@click.option(
    "--base",
    type=click.Path(exists=True, dir_okay=False),
    metavar="OTHER",
    help="Compare with another model, and name the calls that explain each change.",
)
@click.option("--fingerprint", is_flag=True, help="Also compute the pgfp-1 identity, which reads every weight.")
@click.option(
    "--top",
    type=click.IntRange(0, MAX_TOP),
    metavar="N",
    help=f"Rows of each table.  [default: {FEW}, {MANY} in JSON]",
)
@click.option(
    "--format", "output_format", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True
)
def command(model: str, dimensions: tuple[str, ...], output_format: str, *, fingerprint: bool, **given: object) -> int:
    """Show what MODEL computes and costs, read without its weights.

    MACs are multiply-accumulates of convolutions and matrix products. What is not known is said, never counted as zero.
    """
    from policy_gate.inspection import Asked, inspect_model

    base, top = given["base"], given["top"]
    asked = Asked(
        path=Path(model),
        dimensions=_bound(dimensions),
        base=Path(str(base)) if base is not None else None,
        targets=_targets(given["targets"]),
        top=top if isinstance(top, int) else MANY if output_format == "json" else FEW,
        fingerprint=fingerprint,
    )
    # What a console lacks stands as an escape; JSON has the same bytes on every platform.
    click.echo(_rendered(inspect_model(asked), output_format).encode(errors="backslashreplace"), nl=False)
    return 0


def _bound(dimensions: tuple[str, ...]) -> dict[str, int]:
    from policy_gate.errors import UsageError

    bound: dict[str, int] = {}
    for given in dimensions:
        name, _, extent = given.rpartition("=")
        number = int(extent) if extent.isascii() and extent.isdigit() and len(extent) <= len(str(MAX_EXTENT)) else 0
        if not name or not 1 <= number <= MAX_EXTENT:
            raise UsageError(f"--dimension {given[:80]}: expected NAME=N with a whole number N from 1 to {MAX_EXTENT}")
        bound[name] = number
    return bound


def _targets(given: object) -> tuple[str, ...]:
    from policy_gate.errors import UsageError

    targets = tuple(map(str, given)) if isinstance(given, tuple) else ()
    if len(targets) > MAX_TARGETS:
        raise UsageError(f"--target is given {len(targets)} times; at most {MAX_TARGETS} are looked at in one run")
    return targets


def _rendered(found: Inspected, output_format: str) -> str:
    if output_format == "json":
        from policy_gate.report.inspection_json import render_inspection_json

        return render_inspection_json(found)
    if output_format == "markdown":
        from policy_gate.report.inspection_markdown import render_inspection_markdown

        return render_inspection_markdown(found)
    from policy_gate.report.inspection_text import render_inspection_text

    return render_inspection_text(found)
