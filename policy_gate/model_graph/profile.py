"""What one inference of a model costs, predicted from its file: exact, bounded, or not established with the reason.

The counting rule. A *MAC* is one multiply-accumulate of a convolution or of a matrix product, as the operator's
definition sums them: Conv, ConvTranspose, DeformConv, ConvInteger, QLinearConv, CausalConvWithState; Gemm, MatMul,
MatMulInteger, QLinearMatMul, Einsum, AffineGrid, Attention, LinearAttention, FlexAttention; the matrix products inside
RNN, GRU and LSTM; linear models of ai.onnx.ml; the fused, quantised and packed forms of these in com.microsoft; and
their counterparts among TFLite's builtins (CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED, BATCH_MATMUL and so on).
Products with padding count, bias additions do not. Further:

- SVMClassifier and SVMRegressor: each number of each support vector and each coefficient meets each sample once;
- DFT, STFT and their like: the sum that defines the transform, bins x samples (two products where one side is complex,
  four where both are); an upper bound, since runtimes take a fast transform of the order of n log n;
- Det, Inverse: Gaussian elimination, an upper bound (Golub and Van Loan, Matrix Computations, sections 3.2 and 3.4);
- tree ensembles: comparisons, none; *bounded*, since the paths that are walked follow from the data.

Everything else that is known (element-wise work, normalisation, pooling, resizing, data movement, quantisation, texts)
is zero by this rule. An operator that is not known is *unknown*, never zero. MACs are never mixed with FLOPs (two a
MAC). What is said of each operator is listed by `operators.classification`.

If counts its worst branch, Loop, Scan and WHILE their body times the trip count, SequenceMap its body for each tensor
of the sequence, functions are counted where they are called. A trip count that only a run knows may be bound by the key
`<step name>[trips]` of `dimensions`: an upper bound, which never lowers a constant count. Shapes come from the graph
inputs; shapes that the file claims for anything else are compared, never used.

A *parameter* is an element of a constant that calls use as data: initializers, Constant nodes, and ConstantOfShape
of a constant shape. Shapes, indices, axes, padding, scales and zero points of quantisation are none; neither is an
int64 constant of at most one dimension and 128 elements. Lists of floats and tensors that classic models keep their
weights in (coefficients, support vectors, thresholds and votes of trees) are parameters as well; elements packed into
bytes count as the bytes they are stored in. The rules of the activation peak stand in `memory` and `plans`, those of
the features in `kernels`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from policy_gate.errors import EvidenceError, Reason
from policy_gate.model_graph.figures import (
    Features,
    MacCounts,
    ModelProfile,
    ShapeDisagreement,
    Unestablished,
    WeightCounts,
)
from policy_gate.model_graph.graph import Dimension, Model
from policy_gate.model_graph.infer import Inference
from policy_gate.model_graph.kernels import epilogues, find_features
from policy_gate.model_graph.memory import Stored
from policy_gate.model_graph.plans import find_plans
from policy_gate.model_graph.quantisation import find_quantisation
from policy_gate.model_graph.rows import coverage_of, every_call, histogram, rows_of
from policy_gate.model_graph.uncollected import uncollected
from policy_gate.model_graph.values import CostUnknown, Dims, Hole, UnknownCost, Value, text
from policy_gate.model_graph.walked import Body, Scope
from policy_gate.model_graph.weights import Weights, find_weights, stored_constant_bytes

MAX_LISTED = 100
"""Most disagreements listed; a note counts all."""

T = TypeVar("T")


@uncollected()
def profile(model: Model, dimensions: Mapping[str, int] | None = None) -> ModelProfile:
    """Predict what one inference of a model costs.

    Args:
        model: as read by `read_model`.
        dimensions: an extent of at least 1 for each symbolic input dimension; what is not bound is unknown.

    Returns:
        The profile; contradictions inside the graph make every figure Unestablished.

    Raises:
        EvidenceError: a format that is not followed, or a dimension is bound to a number below 1.
    """
    bound = dict(dimensions or {})
    _check_request(model, bound)
    walk = Inference(model, bound)
    main, scope = walk.run()
    faults = tuple(dict.fromkeys((*walk.faults, *_other_entries(model))))
    weights = _figure(faults, lambda: find_weights(main))
    macs = _macs(main, faults)
    stored = Stored(main)
    fused = epilogues(stored)
    plans = _figure(faults, lambda: find_plans(stored, fused))
    every = list(every_call(main.steps))
    rows = rows_of(stored, {} if isinstance(weights, Unestablished) else weights.by_step)
    disagreements = tuple(_disagreements(model, scope))
    return ModelProfile(
        macs=macs,
        weights=_weight_counts(weights),
        activation_peak_bytes=plans if isinstance(plans, Unestablished) else plans.no_fusion,
        plans=plans,
        features=_features(stored, fused, macs, weights),
        quantisation=find_quantisation(main),
        stored_constant_bytes=stored_constant_bytes(model),
        node_count=len(every),
        operators=histogram(every),
        coverage=coverage_of(every, main.steps, rows),
        unbound_dimensions=tuple(walk.unbound),
        unknown=_causes(macs, weights, plans),
        rows=rows,
        disagreements=disagreements[:MAX_LISTED],
        notes=tuple(_notes(model, set(bound) - walk.asked, weights, disagreements)),
    )


def _check_request(model: Model, bound: Mapping[str, int]) -> None:
    if model.format not in {"onnx", "tflite"}:
        raise EvidenceError(Reason.UNSUPPORTED_FORMAT, f"the cost of {model.format} models is not predicted yet")
    for symbol, extent in bound.items():
        if isinstance(extent, bool) or not isinstance(extent, int) or extent < 1:
            detail = f"dimension {symbol!r} is bound to {extent}, it must be an integer of at least 1"
            raise EvidenceError(Reason.UNBOUND_DIMENSION, detail)


def _other_entries(model: Model) -> Iterator[UnknownCost]:
    """Say why figures of the main graph are none of a model that is called by name to run another one (TFLite)."""
    for entry in model.entries:
        if entry.name and entry.graph is not model.graph:
            detail = f"signature {entry.name!r} runs another graph than the main one, which alone is counted"
            fix = "export one model for each signature"
            yield UnknownCost(Reason.UNSUPPORTED_FORMAT, entry.name, "", detail, fix)
            return  # one is enough


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


def _features(
    stored: Stored,
    fused: Mapping[Value, Value],
    macs: MacCounts | Unestablished,
    weights: Weights | Unestablished,
) -> Features | Unestablished:
    if isinstance(macs, Unestablished):
        return macs
    if isinstance(weights, Unestablished):
        return weights
    return _figure((), lambda: find_features(stored, fused, weights))


def _causes(*figures: object) -> tuple[UnknownCost, ...]:
    """Return why figures are not established, each cause once."""
    lost = [figure for figure in figures if isinstance(figure, Unestablished)]
    return tuple(dict.fromkeys(cause for figure in lost for cause in figure.causes))


def _weight_counts(weights: Weights | Unestablished) -> WeightCounts | Unestablished:
    if isinstance(weights, Unestablished):
        return weights
    return WeightCounts(weights.elements, weights.generated, tuple(sorted(weights.by_dtype.items())))


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
    model: Model, ignored: set[str], weights: Weights | Unestablished, disagreements: Sequence[ShapeDisagreement]
) -> Iterator[str]:
    if disagreements:
        yield f"the file claims other shapes than the graph computes for {len(disagreements)} values"
    for key in sorted(ignored):
        yield f"dimension {key!r} is bound, but no input of the model has it and no call asks for it"
    defaults = [claim.name for claim in model.graph.inputs if claim.name in model.graph.constants]
    if defaults and model.ir_version >= 4:  # before, every initializer had to be an input
        yield f"{len(defaults)} inputs have a default, which is counted as a constant: {', '.join(defaults[:3])}"
    if not isinstance(weights, Unestablished) and weights.generated:
        yield f"{weights.generated} parameters are made by nodes and not stored in the file"
