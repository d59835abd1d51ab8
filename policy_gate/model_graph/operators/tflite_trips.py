"""How often a WHILE of TFLite runs, read from a counter that its condition compares and its body steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from policy_gate.model_graph.call import Call
from policy_gate.model_graph.folding import decode, elements_of
from policy_gate.model_graph.graph import Graph, Node
from policy_gate.model_graph.values import Value

COUNTERS = frozenset({"int32", "int64"})
OVERFLOW = 1 << 31
"""Counters that come this far may start again below zero, and are not followed."""

COMPARED: dict[str, Callable[[int, int], int]] = {
    "LESS": lambda left, right: left - right,
    "LESS_EQUAL": lambda left, right: left - right - 1,
    "GREATER": lambda left, right: right - left,
    "GREATER_EQUAL": lambda left, right: right - left - 1,
}
"""Comparisons as a distance: true while it is below zero."""


class Trips(NamedTuple):
    """How often a body runs at most, and whether it runs as often in every run."""

    most: int
    exact: bool


class Line(NamedTuple):
    """A number that changes by the same step each time the body runs."""

    start: int
    step: int


def counted_trips(call: Call, cond: Graph, body: Graph) -> Trips | None:
    """Return the trips of a WHILE that counts, None when its condition follows from anything else."""
    if len(cond.outputs) != 1:
        return None
    return _trips(_Loop(call.inputs, cond, body), cond.outputs[0].name, 0)


class _Loop:
    def __init__(self, start: list[Value | None], cond: Graph, body: Graph) -> None:
        self.start, self.cond, self.body = start, cond, body
        self.tested, self.stepped = _producers(cond), _producers(body)

    def line(self, name: str) -> Line | None:
        """Return how a value that the condition reads changes from trip to trip."""
        constant = _constant(self.cond, name)
        if constant is not None:
            return Line(constant, 0)
        place = next((at for at, claim in enumerate(self.cond.inputs) if claim.name == name), None)
        if place is None or not place < min(len(self.start), len(self.body.inputs), len(self.body.outputs)):
            return None
        first, step = _whole(self.start[place]), self._step(place)
        return None if first is None or step is None else Line(first, step)

    def _step(self, place: int) -> int | None:
        """Return what the body adds to a carried value, None when it does anything else to it."""
        mine, its = self.body.inputs[place].name, self.body.outputs[place].name
        if mine == its:
            return 0
        node = self.stepped.get(its)
        if node is None or node.op not in {"ADD", "SUB"} or len(node.inputs) != 2 or not _plain(node):
            return None
        left, right = node.inputs
        if right == mine and node.op == "ADD":
            left, right = right, left
        step = _constant(self.body, right)
        if left != mine or step is None:
            return None
        return step if node.op == "ADD" else -step


def _trips(loop: _Loop, name: str, depth: int) -> Trips | None:
    node = loop.tested.get(name)
    if node is None or len(node.inputs) != 2 or node.domain != "tflite" or depth > 8:
        return None
    if node.op == "LOGICAL_AND":
        both = [_trips(loop, each, depth + 1) for each in node.inputs]
        known = [each for each in both if each is not None]
        if not known:
            return None
        fewest = min(known, key=lambda each: each.most)
        return Trips(fewest.most, len(known) == len(both) and all(each.exact for each in known))
    left, right = (loop.line(each) for each in node.inputs)
    if node.op not in COMPARED or left is None or right is None:
        return None
    trips = _until_false(COMPARED[node.op], left, right)
    if trips is None or any(abs(line.start + line.step * trips) >= OVERFLOW for line in (left, right)):
        return None
    return Trips(trips, exact=True)


def _until_false(distance: Callable[[int, int], int], left: Line, right: Line) -> int | None:
    """Return after how many steps a comparison is false for the first time; None when it stays true."""
    now = distance(left.start, right.start)
    if now >= 0:
        return 0
    change = distance(left.start + left.step, right.start + right.step) - now
    return -(now // change) if change > 0 else None


def _producers(graph: Graph) -> Mapping[str, Node]:
    return {name: node for node in graph.nodes for name in node.outputs}


def _plain(node: Node) -> bool:
    return node.domain == "tflite" and node.attributes.get("fused_activation_function", "NONE") == "NONE"


def _constant(graph: Graph, name: str) -> int | None:
    """Return the one number of a constant, None for a name that is also an input."""
    tensor = None if any(claim.name == name for claim in graph.inputs) else graph.constants.get(name)
    known = decode(tensor) if tensor is not None and tensor.dtype in COUNTERS else None
    return known[0] if known is not None and len(known) == 1 and isinstance(known[0], int) else None


def _whole(value: Value | None) -> int | None:
    if value is None or value.dtype not in COUNTERS:
        return None
    known = elements_of(value)
    return known[0] if known is not None and len(known) == 1 and isinstance(known[0], int) else None
