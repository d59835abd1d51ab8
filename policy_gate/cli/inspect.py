"""The `inspect` command: what a model computes and costs, on a terminal or as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy_gate.inspection import Inspection
    from policy_gate.model_graph.figures import NodeCost

MAX_EXTENT = 2**31 - 1


@click.command("inspect")
@click.argument("model", type=click.Path(exists=True, dir_okay=False))
@click.option(
    "--dimension", "dimensions", multiple=True, metavar="NAME=N", help="Bind a symbolic dimension; repeatable."
)
@click.option("--fingerprint", is_flag=True, help="Also compute the pgfp-1 identity, which reads every weight.")
@click.option("--top", default=10, show_default=True, help="How many of the costliest calls to list.")
@click.option("--format", "output_format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(model: str, dimensions: tuple[str, ...], top: int, output_format: str, *, fingerprint: bool) -> int:
    """Show what MODEL computes and costs, read without its weights.

    MACs are multiply-accumulates of convolutions and matrix products. What is not known is said, never counted as zero.
    """
    from policy_gate.inspection import inspect_model

    found = inspect_model(Path(model), _bound(dimensions), fingerprint=fingerprint)
    if output_format == "json":
        from policy_gate.record import canonical

        click.echo(f"{canonical(_tree(found))}\n".encode(), nl=False)
    else:
        from policy_gate.report.escaping import safe

        click.echo("\n".join(safe(line) for line in _lines(found, top)))
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


def _lines(found: Inspection, top: int) -> Iterator[str]:
    from policy_gate.model_graph.figures import Unestablished

    model, profile = found.model, found.profile
    opsets = ", ".join(f"{domain or 'ai.onnx'} {version}" for domain, version in sorted(model.opsets.items()))
    yield f"{found.path}: {model.format}, {model.file_bytes:,} bytes, opset {opsets}"
    yield f"calls       {profile.node_count:,}, {profile.coverage.unknown:,} of unknown cost"
    if isinstance(profile.macs, Unestablished):
        yield "MACs        not established"
    else:
        kinds = f"conv {profile.macs.conv:,}, depthwise {profile.macs.depthwise:,}, dense {profile.macs.dense:,}"
        bounded = " at most" if profile.macs.bounded else ""
        yield f"MACs       {bounded} {profile.macs.total:,} ({kinds})"
    if isinstance(profile.weights, Unestablished):
        yield "parameters  not established"
    else:
        dtypes = ", ".join(f"{dtype} {size:,}" for dtype, size in profile.weights.bytes_by_dtype)
        yield f"parameters  {profile.weights.parameters:,} in {profile.weights.total_bytes:,} bytes ({dtypes})"
    peak = profile.activation_peak_bytes
    yield f"activations {'not established' if isinstance(peak, Unestablished) else f'{peak:,} bytes at the peak'}"
    for cause in dict.fromkeys(profile.unknown):
        yield f"unknown     {cause}" + (f"; {cause.fix}" if cause.fix else "")
    for note in (*model.notes, *profile.notes):
        yield f"note        {note}"
    if found.identity is not None:
        yield f"fingerprint {found.identity.scheme}"
        for side in ("weights", "structure", "bound", "interface", "operators"):
            yield f"  {side:<9} {getattr(found.identity, side)}"
    yield from _costliest(profile.rows, top)


def _costliest(rows: tuple[NodeCost, ...], top: int) -> Iterator[str]:
    counted = [(row.macs, row) for row in rows if isinstance(row.macs, int) and row.macs > 0]
    if not counted or top < 1:
        return
    total = sum(macs for macs, _ in counted)
    yield ""
    yield f"{'MACs':>14}  {'share':>6}  {'weights':>12}  output"
    for macs, row in sorted(counted, key=lambda one: -one[0])[:top]:
        yield f"{macs:>14,}  {macs / total:>6.1%}  {row.weight_bytes:>10,} B  {row.output}  {row.op} {row.name}"
    if len(counted) > top:
        yield f"{'':>14}  and {len(counted) - top} more (--top)"


def _tree(found: Inspection) -> object:
    from policy_gate.model_graph.figures import Unestablished
    from policy_gate.record import as_tree

    def figure(part: object) -> object:
        if isinstance(part, Unestablished):
            return {"unestablished": [str(cause) for cause in part.causes]}
        return as_tree(part)

    profile = found.profile
    return {
        "schema": "policy-gate/inspection/v1alpha1",
        "path": found.path,
        "format": found.model.format,
        "file_bytes": found.model.file_bytes,
        "opsets": dict(found.model.opsets),
        "macs": figure(profile.macs),
        "weights": figure(profile.weights),
        "activation_peak_bytes": figure(profile.activation_peak_bytes),
        "operators": dict(profile.operators),
        "coverage": figure(profile.coverage),
        "unbound_dimensions": list(profile.unbound_dimensions),
        "unknown": [str(cause) for cause in profile.unknown],
        "calls": [figure(row) for row in profile.rows],
        "fingerprint": figure(found.identity),
        "notes": [*found.model.notes, *profile.notes],
    }
