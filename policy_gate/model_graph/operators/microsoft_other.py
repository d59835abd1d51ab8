"""The rest of com.microsoft: convolutions, recurrence, transforms, texts and data movement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from policy_gate.model_graph.call import Call
from policy_gate.model_graph.operators.conv import (
    conv,
    count_conv,
    count_conv_transpose,
    count_qlinear_conv,
    data_dims,
    fits,
    group_of,
    grow,
    qlinear_conv,
    weight_dims,
)
from policy_gate.model_graph.operators.generate import range_
from policy_gate.model_graph.operators.resizing import grid_sample, padded
from policy_gate.model_graph.operators.slicing import gather_nd
from policy_gate.model_graph.operators.table import Operator, Table, Work, operators
from policy_gate.model_graph.operators.window import read_window, slide
from policy_gate.model_graph.values import (
    CostUnknown,
    Dim,
    Dims,
    Hole,
    Value,
    axis_of,
    broken,
    known_count,
    known_dims,
)


def _nhwc(call: Call, weight_index: int, dtype: str) -> Sequence[Value]:
    shape, group = data_dims(call), group_of(call)
    weight = weight_dims(call, weight_index, len(shape))
    fits(shape[-1], weight[1] * group)
    if weight[0] % group:
        raise broken(f"{weight[0]} output channels do not divide into {group} groups")
    extents = slide(shape[1:-1], read_window(call, weight[2:]))
    return (Value(dtype, (shape[0], *extents, weight[0])),)


def nhwc_conv(call: Call) -> Sequence[Value]:
    """NhwcConv, NhwcFusedConv: data N x spatial x C, weight M x C/group x kernel, output N x spatial x M."""
    return _nhwc(call, 1, call.value(0).dtype)


def quantised_conv(call: Call) -> Sequence[Value]:
    """QLinearConv: as ai.onnx has it, with the channels last if asked."""
    if call.int_attribute("channels_last", 0):
        return _nhwc(call, 3, call.value(7).dtype)
    return qlinear_conv(call)


def conv_transpose(call: Call) -> Sequence[Value]:
    """ConvTransposeWithDynamicPads: as ConvTranspose, with the pads as input 2."""
    shape, group = data_dims(call), group_of(call)
    weight = weight_dims(call, 1, len(shape))
    fits(shape[1], weight[0])
    window = read_window(call, weight[2:])
    try:
        pads = call.ints(2) if call.optional(2) is not None else window.pads
    except CostUnknown as lost:
        extents: Dims = tuple(Hole(lost.cause) for _ in shape[2:])
    else:
        if len(pads) != len(window.pads):
            raise broken(f"{len(pads)} pads for {len(window.kernel)} axes")
        extents = grow(call, shape[2:], replace(window, pads=pads))
    return (Value(call.value(0).dtype, (shape[0], weight[1] * group, *extents)),)


def causal_conv(call: Call) -> Sequence[Value]:
    """CausalConvWithState: data B x C x L, weight C x 1 x k, output like the data, and the state carried over."""
    for name, usual in {
        "ndim": 1,
        "channels_last": 0,
        "state_window": 0,
        "input_channels": 0,
        "state_length": 0,
    }.items():
        if call.int_attribute(name, usual) != usual:
            raise call.unsupported(f"attribute {name!r} is not followed")
    shape, weight = call.rank(0, 3), known_dims(call.rank(1, 3))
    fits(shape[1], weight[0])
    first, carried = call.value(0), (weight[2] - 1) * call.int_attribute("dilation", 1)
    return (Value(first.dtype, shape), Value(first.dtype, (shape[0], weight[0], carried)))


def packed_causal_conv(call: Call) -> Sequence[Value]:
    """VarlenCausalConvWithState: data tokens x C, output like the data, and the state like the initial one."""
    if call.optional(6) is not None or len(call.node.outputs) > 2:
        raise call.unsupported("kernels that change and captured states are not followed")
    shape, state = call.rank(0, 2), call.value(4)
    return (Value(call.value(0).dtype, shape), Value(state.dtype, state.shape))


def count_causal_conv(call: Call, outputs: Sequence[Value]) -> Work:
    """Output elements x k; depthwise by definition."""
    return Work(depthwise=known_count((*outputs[0].dims, known_dims(call.rank(1, 3))[2])))


def _recurrent_sizes(call: Call) -> tuple[Dim, Dim, int, int, int]:
    length, batch, features = call.rank(0, 3)
    weight, recurrence = known_dims(call.rank(1, 3)), known_dims(call.rank(2, 3))
    directions = 2 if call.text_attribute("direction", "forward").lower() == "bidirectional" else 1
    hidden = recurrence[1]
    fitting = weight[0] == recurrence[0] == directions and weight[2] == recurrence[2] == 4 * hidden
    if not fitting or (isinstance(features, int) and features != weight[1]):
        raise broken("the weights do not fit the data, the directions or the hidden size")
    return length, batch, directions, hidden, weight[1]


def recurrent(call: Call) -> Sequence[Value]:
    """DynamicQuantizeLSTM: all hidden states, the last one and the last cell state; weights lie transposed."""
    length, batch, directions, hidden, _ = _recurrent_sizes(call)
    last = Value("float32", (directions, batch, hidden))
    return (Value("float32", (length, directions, batch, hidden)), last, Value("float32", last.shape))


def count_recurrent(call: Call, _: Sequence[Value]) -> Work:
    """Steps x batch x directions x four gates x hidden x (input + hidden); a bound when sequences have own lengths."""
    length, batch, directions, hidden, features = _recurrent_sizes(call)
    products = (length, batch, directions, 4, hidden, features + hidden)
    return Work(other=known_count(products), bounded=call.optional(4) is not None)


def _one_signal(call: Call) -> None:
    if call.int_attribute("signal_ndim", 1) != 1 or not call.int_attribute("onesided", 1):
        raise call.unsupported("a transform of more than one axis, or of both sides, is not followed")


def real_transform(call: Call) -> Sequence[Value]:
    """Rfft: n samples become n // 2 + 1 complex numbers."""
    _one_signal(call)
    shape = call.shape(0)
    if not shape:
        raise broken("a scalar is no signal")
    bins = Hole(shape[-1].cause) if isinstance(shape[-1], Hole) else shape[-1] // 2 + 1
    return (Value(call.value(0).dtype, (*shape[:-1], bins, 2)),)


