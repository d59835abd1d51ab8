"""Control flow: If costs its worst branch, Loop and Scan their body times the trip count."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from policy_gate.errors import Reason
from policy_gate.model_graph.call import Call
from policy_gate.model_graph.folding import elements_of
from policy_gate.model_graph.graph import Graph
from policy_gate.model_graph.operators.sequences import items_of, sequence_of
from policy_gate.model_graph.operators.table import NO_WORK, Operator, Table, Work
from policy_gate.model_graph.values import (
    CostUnknown,
    Dim,
    Dims,
    Hole,
    UnknownCost,
    Value,
    axis_of,
    broken,
    known_count,
)

if TYPE_CHECKING:
    from policy_gate.model_graph.walked import Body


def worth(outputs: Sequence[Value]) -> list[Value]:
    """Copies of what a body gives: the same type and shape, elements unknown."""
    return [Value(value.dtype, value.shape, items=value.items) for value in outputs]


def if_(call: Call) -> Sequence[Value]:
    """If: what both branches agree on; a constant condition takes its branch alone."""
    chosen = elements_of(call.value(0))
    known = chosen is not None and len(chosen) == 1 and not isinstance(chosen[0], Hole)
    names: tuple[str, ...] = ("then_branch", "else_branch")
    if known and chosen is not None:
        names = names[:1] if chosen[0] else names[1:]
    arguments = call.values()[1:]  # none in ONNX, whose branches see the values around them
    bodies = [call.inference.body(call, call.graph_attribute(name), arguments) for name in names]
    call.bodies = tuple(bodies)
    outputs = [body.outputs for body in bodies]
    if any(len(each) != len(call.node.outputs) for each in outputs):
        raise broken("a branch has another number of outputs than the node")
    if len(outputs) == 1:
        return [Value(value.dtype, value.shape, elements_of(value), items=value.items) for value in outputs[0]]
    return [either(call, then, other) for then, other in zip(*outputs, strict=True)]


def either(call: Call, then: Value, other: Value) -> Value:
    """Return what two branches agree on: extents in which they differ follow from the data."""
    if isinstance(then.shape, Hole) or isinstance(other.shape, Hole):
        lost = then if isinstance(then.shape, Hole) else other
        return Value(then.dtype, lost.shape)
    if then.shape == other.shape:
        return Value(then.dtype, then.shape)
    branch = call.data_dependent("which branch runs, and with it the shape,")
    if len(then.shape) != len(other.shape):
        return Value(then.dtype, branch)
    dims = tuple(mine if mine == its else Hole(branch.cause) for mine, its in zip(then.shape, other.shape, strict=True))
    return Value(then.dtype, dims)


def count_if(call: Call, _: Sequence[Value]) -> Work:
    """Return the branch with the most multiply-accumulates: an upper bound unless they are equal."""
    works = [body.work() for body in call.bodies]
    worst = max(works, key=lambda work: work.macs)
    return worst._replace(bounded=worst.bounded or any(work.macs != worst.macs for work in works))


def _settle(call: Call, body: Graph, before: Sequence[Value], after: Sequence[Value]) -> list[Value] | None:
    """Widen state whose shape a run of the body changes; None when nothing changes."""
    widened = [_widened(call, body, mine, its) for mine, its in zip(before, after, strict=True)]
    return None if all(wide is mine for wide, mine in zip(widened, before, strict=True)) else widened


def _widened(call: Call, body: Graph, mine: Value, its: Value) -> Value:
    if mine.items is not None and not _alike(mine.items, its.items):
        return Value(mine.dtype, call.data_dependent(f"how long a sequence grows in {body.name or 'the body'}"))
    if isinstance(mine.shape, Hole) or mine.shape == its.shape:
        return mine
    grows = call.data_dependent(f"the shape of a value carried through {body.name or 'the body'}")
    if isinstance(its.shape, Hole) or len(mine.shape) != len(its.shape):
        return Value(mine.dtype, grows)
    pairs = list(zip(mine.shape, its.shape, strict=True))
    if all(old == new or isinstance(old, Hole) for old, new in pairs):
        return mine
    return Value(mine.dtype, tuple(old if old == new or isinstance(old, Hole) else grows for old, new in pairs))


def _alike(mine: Sequence[Value], its: Sequence[Value] | None) -> bool:
    """Whether two sequences hold tensors of the same types and known shapes."""
    if its is None or len(mine) != len(its):
        return False
    return all(one.dtype == two.dtype and one.shape == two.shape for one, two in zip(mine, its, strict=True))


def bound_trips(call: Call) -> int | None:
    """Return the most runs of a loop's body that `dimensions` binds under `<step name>[trips]`, None without one."""
    return call.inference.dimension(f"{call.name}[trips]")


