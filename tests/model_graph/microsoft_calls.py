"""One call of each com.microsoft operator that a test can judge: inputs, attributes, and the MACs counted by hand."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import onnx
from onnx import helper, numpy_helper

RANDOM = np.random.default_rng(0)
SCALE = np.array(0.1, np.float32)
ZERO = np.zeros((), np.uint8)
SIGNED = np.zeros((), np.int8)
POINT = (SCALE, ZERO)


class Call(NamedTuple):
    """An operator's inputs (None where left out), how many outputs it has, its MACs, and its attributes."""

    op: str
    inputs: list[np.ndarray | None]
    outputs: int
    macs: int
    attributes: dict[str, object]


def floats(*shape: int) -> np.ndarray:
    return RANDOM.normal(size=shape).astype(np.float32)


def octets(*shape: int) -> np.ndarray:
    return RANDOM.integers(0, 255, shape).astype(np.uint8)


def signed(*shape: int) -> np.ndarray:
    return RANDOM.integers(-100, 100, shape).astype(np.int8)


def whole(*numbers: int, kind: type = np.int64) -> np.ndarray:
    return np.array(numbers, dtype=kind)


def short(*numbers: int) -> np.ndarray:
    return whole(*numbers, kind=np.int32)


def zeros(*shape: int, kind: type = np.int32) -> np.ndarray:
    return np.zeros(shape, kind)


CALLS: dict[str, Call] = {}


def call(
    op: str, inputs: list[np.ndarray | None], outputs: int = 1, macs: int = 0, form: str = "", **attributes
) -> None:
    CALLS[f"{op} {form}".strip()] = Call(op, inputs, outputs, macs, attributes)


def attention() -> None:
    heads = {"num_heads": 2}
    grouped = {"num_heads": 4, "kv_num_heads": 2}
    hidden, past = floats(2, 5, 8), floats(2, 2, 3, 4)
    call("Attention", [hidden, floats(8, 24), floats(24)], 1, 2 * 5 * 8 * 24 + 2 * 5 * 5 * 16, **heads)
    call(
        "Attention", [hidden, floats(8, 24), floats(24), None, floats(2, 2, 2, 3, 4)], 2,
        2 * 5 * 8 * 24 + 2 * 5 * 8 * 16, "with a past", **heads,
    )  # fmt: skip
    call(
        "Attention", [hidden, floats(8, 28), floats(28)], 1, 2 * 5 * 8 * 28 + 2 * 5 * 5 * 20, "of other widths",
        **heads, qkv_hidden_sizes=[8, 8, 12],
    )  # fmt: skip
    call(
        "QAttention", [octets(2, 5, 8), octets(8, 24), floats(24), SCALE, SCALE, None, ZERO, ZERO], 1,
        2 * 5 * 8 * 24 + 2 * 5 * 5 * 16, **heads,
    )  # fmt: skip
    call("MultiHeadAttention", [hidden, floats(2, 7, 8), floats(2, 7, 12)], 1, 2 * 5 * 7 * 20, **heads)
    call(
        "MultiHeadAttention", [hidden, hidden, hidden, None, None, None, past, past], 3, 2 * 5 * 8 * 16, "with a past",
        **heads,
    )  # fmt: skip
    across = floats(2, 2, 7, 4)
    call("MultiHeadAttention", [hidden, across, across], 1, 2 * 5 * 7 * 16, "across", **heads)
    call("MultiHeadAttention", [floats(2, 5, 2, 3, 4)], 1, 2 * 5 * 5 * 16, "packed", **heads)
    key, lengths, cache = floats(2, 5, 16), short(4, 4), floats(2, 2, 5, 8)
    call(
        "GroupQueryAttention", [floats(2, 5, 32), key, key, None, None, lengths, short(5)], 3, 2 * 5 * 5 * 64, **grouped
    )
    call(
        "GroupQueryAttention", [floats(2, 5, 64), None, None, None, None, lengths, short(5)], 3, 2 * 5 * 5 * 64,
        "packed", **grouped,
    )  # fmt: skip
    call(
        "GroupQueryAttention",
        [floats(2, 1, 32), floats(2, 1, 16), floats(2, 1, 16), cache, cache, short(5, 5), short(6)], 3, 2 * 6 * 64,
        "with a past", **grouped,
    )  # fmt: skip
    call("DecoderMaskedMultiHeadAttention", [floats(2, 1, 8)] * 3 + [None, None, past, past], 3, 2 * 4 * 16, **heads)
    call(
        "LinearAttention", [hidden, hidden, hidden, floats(2, 2, 4, 4), floats(2, 5, 2), floats(2, 5, 2)], 2,
        2 * 5 * 4 * 4 * (2 + 2 * 2), q_num_heads=2, kv_num_heads=2,
    )  # fmt: skip
    tokens = floats(7, 8)
    call(
        "PackedMultiHeadAttention", [tokens, tokens, tokens, None, zeros(2, 5), short(0, 4, 7)], 1, 7 * 5 * 16, **heads
    )
    call(
        "LongformerAttention",
        [floats(1, 16, 8), floats(8, 24), floats(24), floats(1, 16), floats(8, 24), floats(24), zeros(1, 16)], 1,
        2 * 16 * 8 * 24 + 16 * 16 * 16, num_heads=2, window=8,
    )  # fmt: skip
    call("RotaryEmbedding", [hidden, zeros(2, 5, kind=np.int64), floats(10, 2), floats(10, 2)])
    call("RelativePositionBias", [floats(32, 2), whole(5), whole(5)], max_distance=8)
    call(
        "GatedRelativePositionBias",
        [hidden, floats(8), floats(1, 2, 5, 5), floats(4, 8), floats(8), floats(1, 2, 1, 1)], 1, 2 * 5 * 8 * 8, **heads,
    )  # fmt: skip