def inverse_transform(call: Call) -> Sequence[Value]:
    """Irfft: m complex numbers become 2 (m - 1) samples."""
    _one_signal(call)
    shape = call.shape(0)
    if len(shape) < 2 or (isinstance(shape[-1], int) and shape[-1] != 2):
        raise broken("complex numbers are a last axis of two")
    bins = shape[-2]
    samples = Hole(bins.cause) if isinstance(bins, Hole) else max(0, 2 * (bins - 1))
    return (Value(call.value(0).dtype, (*shape[:-2], samples)),)


def count_transform(call: Call, outputs: Sequence[Value]) -> Work:
    """Bins x samples x 2, as the sum is defined: an upper bound, as of DFT."""
    shape, found = call.shape(0), outputs[0].dims
    products = (*shape, found[-2], 2) if call.node.op == "Rfft" else (*shape, found[-1])
    return Work(dense=known_count(products), bounded=True)


def crop_and_resize(call: Call) -> Sequence[Value]:
    """CropAndResize: regions x channels x the asked height and width."""
    height, width = call.ints(3) if known_dims(call.rank(3, 1)) == (2,) else (0, 0)
    if min(height, width) < 1:
        raise broken("the size of a crop holds two positive extents")
    return (Value(call.value(0).dtype, (call.rank(1, 2)[0], call.rank(0, 4)[1], height, width)),)


def expand_dims(call: Call) -> Sequence[Value]:
    """ExpandDims: one more axis of one."""
    shape, axis = call.shape(0), axis_of(call.scalar(1), len(call.shape(0)) + 1)
    return (Value(call.value(0).dtype, (*shape[:axis], 1, *shape[axis:])),)


def pad(call: Call) -> Sequence[Value]:
    """Pad: begins and ends of every axis."""
    shape = call.shape(0)
    return (Value(call.value(0).dtype, padded(shape, call.ints(1), range(len(shape)))),)


def unique(call: Call) -> Sequence[Value]:
    """Unique: as many elements as differ; the place of each; their counts."""
    kept = call.data_dependent("how many elements differ")
    return (Value(call.value(0).dtype, (kept,)), Value("int64", call.rank(0, 1)), Value("int64", (kept,)))


def embedding(call: Call) -> Sequence[Value]:
    """TorchEmbedding: the indices' shape, then a row of the table."""
    return (Value(call.value(0).dtype, (*call.shape(1), call.rank(0, 2)[1])),)


def unfold(call: Call) -> Sequence[Value]:
    """UnfoldTensor: the slices of one axis, and a last axis as long as a slice."""
    shape = call.shape(0)
    axis, size, step = axis_of(call.int_attribute("dim", -1), len(shape)), call.int_attribute("size"), 1
    step = call.int_attribute("step", 1)
    extent = shape[axis]
    if size < 1 or step < 1 or (isinstance(extent, int) and size > extent):
        raise broken(f"slices of {size}, {step} apart, of an axis of {extent}")
    slices = Hole(extent.cause) if isinstance(extent, Hole) else (extent - size) // step + 1
    return (Value(call.value(0).dtype, (*shape[:axis], slices, *shape[axis + 1 :], size)),)


def tokenise(call: Call) -> Sequence[Value]:
    """Tokenizer: one more axis, as long as the longest text has tokens."""
    return (Value("string", (*call.shape(0), call.data_dependent("how many tokens a text has"))),)


