"""Control flow: If costs its worst branch, Loop and Scan their body times the trip count."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from policy_gate.model_graph.call import Call
from policy_gate.model_graph.folding import elements_of
from policy_gate.model_graph.graph import Graph
from policy_gate.model_graph.operators.table import Operator, Table, Work
from policy_gate.model_graph.values import CostUnknown, Dim, Dims, Hole, Value, axis_of, broken

if TYPE_CHECKING:
    from policy_gate.model_graph.walked import Body


def _worth(outputs: Sequence[Value]) -> list[Value]:
    """Copies of what a body gives: the same type and shape, elements unknown."""
    return [Value(value.dtype, value.shape, items=value.items) for value in outputs]


def if_(call: Call) -> Sequence[Value]:
    """If: what both branches agree on; a constant condition takes its branch alone."""
    chosen = elements_of(call.value(0))
    known = chosen is not None and len(chosen) == 1 and not isinstance(chosen[0], Hole)
    names: tuple[str, ...] = ("then_branch", "else_branch")
    if known and chosen is not None:
        names = names[:1] if chosen[0] else names[1:]
    bodies = [call.inference.body(call, call.graph_attribute(name), ()) for name in names]
    call.bodies = tuple(bodies)
    outputs = [body.outputs for body in bodies]
    if any(len(each) != len(call.node.outputs) for each in outputs):
        raise broken("a branch has another number of outputs than the node")
    if len(outputs) == 1:
        return [Value(value.dtype, value.shape, elements_of(value), items=value.items) for value in outputs[0]]
    return [_either(call, then, other) for then, other in zip(*outputs, strict=True)]


def _either(call: Call, then: Value, other: Value) -> Value:
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
    if isinstance(mine.shape, Hole) or mine.shape == its.shape:
        return mine
    grows = call.data_dependent(f"the shape of a value carried through {body.name or 'the body'}")
    if isinstance(its.shape, Hole) or len(mine.shape) != len(its.shape):
        return Value(mine.dtype, grows)
    pairs = list(zip(mine.shape, its.shape, strict=True))
    if all(old == new or isinstance(old, Hole) for old, new in pairs):
        return mine
    return Value(mine.dtype, tuple(old if old == new or isinstance(old, Hole) else grows for old, new in pairs))


def _trips(call: Call) -> Dim:
    """Return the trip count of a Loop, a hole when it is not constant."""
    if call.optional(0) is None:
        return call.data_dependent("how often the body runs (no trip count is given)")
    known = elements_of(call.value(0))
    if known is None or len(known) != 1:
        return Hole(call.run_time(0))
    trips = known[0]
    if isinstance(trips, float):
        raise broken("the trip count must be an integer")
    return trips if isinstance(trips, Hole) else max(int(trips), 0)


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
    body, carried = _settled_body(call, [Value("int64", ()), condition], start, 1)
    trips = _trips(call)
    if not isinstance(trips, Hole) and not _runs_through(call, body.outputs):
        trips = call.data_dependent("how often the body runs")
    return _worth(carried) + [_stacked(value, trips) for value in body.outputs[1 + len(carried) :]]


def _settled_body(
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
    """Trip count times the body: an upper bound where a condition may end it earlier."""
    trips, body = _trips(call), call.bodies[0]
    if isinstance(trips, Hole):
        raise CostUnknown(trips.cause)
    return body.work().times(trips, bounded=not _runs_through(call, body.outputs))


def scan(call: Call) -> Sequence[Value]:
    """Scan: carried values, then the scan outputs stacked (since opset 9; the batched form of 8 is not followed)."""
    if call.version < 9:
        raise CostUnknown(call.inference.unsupported(call, "the batched Scan of opset 8"))
    inputs = call.values()
    scanned = call.int_attribute("num_scan_inputs")
    if not 1 <= scanned <= len(inputs):
        raise broken(f"num_scan_inputs is {scanned} of {len(inputs)}")
    start = [Value(value.dtype, value.shape) for value in inputs[:-scanned]]
    slices, trips = _slices(call, scanned)
    walked, carried = _settled_body(call, [], start, 0, slices)
    stacked = walked.outputs[len(carried) :]
    axes = call.ints_attribute("scan_output_axes") or (0,) * len(stacked)
    if len(axes) != len(stacked):
        raise broken("scan_output_axes does not fit the scan outputs")
    return _worth(carried) + [_stacked(value, trips, axis) for value, axis in zip(stacked, axes, strict=True)]


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
    """Count the slices times the body."""
    trips = _slices(call, call.int_attribute("num_scan_inputs"))[1]
    if isinstance(trips, Hole):
        raise CostUnknown(trips.cause)
    return call.bodies[0].work().times(trips)


TABLE: Table = {
    "If": Operator(if_, count_if, frozenset({0}), derived=False),
    "Loop": Operator(loop, count_loop, frozenset({0, 1}), derived=False),
    "Scan": Operator(scan, count_scan, derived=False),
}
