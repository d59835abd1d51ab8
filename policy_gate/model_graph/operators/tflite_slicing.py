"""Operators of TFLite that cut tensors into parts and join them."""

from __future__ import annotations

from collections.abc import Sequence

from policy_gate.model_graph.call import Call
from policy_gate.model_graph.folding import elements_of
from policy_gate.model_graph.operators.slicing import join, joined_elements
from policy_gate.model_graph.operators.table import Operator, Table
from policy_gate.model_graph.operators.tflite_inputs import asked_axis, share, times, unfused
from policy_gate.model_graph.values import (
    MAX_KNOWN,
    Dim,
    Dims,
    Elements,
    Hole,
    Value,
    axis_of,
    broken,
    first_hole,
    known_dims,
)


def concatenation(call: Call) -> Sequence[Value]:
    """CONCATENATION: extents add up along one axis and are equal along the others."""
    inputs = call.values()
    shapes = [call.shape(index) for index in range(len(inputs))]
    axis = axis_of(call.int_attribute("axis", 0), len(shapes[0]))
    known = joined_elements(inputs) if axis == 0 and unfused(call) else None
    return (Value(inputs[0].dtype, join(shapes, axis), known),)


def pack(call: Call) -> Sequence[Value]:
    """PACK: tensors of one shape become slices along a new axis."""
    inputs = call.values()
    if call.int_attribute("values_count", len(inputs)) != len(inputs):
        raise broken(f"{len(inputs)} tensors are packed, values_count says otherwise")
    shapes = [call.shape(index) for index in range(len(inputs))]
    axis = axis_of(call.int_attribute("axis", 0), len(shapes[0]) + 1)
    ones: list[Dims] = [(*shape[:axis], 1, *shape[axis:]) for shape in shapes]
    return (Value(inputs[0].dtype, join(ones, axis), joined_elements(inputs) if axis == 0 else None),)


def unpack(call: Call) -> Sequence[Value]:
    """UNPACK: one output a slice of an axis."""
    shape, first = call.shape(0), call.value(0)
    axis, parts = axis_of(call.int_attribute("axis", 0), len(shape)), call.int_attribute("num", 0)
    if parts != len(call.node.outputs) or (isinstance(shape[axis], int) and shape[axis] != parts):
        raise broken(f"an axis of {shape[axis]} is unpacked into {parts} of {len(call.node.outputs)} outputs")
    known = elements_of(first) if len(shape) == 1 else None
    rest = shape[:axis] + shape[axis + 1 :]
    return [Value(first.dtype, rest, known[at : at + 1] if known is not None else None) for at in range(parts)]


def split(call: Call) -> Sequence[Value]:
    """SPLIT: the axis, the data; equal parts."""
    shape, parts = call.shape(1), call.int_attribute("num_splits", 0)
    if parts != len(call.node.outputs) or parts < 1:
        raise broken(f"{parts} parts for {len(call.node.outputs)} outputs")
    axis = asked_axis(call, 0, len(shape))
    return _parts(call.value(1), axis, [share(shape[axis], parts)] * parts)


def split_v(call: Call) -> Sequence[Value]:
    """SPLIT_V: the data, the sizes of the parts, the axis; one -1 takes what is left."""
    shape, sizes = call.shape(0), list(call.ints(1))
    axis = asked_axis(call, 2, len(shape))
    free, extent = sizes.count(-1), shape[axis]
    if len(sizes) != len(call.node.outputs) or free > 1 or min(sizes, default=0) < -1:
        raise broken(f"sizes {sizes[:8]} for {len(call.node.outputs)} outputs")
    if isinstance(extent, Hole):
        return _parts(call.value(0), axis, [Hole(extent.cause) if size == -1 else size for size in sizes])
    left = extent - sum(size for size in sizes if size != -1)
    if left < 0 or (left and not free):
        raise broken(f"sizes {sizes[:8]} do not split an axis of {extent}")
    return _parts(call.value(0), axis, [left if size == -1 else size for size in sizes])


def _parts(value: Value, axis: int, sizes: Sequence[Dim]) -> Sequence[Value]:
    shape = value.dims
    known = elements_of(value) if len(shape) == 1 else None
    parts, start = [], 0
    for size in sizes:
        part = known[start : start + size] if known is not None and isinstance(size, int) else None
        parts.append(Value(value.dtype, (*shape[:axis], size, *shape[axis + 1 :]), part))
        start += size if isinstance(size, int) else 0
    return parts


def slice_(call: Call) -> Sequence[Value]:
    """SLICE: the data, the first index and the extent of every axis; an extent of -1 goes to the end."""
    shape, first = call.shape(0), call.value(0)
    begins, sizes = _bounds(call, 1, len(shape)), _bounds(call, 2, len(shape))
    cuts = [_cut(dim, begin, size) for dim, begin, size in zip(shape, begins, sizes, strict=True)]
    known, begin = elements_of(first) if len(shape) == 1 else None, begins[0] if begins else 0
    picked = None
    if known is not None and cuts and isinstance(cuts[0], int) and isinstance(begin, int):
        picked = known[begin : begin + cuts[0]]
    return (Value(first.dtype, tuple(cuts), picked if shape else known),)


def _bounds(call: Call, index: int, rank: int) -> Sequence[Dim]:
    if known_dims(call.rank(index, 1)) != (rank,):
        raise broken(f"input {index} does not hold one number for each of {rank} axes")
    known = elements_of(call.value(index))
    if known is None:
        return [Hole(call.run_time(index))] * rank
    bounds = [bound for bound in known if isinstance(bound, (int, Hole))]
    if len(bounds) != rank:
        raise broken(f"input {index} must hold integers")
    return bounds


