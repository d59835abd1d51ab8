"""Operators of ai.onnx.ml: linear models, support vector machines and the element-wise ones around them."""

from __future__ import annotations

from collections.abc import Sequence

from policy_gate.model_graph.call import Call
from policy_gate.model_graph.operators.elementwise import same
from policy_gate.model_graph.operators.table import Operator, Table, Work, operators
from policy_gate.model_graph.values import Dim, Dims, Hole, Value, broken, known_count


def samples_and_features(call: Call) -> tuple[Dim, Dim]:
    """Return samples and features of input 0; one dimension is a single sample."""
    shape: Dims = call.shape(0)
    if len(shape) not in (1, 2):
        raise broken(f"samples x features are two dimensions, the input has {len(shape)}")
    return (1, shape[0]) if len(shape) == 1 else (shape[0], shape[1])


def labels(call: Call, texts: str, numbers: str) -> tuple[str, int]:
    """Return the type of the class labels and how many there are; 0 when the call names none."""
    named, numbered = call.list_length(texts), call.list_length(numbers)
    return ("string", named) if named else ("int64", numbered)


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
    return (Value("float32", (samples_and_features(call)[0], call.int_attribute("targets", 1))),)


def linear_classifier(call: Call) -> Sequence[Value]:
    """LinearClassifier: a label a sample, samples x classes scores."""
    samples, _ = samples_and_features(call)
    dtype, classes = labels(call, "classlabels_strings", "classlabels_ints")
    return (Value(dtype, (samples,)), Value("float32", (samples, classes or 2)))


def count_linear(call: Call, _: Sequence[Value]) -> Work:
    """Samples x coefficients: each coefficient meets each sample once."""
    samples, features = samples_and_features(call)
    coefficients = call.list_length("coefficients")
    if isinstance(features, int) and (features == 0 or coefficients % features):
        raise broken(f"{coefficients} coefficients do not fit {features} features")
    return Work(dense=known_count((samples, coefficients)))


def svm_classifier(call: Call) -> Sequence[Value]:
    """SVMClassifier: a label a sample, and samples x scores.

    A score a class with probabilities or without support vectors, else one a pair of classes, as ONNX Runtime gives
    them; two where there are fewer.
    """
    samples, _ = samples_and_features(call)
    dtype, classes = labels(call, "classlabels_strings", "classlabels_ints")
    scores = classes
    if call.list_length("support_vectors") and not call.list_length("prob_a") and classes > 2:
        scores = classes * (classes - 1) // 2
    return (Value(dtype, (samples,)), Value("float32", (samples, max(scores, 2))))


def svm_regressor(call: Call) -> Sequence[Value]:
    """SVMRegressor: one score a sample."""
    return (Value("float32", (samples_and_features(call)[0], 1)),)


def count_svm(call: Call, _: Sequence[Value]) -> Work:
    """Samples x (support vectors x features + coefficients); of a linear kernel without vectors the coefficients alone.

    Each kernel (linear, polynomial, radial, sigmoid) is one product of a sample with each support vector, or a sum of
    squared differences of the same length; the kernel values are then summed up by the coefficients.
    """
    samples, features = samples_and_features(call)
    vectors = call.list_length("support_vectors") or call.list_length("coefficients")
    if isinstance(features, int) and (features == 0 or vectors % features):
        raise broken(f"{vectors} numbers of support vectors or coefficients do not fit {features} features")
    more = call.list_length("coefficients") if call.list_length("support_vectors") else 0
    return Work(dense=known_count((samples, vectors + more)))


def array_feature_extractor(call: Call) -> Sequence[Value]:
    """ArrayFeatureExtractor: chosen columns."""
    shape, chosen = call.shape(0), call.shape(1)
    extent: Dim = chosen[-1] if chosen else 1
    if isinstance(extent, Hole) or not shape:
        raise broken("columns cannot be chosen")
    return (Value(call.value(0).dtype, (*(shape[:-1] or (1,)), extent)),)


_LINEAR = ("coefficients", "intercepts")
_VECTORS = ("coefficients", "support_vectors", "rho", "prob_a", "prob_b", "kernel_params")

TABLE: Table = operators(scaler, "Binarizer Normalizer") | {
    "Scaler": Operator(scaler, weights=("offset", "scale")),
    "Imputer": Operator(same, weights=("imputed_value_floats",)),
    "LabelEncoder": Operator(label_encoder, weights=("keys_floats", "values_floats", "keys_tensor", "values_tensor")),
    "LinearRegressor": Operator(linear_regressor, count_linear, weights=_LINEAR),
    "LinearClassifier": Operator(linear_classifier, count_linear, weights=_LINEAR),
    "SVMClassifier": Operator(svm_classifier, count_svm, weights=_VECTORS),
    "SVMRegressor": Operator(svm_regressor, count_svm, weights=_VECTORS),
    "ArrayFeatureExtractor": Operator(array_feature_extractor, structural=frozenset({1})),
}
