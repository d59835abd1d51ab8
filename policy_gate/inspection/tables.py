"""The calls of a model's main graph as tables: by operator, and the costliest one by one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import nsmallest

from policy_gate.inspected import CallRow, Listed, OperatorRow, Unknown
from policy_gate.inspection.figures import tenths
from policy_gate.inspection.words import cut, unknown, unknown_cost
from policy_gate.model_graph.figures import Certainty, ModelProfile, NodeCost, Unestablished
from policy_gate.model_graph.values import UnknownCost


def operator_rows(profile: ModelProfile, most: int) -> tuple[tuple[OperatorRow, ...], int]:
    """The operators with all that their calls take, largest work first, and how many are left out."""
    together: dict[str, list[NodeCost]] = {}
    for row in profile.rows:
        together.setdefault(row.op, []).append(row)
    whole = total(row.macs for row in profile.rows)
    ordered = sorted(together, key=lambda op: (-_known_macs(together[op]), -len(together[op]), op))
    return tuple(_operator(op, together[op], profile, whole) for op in ordered[:most]), max(0, len(ordered) - most)


def costliest_calls(profile: ModelProfile, most: int) -> Listed:
    """The calls that take most work, then most weights, then those whose cost is not known."""

    def order(position: int) -> tuple[int, int, int, int]:
        row = profile.rows[position]
        macs = row.macs if isinstance(row.macs, int) else 0
        return -macs, -row.weight_bytes, isinstance(row.macs, int), position

    first = nsmallest(most, range(len(profile.rows)), key=order)
    return Listed(
        calls=tuple(_call(position, profile.rows[position], profile) for position in first),
        left_out=len(profile.rows) - len(first),
    )


def _operator(op: str, rows: Sequence[NodeCost], profile: ModelProfile, whole: int | Unknown) -> OperatorRow:
    certainties, macs = [row.certainty for row in rows], total(row.macs for row in rows)
    return OperatorRow(
        operator=cut(op),
        calls=len(rows),
        exact=certainties.count(Certainty.EXACT),
        bounded=certainties.count(Certainty.BOUNDED),
        unknown=certainties.count(Certainty.UNKNOWN),
        macs=macs,
        mac_share_percent=share_percent(macs, whole),
        weight_bytes=_weights(profile, sum(row.weight_bytes for row in rows)),
        output_bytes=total(row.output_bytes for row in rows),
    )


def _call(position: int, row: NodeCost, profile: ModelProfile) -> CallRow:
    return CallRow(
        position=position,
        name=cut(row.name),
        operator=cut(row.op),
        certainty=row.certainty.value,
        macs=total((row.macs,)),
        weight_bytes=_weights(profile, row.weight_bytes),
        output_bytes=total((row.output_bytes,)),
        output=cut(row.output),
        dtype=cut(row.dtype),
    )


def total(parts: Iterable[int | UnknownCost]) -> int | Unknown:
    """The sum; unknown as soon as one part is, with the first reason and the number of others."""
    listed = list(parts)
    lost = dict.fromkeys(part for part in listed if isinstance(part, UnknownCost))
    if lost:
        first = unknown_cost(next(iter(lost)))
        return Unknown(unknown=first.unknown, more=len(lost) - 1)
    return sum(part for part in listed if isinstance(part, int))


def share_percent(part: int | Unknown, whole: int | Unknown) -> float | Unknown:
    """A part of a whole in percent; nothing is no share of anything, also where the whole is not known."""
    if isinstance(part, Unknown):
        return part
    if part == 0:
        return 0.0
    return whole if isinstance(whole, Unknown) else tenths(part, whole, 100)


def _known_macs(rows: Iterable[NodeCost]) -> int:
    return sum(row.macs for row in rows if isinstance(row.macs, int))


def _weights(profile: ModelProfile, size: int) -> int | Unknown:
    """What calls take of the weights; where weights could not be told apart, a zero would be a guess."""
    return unknown(profile.weights) if isinstance(profile.weights, Unestablished) else size
