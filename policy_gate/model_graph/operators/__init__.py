"""What is known of every operator, one table a domain."""

from __future__ import annotations

from policy_gate.model_graph.operators import (
    attention,
    classic,
    control,
    conv,
    dense,
    elementwise,
    generate,
    maps,
    microsoft_attention,
    microsoft_dense,
    microsoft_elementwise,
    microsoft_other,
    microsoft_quantised,
    normalise,
    pooling,
    quantise,
    recurrent,
    reduction,
    reshaping,
    resizing,
    retired,
    selecting,
    sequences,
    signal,
    slicing,
    texts,
    tflite,
    training,
    trees,
)
from policy_gate.model_graph.operators.table import Operator, Table

_FAMILIES = (
    attention,
    control,
    conv,
    dense,
    elementwise,
    generate,
    normalise,
    pooling,
    quantise,
    recurrent,
    reduction,
    reshaping,
    resizing,
    retired,
    selecting,
    sequences,
    signal,
    slicing,
    texts,
)

TABLES: dict[str, Table] = {
    "": {name: operator for family in _FAMILIES for name, operator in family.TABLE.items()},
    "ai.onnx.ml": classic.TABLE | maps.TABLE | trees.TABLE,
    "ai.onnx.preview": attention.PREVIEW,
    "ai.onnx.preview.training": training.TABLE,
    "com.microsoft": microsoft_attention.TABLE
    | microsoft_dense.TABLE
    | microsoft_elementwise.TABLE
    | microsoft_other.TABLE
    | microsoft_quantised.TABLE,
    "tflite": tflite.TABLE,
}

NEWEST: dict[str, int] = {
    "": 28,
    "ai.onnx.ml": 5,
    "ai.onnx.preview": 1,
    "ai.onnx.preview.training": 1,
    "com.microsoft": 1,
    "tflite": 3,
}
"""The newest opset whose operators these tables were checked against (onnx 1.23, onnxruntime 1.32); later ones may
mean other things."""

__all__ = ["NEWEST", "TABLES", "Operator"]
