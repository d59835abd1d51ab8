"""Counts which calls of a model a runtime does not run on its device, and their share of the work; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Set as AbstractSet

from policy_gate.frozen import dataclass
from policy_gate.model_graph.figures import ModelProfile

# A Constant holds a value and runs nothing, on whatever device.
NO_CALLS = frozenset({"ai.onnx::Constant"})


@dataclass(frozen=True, slots=True)
class Placed:
    """What lies outside a list of operators: calls by operator, the most first, and multiply-accumulates.

    `macs` and `outside_macs` are None where something lies outside and the multiply-accumulates of some call are not
    known.
    """

    calls: int
    outside: tuple[tuple[str, int], ...]
    macs: int | None
    outside_macs: int | None

    @property
    def outside_calls(self) -> int:
        """How many calls lie outside."""
        return sum(count for _, count in self.outside)


def place(profile: ModelProfile, operators: AbstractSet[str]) -> Placed:
    """Hold the calls of a model against the operators (domain::name) that a device runs.

    Of a call inside a subgraph or a function the MACs are not listed by themselves: then all of the model's count.
    """
    calls = {op: count for op, count in profile.operators if op not in NO_CALLS}
    beyond = {op: count for op, count in calls.items() if op not in operators}
    outside = tuple(sorted(beyond.items(), key=lambda one: (-one[1], one[0])))
    rows = [(row.op, row.macs if isinstance(row.macs, int) else None) for row in profile.rows]
    whole = sum(macs or 0 for _, macs in rows)
    if not beyond:
        return Placed(sum(calls.values()), outside, whole, 0)
    if any(macs is None for _, macs in rows):
        return Placed(sum(calls.values()), outside, None, None)
    listed = Counter(op for op, _ in rows)
    nested = any(count > listed[op] for op, count in beyond.items())
    of_outside = whole if nested else sum(macs or 0 for op, macs in rows if op in beyond)
    return Placed(sum(calls.values()), outside, whole, of_outside)