def embed_words(call: Call) -> Sequence[Value]:
    """WordConvEmbedding: a vector as long as there are filters for each word."""
    return (Value(call.value(1).dtype, (*call.shape(0)[:-1], call.rank(1, 4)[0])),)


def count_embed_words(call: Call, _: Sequence[Value]) -> Work:
    """Words x places in a word x the filters: an upper bound, words are shorter than their axis."""
    words = known_dims(call.shape(0))
    weight = known_dims(call.rank(1, 4))
    places = max(1, words[-1] - weight[2] + 1) if words else 1
    return Work(conv=known_count((*words[:-1], places, *weight)), bounded=True)


def time_warping(call: Call) -> Sequence[Value]:
    """DynamicTimeWarping: 2 x the steps of the cheapest path."""
    return (Value("int32", (2, call.data_dependent("how long the cheapest path is"))),)


def bifurcation(call: Call) -> Sequence[Value]:
    """BifurcationDetector: the merged tokens, and where they part."""
    index = call.value(2)
    return (
        Value(call.value(1).dtype, (call.data_dependent("how many tokens agree"),)),
        Value(index.dtype, index.shape),
    )


def like_scores(call: Call) -> Sequence[Value]:
    """NGramRepeatBlock: like input 1."""
    return (Value(call.value(1).dtype, call.value(1).shape),)


def like_destination(call: Call) -> Sequence[Value]:
    """ConvStateReplay, GatedDeltaNetStateReplay: like input 2, which is overwritten."""
    return (Value(call.value(2).dtype, call.value(2).shape),)


def remove_padding(call: Call) -> Sequence[Value]:
    """RemovePadding: the tokens that are none, where they stood, cumulated lengths, the longest."""
    batch, length, hidden = call.rank(0, 3)
    ends: Dim = Hole(batch.cause) if isinstance(batch, Hole) else batch + 1
    return (
        Value(call.value(0).dtype, (call.data_dependent("how many tokens are no padding"), hidden)),
        Value("int32", (batch, length)),
        Value("int32", (ends,)),
        Value("int32", (1,)),
    )


def restore_padding(call: Call) -> Sequence[Value]:
    """RestorePadding: batch x length x hidden."""
    return (Value(call.value(0).dtype, (*call.rank(1, 2), call.rank(0, 2)[1])),)


def quantise_blocks(call: Call) -> Sequence[Value]:
    """QuantizeBFP: bytes whose number the format decides; the shape and the strides."""
    rank = len(call.shape(0))
    size = call.data_dependent("how many bytes the blocks take")
    return (Value("uint8", (size,)), Value("int64", (rank,)), Value("int64", (rank,)))


TABLE: Table = (
    operators(grid_sample, "GridSample")
    | operators(like_destination, "ConvStateReplay GatedDeltaNetStateReplay", 3)
    | operators(pad, "Pad", 1, 2)
    | dict.fromkeys(("NhwcConv", "NhwcFusedConv"), Operator(nhwc_conv, count_conv))
    | dict.fromkeys(("Rfft",), Operator(real_transform, count_transform, bounded=True))
    | {
        "BifurcationDetector": Operator(bifurcation),
        "CausalConvWithState": Operator(causal_conv, count_causal_conv),
        "ConvTransposeWithDynamicPads": Operator(conv_transpose, count_conv_transpose, frozenset({2})),
        "CropAndResize": Operator(crop_and_resize, structural=frozenset({2, 3})),
        "DynamicQuantizeLSTM": Operator(recurrent, count_recurrent, frozenset({4, 8, 9, 10, 11}), bounded=True),
        "DynamicTimeWarping": Operator(time_warping),
        "ExpandDims": Operator(expand_dims, structural=frozenset({1})),
        "FusedConv": Operator(conv, count_conv),
        "GatherND": Operator(gather_nd, structural=frozenset({1})),
        "Irfft": Operator(inverse_transform, count_transform, bounded=True),
        "NGramRepeatBlock": Operator(like_scores),
        "QLinearConv": Operator(quantised_conv, count_qlinear_conv, frozenset({1, 2, 4, 5, 6, 7})),
        "QuantizeBFP": Operator(quantise_blocks),
        "Range": Operator(range_, structural=frozenset({0, 1, 2})),
        "RemovePadding": Operator(remove_padding, structural=frozenset({1})),
        "RestorePadding": Operator(restore_padding, structural=frozenset({1})),
        "Tokenizer": Operator(tokenise),
        "TorchEmbedding": Operator(embedding, structural=frozenset({1, 2, 3})),
        "UnfoldTensor": Operator(unfold),
        "Unique": Operator(unique),
        "VarlenCausalConvWithState": Operator(packed_causal_conv, count_causal_conv, frozenset({2, 5})),
        "WordConvEmbedding": Operator(embed_words, count_embed_words, bounded=True),
    }
)
