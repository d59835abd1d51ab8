"""Sequences and optionals: followed as long as their length is fixed by the graph."""

from __future__ import annotations

from collections.abc import Sequence

from policy_gate.errors import Reason
from policy_gate.model_graph.call import Call
from policy_gate.model_graph.folding import elements_of
from policy_gate.model_graph.operators.slicing import join
from policy_gate.model_graph.operators.table import Operator, Table
from policy_gate.model_graph.values import (
    MAX_KNOWN,
    CostUnknown,
    Hole,
    UnknownCost,
    Value,
    axis_of,
    broken,
    first_hole,
)

Items = tuple[Value, ...]


def items_of(call: Call, index: int = 0) -> Items:
    """Return the tensors of a sequence; CostUnknown when its length is not known."""
    found = call.value(index)
    if found.items is None:
        if isinstance(found.shape, Hole):
            raise CostUnknown(found.shape.cause)
        raise broken(f"input {index} must be a sequence")
    if not call.inference.spend(len(found.items)):
        raise CostUnknown(UnknownCost(Reason.TOO_LARGE, call.name, call.node.op, "too many tensors in sequences"))
    return found.items


def sequence_of(call: Call, items: Items) -> Value:
    """Make a sequence: it has no shape of its own."""
    detail = "a sequence has no shape"
    if any(item.items is not None for item in items):
        raise broken("a sequence holds tensors, not sequences")
    if len(items) > MAX_KNOWN or not call.inference.spend(len(items)):
        raise CostUnknown(UnknownCost(Reason.TOO_LARGE, call.name, call.node.op, f"a sequence of {len(items)} tensors"))
    return Value("sequence", Hole(UnknownCost(Reason.UNBOUND_DIMENSION, call.name, call.node.op, detail)), items=items)


def _position(call: Call, index: int, length: int) -> int:
    place = call.scalar(index)
    if not -length <= place < max(length, 1):
        raise broken(f"position {place} is outside a sequence of {length}")
    return place + length if place < 0 else place


def construct(call: Call) -> Sequence[Value]:
    """SequenceConstruct: the inputs in order."""
    return (sequence_of(call, tuple(call.values())),)


def empty(call: Call) -> Sequence[Value]:
    """SequenceEmpty: no tensors."""
    return (sequence_of(call, ()),)


def at(call: Call) -> Sequence[Value]:
    """SequenceAt: one tensor; any of them when all have the same shape."""
    items = items_of(call)
    if not items:
        raise broken("an empty sequence has no tensor to take")
    position = elements_of(call.value(1))
    if position is None or first_hole(position) is not None:
        if all(item.shape == items[0].shape and item.dtype == items[0].dtype for item in items):
            return (Value(items[0].dtype, items[0].shape),)
        raise CostUnknown(call.run_time(1))
    chosen = items[_position(call, 1, len(items))]
    return (Value(chosen.dtype, chosen.shape, elements_of(chosen)),)


def insert(call: Call) -> Sequence[Value]:
    """SequenceInsert: at a position, or at the end."""
    items = items_of(call)
    place = len(items) if call.optional(2) is None else call.scalar(2)
    if not -len(items) <= place <= len(items):
        raise broken(f"position {place} is outside a sequence of {len(items)}")
    return (sequence_of(call, (*items[:place], call.value(1), *items[place:])),)


def erase(call: Call) -> Sequence[Value]:
    """SequenceErase: at a position, or the last."""
    items = items_of(call)
    if not items:
        raise broken("an empty sequence has no tensor to erase")
    place = len(items) - 1 if call.optional(1) is None else _position(call, 1, len(items))
    return (sequence_of(call, items[:place] + items[place + 1 :]),)


def length(call: Call) -> Sequence[Value]:
    """SequenceLength: an int64 scalar."""
    found = call.value(0).items
    return (Value("int64", (), None if found is None else (len(found),)),)


def concatenate(call: Call) -> Sequence[Value]:
    """ConcatFromSequence: as Concat, or along a new axis."""
    items = items_of(call)
    if not items:
        raise broken("an empty sequence cannot be joined")
    shapes = [item.dims for item in items]
    rank = len(shapes[0])
    if call.int_attribute("new_axis", 0):
        axis = axis_of(call.int_attribute("axis"), rank + 1)
        shapes = [(*shape[:axis], 1, *shape[axis:]) for shape in shapes]
    axis = axis_of(call.int_attribute("axis"), len(shapes[0]))
    return (Value(items[0].dtype, join(shapes, axis)),)


def split(call: Call) -> Sequence[Value]:
    """SplitToSequence: parts of given sizes, or of one each."""
    shape, first = call.shape(0), call.value(0)
    axis = axis_of(call.int_attribute("axis", 0), len(shape))
    extent = shape[axis]
    if isinstance(extent, Hole):
        raise CostUnknown(extent.cause)
    keep = True
    if call.optional(1) is None:
        sizes: tuple[int, ...] = (1,) * min(extent, MAX_KNOWN + 1)
        keep = bool(call.int_attribute("keepdims", 1))
    elif call.shape(1):
        sizes = call.ints(1)
    else:
        size = call.scalar(1)
        if size < 1 or extent // size > MAX_KNOWN:
            raise broken(f"an axis of {extent} in parts of {size}")
        sizes = tuple(min(size, extent - start) for start in range(0, extent, size))
    if len(sizes) <= MAX_KNOWN and (sum(sizes) != extent or min(sizes, default=0) < 0):
        raise broken(f"sizes {sizes} do not split an axis of {extent}")
    parts = [(*shape[:axis], *((part,) if keep else ()), *shape[axis + 1 :]) for part in sizes]
    return (sequence_of(call, tuple(Value(first.dtype, part) for part in parts)),)


def optional(call: Call) -> Sequence[Value]:
    """Optional: what it wraps; an empty one has no shape."""
    if not call.inputs and call.node.op == "Optional":
        detail = "an optional without a value has no shape"
        return (Value("optional", Hole(UnknownCost(Reason.UNBOUND_DIMENSION, call.name, call.node.op, detail)), ()),)
    first = call.value(0)
    return (Value(first.dtype, first.shape, elements_of(first), items=first.items),)


def has_element(call: Call) -> Sequence[Value]:
    """OptionalHasElement: a boolean scalar."""
    first = call.optional(0)
    nothing = first is None or (first.dtype == "optional" and first.known == ())
    return (Value("bool", (), (False,) if nothing else None),)


TABLE: Table = {
    "SequenceConstruct": Operator(construct),
    "SequenceEmpty": Operator(empty),
    "SequenceAt": Operator(at, structural=frozenset({1})),
    "SequenceInsert": Operator(insert, structural=frozenset({2})),
    "SequenceErase": Operator(erase, structural=frozenset({1})),
    "SequenceLength": Operator(length),
    "ConcatFromSequence": Operator(concatenate),
    "SplitToSequence": Operator(split, structural=frozenset({1})),
    "Optional": Operator(optional),
    "OptionalGetElement": Operator(optional),
    "OptionalHasElement": Operator(has_element),
}
