"""Operators of TFLite that make tensors: shapes, ranges, filled and random ones, and broadcast copies."""

from __future__ import annotations

import math
from collections.abc import Sequence

from policy_gate.model_graph.call import Call
from policy_gate.model_graph.folding import elements_of, spread
from policy_gate.model_graph.operators.generate import range_
from policy_gate.model_graph.operators.table import Operator, Table, operators
from policy_gate.model_graph.operators.tflite_inputs import asked_extent, asked_shape
from policy_gate.model_graph.values import (
    MAX_KNOWN,
    Dims,
    Elements,
    Hole,
    Value,
    axis_of,
    broadcast,
    broken,
    count,
    first_hole,
    known_dims,
)


def shape_of(call: Call) -> Sequence[Value]:
    """SHAPE: the extents, as `out_type` says."""
    shape, dtype = call.shape(0), call.text_attribute("out_type", "int32")
    if dtype not in {"int32", "int64"}:
        raise broken(f"a shape is not held in {dtype}")
    return (Value(dtype, (len(shape),), shape),)


def rank(call: Call) -> Sequence[Value]:
    """RANK: the number of dimensions as an int32 scalar."""
    return (Value("int32", (), (len(call.shape(0)),)),)


def fill(call: Call) -> Sequence[Value]:
    """FILL: one value, repeated in the shape of input 0."""
    shape, repeated = asked_shape(call, 0), call.value(1)
    if call.shape(1):
        raise broken("what fills a tensor is a scalar")
    total, known = count(shape), elements_of(repeated)
    small = isinstance(total, int) and total <= MAX_KNOWN
    return (Value(repeated.dtype, shape, known * total if small and known and isinstance(total, int) else None),)


def counted(call: Call) -> Sequence[Value]:
    """RANGE: from start to limit by delta, which must lead from one to the other."""
    found = range_(call)
    bounds = [elements_of(call.value(index)) for index in (0, 1)]
    if found[0].shape == (0,) and bounds[0] != bounds[1]:
        raise broken("the delta of a range leads away from its limit")
    return found


def random(call: Call) -> Sequence[Value]:
    """RANDOM_STANDARD_NORMAL, RANDOM_UNIFORM: the shape of input 0."""
    return (Value("float32", asked_shape(call, 0)),)


def multinomial(call: Call) -> Sequence[Value]:
    """MULTINOMIAL: as many class numbers of each row of logits as input 1 says."""
    dtype = call.claimed_dtype(0) if call.scope.claims else "int64"
    if dtype not in {"int32", "int64"}:
        raise broken(f"class numbers are not held in {dtype}")
    return (Value(dtype, (call.rank(0, 2)[0], asked_extent(call, 1))),)


def broadcast_to(call: Call) -> Sequence[Value]:
    """BROADCAST_TO: the data, repeated to the shape of input 1."""
    shape, first, target = call.shape(0), call.value(0), asked_shape(call, 1)
    if len(shape) > len(target):
        raise broken(f"{len(shape)} dimensions are broadcast to {len(target)}")
    joined = broadcast([shape, target])
    if any(isinstance(dim, int) and made != dim for made, dim in zip(joined, target, strict=True)):
        raise broken("the data does not fit the shape it is broadcast to")
    known = elements_of(first)
    if known is None or first_hole((*shape, *target)) is not None or math.prod(known_dims(target)) > MAX_KNOWN:
        return (Value(first.dtype, target),)
    return (Value(first.dtype, target, spread(known, shape, known_dims(target))),)


def broadcast_args(call: Call) -> Sequence[Value]:
    """BROADCAST_ARGS: the shape that two shapes broadcast to."""
    left, right = asked_shape(call, 0), asked_shape(call, 1)
    known: Elements | None = None
    if call.may_fold(call.value(0), call.value(1)):
        known = broadcast([left, right])
    return (Value(call.value(0).dtype, (max(len(left), len(right)),), known),)


def one_hot(call: Call) -> Sequence[Value]:
    """ONE_HOT: a new axis of `depth`, of the type of the value that stands for on."""
    shape = call.shape(0)
    axis = axis_of(call.int_attribute("axis", -1), len(shape) + 1)
    return (Value(call.value(2).dtype, (*shape[:axis], asked_extent(call, 1), *shape[axis:])),)


def sparse_to_dense(call: Call) -> Sequence[Value]:
    """SPARSE_TO_DENSE: indices, the shape, values, what stands elsewhere."""
    return (Value(call.value(2).dtype, asked_shape(call, 1)),)


def scatter_nd(call: Call) -> Sequence[Value]:
    """SCATTER_ND: indices, updates, the shape."""
    target: Dims = asked_shape(call, 2)
    depth = call.shape(0)[-1:]
    if not depth or (isinstance(depth[0], int) and depth[0] > len(target)):
        raise broken("the indices address more axes than the output has")
    return (Value(call.value(1).dtype, target),)


def segment_sum(call: Call) -> Sequence[Value]:
    """SEGMENT_SUM: one slice a segment; the highest segment number decides how many."""
    shape, ids = call.shape(0), elements_of(call.value(1))
    if not shape:
        raise broken("a scalar has no segments")
    numbers = [number for number in ids or () if isinstance(number, int)]
    if not numbers or len(numbers) != len(ids or ()):
        return (Value(call.value(0).dtype, (call.data_dependent("how many segments there are"), *shape[1:])),)
    if min(numbers) < 0 or len(call.shape(1)) != 1 or numbers != sorted(numbers):
        raise broken("segment numbers rise from zero")
    return (Value(call.value(0).dtype, (numbers[-1] + 1, *shape[1:])),)


def unsorted_segment(call: Call) -> Sequence[Value]:
    """UNSORTED_SEGMENT_*: data, segment numbers, how many segments; the numbers' axes become one."""
    shape, ids = call.shape(0), call.shape(1)
    pairs = zip(shape, ids, strict=False)
    if len(ids) > len(shape) or any(
        not isinstance(mine, Hole) and not isinstance(its, Hole) and mine != its for mine, its in pairs
    ):
        raise broken("the segment numbers do not fit the data")
    return (Value(call.value(0).dtype, (asked_extent(call, 2), *shape[len(ids) :])),)


TABLE: Table = (
    dict.fromkeys(
        ("RANDOM_STANDARD_NORMAL", "RANDOM_UNIFORM"), Operator(random, structural=frozenset({0}), derived=False)
    )
    | operators(
        unsorted_segment, "UNSORTED_SEGMENT_MAX UNSORTED_SEGMENT_MIN UNSORTED_SEGMENT_PROD UNSORTED_SEGMENT_SUM", 1, 2
    )
    | operators(segment_sum, "SEGMENT_SUM", 1)
    | {
        "SHAPE": Operator(shape_of),
        "RANK": Operator(rank),
        "FILL": Operator(fill, structural=frozenset({0})),
        "RANGE": Operator(counted, structural=frozenset({0, 1, 2})),
        "MULTINOMIAL": Operator(multinomial, structural=frozenset({1}), derived=False),
        "BROADCAST_TO": Operator(broadcast_to, structural=frozenset({1})),
        "BROADCAST_ARGS": Operator(broadcast_args, structural=frozenset({0, 1})),
        "ONE_HOT": Operator(one_hot, structural=frozenset({1})),
        "SPARSE_TO_DENSE": Operator(sparse_to_dense, structural=frozenset({0, 1})),
        "SCATTER_ND": Operator(scatter_nd, structural=frozenset({0, 2})),
    }
)
