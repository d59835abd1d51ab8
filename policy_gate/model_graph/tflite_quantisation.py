"""Reads how a TFLite tensor's numbers become real ones: how many scales there are, and where they stand."""

from __future__ import annotations

from collections.abc import Sequence

from policy_gate.frozen import dataclass
from policy_gate.model_graph.bounded import unreadable
from policy_gate.model_graph.flatbuffer import INT8, FlatBuffer, Table
from policy_gate.model_graph.graph import Payload, Scaling

_MIN, _MAX, _SCALE, _ZERO_POINT, _KIND, _DETAILS, _DIMENSION = range(7)  # fields of QuantizationParameters
_BLOCKWISE, _MULTI_AXIS = 2, 3  # of the union QuantizationDetails


@dataclass(frozen=True, slots=True)
class Quantised:
    """Quantisation parameters as found.

    `layout` says what each scale is for, "" when there are none. The parameters stand in `places`, or `held_by` other
    tensors, given by their numbers. `excess_bytes` are those of value ranges beyond one a scale, and what only a custom
    technique knows.
    """

    scales: int
    layout: str = ""
    places: tuple[Payload, ...] = ()
    held_by: tuple[int, ...] = ()
    excess_bytes: int = 0


PLAIN = Quantised(0)


def read_quantisation(file: FlatBuffer, tensor: Table, slot: int, dims: Sequence[int]) -> Quantised:
    """Decode the quantisation parameters of a tensor; the rules on their numbers are the TFLite interpreter's own.

    Raises:
        EvidenceError: scales, zero points and shape do not agree, or lie outside the file.
    """
    table = tensor.table(slot)
    if table is None:
        return PLAIN
    table.note_later("QuantizationParameters", 7)
    ranges = [file.passed(table, each, 4).length for each in (_MIN, _MAX)]
    kind = table.integer(_KIND, INT8)
    details = table.table(_DETAILS) if kind else None
    if details is not None:
        return _detailed(file, kind, details, sum(ranges))
    scale, zero_point = file.passed(table, _SCALE, 4), file.passed(table, _ZERO_POINT, 8)
    scales, zeros, axis = scale.length // 4, zero_point.length // 8, table.integer(_DIMENSION)
    excess = sum(max(size - 4 * max(scales, 1), 0) for size in ranges)
    if not scales:
        return Quantised(0, excess_bytes=excess)
    if zeros != scales:
        raise unreadable(f"a tensor has {scales} scales and {zeros} zero points", table.at)
    if axis < 0 or (dims and axis >= len(dims)):
        raise unreadable(f"a tensor of {len(dims)} dimensions is quantised along dimension {axis}", table.at)
    if scales != 1 and dims and scales != dims[axis]:
        raise unreadable(f"a tensor of shape {list(dims)} has {scales} scales along dimension {axis}", table.at)
    layout = "one for all" if scales == 1 else f"one for each of dimension {axis}"
    return Quantised(scales, layout, (scale, zero_point), excess_bytes=excess)


def _detailed(file: FlatBuffer, kind: int, details: Table, ranges: int) -> Quantised:
    """Decode a technique of its own: scales in another tensor, or bytes that only a custom one knows."""
    if kind not in {_BLOCKWISE, _MULTI_AXIS}:
        custom = file.passed(details, 0, 1)
        return Quantised(1, "custom", (custom,), excess_bytes=ranges + custom.length)
    along = details.integers(3) if kind == _MULTI_AXIS else ()
    held_by = details.integer(0), details.integer(1)
    layout = f"one for each block of {details.integer(2)} along {list(along)}"
    return Quantised(1, layout, (), held_by if held_by[1] >= 0 else held_by[:1], ranges)


def scaling_of(found: Quantised, places: Sequence[tuple[int, int]]) -> Scaling | None:
    """Return the scaling; `places` are those of the tensors it is `held_by`."""
    if not found.layout:
        return None
    return Scaling(found.layout, (*found.places, *(Payload("", *place) for place in places)))
