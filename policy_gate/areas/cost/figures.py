"""Turns a model's profile into facts, and a figure that is not established into a missing fact with its reason."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from policy_gate.areas.cost.facts import (
    TRIPS,
    ActivationCost,
    DtypeBytes,
    Layer,
    MacCost,
    ModelInput,
    OperatorCoverage,
    WeightCost,
)
from policy_gate.errors import Reason
from policy_gate.frozen import dataclass
from policy_gate.model import Fact, Fix, Missing, Subject
from policy_gate.source.paths import shown

if TYPE_CHECKING:
    from policy_gate.model_graph import Model
    from policy_gate.model_graph.figures import ModelProfile, NodeCost, Unestablished

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
        return missing_figure(MacCost, run, macs)
    layers, count = _layers((row, row.macs) for row in run.profile.rows)
    return MacCost(
        subject=run.subject,
        pointer=run.pointer,
        macs=macs.total,
        bounded=macs.bounded,
        inputs=inputs_of(run),
        layers=layers,
        layer_count=count,
    )


def weight_cost(run: Profiled) -> Fact | Missing:
    """Parameters and bytes of weights, or why they are not known."""
    from policy_gate.model_graph.figures import Unestablished

    weights = run.profile.weights
    if isinstance(weights, Unestablished):
        return missing_figure(WeightCost, run, weights)
    layers, count = _layers((row, row.weight_bytes) for row in run.profile.rows)
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
        return missing_figure(ActivationCost, run, peak)
    setting = _peak_call(run.profile)
    rows = (
        (row, row.output_bytes)
        for row in run.profile.rows
        if row.op not in NEVER_STORED and isinstance(row.output_bytes, int) and row.output_bytes <= peak
    )
    layers, count = _layers(rows, setting)
    return ActivationCost(
        subject=run.subject,
        pointer=run.pointer,
        peak_bytes=peak,
        inputs=inputs_of(run),
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


def _peak_call(profile: ModelProfile) -> NodeCost | None:
    """The first call while which the peak is reached; None in a graph without calls."""
    from policy_gate.model_graph.figures import Unestablished

    at = -1 if isinstance(profile.plans, Unestablished) else profile.plans.peak_call
    return profile.rows[at] if 0 <= at < len(profile.rows) else None


def _layers(rows: Iterable[tuple[NodeCost, object]], setting: NodeCost | None = None) -> tuple[tuple[Layer, ...], int]:
    """The calls that take anything, in order, and how many there are; only the largest when they are many."""
    found = [
        Layer(
            name=shown(row.name),
            op=shown(row.op),
            amount=amount,
            structure=row.structure,
            sets_peak=row is setting,
        )
        for row, amount in rows
        if isinstance(amount, int) and amount > 0
    ]
    if len(found) <= MAX_LAYERS:
        return tuple(found), len(found)
    return _largest(found, LARGEST_LAYERS), len(found)


def with_fewest_layers(cost: Cost) -> Cost:
    """The same figure, explained by few layers: one release may hold thousands of such facts."""
    return replace(cost, layers=_largest(cost.layers, FEWEST_LAYERS))


def _largest(layers: Sequence[Layer], count: int) -> tuple[Layer, ...]:
    def order(position: int) -> tuple[bool, int, int]:
        return not layers[position].sets_peak, -layers[position].amount, position

    largest = sorted(range(len(layers)), key=order)[:count]
    return tuple(layers[position] for position in sorted(largest))


def inputs_of(run: Profiled) -> tuple[ModelInput, ...]:
    """The inputs with their extents; an axis that nothing binds has extent 0, and the figure did not need it.

    Trips of a loop that the target binds stand among them as an input of one axis: fewer of them is as much a claim.
    """
    inputs = tuple(
        _input(one.name, one.shape or (), run.dimensions, resizable=run.model.format == "tflite")
        for one in run.model.graph.inputs
        if one.name not in run.model.graph.constants
    )
    return inputs + tuple(_trips(run))


def _trips(run: Profiled) -> Iterator[ModelInput]:
    bound = {key: trips for key, trips in run.dimensions.items() if key.endswith(TRIPS)}
    calls = {row.name for row in run.profile.rows} if bound else set()
    for key, trips in sorted(bound.items()):
        if key.removesuffix(TRIPS).partition("/")[0] in calls or key.removesuffix(TRIPS) in calls:
            yield ModelInput(name=shown(key), extents=(trips,), bound_axes=(0,))


def _input(
    name: str, shape: Sequence[int | str | None], dimensions: Mapping[str, int], *, resizable: bool
) -> ModelInput:
    extents: list[int] = []
    bound_axes: list[int] = []
    for axis, extent in enumerate(shape):
        bound = dimensions.get(f"{name}[{axis}]")
        if bound is not None or not isinstance(extent, int):
            bound_axes.append(axis)
        stated = extent if isinstance(extent, int) else dimensions.get(extent or "", 0)
        extents.append(stated if bound is None else bound)
    return ModelInput(name=shown(name), extents=tuple(extents), bound_axes=tuple(bound_axes), resizable=resizable)


def missing_figure(kind: type[Fact], run: Profiled, figure: Unestablished) -> Missing:
    """The missing fact that stands for a figure which could not be established, with its causes."""
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
    """How to bind what is open: a symbol, an axis of an input, the trips of a loop."""
    keys = run.profile.unbound_dimensions[:MAX_SYMBOLS]
    if not keys:
        return _as_fix(first_fix)
    example = ", ".join(f"{_key(key)}: 1" for key in keys)
    text = f"bind it in the target, with the extent it runs: `dimensions: {{{example}}}`"
    return (Fix(text=text, pointer=run.dimensions_pointer),)


def _key(key: str) -> str:
    """A key as YAML takes it inside braces."""
    plain = key.isascii() and key.isidentifier()
    return key if plain else json.dumps(shown(key))


def _as_fix(text: str) -> tuple[Fix, ...]:
    return (Fix(text=text),) if text else ()
