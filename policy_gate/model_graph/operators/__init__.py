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
    normalise,
    pooling,
    quantise,
    recurrent,
    reduction,
    reshaping,
    resizing,
    selecting,
    sequences,
    signal,
    slicing,
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
    selecting,
    sequences,
    signal,
    slicing,
)

TABLES: dict[str, Table] = {
    "": {name: operator for family in _FAMILIES for name, operator in family.TABLE.items()},
    "ai.onnx.ml": classic.TABLE,
}

NEWEST: dict[str, int] = {"": 28, "ai.onnx.ml": 5}
"""The newest opset whose operators these tables were checked against (onnx 1.23); later ones may mean other things."""

__all__ = ["NEWEST", "TABLES", "Operator"]
