"""STRIDED_SLICE: Python's slices, spelled in five bit masks (tf.strided_slice)."""

from __future__ import annotations

from collections.abc import Sequence

from policy_gate.frozen import dataclass
from policy_gate.model_graph.call import Call
from policy_gate.model_graph.folding import elements_of
from policy_gate.model_graph.operators.table import Operator, Table
from policy_gate.model_graph.values import MAX_RANK, Dim, Elements, Hole, Value, broken, first_hole, known_dims


@dataclass(frozen=True, slots=True)
class Cut:
    """What is taken of one axis; without `begin` or `end` from or to the edge.

    A `shrunk` axis is dropped; with `offset` the end counts from the begin.
    """

    begin: Dim | None = None
    end: Dim | None = None
    stride: Dim = 1
    shrunk: bool = False
    offset: bool = False


NEW_AXIS = Cut(stride=0)


def strided_slice(call: Call) -> Sequence[Value]:
    """STRIDED_SLICE: the data, begins, ends, strides; masks leave bounds out, add, drop or skip axes."""
    shape, first = call.shape(0), call.value(0)
    taken: list[Dim] = []
    axes = iter(shape)
    cuts = _per_axis(call, len(shape))
    for cut in cuts:
        if cut is NEW_AXIS:
            taken.append(1)
            continue
        extent = next(axes)
        if not cut.shrunk:
            taken.append(_length(cut, extent))
    return (Value(first.dtype, tuple(taken), _picked(first, cuts)),)


def _per_axis(call: Call, rank: int) -> list[Cut]:
    """Return one cut for each axis of the data, and one for each new axis between them."""
    specs = _specs(call)
    ellipsis, added = call.int_attribute("ellipsis_mask", 0), call.int_attribute("new_axis_mask", 0)
    if ellipsis & (ellipsis - 1) or ellipsis & added:
        raise broken("a slice has more than one ellipsis, or one that is also a new axis")
    skipped = rank - sum(not _bit(ellipsis | added, at) for at in range(len(specs)))
    if skipped < 0:
        raise broken(f"a slice of more than {rank} axes")
    cuts: list[Cut] = []
    for at, spec in enumerate(specs):
        if _bit(ellipsis, at):
            cuts.extend([Cut()] * skipped)
        else:
            cuts.append(NEW_AXIS if _bit(added, at) else spec)
    return cuts if ellipsis and ellipsis < 1 << len(specs) else cuts + [Cut()] * skipped


def _bit(mask: int, at: int) -> bool:
    return bool(mask >> at & 1)


def _specs(call: Call) -> list[Cut]:
    begins, ends, strides = (_numbers(call, index) for index in (1, 2, 3))
    if not len(begins) == len(ends) == len(strides):
        raise broken("begins, ends and strides differ in number")
    no_begin, no_end = call.int_attribute("begin_mask", 0), call.int_attribute("end_mask", 0)
    shrunk, offset = call.int_attribute("shrink_axis_mask", 0), bool(call.int_attribute("offset", 0))
    specs = []
    for at, (begin, end, stride) in enumerate(zip(begins, ends, strides, strict=True)):
        if stride == 0:
            raise broken("a slice has a stride of zero")
        last = end if offset else _unless(no_end, at, end)  # the runtime does not read the mask of an offset
        specs.append(Cut(_unless(no_begin, at, begin), last, stride, _bit(shrunk, at), offset))
    return specs


def _numbers(call: Call, index: int) -> Sequence[Dim]:
    length = known_dims(call.rank(index, 1))[0]
    if length > MAX_RANK:
        raise broken(f"a slice of {length} axes")
    known = elements_of(call.value(index))
    if known is None:
        return [Hole(call.run_time(index))] * length
    numbers = [number for number in known if isinstance(number, (int, Hole))]
    if len(numbers) != length:
        raise broken(f"input {index} must hold integers")
    return numbers


def _unless(mask: int, at: int, bound: Dim) -> Dim | None:
    return None if _bit(mask, at) else bound


def _length(cut: Cut, extent: Dim) -> Dim:
    whole = cut.begin is None or (cut.begin == 0 and cut.stride == 1)
    if whole and cut.end is None and cut.stride in {1, -1}:
        return extent
    hole = first_hole((extent, cut.begin, cut.end, cut.stride))
    if hole is not None:
        return Hole(hole.cause)
    return len(_taken(cut, extent)) if isinstance(extent, int) else extent


def _taken(cut: Cut, extent: int) -> range:
    """Return the indices of an axis that a cut takes; all its bounds are known."""
    numbers = [bound if isinstance(bound, int) else None for bound in (cut.begin, cut.end, cut.stride)]
    if not cut.offset:
        return range(*slice(*numbers).indices(extent))
    begin, _, stride = slice(numbers[0], None, numbers[2]).indices(extent)
    taken = range(begin, begin + (numbers[1] or 0), stride)
    if taken and not (min(taken[0], taken[-1]) >= 0 and max(taken[0], taken[-1]) < extent):
        raise broken(f"a slice from {taken[0]} to {taken[-1]} is outside an axis of {extent}")
    return taken


def _picked(value: Value, cuts: Sequence[Cut]) -> Elements | None:
    """Take the known elements of a vector."""
    known = elements_of(value)
    real = [cut for cut in cuts if cut is not NEW_AXIS]
    if known is None or len(real) != 1:
        return None
    cut = real[0]
    if first_hole((cut.begin, cut.end, cut.stride)) is not None:
        return None
    if not cut.shrunk:
        return tuple(known[index] for index in _taken(cut, len(known)))
    index = cut.begin if isinstance(cut.begin, int) else 0 if cut.stride == 1 else len(known) - 1
    if not -len(known) <= index < len(known):
        raise broken(f"index {index} is outside {len(known)} elements")
    return (known[index],)


TABLE: Table = {"STRIDED_SLICE": Operator(strided_slice, structural=frozenset({1, 2, 3}))}
