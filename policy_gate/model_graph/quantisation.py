"""How a model's weights are quantised: with one scale a tensor, or with several.

Convolutions decide; matrix products only in a model without any, since converters leave those per tensor in models
whose convolutions are per channel. A weight for one output channel fits both and decides only where no other does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import prod

from policy_gate.model_graph.figures import Quantisation
from policy_gate.model_graph.traits import traits_of
from policy_gate.model_graph.values import Hole, Value
from policy_gate.model_graph.walked import Body, Step, distinct

WEIGHTS: Mapping[tuple[str, str], tuple[int, int]] = {
    ("", "Conv"): (1, -1),
    ("", "ConvTranspose"): (1, -1),
    ("", "DeformConv"): (1, -1),
    ("", "Gemm"): (1, -1),
    ("", "MatMul"): (1, -1),
    ("", "QLinearConv"): (3, 4),
    ("", "QLinearMatMul"): (3, 4),
    ("", "ConvInteger"): (1, 3),
    ("", "MatMulInteger"): (1, 3),
    ("com.microsoft", "QLinearConv"): (3, 4),
    ("com.microsoft", "FusedConv"): (1, -1),
    ("com.microsoft", "NhwcConv"): (1, -1),
    ("com.microsoft", "NhwcFusedConv"): (1, -1),
    ("com.microsoft", "FusedMatMul"): (1, -1),
    ("com.microsoft", "FusedGemm"): (1, -1),
    ("com.microsoft", "QGemm"): (3, 4),
    ("com.microsoft", "QAttention"): (1, 4),
    ("com.microsoft", "MatMulIntegerToFloat"): (1, 3),
    ("com.microsoft", "DynamicQuantizeMatMul"): (1, 2),
    ("com.microsoft", "MatMulNBits"): (1, 2),
    ("tflite", "CONV_2D"): (1, -1),
    ("tflite", "CONV_3D"): (1, -1),
    ("tflite", "DEPTHWISE_CONV_2D"): (1, -1),
    ("tflite", "TRANSPOSE_CONV"): (1, -1),
    ("tflite", "FULLY_CONNECTED"): (1, -1),
    ("tflite", "BATCH_MATMUL"): (1, -1),
}
"""Which input is the weight, and which one holds its scales (or zero points, where the scales are applied later);
-1 where they stand beside the weight (TFLite) or in the DequantizeLinear that makes it."""

_PRODUCTS = frozenset(
    {"Gemm", "MatMul", "QLinearMatMul", "MatMulInteger", "FusedMatMul", "FusedGemm", "QGemm", "QAttention"}
    | {"MatMulIntegerToFloat", "DynamicQuantizeMatMul", "MatMulNBits", "FULLY_CONNECTED", "BATCH_MATMUL"}
)

Makers = dict[Value, Step]
"""The call that makes each constant which is not stored."""


def find_quantisation(main: Body) -> Quantisation:
    """Tell one scale a tensor from several, over all weights of a walked model."""
    convolutions: list[Quantisation | None] = []
    products: list[Quantisation | None] = []
    makers: Makers = {}
    known: dict[Value, int] = {}
    for step in _every(main.steps):
        if step.outputs and step.outputs[0].constant:
            makers[step.outputs[0]] = step
        places = WEIGHTS.get(("" if step.node.domain == "ai.onnx" else step.node.domain, step.node.op))
        if places is None or step.operator is None or len(step.inputs) <= places[0]:
            continue
        weight = step.inputs[places[0]]
        if weight is not None and weight.constant:
            found = products if step.node.op in _PRODUCTS else convolutions
            found.append(_of_call(step, weight, places[1], makers, known))
    return _decided(convolutions or products)


def _every(steps: Iterable[Step]) -> Iterator[Step]:
    for step in steps:
        yield step
        for body in distinct(step.bodies):
            yield from _every(body.steps)


def _decided(found: list[Quantisation | None]) -> Quantisation:
    kinds = {kind for kind in found if kind is not None}
    if len(kinds) == 1:
        return kinds.pop()
    if kinds:
        return Quantisation.MIXED
    return Quantisation.PER_TENSOR if found else Quantisation.NONE


def _of_call(step: Step, weight: Value, scales_at: int, makers: Makers, known: dict[Value, int]) -> Quantisation | None:
    """Return how one weight is quantised, None when it has a single output channel and a single scale."""
    if scales_at >= 0:
        given = step.inputs[scales_at] if scales_at < len(step.inputs) else None
        scales = 1 if given is None else _elements(given)
    else:
        scales = _scales(weight, makers, known)
    if scales == 1 and _channels(step) == 1:
        return None
    if scales == 0:
        return Quantisation.NONE
    return Quantisation.PER_TENSOR if scales == 1 else Quantisation.PER_CHANNEL


def _scales(weight: Value, makers: Makers, known: dict[Value, int]) -> int:
    """Count the scales of a stored weight, or of the DequantizeLinear behind one that is recoded; 0 for a float."""
    value: Value | None = weight
    path: list[Value] = []
    scales = 0
    while value is not None:
        path.append(value)
        step = makers.get(value)
        if value in known:
            scales = known[value]
        elif step is None:
            scales = value.tensor.scales if value.tensor is not None else 0
        elif traits_of(step.node).dequantises:
            scale = step.inputs[1] if len(step.inputs) > 1 else None
            scales = 0 if scale is None else _elements(scale)
        else:
            value = step.inputs[0] if step.inputs else None
            continue
        break
    known.update(dict.fromkeys(path, scales))
    return scales


def _elements(value: Value) -> int:
    """Count the elements; more than one when that is not known, since a scale a tensor is a scalar."""
    if isinstance(value.shape, Hole):
        return 2
    return prod(dim if isinstance(dim, int) else 2 for dim in value.shape)


def _channels(step: Step) -> object:
    """Return the extent of the output's channels: second axis of an ONNX convolution, else the last."""
    shape = step.outputs[0].shape if step.outputs else ()
    if isinstance(shape, Hole) or len(shape) < 2:
        return 0
    return shape[1] if step.node.domain != "tflite" and step.node.op not in _PRODUCTS else shape[-1]