def unbound_trips(call: Call) -> Hole:
    """Make the trip count of a loop that nothing bounds, and list its key among the unbound dimensions."""
    key = f"{call.name}[trips]"
    detail = "how often the body runs is known only when the model runs"
    fix = f'bind the most trips: `dimensions: {{"{key}": 1}}` in the target, or --dimension "{key}"=1'
    cause = UnknownCost(Reason.UNBOUND_DIMENSION, call.name, call.node.op, detail, fix)
    return call.inference.unbound.setdefault(key, Hole(cause))


def _given_trips(call: Call) -> Dim | None:
    """Return a Loop's trip count: a hole where it follows from an unbound dimension, None when only a run knows."""
    known = elements_of(call.value(0)) if call.optional(0) is not None else None
    if known is None or len(known) != 1:
        return None
    if isinstance(known[0], float):
        raise broken("the trip count must be an integer")
    return known[0] if isinstance(known[0], Hole) else max(int(known[0]), 0)


def _most_trips(call: Call) -> Dim:
    """Return the most trips a Loop can take: the constant count, which no binding lowers, else what is bound."""
    given = _given_trips(call)
    if isinstance(given, int):
        return given
    bound = bound_trips(call)
    if bound is not None:
        return bound
    return unbound_trips(call) if given is None else given


def _trips(call: Call, *, runs_through: bool) -> Dim:
    """Return how often the body of a Loop runs, for the extents of what it stacks; a bound counts as reached."""
    most = _most_trips(call)
    if isinstance(most, Hole) or runs_through:
        return most
    bound = bound_trips(call)
    return unbound_trips(call) if bound is None else min(bound, most)


def _runs_through(call: Call, outputs: Sequence[Value]) -> bool:
    """Whether the condition of a Loop is constantly true, before the first trip and after each."""
    before = elements_of(call.value(1)) if call.optional(1) is not None else (True,)
    after = elements_of(outputs[0])
    return bool(before and after) and before == after == (True,)


def loop(call: Call) -> Sequence[Value]:
    """Loop: carried values, then one slice a trip of each scan output."""
    before = elements_of(call.value(1)) if call.optional(1) is not None else (True,)
    condition = Value("bool", (), before if before == (True,) else None)
    start = [Value(value.dtype, value.shape, items=value.items) for value in call.inputs[2:] if value is not None]
    body, carried = settled_body(call, [Value("int64", ()), condition], start, 1)
    stacked = body.outputs[1 + len(carried) :]
    trips = _trips(call, runs_through=_runs_through(call, body.outputs)) if stacked else 0
    return worth(carried) + [_stacked(value, trips) for value in stacked]


def settled_body(
    call: Call, before: list[Value], carried: list[Value], skipped: int, after: Sequence[Value] = ()
) -> tuple[Body, list[Value]]:
    """Walk a body until the shapes of its carried values stay: each round turns extents into holes, so it ends."""
    graph = call.graph_attribute("body")
    while True:
        walked = call.inference.body(call, graph, (*before, *carried, *after))
        if len(walked.outputs) < skipped + len(carried):
            raise broken("the body gives fewer values than it carries")
        widened = _settle(call, graph, carried, walked.outputs[skipped : skipped + len(carried)])
        if widened is None:
            call.bodies = (walked,)
            return walked, carried
        carried = widened


def _stacked(value: Value, trips: Dim, axis: int = 0) -> Value:
    if isinstance(value.shape, Hole):
        return Value(value.dtype, value.shape)
    place = axis_of(axis, len(value.shape) + 1)
    return Value(value.dtype, (*value.shape[:place], trips, *value.shape[place:]))


def count_loop(call: Call, _: Sequence[Value]) -> Work:
    """Trip count times the body: an upper bound where a condition may end it earlier, or where the count is bound."""
    body = call.bodies[0]
    trips = _most_trips(call)
    if isinstance(trips, Hole):
        raise CostUnknown(trips.cause)
    call.runs = trips
    exact = isinstance(_given_trips(call), int) and _runs_through(call, body.outputs)
    return body.work().times(trips, bounded=not exact)


def scan(call: Call) -> Sequence[Value]:
    """Scan: carried values, then the scan outputs stacked; in opset 8 all of them behind a batch axis."""
    if call.version < 9:
        return _batched_scan(call)
    inputs = call.values()
    scanned = call.int_attribute("num_scan_inputs")
    if not 1 <= scanned <= len(inputs):
        raise broken(f"num_scan_inputs is {scanned} of {len(inputs)}")
    start = [Value(value.dtype, value.shape) for value in inputs[:-scanned]]
    slices, trips = _slices(call, scanned)
    walked, carried = settled_body(call, [], start, 0, slices)
    stacked = walked.outputs[len(carried) :]
    axes = call.ints_attribute("scan_output_axes") or (0,) * len(stacked)
    if len(axes) != len(stacked):
        raise broken("scan_output_axes does not fit the scan outputs")
    return worth(carried) + [_stacked(value, trips, axis) for value, axis in zip(stacked, axes, strict=True)]


