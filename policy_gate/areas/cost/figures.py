"""Turns a model's profile into facts, and a figure that is not established into a missing fact with its reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from policy_gate.areas.cost.facts import (
    ActivationCost,
    DtypeBytes,
    Layer,
    MacCost,
    ModelInput,
    OperatorCoverage,
    WeightCost,
)
from policy_gate.areas.cost.reading import open_symbols
from policy_gate.errors import Reason
from policy_gate.frozen import dataclass
from policy_gate.model import Fact, Fix, Missing, Subject
from policy_gate.source.paths import shown

if TYPE_CHECKING:
    from policy_gate.model_graph import Model
    from policy_gate.model_graph.figures import ModelProfile, Unestablished

MAX_LAYERS = 2000
LARGEST_LAYERS = 200
FEWEST_LAYERS = 16
MAX_CAUSES = 3
MAX_SYMBOLS = 8

# Their outputs are constants, or are read in place by the kernel behind them; see model_graph.memory.
NEVER_STORED = frozenset({"ai.onnx::Constant", "ai.onnx::ConstantOfShape", "ai.onnx::DequantizeLinear"})


Cost = TypeVar("Cost", bound=MacCost | WeightCost | ActivationCost)


@dataclass(frozen=True, slots=True)
class Profiled:
    """A model's profile on one target; `pointer` is where the model stands, the other where dimensions are bound."""

    subject: Subject
    pointer: str
    dimensions_pointer: str
    dimensions: Mapping[str, int]
    model: Model
    profile: ModelProfile


def mac_cost(run: Profiled) -> Fact | Missing:
    """Multiply-accumulates, or why they are not known."""
    from policy_gate.model_graph.figures import Unestablished

    macs = run.profile.macs
    if isinstance(macs, Unestablished):
        return _missing(MacCost, run, macs)
    layers, count = _layers((row.name, row.op, row.macs) for row in run.profile.rows)
    return MacCost(
        subject=run.subject,
        pointer=run.pointer,
        macs=macs.total,
        bounded=macs.bounded,
        inputs=_inputs(run.model, run.dimensions),
        layers=layers,
        layer_count=count,
    )


def weight_cost(run: Profiled) -> Fact | Missing:
    """Parameters and bytes of weights, or why they are not known."""
    from policy_gate.model_graph.figures import Unestablished

    weights = run.profile.weights
    if isinstance(weights, Unestablished):
        return _missing(WeightCost, run, weights)
    layers, count = _layers((row.name, row.op, row.weight_bytes) for row in run.profile.rows)
    return WeightCost(
        subject=run.subject,
        pointer=run.pointer,
        parameters=weights.parameters,
        weight_bytes=weights.total_bytes,
        stored_bytes=run.profile.stored_constant_bytes,
        by_dtype=tuple(DtypeBytes(dtype=dtype, weight_bytes=count) for dtype, count in weights.bytes_by_dtype),
        layers=layers,
        layer_count=count,
    )


def activation_cost(run: Profiled) -> Fact | Missing:
    """The peak of the activations, or why it is not known; an output larger than the peak is never stored."""
    from policy_gate.model_graph.figures import Unestablished

    peak = run.profile.activation_peak_bytes
    if isinstance(peak, Unestablished):
        return _missing(ActivationCost, run, peak)
    layers, count = _layers(
        (row.name, row.op, row.output_bytes)
        for row in run.profile.rows
        if row.op not in NEVER_STORED and isinstance(row.output_bytes, int) and row.output_bytes <= peak
    )
    return ActivationCost(
        subject=run.subject,
        pointer=run.pointer,
        peak_bytes=peak,
        inputs=_inputs(run.model, run.dimensions),
        layers=layers,
        layer_count=count,
    )


def coverage(subject: Subject, pointer: str, profile: ModelProfile) -> OperatorCoverage:
    """How many calls are understood; one whose cost has no formula counts as not understood."""
    from policy_gate.model_graph.values import UnknownCost

    unknown = {op for op, _ in profile.coverage.unknown_operators}
    for row in profile.rows:
        cause = row.macs
        if isinstance(cause, UnknownCost) and cause.reason is Reason.UNSUPPORTED_OPERATOR and cause.node == row.name:
            unknown.add(row.op)
    calls = dict(profile.operators)
    return OperatorCoverage(
        subject=subject,
        pointer=pointer,
        known=profile.node_count - sum(calls[op] for op in unknown),
        total=profile.node_count,
        unknown=tuple(sorted(map(shown, unknown))),
    )


def _layers(rows: Iterable[tuple[str, str, object]]) -> tuple[tuple[Layer, ...], int]:
    """The calls that take anything, in order, and how many there are; only the largest when they are many."""
    found = [
        Layer(name=shown(name), op=shown(op), amount=amount)
        for name, op, amount in rows
        if isinstance(amount, int) and amount > 0
    ]
    if len(found) <= MAX_LAYERS:
        return tuple(found), len(found)
    return _largest(found, LARGEST_LAYERS), len(found)


def with_fewest_layers(cost: Cost) -> Cost:
    """The same figure, explained by few layers: one release may hold thousands of such facts."""
    return replace(cost, layers=_largest(cost.layers, FEWEST_LAYERS))


def _largest(layers: Sequence[Layer], count: int) -> tuple[Layer, ...]:
    largest = sorted(range(len(layers)), key=lambda position: (-layers[position].amount, position))[:count]
    return tuple(layers[position] for position in sorted(largest))


def _inputs(model: Model, dimensions: Mapping[str, int]) -> tuple[ModelInput, ...]:
    """The inputs with their extents; an axis that nothing binds has extent 0, and the figure did not need it."""
    return tuple(
        ModelInput(
            name=shown(one.name),
            extents=tuple(
                extent if isinstance(extent, int) else dimensions.get(extent or "", 0) for extent in one.shape or ()
            ),
            bound_axes=tuple(axis for axis, extent in enumerate(one.shape or ()) if not isinstance(extent, int)),
        )
        for one in model.graph.inputs
        if one.name not in model.graph.constants
    )


def _missing(kind: type[Fact], run: Profiled, figure: Unestablished) -> Missing:
    first = figure.causes[0]
    words = [
        f"{shown(f'{one.op} {one.node!r}'.strip())}: {shown(one.detail)}" if one.node else shown(one.detail)
        for one in figure.causes[:MAX_CAUSES]
    ]
    more = len(figure.causes) - MAX_CAUSES
    unbound = first.reason is Reason.UNBOUND_DIMENSION
    return Missing(
        fact=kind.name,
        subject=run.subject,
        pointer=run.dimensions_pointer if unbound else run.pointer,
        reason=first.reason,
        detail="; ".join(words) + (f"; and {more} more" if more > 0 else ""),
        fixes=_fixes(run, shown(first.fix)) if unbound else _as_fix(shown(first.fix)),
    )


def _fixes(run: Profiled, first_fix: str) -> tuple[Fix, ...]:
    """How to bind what is open by name; an axis without a name needs another export."""
    named = [symbol for symbol in run.profile.unbound_dimensions if symbol in open_symbols(run.model)]
    if not named:
        return _as_fix(first_fix)
    example = ", ".join(f"{shown(symbol)}: 1" for symbol in named[:MAX_SYMBOLS])
    text = f"bind it in the target, with the extent it runs: `dimensions: {{{example}}}`"
    return (Fix(text=text, pointer=run.dimensions_pointer),)


def _as_fix(text: str) -> tuple[Fix, ...]:
    return (Fix(text=text),) if text else ()
