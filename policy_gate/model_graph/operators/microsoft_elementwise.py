"""Operators of com.microsoft that work element by element or normalise (onnxruntime docs/ContribOperators.md)."""

from __future__ import annotations

from collections.abc import Sequence

from policy_gate.model_graph.call import Call
from policy_gate.model_graph.operators.elementwise import same
from policy_gate.model_graph.operators.table import NO_WORK, Operator, Table, Work, operators
from policy_gate.model_graph.values import Dim, Dims, Hole, Value, broadcast, broken, count, known_count


def joined(call: Call) -> Sequence[Value]:
    """ComplexMul, ComplexMulConj: two operands, broadcast."""
    return (Value(call.value(0).dtype, broadcast([call.shape(0), call.shape(1)])),)


def mul_integer(call: Call) -> Sequence[Value]:
    """MulInteger: operands 0 and 2, broadcast, as int32."""
    return (Value("int32", broadcast([call.shape(0), call.shape(2)])),)


def halved(call: Call) -> Sequence[Value]:
    """BiasSplitGelu, SwiGLU: half of the last axis, unless the other half is an input of its own."""
    shape = call.shape(0)
    if call.node.op == "SwiGLU" and call.optional(1) is not None:
        return same(call)
    return (Value(call.value(0).dtype, (*shape[:-1], _half(shape))),)


def _half(shape: Dims) -> Dim:
    last = shape[-1] if shape else 1
    if isinstance(last, Hole):
        return Hole(last.cause)
    if last % 2:
        raise broken(f"an axis of {last} has no halves")
    return last // 2


def dropout(call: Call) -> Sequence[Value]:
    """BiasDropout: like the data, and a boolean mask."""
    first = call.value(0)
    return (Value(first.dtype, first.shape), Value("bool", first.shape))