def _cut(dim: Dim, begin: Dim, size: Dim) -> Dim:
    if isinstance(size, Hole) or isinstance(begin, Hole):
        lost = size if isinstance(size, Hole) else begin
        # An extent that is given is taken, wherever it begins.
        return size if isinstance(size, int) and size >= 0 else lost if isinstance(lost, Hole) else size
    if begin < 0 or size < -1 or (isinstance(dim, int) and begin + max(size, 0) > dim):
        raise broken(f"{size} elements from {begin} are outside an axis of {dim}")
    if size != -1:
        return size
    return dim - begin if isinstance(dim, int) else dim if begin == 0 else Hole(dim.cause)


def gather(call: Call) -> Sequence[Value]:
    """GATHER: the indices' shape, without its `batch_dims`, replaces one axis."""
    shape, indices, first = call.shape(0), call.shape(1), call.value(0)
    axis, batch = axis_of(call.int_attribute("axis", 0), len(shape)), call.int_attribute("batch_dims", 0)
    batch = batch + len(indices) if batch < 0 else batch
    if not 0 <= batch <= min(len(indices), axis):
        raise broken(f"{batch} batch dimensions for axis {axis} and indices of rank {len(indices)}")
    if any(
        isinstance(one, int) and isinstance(two, int) and one != two
        for one, two in zip(shape[:batch], indices, strict=False)
    ):
        raise broken("the data and the indices have different batches")
    known = _gathered(call) if len(shape) == 1 and not batch else None
    return (Value(first.dtype, shape[:axis] + indices[batch:] + shape[axis + 1 :], known),)


def _gathered(call: Call) -> Elements | None:
    known, indices = elements_of(call.value(0)), elements_of(call.value(1))
    if known is None or indices is None or first_hole(indices) is not None or len(indices) > MAX_KNOWN:
        return None
    places = [index for index in indices if isinstance(index, int)]
    if len(places) != len(indices) or any(not 0 <= index < len(known) for index in places):
        raise broken(f"an index is outside the {len(known)} elements gathered from")
    return tuple(known[index] for index in places)


def gather_nd(call: Call) -> Sequence[Value]:
    """GATHER_ND: the indices' shape without its last axis, then the data's axes they do not address."""
    shape, indices = call.shape(0), call.shape(1)
    depth = known_dims(indices[-1:])
    if not depth or depth[0] > len(shape):
        raise broken("the indices address more axes than the data has")
    return (Value(call.value(0).dtype, indices[:-1] + shape[depth[0] :]),)


def tile(call: Call) -> Sequence[Value]:
    """TILE: each extent times its repeats."""
    shape, first = call.shape(0), call.value(0)
    repeats = _bounds(call, 1, len(shape))
    if any(isinstance(number, int) and number < 0 for number in repeats):
        raise broken("a tensor is repeated less than zero times")
    tiled = tuple(times(dim, number) for dim, number in zip(shape, repeats, strict=True))
    known = elements_of(first) if len(shape) == 1 else None
    small = known is not None and isinstance(repeats[0], int) and len(known) * repeats[0] <= MAX_KNOWN
    return (Value(first.dtype, tiled, known * repeats[0] if small and known and isinstance(repeats[0], int) else None),)


def dynamic_update_slice(call: Call) -> Sequence[Value]:
    """DYNAMIC_UPDATE_SLICE: like the first operand."""
    shape, update = call.shape(0), call.shape(1)
    pairs = zip(shape, update, strict=False)
    if len(shape) != len(update) or any(
        isinstance(dim, int) and isinstance(more, int) and more > dim for dim, more in pairs
    ):
        raise broken("the update does not fit into the operand")
    return (Value(call.value(0).dtype, shape),)


def lookup(call: Call) -> Sequence[Value]:
    """EMBEDDING_LOOKUP: the rows of a table that the ids name, as they are stored or as floats."""
    (ids,), table = call.rank(0, 1), call.shape(1)
    if len(table) < 2:
        raise broken("rows are looked up in a table of at least two dimensions")
    stored = call.value(1).dtype
    wanted = call.claimed_dtype(0) if call.scope.claims else stored
    if wanted not in {stored, "float32"}:
        raise broken(f"rows of {stored} are not looked up as {wanted}")
    return (Value(wanted, (ids, *table[1:])),)


def hashtable_lookup(call: Call) -> Sequence[Value]:
    """HASHTABLE_LOOKUP: the rows whose keys are looked up, and whether each was found."""
    (looked_up,), rows = call.rank(0, 1), call.shape(2)
    if not rows:
        raise broken("rows are looked up in a scalar")
    return (Value(call.value(2).dtype, (looked_up, *rows[1:])), Value("uint8", (looked_up,)))


TABLE: Table = {
    "CONCATENATION": Operator(concatenation),
    "PACK": Operator(pack),
    "UNPACK": Operator(unpack),
    "SPLIT": Operator(split, structural=frozenset({0})),
    "SPLIT_V": Operator(split_v, structural=frozenset({1, 2})),
    "SLICE": Operator(slice_, structural=frozenset({1, 2})),
    "GATHER": Operator(gather, structural=frozenset({1})),
    "GATHER_ND": Operator(gather_nd, structural=frozenset({1})),
    "TILE": Operator(tile, structural=frozenset({1})),
    "DYNAMIC_UPDATE_SLICE": Operator(dynamic_update_slice, structural=frozenset({2})),
    "EMBEDDING_LOOKUP": Operator(lookup, structural=frozenset({0})),
    "HASHTABLE_LOOKUP": Operator(hashtable_lookup, structural=frozenset({0, 1})),
}
