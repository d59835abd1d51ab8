"""Operators of ai.onnx.ml: linear models and the element-wise ones around them."""

from __future__ import annotations

from collections.abc import Sequence

from policy_gate.model_graph.call import Call
from policy_gate.model_graph.graph import Tensor
from policy_gate.model_graph.operators.elementwise import same
from policy_gate.model_graph.operators.table import Operator, Table, Work, operators
from policy_gate.model_graph.values import Dim, Dims, Hole, Value, broken, known_count


def _length(call: Call, name: str) -> int:
    """Return how many entries a list attribute holds, which the reader may have kept as a tensor."""
    found = call.node.attributes.get(name, ())
    if isinstance(found, Tensor):
        return found.elements
    if not isinstance(found, tuple):
        raise broken(f"attribute {name!r} must be a list")
    return len(found)


def _rows(call: Call) -> tuple[Dim, Dim]:
    """Return samples and features; one dimension is a single sample."""
    shape: Dims = call.shape(0)
    if len(shape) not in (1, 2):
        raise broken(f"samples x features are two dimensions, the input has {len(shape)}")
    return (1, shape[0]) if len(shape) == 1 else (shape[0], shape[1])


def scaler(call: Call) -> Sequence[Value]:
    """Binarizer, Normalizer, Scaler: like the input, as float32 where the operator scales."""
    first = call.value(0)
    return (Value(first.dtype if call.node.op == "Binarizer" else "float32", first.shape),)


def label_encoder(call: Call) -> Sequence[Value]:
    """LabelEncoder: the shape of the input, the type of the values it maps to."""
    names = {"values_floats": "float32", "values_int64s": "int64", "values_strings": "string"}
    kind = next((dtype for name, dtype in names.items() if call.has(name)), "")
    tensor = call.tensor_attribute("values_tensor")
    if tensor is not None:
        kind = tensor.dtype
    if not kind:
        kind = "string" if call.value(0).dtype == "int64" else "int64"  # version 1: strings to numbers and back
    return (Value(kind, call.value(0).shape),)


def linear_regressor(call: Call) -> Sequence[Value]:
    """LinearRegressor: samples x targets."""
    return (Value("float32", (_rows(call)[0], call.int_attribute("targets", 1))),)


def linear_classifier(call: Call) -> Sequence[Value]:
    """LinearClassifier: a label a sample, samples x classes scores."""
    samples, _ = _rows(call)
    texts, numbers = _length(call, "classlabels_strings"), _length(call, "classlabels_ints")
    label = Value("string" if texts else "int64", (samples,))
    return (label, Value("float32", (samples, texts or numbers or 2)))


def count_linear(call: Call, _: Sequence[Value]) -> Work:
    """Samples x coefficients: each coefficient meets each sample once."""
    samples, features = _rows(call)
    coefficients = _length(call, "coefficients")
    if isinstance(features, int) and (features == 0 or coefficients % features):
        raise broken(f"{coefficients} coefficients do not fit {features} features")
    return Work(dense=known_count((samples, coefficients)))


def array_feature_extractor(call: Call) -> Sequence[Value]:
    """ArrayFeatureExtractor: chosen columns."""
    shape, chosen = call.shape(0), call.shape(1)
    extent: Dim = chosen[-1] if chosen else 1
    if isinstance(extent, Hole) or not shape:
        raise broken("columns cannot be chosen")
    return (Value(call.value(0).dtype, (*(shape[:-1] or (1,)), extent)),)


TABLE: Table = (
    operators(scaler, "Binarizer Normalizer Scaler")
    | operators(same, "Imputer")
    | {
        "LabelEncoder": Operator(label_encoder),
        "LinearRegressor": Operator(linear_regressor, count_linear),
        "LinearClassifier": Operator(linear_classifier, count_linear),
        "ArrayFeatureExtractor": Operator(array_feature_extractor, structural=frozenset({1})),
    }
)