def bitmask_dropout(call: Call) -> Sequence[Value]:
    """BitmaskDropout, BitmaskBiasDropout: like the data, and 32 mask bits in each element of a vector."""
    first, total = call.value(0), count(call.shape(0))
    words = Hole(total.cause) if isinstance(total, Hole) else -(-total // 32)
    return (Value(first.dtype, first.shape), Value("uint32", (words,)))


def skip_layer_normalisation(call: Call) -> Sequence[Value]:
    """SkipLayerNormalization, SkipSimplifiedLayerNormalization: like the input; statistics; the sum that was taken."""
    shape, dtype = call.shape(0), call.value(0).dtype
    statistics: Dims = (*shape[:-1], 1)
    return (
        Value(dtype, shape),
        Value("float32", statistics),
        Value("float32", statistics),
        Value(dtype, shape),
    )


def two_alike(call: Call) -> Sequence[Value]:
    """SkipGroupNorm (and the sum it took), LinearAttentionGate (the decay, and beta): two outputs like the input."""
    first = call.value(0)
    return (Value(first.dtype, first.shape), Value(first.dtype, first.shape))


def embed(call: Call) -> Sequence[Value]:
    """EmbedLayerNormalization, QEmbedLayerNormalization: batch x length x hidden; mask lengths; the embeddings' sum."""
    batch, length = call.rank(0, 2)
    hidden = call.rank(2, 2)[1]
    dtype = call.value(8).dtype if call.node.op.startswith("Q") else call.value(2).dtype
    found: Dims = (batch, length, hidden)
    return (Value(dtype, found), Value("int32", (batch,)), Value(dtype, found))


def all_finite(_: Call) -> Sequence[Value]:
    """IsAllFinite: a boolean scalar."""
    return (Value("bool", ()),)


def gemma_rotary(call: Call) -> Sequence[Value]:
    """GemmaRotaryEmbedding: like the queries and the keys."""
    return [Value(call.value(index).dtype, call.value(index).shape) for index in (1, 3)]


def murmur_hash(call: Call) -> Sequence[Value]:
    """MurmurHash3: a 32-bit number for each element."""
    return (Value("uint32" if call.int_attribute("positive", 1) else "int32", call.value(0).shape),)


def inverse(call: Call) -> Sequence[Value]:
    """Inverse: square matrices."""
    shape = call.shape(0)
    if len(shape) < 2 or (isinstance(shape[-1], int) and isinstance(shape[-2], int) and shape[-1] != shape[-2]):
        raise broken("an inverse takes square matrices")
    return same(call)


def count_inverse(call: Call, _: Sequence[Value]) -> Work:
    """Matrices x n^3: an upper bound, as of elimination against the identity (Golub and Van Loan, section 3.4)."""
    shape = call.shape(0)
    return Work(dense=known_count((*shape, shape[-1])), bounded=True)


def count_gate(call: Call, _: Sequence[Value]) -> Work:
    """GatedAdd: rows x the width of the gate where a weight projects it."""
    if call.optional(3) is None:
        return NO_WORK
    return Work(dense=known_count(call.shape(2)))


def ngram_hashes(call: Call) -> Sequence[Value]:
    """NGramHashMapping, VarlenNGramHashMapping: a hash for each order above one and head; the ids carried over."""
    shape, dtype = call.shape(0), call.value(0).dtype
    orders, heads = call.int_attribute("max_ngram_size") - 1, call.int_attribute("n_head_per_ngram")
    if orders < 1 or heads < 1:
        raise broken("an n-gram has two elements or more, and a head or more")
    found = Value(dtype, (*shape, count((orders, heads))))
    if len(shape) == 2 and len(call.node.outputs) <= 2:
        return (found, Value(dtype, (shape[0], orders)))
    if len(call.node.outputs) > 1:
        raise call.unsupported("the state of packed n-grams is not followed")
    return (found,)


def relative_bias(call: Call) -> Sequence[Value]:
    """RelativePositionBias: 1 x heads x queries x keys, looked up in a table."""
    heads = call.rank(0, 2)[1]
    return (Value(call.value(0).dtype, (1, heads, call.scalar(1), call.scalar(2))),)


def count_gated_bias(call: Call, _: Sequence[Value]) -> Work:
    """GatedRelativePositionBias: each head of each token x the columns of the gate's weight."""
    return Work(dense=known_count((*call.shape(0), call.rank(3, 2)[1])))


def gated_bias(call: Call) -> Sequence[Value]:
    """GatedRelativePositionBias: batch x heads x length x length."""
    heads = call.int_attribute("num_heads")
    batch, length = call.rank(6, 2) if call.optional(6) is not None else call.rank(0, 3)[:2]
    return (Value(call.value(0).dtype, (batch, heads, length, length)),)


TABLE: Table = (
    operators(
        same,
        "BiasAdd BiasGelu BiasSoftmax BranchwiseRMSNorm FastGelu GatedRMSNorm Gelu GroupNorm QuickGelu SampleOp "
        "ScaledSiLU",
    )
    | operators(same, "Trilu RotaryEmbedding MRotaryEmbedding", 1)
    | operators(joined, "ComplexMul ComplexMulConj")
    | operators(halved, "BiasSplitGelu SwiGLU")
    | operators(bitmask_dropout, "BitmaskBiasDropout BitmaskDropout")
    | operators(skip_layer_normalisation, "SkipLayerNormalization SkipSimplifiedLayerNormalization")
    | operators(ngram_hashes, "NGramHashMapping VarlenNGramHashMapping")
    | {
        "BiasDropout": Operator(dropout),
        "EmbedLayerNormalization": Operator(embed),
        "QEmbedLayerNormalization": Operator(embed, structural=frozenset(range(8, 18))),
        "GatedAdd": Operator(same, count_gate),
        "GatedRelativePositionBias": Operator(gated_bias, count_gated_bias),
        "GemmaRotaryEmbedding": Operator(gemma_rotary),
        "Inverse": Operator(inverse, count_inverse, bounded=True),
        "IsAllFinite": Operator(all_finite),
        "LinearAttentionGate": Operator(two_alike),
        "MulInteger": Operator(mul_integer, structural=frozenset({1, 3})),
        "MurmurHash3": Operator(murmur_hash),
        "RelativePositionBias": Operator(relative_bias, structural=frozenset({1, 2})),
        "SkipGroupNorm": Operator(two_alike),
    }
)
