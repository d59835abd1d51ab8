"""Control flow of TFLite: branches cost the worst one, WHILE its body times the trips, calls what they call."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from policy_gate.model_graph.call import Call
from policy_gate.model_graph.graph import Graph
from policy_gate.model_graph.operators.control import (
    bound_trips,
    count_if,
    either,
    if_,
    settled_body,
    unbound_trips,
    worth,
)
from policy_gate.model_graph.operators.table import Operator, Table, Work
from policy_gate.model_graph.operators.tflite_trips import Trips, counted_trips
from policy_gate.model_graph.values import CostUnknown, Value, broken


def while_(call: Call) -> Sequence[Value]:
    """WHILE: the carried values; a shape that the body changes is known only when the model runs."""
    start = [Value(value.dtype, value.shape, items=value.items) for value in call.values()]
    walked, carried = settled_body(call, [], start, 0)
    if len(walked.outputs) != len(carried):
        raise broken(f"the body gives {len(walked.outputs)} values, {len(carried)} are carried")
    tested = call.inference.body(call, call.graph_attribute("cond"), carried)
    if len(tested.outputs) != 1:
        raise broken("the condition gives more than one value")
    call.bodies = (walked, tested)
    return worth(carried)


def _trips(call: Call) -> Trips:
    """Return what a counter says, which no binding lowers, else what is bound."""
    counted = counted_trips(call, call.graph_attribute("cond"), call.graph_attribute("body"))
    if counted is not None:
        return counted
    bound = bound_trips(call)
    if bound is None:
        raise CostUnknown(unbound_trips(call).cause)
    return Trips(bound, exact=False)


def count_while(call: Call, _: Sequence[Value]) -> Work:
    """Trips times the body, and the condition once more; an upper bound where the trips are one."""
    trips = _trips(call)
    walked, tested = call.bodies
    call.runs = trips.most
    every = walked.work().times(trips.most, bounded=not trips.exact)
    return every.plus(tested.work().times(trips.most + 1))


def called(name: str) -> Operator:
    """Make the operator that runs one subgraph on its inputs."""

    def run(call: Call) -> Sequence[Value]:
        body = call.inference.body(call, call.graph_attribute(name), call.values() if call.inputs else ())
        call.bodies = (body,)
        return worth(body.outputs)

    return Operator(run, count_called, derived=False)


def count_called(call: Call, _: Sequence[Value]) -> Work:
    """Return the work of the subgraph."""
    return call.bodies[0].work()


def call_once(call: Call) -> Sequence[Value]:
    """CALL_ONCE: a subgraph without inputs or outputs, which sets variables before the first inference."""
    call.bodies = (call.inference.body(call, call.graph_attribute("init"), ()),)
    return ()


def count_call_once(call: Call, _: Sequence[Value]) -> Work:
    """Return the work of the subgraph: an upper bound, since later inferences leave it out."""
    work = call.bodies[0].work()
    return work.times(1, bounded=work.macs > 0)


def case(call: Call) -> Sequence[Value]:
    """STABLEHLO_CASE: what all branches agree on."""
    branches = call.node.attributes.get("branches")
    if not isinstance(branches, tuple) or not branches:
        raise broken("attribute 'branches' must hold graphs")
    arguments = call.values()[1:]
    graphs = [branch for branch in branches if isinstance(branch, Graph)]
    call.bodies = tuple(call.inference.body(call, graph, arguments) for graph in graphs)
    if any(len(body.outputs) != len(call.node.outputs) for body in call.bodies):
        raise broken("a branch has another number of outputs than the operator")
    columns = zip(*(worth(body.outputs) for body in call.bodies), strict=True)
    return [reduce(lambda one, other: either(call, one, other), column) for column in columns]


TABLE: Table = {
    "IF": Operator(if_, count_if, frozenset({0}), derived=False),
    "WHILE": Operator(while_, count_while, derived=False),
    "STABLEHLO_WHILE": Operator(while_, count_while, derived=False),
    "STABLEHLO_CASE": Operator(case, count_if, frozenset({0}), derived=False),
    "CALL": called("body"),
    "STABLEHLO_COMPOSITE": called("decomposition"),
    "CALL_ONCE": Operator(call_once, count_call_once, derived=False),
}
