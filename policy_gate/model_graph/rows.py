"""What each call of a model costs, as rows for a reader, and how much of a model is covered by known costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from policy_gate.errors import Reason
from policy_gate.model_graph.figures import Certainty, Coverage, NodeCost
from policy_gate.model_graph.kernels import working_dtype
from policy_gate.model_graph.memory import Stored, value_bytes
from policy_gate.model_graph.operators.table import NO_WORK
from policy_gate.model_graph.structure import Structures
from policy_gate.model_graph.values import CostUnknown, Dims, Hole, UnknownCost, text
from policy_gate.model_graph.walked import Step, distinct

MAX_LISTED = 100
"""Most calls named for one operator."""


def every_call(steps: Iterable[Step]) -> Iterator[Step]:
    """Return every call, with those of subgraphs behind the call that runs them."""
    for step in steps:
        yield step
        for body in distinct(step.bodies):
            yield from every_call(body.steps)


def histogram(steps: Iterable[Step]) -> tuple[tuple[str, int], ...]:
    """Count calls by operator, in the order of their names."""
    return tuple(sorted(Counter(map(_operator, steps)).items()))


def rows_of(stored: Stored, weights: Mapping[Step, int]) -> tuple[NodeCost, ...]:
    """Return a row for each call of a graph in stored order; `weights` are bytes by the call that uses them first."""
    structures, shapes = Structures(), dict[Dims | Hole, str]()
    unknown, bounded, exact = Certainty.UNKNOWN, Certainty.BOUNDED, Certainty.EXACT
    rows = []
    for step in stored.body.steps:
        shape = step.outputs[0].shape if step.outputs else ()
        if shape not in shapes:
            shapes[shape] = text(shape)
        work, cause = step.work, step.cause
        row = NodeCost(
            step.name,
            _operator(step),
            cause if cause is not None else 0 if work is NO_WORK else work.macs,
            unknown if cause is not None else bounded if work.bounded else exact,
            _output_bytes(step),
            weights.get(step, 0),
            shapes[shape],
            structures.of(step),
            working_dtype(stored, step),
        )
        rows.append(row)
    return tuple(rows)


def coverage_of(steps: Sequence[Step], main: Sequence[Step], rows: Sequence[NodeCost]) -> Coverage:
    """Return how many of all calls have a known cost, and how much of what those of the main graph make and weigh."""
    lost = [step for step in steps if step.cause is not None]
    bounded = sum([step.cause is None and step.work.bounded for step in steps])
    names: dict[str, list[str]] = {}
    for step in lost:
        if step.cause and step.cause.reason is Reason.UNSUPPORTED_OPERATOR and step.cause.node == step.name:
            names.setdefault(_operator(step), []).append(step.name)
    covered = total = unsized = weight_bytes = 0
    for step, row in zip(main, rows, strict=True):
        size = row.output_bytes
        weight_bytes += row.weight_bytes if step.cause is None else 0
        if not isinstance(size, int):
            unsized += 1
        elif not (step.outputs and step.outputs[0].constant):  # what only recodes weights would outweigh the rest
            total += size
            covered += size if step.cause is None else 0
    return Coverage(
        exact=len(steps) - bounded - len(lost),
        bounded=bounded,
        unknown=len(lost),
        unknown_operators=tuple((op, tuple(where[:MAX_LISTED])) for op, where in sorted(names.items())),
        covered_output_bytes=covered,
        total_output_bytes=total,
        unsized_outputs=unsized,
        covered_weight_bytes=weight_bytes,
        total_weight_bytes=sum([row.weight_bytes for row in rows]),
    )


def _operator(step: Step) -> str:
    return f"{step.node.domain or 'ai.onnx'}::{step.node.op}"


def _output_bytes(step: Step) -> int | UnknownCost:
    try:
        if len(step.outputs) == 1:
            return value_bytes(step.outputs[0])
        return sum(map(value_bytes, step.outputs))
    except CostUnknown as lost:
        return lost.cause
