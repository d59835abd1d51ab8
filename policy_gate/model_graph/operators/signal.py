"""Fourier transforms, counted as the matrix products that define them, and losses."""

from __future__ import annotations

from collections.abc import Sequence

from policy_gate.model_graph.call import Call
from policy_gate.model_graph.operators.table import Operator, Table, Work
from policy_gate.model_graph.values import Dim, Dims, Hole, Value, axis_of, broken, known_count


def _bins(length: Dim, *, onesided: bool) -> Dim:
    if isinstance(length, Hole):
        return Hole(length.cause)
    return length // 2 + 1 if onesided else length


def _axis(call: Call) -> int:
    """Return the axis that is transformed: an attribute before opset 20, then an input."""
    if call.version < 20:
        return call.int_attribute("axis", 1)
    return call.scalar(2) if call.optional(2) is not None else -2


def _frame_length(call: Call) -> Dim:
    """Return the samples of one frame of an STFT, which `frame_length` or the window gives."""
    if call.optional(3) is not None:
        return call.scalar(3)
    return call.rank(2, 1)[0] if call.optional(2) is not None else 0


def dft(call: Call) -> Sequence[Value]:
    """DFT: dft_length bins, about half of them when `onesided`; a complex number is a last axis of 2."""
    shape, dtype = call.shape(0), call.value(0).dtype
    place = axis_of(_axis(call), len(shape))
    if place == len(shape) - 1:
        raise broken("the last axis holds the parts of a number and cannot be transformed")
    onesided, inverse = bool(call.int_attribute("onesided", 0)), bool(call.int_attribute("inverse", 0))
    given = call.scalar(1) if call.optional(1) is not None else None
    if onesided and inverse:
        half = shape[place]
        length: Dim = given if given is not None else Hole(half.cause) if isinstance(half, Hole) else 2 * (half - 1)
        return (Value(dtype, (*shape[:place], length, *shape[place + 1 : -1], 1)),)
    length = _bins(given if given is not None else shape[place], onesided=onesided)
    return (Value(dtype, (*shape[:place], length, *shape[place + 1 : -1], 2)),)


def count_dft(call: Call, outputs: Sequence[Value]) -> Work:
    """Output bins x samples x the numbers of an element on either side, as onnx/docs/Operators.md defines the sum.

    Real times complex numbers are two products, complex times complex four. An upper bound: runtimes take a fast
    transform, of the order of n log n, where the length allows one.
    """
    shape, found = call.shape(0), outputs[0].dims
    place = axis_of(_axis(call), len(shape))
    samples: Dim = call.scalar(1) if call.optional(1) is not None else found[place]
    if call.int_attribute("onesided", 0) and not call.int_attribute("inverse", 0) and call.optional(1) is None:
        samples = shape[place]
    return Work(dense=known_count((*found[:-1], samples, shape[-1], found[-1])), bounded=True)


def count_stft(call: Call, outputs: Sequence[Value]) -> Work:
    """Each frame as `count_dft`: batch x frames x bins x frame length x the numbers of an element on either side."""
    shape, found = call.shape(0), outputs[0].dims
    parts: Dim = shape[2] if len(shape) > 2 else 1
    return Work(dense=known_count((*found[:3], _frame_length(call), parts, 2)), bounded=True)


def stft(call: Call) -> Sequence[Value]:
    """STFT: batch x frames x bins x 2."""
    shape, step = call.shape(0), call.scalar(1)
    if len(shape) < 2:
        raise broken("a signal has at least two dimensions")
    length = _frame_length(call)
    if step < 1 or length == 0:
        raise broken("a frame needs a step and a length")
    samples = shape[1]
    hole = next((dim for dim in (samples, length) if isinstance(dim, Hole)), None)
    frames: Dim
    if isinstance(samples, int) and isinstance(length, int):
        frames = max(0, (samples - length) // step + 1)
    else:
        frames = Hole(hole.cause) if hole is not None else 0
    bins = _bins(length, onesided=bool(call.int_attribute("onesided", 1)))
    return (Value(call.value(0).dtype, (shape[0], frames, bins, 2)),)


def loss(call: Call) -> Sequence[Value]:
    """NegativeLogLikelihoodLoss, SoftmaxCrossEntropyLoss: the labels' shape without reduction, else a scalar."""
    scores = call.value(0)
    found: Dims = call.shape(1) if call.text_attribute("reduction", "mean") == "none" else ()
    return (Value(scores.dtype, found), Value(scores.dtype, scores.shape))


TABLE: Table = {
    "DFT": Operator(dft, count_dft, frozenset({1, 2}), bounded=True),
    "STFT": Operator(stft, count_stft, frozenset({1, 3}), bounded=True),
    "NegativeLogLikelihoodLoss": Operator(loss),
    "SoftmaxCrossEntropyLoss": Operator(loss),
}
