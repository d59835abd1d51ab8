"""The totals of a model as the data of a report: work, weights, file, memory, traffic and how much of it is known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from policy_gate.inspected import (
    CoverageFigures,
    FileFigures,
    MacFigures,
    NamedCount,
    PlanFigures,
    TrafficFigures,
    Unknown,
    UnknownOperator,
    WeightFigures,
)
from policy_gate.inspection.words import cut, unknown
from policy_gate.model_graph import Model
from policy_gate.model_graph.figures import ModelProfile, Unestablished

MOST_LISTED = 100
SOME_CALLS = 5


def macs_of(profile: ModelProfile) -> MacFigures | Unknown:
    """Multiply-accumulates by class and by element type."""
    macs = profile.macs
    if isinstance(macs, Unestablished):
        return unknown(macs)
    by_dtype: Counter[str] = Counter()
    for row in profile.rows:
        if isinstance(row.macs, int) and row.macs:
            by_dtype[row.dtype or "unknown"] += row.macs
    return MacFigures(
        total=macs.total,
        conv=macs.conv,
        depthwise=macs.depthwise,
        dense=macs.dense,
        other=macs.other,
        bounded=macs.bounded,
        by_dtype=counts(by_dtype.items()),
    )


def weights_of(profile: ModelProfile) -> WeightFigures | Unknown:
    """Parameters and bytes of the weights that calls use."""
    weights = profile.weights
    if isinstance(weights, Unestablished):
        return unknown(weights)
    return WeightFigures(
        parameters=weights.parameters,
        generated=weights.generated,
        total_bytes=weights.total_bytes,
        bytes_by_dtype=counts(weights.bytes_by_dtype),
    )


def file_of(model: Model, profile: ModelProfile) -> FileFigures:
    """What the bytes of the file are, and what stands in files beside it."""
    return FileFigures(
        file_bytes=model.file_bytes,
        constant_bytes=profile.stored_constant_bytes,
        unneeded_bytes=counts(model.other_bytes),
        external_bytes=counts(model.external_bytes),
    )


def peaks_of(profile: ModelProfile) -> PlanFigures | Unknown:
    """The peak of the activations under four planners."""
    plans = profile.plans
    if isinstance(plans, Unestablished):
        return unknown(plans)
    every = (plans.overlay, plans.in_place, plans.pad_fused, plans.no_fusion)
    return PlanFigures(
        low_bytes=min(every),
        high_bytes=max(every),
        overlay_bytes=plans.overlay,
        in_place_bytes=plans.in_place,
        pad_fused_bytes=plans.pad_fused,
        no_fusion_bytes=plans.no_fusion,
        peak_call=cut(profile.rows[plans.peak_call].name) if 0 <= plans.peak_call < len(profile.rows) else "",
    )


def traffic_of(profile: ModelProfile) -> TrafficFigures | Unknown:
    """What an inference moves, and the multiply-accumulates a byte of it (arithmetic intensity)."""
    features = profile.features
    if isinstance(features, Unestablished):
        return unknown(features)
    moved = features.activation_bytes + features.weight_bytes
    macs = features.conv_macs + features.depthwise_macs
    return TrafficFigures(
        activation_bytes=features.activation_bytes,
        weight_bytes=features.weight_bytes,
        kernels=features.operators,
        macs_per_byte=tenths(macs, moved),
        dtype=features.dtype,
        dtype_share_percent=round(100 * features.dtype_share, 1),
        bounded=features.bounded,
    )


def coverage_of(profile: ModelProfile) -> CoverageFigures:
    """How much is known by calls, everywhere, and by bytes of outputs and of weights, in the main graph."""
    found, weights = profile.coverage, profile.weights
    lost = unknown(weights) if isinstance(weights, Unestablished) else None
    return CoverageFigures(
        exact_calls=found.exact,
        bounded_calls=found.bounded,
        unknown_calls=found.unknown,
        known_output_bytes=found.covered_output_bytes,
        output_bytes=found.total_output_bytes,
        unsized_calls=found.unsized_outputs,
        known_weight_bytes=lost or found.covered_weight_bytes,
        weight_bytes=lost or found.total_weight_bytes,
    )


def unknown_operators_of(profile: ModelProfile) -> tuple[UnknownOperator, ...]:
    """Operators that nothing is known of, most calls first."""
    calls = dict(profile.operators)
    found = [
        UnknownOperator(operator=cut(op), calls=calls.get(op, len(names)), some=tuple(map(cut, names[:SOME_CALLS])))
        for op, names in profile.coverage.unknown_operators
    ]
    return tuple(sorted(found, key=lambda one: (-one.calls, one.operator))[:MOST_LISTED])


def counts(named: Iterable[tuple[str, int]]) -> tuple[NamedCount, ...]:
    """Counts by name, largest first; the smallest are added up where there are very many."""
    ordered = sorted(named, key=lambda one: (-one[1], one[0]))
    listed = [NamedCount(name=cut(name), count=count) for name, count in ordered[:MOST_LISTED]]
    rest = ordered[MOST_LISTED:]
    if rest:
        listed.append(NamedCount(name=f"{len(rest)} others", count=sum(count for _, count in rest)))
    return tuple(listed)


def tenths(part: int, whole: int, factor: int = 1) -> float:
    """`factor` x part / whole with one decimal, rounded half up in integers, so that every platform rounds alike."""
    return (20 * factor * part + whole) // (2 * whole) / 10 if whole > 0 else 0.0
