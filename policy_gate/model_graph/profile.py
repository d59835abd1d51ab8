"""What one inference of a model costs, predicted from its file: exact, bounded, or not established with the reason.

The counting rule. A *MAC* is one multiply-accumulate of a convolution or of a matrix product, as the operator's
definition sums them: Conv, ConvTranspose, DeformConv, ConvInteger, QLinearConv, CausalConvWithState; Gemm, MatMul,
MatMulInteger, QLinearMatMul, Einsum, AffineGrid, Attention, LinearAttention, linear models of ai.onnx.ml; and the
matrix products inside RNN, GRU and LSTM. Products with padding count, bias additions do not. Everything else that is
known (element-wise work, normalisation, pooling, resizing, data movement, quantisation) is zero by this rule.
An operator that is not known is *unknown*, never zero. MACs are never mixed with FLOPs (two a MAC).

If counts its worst branch, Loop and Scan their body times the trip count, functions are counted where they are
called. Shapes come from the graph inputs; shapes that the file claims for anything else are compared, never used.

A *parameter* is an element of a constant that calls use as data: initializers, Constant nodes, and ConstantOfShape
of a constant shape. Shapes, indices, axes, padding, scales and zero points of quantisation are none; neither is an
int64 constant of at most one dimension and 128 elements. The rule of the activation peak stands in `memory`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from policy_gate.errors import EvidenceError, Reason
from policy_gate.model_graph.figures import (
    Certainty,
    Coverage,
    MacCounts,
    ModelProfile,
    NodeCost,
    ShapeDisagreement,
    Unestablished,
    WeightCounts,
)
from policy_gate.model_graph.graph import Dimension, Model
from policy_gate.model_graph.infer import Inference
from policy_gate.model_graph.memory import activation_peak_bytes, value_bytes
from policy_gate.model_graph.values import CostUnknown, Dims, Hole, UnknownCost, Value, text
from policy_gate.model_graph.walked import Body, Scope, Step
from policy_gate.model_graph.weights import Weights, find_weights, stored_constant_bytes

MAX_LISTED = 100
"""Most disagreements and names listed; a note counts all."""

T = TypeVar("T")


def profile(model: Model, dimensions: Mapping[str, int] | None = None) -> ModelProfile:
    """Predict what one inference of a model costs.

    Args:
        model: as read by `read_model`.
        dimensions: an extent of at least 1 for each symbolic input dimension; what is not bound is unknown.

    Returns:
        The profile; contradictions inside the graph make every figure Unestablished.

    Raises:
        EvidenceError: not an ONNX model, or a dimension is bound to a number below 1.
    """
    bound = dict(dimensions or {})
    _check_request(model, bound)
    walk = Inference(model, bound)
    main, scope = walk.run()
    faults = tuple(dict.fromkeys(walk.faults))
    weights = _figure(faults, lambda: find_weights(main))
    macs = _macs(main, faults)
    peak = _figure(faults, lambda: activation_peak_bytes(main))
    every = list(_flat(main.steps))
    disagreements = tuple(_disagreements(model, scope))
    figures = (macs, weights, peak)
    return ModelProfile(
        macs=macs,
        weights=_weight_counts(weights),
        activation_peak_bytes=peak,
        stored_constant_bytes=stored_constant_bytes(model),
        node_count=len(every),
        operators=_histogram(every),
        coverage=_coverage(every),
        unbound_dimensions=tuple(walk.unbound),
        unknown=tuple(
            dict.fromkeys(cause for part in figures if isinstance(part, Unestablished) for cause in part.causes)
        ),
        rows=tuple(_rows(main.steps, weights)),
        disagreements=disagreements[:MAX_LISTED],
        notes=tuple(_notes(model, bound, weights, disagreements)),
    )


def _check_request(model: Model, bound: Mapping[str, int]) -> None:
    if model.format != "onnx":
        raise EvidenceError(Reason.UNSUPPORTED_FORMAT, f"the cost of {model.format} models is not predicted yet")
    for symbol, extent in bound.items():
        if isinstance(extent, bool) or not isinstance(extent, int) or extent < 1:
            detail = f"dimension {symbol!r} is bound to {extent}, it must be an integer of at least 1"
            raise EvidenceError(Reason.UNBOUND_DIMENSION, detail)


def _figure(faults: tuple[UnknownCost, ...], compute: Callable[[], T]) -> T | Unestablished:
    if faults:
        return Unestablished(faults)
    try:
        return compute()
    except CostUnknown as lost:
        return Unestablished((lost.cause,))
    except EvidenceError as error:
        return Unestablished((UnknownCost(error.reason, "", "", error.detail),))


def _macs(main: Body, faults: tuple[UnknownCost, ...]) -> MacCounts | Unestablished:
    causes = tuple(dict.fromkeys(faults + tuple(step.cause for step in main.steps if step.cause is not None)))
    if causes:
        return Unestablished(causes)
    try:
        work = main.work()
    except EvidenceError as error:
        return Unestablished((UnknownCost(error.reason, "", "", error.detail),))
    return MacCounts(work.macs, *work)


def _flat(steps: Iterable[Step]) -> Iterator[Step]:
    """Return every call, with those of subgraphs behind the call that runs them."""
    for step in steps:
        yield step
        for body in step.bodies:
            yield from _flat(body.steps)


def _operator(step: Step) -> str:
    return f"{step.node.domain or 'ai.onnx'}::{step.node.op}"


def _histogram(steps: Iterable[Step]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(Counter(map(_operator, steps)).items()))


def _certainty(step: Step) -> Certainty:
    if step.cause is not None:
        return Certainty.UNKNOWN
    return Certainty.BOUNDED if step.work.bounded else Certainty.EXACT


def _coverage(steps: Sequence[Step]) -> Coverage:
    tally = Counter(map(_certainty, steps))
    names: dict[str, list[str]] = {}
    for step in steps:
        cause = step.cause
        if cause is not None and cause.reason is Reason.UNSUPPORTED_OPERATOR and cause.node == step.name:
            names.setdefault(_operator(step), []).append(step.name)
    listed = tuple((op, tuple(where[:MAX_LISTED])) for op, where in sorted(names.items()))
    return Coverage(tally[Certainty.EXACT], tally[Certainty.BOUNDED], tally[Certainty.UNKNOWN], listed)


def _weight_counts(weights: Weights | Unestablished) -> WeightCounts | Unestablished:
    if isinstance(weights, Unestablished):
        return weights
    return WeightCounts(weights.elements, weights.generated, tuple(sorted(weights.by_dtype.items())))


def _rows(steps: Iterable[Step], weights: Weights | Unestablished) -> Iterator[NodeCost]:
    by_step = {} if isinstance(weights, Unestablished) else weights.by_step
    for step in steps:
        shape = step.outputs[0].shape if step.outputs else ()
        yield NodeCost(
            name=step.name,
            op=_operator(step),
            macs=step.work.macs if step.cause is None else step.cause,
            certainty=_certainty(step),
            output_bytes=_output_bytes(step.outputs),
            weight_bytes=by_step.get(step, 0),
            output=text(shape),
        )


def _output_bytes(outputs: Iterable[Value]) -> int | UnknownCost:
    try:
        return sum(map(value_bytes, outputs))
    except CostUnknown as lost:
        return lost.cause


def _disagreements(model: Model, scope: Scope) -> Iterator[ShapeDisagreement]:
    """Compare what the file claims of values with what the walk found."""
    for claim in (*model.graph.value_info, *model.graph.outputs):
        value = scope.values.get(claim.name)
        if value is None or claim.shape is None or isinstance(value.shape, Hole):
            continue
        if _contradict(claim.shape, value.shape):
            claimed = "x".join("?" if dim is None else str(dim) for dim in claim.shape) or "scalar"
            yield ShapeDisagreement(claim.name, claimed, text(value.shape))


def _contradict(claimed: Sequence[Dimension], computed: Dims) -> bool:
    if len(claimed) != len(computed):
        return True
    pairs = zip(claimed, computed, strict=True)
    return any(isinstance(claim, int) and isinstance(dim, int) and claim != dim for claim, dim in pairs)


def _notes(
    model: Model, bound: Mapping[str, int], weights: Weights | Unestablished, disagreements: Sequence[ShapeDisagreement]
) -> Iterator[str]:
    if disagreements:
        yield f"the file claims other shapes than the graph computes for {len(disagreements)} values"
    symbols = {dim for claim in model.graph.inputs for dim in claim.shape or () if isinstance(dim, str)}
    for symbol in sorted(set(bound) - symbols):
        yield f"dimension {symbol!r} is bound, but no input of the model has it"
    defaults = [claim.name for claim in model.graph.inputs if claim.name in model.graph.constants]
    if defaults and model.ir_version >= 4:  # before, every initializer had to be an input
        yield f"{len(defaults)} inputs have a default, which is counted as a constant: {', '.join(defaults[:3])}"
    if not isinstance(weights, Unestablished) and weights.generated:
        yield f"{weights.generated} parameters are made by nodes and not stored in the file"
