"""What is known of the builtin operators of TFLite; `unknown` has those whose meaning the file does not give."""

from __future__ import annotations

from policy_gate.model_graph.operators import (
    tflite_bidirectional,
    tflite_control,
    tflite_conv,
    tflite_dense,
    tflite_elementwise,
    tflite_generate,
    tflite_pooling,
    tflite_quantise,
    tflite_recurrent,
    tflite_reduction,
    tflite_reshaping,
    tflite_signal,
    tflite_slicing,
    tflite_stablehlo,
    tflite_stablehlo_products,
    tflite_strided,
    tflite_variables,
)
from policy_gate.model_graph.operators.table import Table

_FAMILIES = (
    tflite_bidirectional,
    tflite_control,
    tflite_conv,
    tflite_dense,
    tflite_elementwise,
    tflite_generate,
    tflite_pooling,
    tflite_quantise,
    tflite_recurrent,
    tflite_reduction,
    tflite_reshaping,
    tflite_signal,
    tflite_slicing,
    tflite_stablehlo,
    tflite_stablehlo_products,
    tflite_strided,
    tflite_variables,
)

TABLE: Table = {name: operator for family in _FAMILIES for name, operator in family.TABLE.items()}
