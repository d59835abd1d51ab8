"""Operators of ai.onnx.ml that walk decision trees: comparisons, which the counting rule takes for no MACs."""

from __future__ import annotations

from collections.abc import Sequence

from policy_gate.model_graph.call import Call
from policy_gate.model_graph.operators.classic import labels, samples_and_features
from policy_gate.model_graph.operators.table import Operator, Table, Work
from policy_gate.model_graph.values import Value, broken


def classifier(call: Call) -> Sequence[Value]:
    """TreeEnsembleClassifier: a label a sample, and samples x classes scores."""
    samples, _ = samples_and_features(call)
    dtype, classes = labels(call, "classlabels_strings", "classlabels_int64s")
    return (Value(dtype, (samples,)), Value("float32", (samples, max(classes, 2))))


def _targets(call: Call) -> int:
    targets = call.int_attribute("n_targets", 1)
    if targets < 1:
        raise broken(f"n_targets is {targets}, at least 1")
    return targets


def regressor(call: Call) -> Sequence[Value]:
    """TreeEnsembleRegressor: samples x targets."""
    return (Value("float32", (samples_and_features(call)[0], _targets(call))),)


def ensemble(call: Call) -> Sequence[Value]:
    """TreeEnsemble: samples x targets of the input's type."""
    return (Value(call.value(0).dtype, (samples_and_features(call)[0], _targets(call))),)


def count_trees(_: Call, _outputs: Sequence[Value]) -> Work:
    """None: each sample is compared along one path a tree, and which path follows from the data."""
    return Work(bounded=True)


_OLD = (
    "nodes_values",
    "nodes_values_as_tensor",
    "nodes_hitrates",
    "nodes_hitrates_as_tensor",
    "base_values",
    "base_values_as_tensor",
)

TABLE: Table = {
    "TreeEnsembleClassifier": Operator(
        classifier, count_trees, bounded=True, weights=(*_OLD, "class_weights", "class_weights_as_tensor")
    ),
    "TreeEnsembleRegressor": Operator(
        regressor, count_trees, bounded=True, weights=(*_OLD, "target_weights", "target_weights_as_tensor")
    ),
    "TreeEnsemble": Operator(
        ensemble,
        count_trees,
        bounded=True,
        weights=("nodes_splits", "nodes_hitrates", "leaf_weights", "membership_values"),
    ),
}