def products() -> None:
    rows, square = floats(2, 5, 8), 2 * 5 * 8 * 6
    call("FusedGemm", [floats(4, 3), floats(4, 5)], 1, 3 * 5 * 4, transA=1, activation="Relu")
    call("FusedMatMul", [floats(2, 4, 3), floats(2, 5, 4)], 1, 2 * 3 * 5 * 4, transA=1, transB=1, alpha=2.0)
    call(
        "FusedMatMul",
        [floats(3, 2, 6, 4), floats(2, 6, 4, 5)],
        1,
        2 * 6 * 3 * 5 * 4,
        "of turned batches",
        transBatchA=1,
    )
    call("TransposeMatMul", [floats(2, 4, 3), floats(2, 4, 5)], 1, 2 * 3 * 5 * 4, transA=1)
    wide = {"K": 32, "N": 6, "block_size": 32}
    call("MatMulNBits", [floats(2, 5, 32), octets(6, 1, 16), floats(6)], 1, 10 * 32 * 6, bits=4, **wide)
    call("MatMulBnb4", [floats(2, 5, 32), octets(96), floats(6)], 1, 10 * 32 * 6, quant_type=1, **wide)
    call("DynamicQuantizeMatMul", [rows, octets(8, 6), *POINT], 1, square)
    call("MatMulIntegerToFloat", [octets(2, 5, 8), octets(8, 6), SCALE, SCALE, ZERO, ZERO], 1, square)
    call("MatMulInteger16", [rows.astype(np.int16), floats(8, 6).astype(np.int16)], 1, square)
    call("QGemm", [octets(5, 8), *POINT, octets(8, 6), *POINT, None, *POINT], 1, 240)
    call("QGemm", [octets(5, 8), *POINT, octets(6, 8), *POINT], 1, 240, "to floats", transB=1)
    call("CDist", [floats(4, 3), floats(5, 3)], 1, 60, metric="euclidean")
    call(
        "MoE", [floats(5, 8), floats(5, 3), floats(3, 16, 8), floats(3, 16), floats(3, 8, 16), floats(3, 8)], 1,
        5 * 2 * (16 * 8 * 2), k=2, activation_type="gelu",
    )  # fmt: skip
    call(
        "QMoE",
        [floats(5, 32), floats(5, 3), octets(3, 16, 16), floats(3, 16), None, octets(3, 32, 8), floats(3, 32)], 1,
        5 * 2 * (16 * 32 * 2), k=2, activation_type="gelu", expert_weight_bits=4,
    )  # fmt: skip
    call("Inverse", [floats(2, 3, 3)], 1, 54)
    call("SparseToDenseMatMul", [floats(3, 4), floats(4, 5)], 1, 60)
    call("MatMulFpQ4", [floats(2, 32), octets(10), whole(32, 5)], 1, 320)
    call(
        "DynamicQuantizeLSTM",
        [floats(5, 2, 3), signed(1, 3, 16), signed(1, 4, 16), floats(1, 32), None, None, None, None]
        + [floats(1), zeros(1, kind=np.int8)] * 2, 3, 5 * 2 * 16 * 7, hidden_size=4,
    )  # fmt: skip
    call("Rfft", [floats(3, 8)], 1, 3 * 8 * 5 * 2, signal_ndim=1)
    call("Irfft", [floats(3, 5, 2)], 1, 3 * 5 * 2 * 8, signal_ndim=1)


