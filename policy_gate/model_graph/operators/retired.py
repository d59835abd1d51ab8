"""Operators that left ai.onnx before its opset 9 and that onnxruntime still runs, and one that never entered it."""

from __future__ import annotations

from collections.abc import Sequence

from policy_gate.model_graph.call import Call
from policy_gate.model_graph.operators.elementwise import same
from policy_gate.model_graph.operators.normalise import layer_normalisation
from policy_gate.model_graph.operators.table import Operator, Table, operators
from policy_gate.model_graph.values import Dim, Hole, Value, broken


def retired(call: Call) -> Sequence[Value]:
    """Affine, ImageScaler, ParametricSoftplus, Scale, ScaledTanh: like the input."""
    _refuse_new(call)
    return same(call)


def _refuse_new(call: Call) -> None:
    """Refuse operator sets in which runtimes no longer have these."""
    if call.version >= 10:
        raise broken("runtimes have it before opset 10 only")


def crop(call: Call) -> Sequence[Value]:
    """Crop: N x C x H x W without its borders (left, top, right, bottom), or of a given height and width."""
    _refuse_new(call)
    batch, channels, height, width = call.rank(0, 4)
    border, scale = call.ints_attribute("border") or (), call.ints_attribute("scale") or ()
    if len(border) != 4 or min(border) < 0 or len(scale) not in (0, 2) or min(scale, default=1) < 1:
        raise broken("a crop takes four borders, and an optional height and width")
    if scale:
        return (Value(call.value(0).dtype, (batch, channels, *scale)),)
    left, top, right, bottom = border
    return (Value(call.value(0).dtype, (batch, channels, _less(height, top + bottom), _less(width, left + right))),)


def _less(extent: Dim, border: int) -> Dim:
    if isinstance(extent, Hole):
        return Hole(extent.cause)
    if border >= extent:
        raise broken(f"borders of {border} leave nothing of an axis of {extent}")
    return extent - border


TABLE: Table = operators(retired, "Affine ImageScaler ParametricSoftplus Scale ScaledTanh") | {
    "Crop": Operator(crop),
    "SimplifiedLayerNormalization": Operator(layer_normalisation),
}
