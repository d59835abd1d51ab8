"""The sliding window of TFLite: strides, dilations and SAME or VALID padding, over axes named d, h and w."""

from __future__ import annotations

from collections.abc import Sequence

from policy_gate.model_graph.call import Call
from policy_gate.model_graph.operators.tflite_inputs import positive
from policy_gate.model_graph.values import Dim, Dims, Hole, broken


def slide(call: Call, extents: Dims, kernel: Sequence[int], axes: str) -> Dims:
    """Return how often the window fits each axis, by the options `padding`, `stride_*` and `dilation_*_factor`."""
    padding = call.text_attribute("padding", "SAME")
    if padding not in {"SAME", "VALID"}:
        raise broken(f"padding {padding!r} is neither SAME nor VALID")
    fitted = []
    for extent, size, axis in zip(extents, kernel, axes, strict=True):
        stride, dilation = positive(call, f"stride_{axis}"), positive(call, f"dilation_{axis}_factor", 1)
        fitted.append(fits(extent, (size - 1) * dilation + 1, stride, same=padding == "SAME"))
    return tuple(fitted)


def fits(extent: Dim, reach: int, stride: int, *, same: bool) -> Dim:
    """Return ceil(extent / stride) for SAME, ceil((extent - reach + 1) / stride) for VALID (tf.nn.convolution)."""
    if isinstance(extent, Hole):
        return extent if stride == 1 and (same or reach == 1) else Hole(extent.cause)
    if same:
        return -(-extent // stride)
    if extent < reach:
        raise broken(f"a window of {reach} does not fit an axis of {extent}")
    return (extent - reach) // stride + 1