def convolutions() -> None:
    image, pixels, weight = floats(2, 4, 9, 9), floats(2, 9, 9, 4), floats(6, 4, 3, 3)
    call("FusedConv", [image, floats(6, 2, 3, 3), floats(6)], 1, 2 * 6 * 49 * 18, group=2, activation="Relu")
    call("NhwcFusedConv", [pixels, weight, floats(6)], 1, 2 * 49 * 6 * 36, activation="Relu")
    parts = [*POINT, signed(6, 4, 3, 3), SCALE, SIGNED, *POINT]
    call("QLinearConv", [octets(2, 4, 9, 9), *parts], 1, 2 * 49 * 6 * 36)
    call("QLinearConv", [octets(2, 9, 9, 4), *parts], 1, 2 * 49 * 6 * 36, "channels last", channels_last=1)
    call(
        "ConvTransposeWithDynamicPads", [floats(2, 4, 5, 5), floats(4, 6, 3, 3), whole(1, 1, 1, 1)], 1, 2 * 4 * 25 * 54
    )
    call("CausalConvWithState", [floats(2, 4, 9), floats(4, 1, 3), floats(4)], 2, 2 * 4 * 9 * 3)
    call("WordConvEmbedding", [zeros(3, 7) + 1, floats(4, 1, 3, 5), floats(4), floats(10, 5)], 1, 3 * 5 * 4 * 15)


def quantised() -> None:
    pair, pool = [*POINT, *POINT], {"kernel_shape": [3, 3], "strides": [2, 2]}
    call("QLinearAdd", [octets(2, 5), *POINT, octets(5), *pair])
    call("QLinearMul", [octets(2, 5), *POINT, octets(2, 1), *pair])
    call("QLinearConcat", [*POINT, octets(2, 5), *POINT, octets(3, 5), *POINT], axis=0)
    call("QLinearAveragePool", [octets(2, 4, 9, 9), *pair], **pool)
    call("QLinearAveragePool", [octets(2, 9, 9, 4), *pair], 1, 0, "channels last", channels_last=1, **pool)
    call("QLinearGlobalAveragePool", [octets(2, 4, 9, 9), *pair])
    call("QLinearGlobalAveragePool", [octets(2, 9, 9, 4), *pair], 1, 0, "channels last", channels_last=1)
    call("QLinearLeakyRelu", [octets(2, 5), *pair])
    call("QLinearSigmoid", [octets(2, 5), *pair])
    call("QLinearSoftmax", [octets(2, 5), *pair], opset=13)
    call("QLinearWhere", [np.ones((2, 1), bool), octets(2, 5), *POINT, octets(5), *pair])
    call("QLinearReduceMean", [octets(2, 5), *pair], axes=[1], keepdims=0)
    call("QuantizeLinear", [floats(2, 5), *POINT])
    call("DequantizeLinear", [octets(2, 5), *POINT])
    call("NhwcMaxPool", [signed(2, 9, 9, 4)], **pool)
    call("MaxpoolWithMask", [floats(2, 4, 9, 9), zeros(1, 1, 9, 9) + 1], kernel_shape=[3, 3])
    call(
        "GatherBlockQuantized", [octets(6, 16), zeros(2, 3, kind=np.int64), floats(6, 1)], gather_axis=0,
        quantize_axis=1, block_size=32, bits=4,
    )  # fmt: skip
    call("QOrderedGelu", [signed(2, 5, 8), SCALE, SCALE])
    call("MulInteger", [octets(2, 5), ZERO, octets(5), ZERO])