def _batched_scan(call: Call) -> Sequence[Value]:
    """Scan of opset 8: input 0 holds sequence lengths; axis 0 of the others is the batch, axis 1 the sequence."""
    scanned = call.int_attribute("num_scan_inputs")
    rest = [value for value in call.inputs[1:] if value is not None]
    if len(rest) != len(call.inputs) - 1 or not 1 <= scanned <= len(rest):
        raise broken(f"num_scan_inputs is {scanned} of {len(rest)}")
    if any(len(value.dims) < 2 for value in rest[-scanned:]) or not all(value.dims for value in rest):
        raise broken("an input of a batched scan lacks its batch or its sequence")
    start = [Value(value.dtype, value.dims[1:]) for value in rest[:-scanned]]
    slices = [Value(value.dtype, value.dims[2:]) for value in rest[-scanned:]]
    walked, carried = settled_body(call, [], start, 0, slices)
    batch, trips = _batch_and_trips(call)
    stacked = [_stacked(value, trips) for value in walked.outputs[len(carried) :]]
    return [_stacked(value, batch) for value in (*worth(carried), *stacked)]


def _batch_and_trips(call: Call) -> tuple[Dim, Dim]:
    """Return the batch and the sequence length of a Scan of opset 8, which its last input has too."""
    dims = call.shape(len(call.inputs) - 1)
    return dims[0], dims[1]


def _slices(call: Call, scanned: int) -> tuple[list[Value], Dim]:
    """Return one slice of each scan input, and how many there are."""
    axes = call.ints_attribute("scan_input_axes") or (0,) * scanned
    if len(axes) != scanned:
        raise broken("scan_input_axes does not fit the scan inputs")
    slices, extents = [], []
    for offset, axis in enumerate(axes):
        index = len(call.inputs) - scanned + offset
        shape: Dims = call.shape(index)
        if not shape:
            raise broken("a scan input is a scalar")
        place = axis_of(axis, len(shape))
        extents.append(shape[place])
        slices.append(Value(call.value(index).dtype, shape[:place] + shape[place + 1 :]))
    numbers = {extent for extent in extents if isinstance(extent, int)}
    if len(numbers) > 1:
        raise broken("scan inputs of different length")
    return slices, numbers.pop() if numbers else extents[0]


def count_scan(call: Call, _: Sequence[Value]) -> Work:
    """Count the slices times the body; sequences of opset 8 that have own lengths make it an upper bound."""
    if call.version < 9:
        call.runs = known_count(_batch_and_trips(call))
        return call.bodies[0].work().times(call.runs, bounded=call.optional(0) is not None)
    trips = _slices(call, call.int_attribute("num_scan_inputs"))[1]
    if isinstance(trips, Hole):
        raise CostUnknown(trips.cause)
    call.runs = trips
    return call.bodies[0].work().times(trips)


def sequence_map(call: Call) -> Sequence[Value]:
    """SequenceMap: one run of the body for each tensor of the first sequence, with those beside it."""
    sequences = [index == 0 or value.dtype.startswith("sequence") for index, value in enumerate(call.values())]
    items = [items_of(call, index) if given else None for index, given in enumerate(sequences)]
    length = len(items_of(call))
    if any(others is not None and len(others) != length for others in items):
        raise broken("sequences of different length")
    runs = [[_argument(call, index, others, at) for index, others in enumerate(items)] for at in range(length)]
    walked: dict[tuple[tuple[str, object], ...], Body] = {}
    bodies = []
    for arguments in runs:
        key = tuple((value.dtype, value.shape) for value in arguments)
        if key not in walked:  # tensors of one shape and type give one result
            walked[key] = call.inference.body(call, call.graph_attribute("body"), arguments)
        bodies.append(walked[key])
    call.bodies = tuple(bodies)
    if any(len(body.outputs) != len(call.node.outputs) for body in bodies):
        raise broken("the body has another number of outputs than the node")
    return [
        sequence_of(call, tuple(worth([body.outputs[index] for body in bodies])))
        for index in range(len(call.node.outputs))
    ]


def _argument(call: Call, index: int, items: Sequence[Value] | None, at: int) -> Value:
    value = call.value(index) if items is None else items[at]
    return Value(value.dtype, value.shape)


def count_sequence_map(call: Call, _: Sequence[Value]) -> Work:
    """Add up the runs."""
    total = NO_WORK
    for body in call.bodies:
        total = total.plus(body.work()).times(1)
    return total


TABLE: Table = {
    "If": Operator(if_, count_if, frozenset({0}), derived=False, bounded=True),
    "Loop": Operator(loop, count_loop, frozenset({0, 1}), derived=False, bounded=True),
    "Scan": Operator(scan, count_scan, derived=False, bounded=True),
    "SequenceMap": Operator(sequence_map, count_sequence_map, derived=False),
}
