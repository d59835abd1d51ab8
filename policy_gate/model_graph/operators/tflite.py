"""What is known of every builtin operator of TFLite; those whose meaning the file does not give have a reason here."""

from __future__ import annotations

from collections.abc import Sequence

from policy_gate.model_graph.call import Call
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
from policy_gate.model_graph.operators.table import Operator, Table
from policy_gate.model_graph.values import Value

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

UNKNOWN: dict[str, str] = {
    "CONCAT_EMBEDDINGS": "no runtime has an implementation of it",
    "CUSTOM": "a custom operator means what its own implementation says",
    "DELEGATE": "what a delegate runs does not stand in the file",
    "PLACEHOLDER_FOR_GREATER_OP_CODES": "it stands for an operator code that the file gives elsewhere",
    "STABLEHLO_CUSTOM_CALL": "it calls a function that does not stand in the file",
}
"""Builtin operators that have no cost here, with the reason."""


def unknown(call: Call) -> Sequence[Value]:
    """Give the reason."""
    raise call.unsupported(UNKNOWN[call.node.op], "convert the model with operators whose meaning stands in the file")


TABLE: Table = dict.fromkeys(UNKNOWN, Operator(unknown, counted=False))
for _family in _FAMILIES:
    TABLE |= _family.TABLE