def elementwise() -> None:
    hidden = floats(2, 5, 8)
    call("SkipLayerNormalization", [hidden, hidden, floats(8), floats(8)], 4)
    call("SkipSimplifiedLayerNormalization", [hidden, hidden, floats(8)], 4)
    ids = [zeros(2, 5), zeros(2, 5)]
    call("EmbedLayerNormalization", [*ids, floats(10, 8), floats(10, 8), floats(2, 8), floats(8), floats(8)], 3)
    tables = [octets(10, 8), octets(10, 8), octets(2, 8), octets(8), octets(8)]
    call("QEmbedLayerNormalization", [*ids, *tables, None, *[SCALE] * 5, *[ZERO] * 5], 2)
    call("BiasGelu", [hidden, floats(8)])
    call("FastGelu", [hidden, floats(8)])
    call("BiasAdd", [hidden, floats(8), hidden])
    call("BiasSplitGelu", [hidden, floats(8)])
    call("BiasSoftmax", [floats(2, 3, 4), floats(2, 1, 4)], axis=2, is_inner_broadcast=1)
    call("BiasDropout", [floats(2, 5), floats(5)], 2)
    call("BitmaskDropout", [floats(2, 50)], 2)
    call("GroupNorm", [floats(2, 4, 4, 8), floats(8), floats(8)], groups=2, activation=0)
    call("SkipGroupNorm", [floats(2, 4, 4, 8), floats(8), floats(8), floats(2, 4, 4, 8)], 2, groups=2, activation=0)
    call("SwiGLU", [floats(2, 8)])
    call("GatedRMSNorm", [floats(2, 8), floats(8), floats(2, 8)])
    for op in ("Gelu", "QuickGelu", "SampleOp", "ScaledSiLU"):
        call(op, [floats(2, 5)])
    call("Trilu", [floats(3, 3)])
    call("ComplexMul", [floats(2, 5, 2), floats(2, 5, 2)])
    call("IsAllFinite", [floats(3)])
    call("MurmurHash3", [short(1, 2, 3)])


def movement() -> None:
    call("GatherND", [floats(4, 5), zeros(3, 1, kind=np.int64)])
    call("Pad", [floats(2, 3), whole(0, 1, 0, 2)])
    call("Unique", [floats(7)], 3)
    call("ExpandDims", [floats(2, 3), np.array(1, np.int32)])
    call("CropAndResize", [floats(2, 3, 9, 9), floats(4, 4), zeros(4), short(5, 6)])
    call("GridSample", [floats(2, 3, 9, 9), floats(2, 4, 5, 2)])
    call("UnfoldTensor", [floats(3, 9)], dim=-1, size=3, step=2)
    call("TorchEmbedding", [floats(10, 4), whole(1, 2)])
    call("DynamicTimeWarping", [floats(4, 5)])
    call("BifurcationDetector", [whole(1, 2, 3), whole(1, 2), np.array(0, np.int64)], 2)
    call("NGramRepeatBlock", [zeros(2, 4, kind=np.int64) + 1, floats(2, 9)], ngram_size=2)
    call("RemovePadding", [floats(2, 5, 8), short(3, 4)], 4)
    call("RestorePadding", [floats(7, 8), zeros(2, 5)])


for family in (attention, products, convolutions, quantised, elementwise, movement):
    family()


def is_fixed(value: np.ndarray | None) -> bool:
    """Whether an input decides a shape, and so is a constant of the model."""
    return value is not None and value.dtype.kind == "i" and value.dtype.itemsize >= 4 and value.size < 40


def feeds(each: Call) -> dict[str, np.ndarray]:
    return {f"i{index}": value for index, value in enumerate(each.inputs) if value is not None and not is_fixed(value)}


def model_of(each: Call) -> onnx.ModelProto:
    names = ["" if value is None else f"i{index}" for index, value in enumerate(each.inputs)]
    outputs = [f"o{index}" for index in range(each.outputs)]
    node = helper.make_node(each.op, names, outputs, domain="com.microsoft", **each.attributes)
    inputs = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)
        for name, value in feeds(each).items()
    ]
    constants = [
        numpy_helper.from_array(value, name)
        for name, value in zip(names, each.inputs, strict=True)
        if value is not None and is_fixed(value)
    ]
    ends = [helper.make_empty_tensor_value_info(name) for name in outputs]
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    graph = helper.make_graph([node], "g", inputs, ends, constants)
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)
