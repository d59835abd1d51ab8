"""Fourier transforms and losses: shapes are known, transforms have no counting rule yet."""

from __future__ import annotations

from collections.abc import Sequence

from policy_gate.model_graph.call import Call
from policy_gate.model_graph.operators.table import Operator, Table
from policy_gate.model_graph.values import Dim, Dims, Hole, Value, axis_of, broken


def _bins(length: Dim, *, onesided: bool) -> Dim:
    if isinstance(length, Hole):
        return Hole(length.cause)
    return length // 2 + 1 if onesided else length


def dft(call: Call) -> Sequence[Value]:
    """DFT: dft_length bins, about half of them when `onesided`; a complex number is a last axis of 2."""
    shape, dtype = call.shape(0), call.value(0).dtype
    if call.version < 20:
        axis = call.int_attribute("axis", 1)
    else:
        axis = call.scalar(2) if call.optional(2) is not None else -2
    place = axis_of(axis, len(shape))
    onesided, inverse = bool(call.int_attribute("onesided", 0)), bool(call.int_attribute("inverse", 0))
    given = call.scalar(1) if call.optional(1) is not None else None
    if onesided and inverse:
        half = shape[place]
        length: Dim = given if given is not None else Hole(half.cause) if isinstance(half, Hole) else 2 * (half - 1)
        return (Value(dtype, (*shape[:place], length, *shape[place + 1 : -1], 1)),)
    length = _bins(given if given is not None else shape[place], onesided=onesided)
    return (Value(dtype, (*shape[:place], length, *shape[place + 1 : -1], 2)),)


def stft(call: Call) -> Sequence[Value]:
    """STFT: batch x frames x bins x 2."""
    shape, step = call.shape(0), call.scalar(1)
    if len(shape) < 2:
        raise broken("a signal has at least two dimensions")
    window = call.optional(2)
    length: Dim = call.scalar(3) if call.optional(3) is not None else call.rank(2, 1)[0] if window is not None else 0
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
    "DFT": Operator(dft, structural=frozenset({1, 2}), counted=False),
    "STFT": Operator(stft, structural=frozenset({1, 3}), counted=False),
    "NegativeLogLikelihoodLoss": Operator(loss),
    "SoftmaxCrossEntropyLoss": Operator(loss),
}
