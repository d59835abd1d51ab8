"""A model beside its base: what changed of every quantity, and which calls and operators explain it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from policy_gate.areas.cost.facts import Layer
from policy_gate.areas.cost.growth import Growth, by_operator, changed_layers, shares_percent
from policy_gate.inspected import (
    CallChange,
    Change,
    Compared,
    Estimated,
    Moved,
    OperatorChange,
    PlanFigures,
    TargetChange,
    TargetFigures,
    Unknown,
)
from policy_gate.inspection.figures import peaks_of, weights_of
from policy_gate.inspection.seeing import Seen
from policy_gate.inspection.words import cut, notes_of, unknown
from policy_gate.model_graph.figures import MacCounts, ModelProfile, NodeCost
from policy_gate.model_graph.values import UnknownCost

Amount = Callable[[NodeCost], "int | UnknownCost"]


def compared(
    seen: Seen, base: Seen, targets: Sequence[TargetFigures], before: Sequence[TargetFigures], top: int
) -> Compared:
    """Every quantity of a model and of its base; `targets` and `before` are the same profiles in the same order."""
    return Compared(
        path=base.path,
        format=base.model.format,
        file_bytes=base.model.file_bytes,
        changes=tuple(_changes(seen, base, top)),
        targets=tuple(
            TargetChange(profile=now.profile, changes=tuple(_target_changes(now, was)))
            for now, was in zip(targets, before, strict=True)
        ),
        notes=notes_of((*base.model.notes, *base.profile.notes)),
    )


def _changes(seen: Seen, base: Seen, top: int) -> list[Change]:
    now, was = seen.profile, base.profile
    weights, peaks = (weights_of(now), weights_of(was)), (peaks_of(now), peaks_of(was))
    macs = Change(quantity="MACs", unit="MAC", now=_macs(now), before=_macs(was))
    return [
        _explained(macs, (now, was), lambda row: row.macs, top),
        _explained(_change("weights", "bytes", weights, "total_bytes"), (now, was), lambda row: row.weight_bytes, top),
        _change("parameters", "parameters", weights, "parameters"),
        Change(quantity="file", unit="bytes", now=seen.model.file_bytes, before=base.model.file_bytes),
        _change("activations, least", "bytes", peaks, "low_bytes"),
        replace(
            _change("activations, most", "bytes", peaks, "high_bytes"),
            sets_now=_peak_call(peaks[0]),
            sets_before=_peak_call(peaks[1]),
        ),
        Change(quantity="calls", unit="calls", now=now.node_count, before=was.node_count),
    ]


def _target_changes(now: TargetFigures, was: TargetFigures) -> list[Change]:
    pairs = (
        ("latency", "ms", now.latency_ms, was.latency_ms),
        ("energy", "uJ", now.energy_uj, was.energy_uj),
        ("RAM", "bytes", now.ram_bytes, was.ram_bytes),
        ("flash", "bytes", now.flash_bytes, was.flash_bytes),
    )
    return [
        Change(quantity=f"{quantity}, {words}", unit=unit, now=_end(one, end), before=_end(other, end))
        for quantity, unit, one, other in pairs
        for words, end in (("likely", "mid"), ("at most", "high"))
    ]


def _end(figure: Estimated | Unknown, end: str) -> float | Unknown:
    if isinstance(figure, Unknown):
        return figure
    return figure.mid if end == "mid" else figure.high


def _macs(profile: ModelProfile) -> int | Unknown:
    return profile.macs.total if isinstance(profile.macs, MacCounts) else unknown(profile.macs)


def _peak_call(peaks: PlanFigures | Unknown) -> str:
    return "" if isinstance(peaks, Unknown) else peaks.peak_call


def _change(quantity: str, unit: str, figures: tuple[object, object], name: str) -> Change:
    now, before = (one if isinstance(one, Unknown) else getattr(one, name) for one in figures)
    return Change(quantity=quantity, unit=unit, now=now, before=before)


def _explained(change: Change, profiles: tuple[ModelProfile, ModelProfile], amount: Amount, top: int) -> Change:
    """A quantity that is the sum over calls, with those that grew and shrank; of an unknown total nothing is said."""
    if isinstance(change.now, Unknown) or isinstance(change.before, Unknown):
        return change
    changed = changed_layers(*_layers(*profiles, amount))
    grown = [one for one in changed if one.increase > 0]
    shrunk = sorted((one for one in changed if one.increase < 0), key=lambda one: one.increase)
    return replace(
        change,
        adds_up=True,
        increase=sum(one.increase for one in grown),
        decrease=-sum(one.increase for one in shrunk),
        grown=_call_changes(grown, top),
        grown_left_out=max(0, len(grown) - top),
        operators=tuple(
            OperatorChange(
                operator=cut(one.op), calls=one.layers, increase=one.increase, share_percent=one.share_percent
            )
            for one in by_operator(grown)[:top]
        ),
        shrunk=_call_changes(shrunk, top),
        shrunk_left_out=max(0, len(shrunk) - top),
    )


def _layers(now: ModelProfile, before: ModelProfile, amount: Amount) -> tuple[list[Layer], list[Layer]]:
    """The calls of both models that take anything, without those that are the same at both ends: they explain nothing.

    Most calls of a large model are those of its base, and pairing them one by one takes as long as counting them.
    """
    rows, others = now.rows, before.rows
    start = _same(rows, others, amount)
    end = _same(rows[start:][::-1], others[start:][::-1], amount)
    return _as_layers(rows[start : len(rows) - end], amount), _as_layers(others[start : len(others) - end], amount)


def _same(rows: Sequence[NodeCost], others: Sequence[NodeCost], amount: Amount) -> int:
    """How many calls at the start are the same in both, name and all."""
    for at, (row, other) in enumerate(zip(rows, others, strict=False)):
        if (row.name, row.op, row.structure) != (other.name, other.op, other.structure) or amount(row) != amount(other):
            return at
    return min(len(rows), len(others))


def _as_layers(rows: Sequence[NodeCost], amount: Amount) -> list[Layer]:
    found = ((row, amount(row)) for row in rows)
    return [
        Layer(name=row.name, op=row.op, amount=size, structure=row.structure)
        for row, size in found
        if isinstance(size, int) and size > 0
    ]


def _call_changes(changed: Sequence[Growth], top: int) -> tuple[CallChange, ...]:
    shares = shares_percent([abs(one.increase) for one in changed])
    return tuple(
        CallChange(
            name=cut(one.layer.name),
            operator=cut(one.layer.op),
            moved=_moved(one),
            now=one.layer.amount,
            before=one.before,
            share_percent=share,
        )
        for one, share in zip(changed[:top], shares[:top], strict=True)
    )


def _moved(one: Growth) -> Moved:
    if one.is_new:
        return Moved.NEW
    if one.layer.amount == 0:
        return Moved.GONE
    return Moved.GREW if one.increase > 0 else Moved.SHRANK
