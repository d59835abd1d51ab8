"""Attention of com.microsoft: projections where the operator holds them, then both products of the scores.

Sizes are those of onnxruntime docs/ContribOperators.md. Where a mask, a causal rule or a cache that is larger than what
it holds leaves keys out, the count is an upper bound.
"""

from __future__ import annotations

from collections.abc import Sequence

from policy_gate.frozen import dataclass
from policy_gate.model_graph.call import Call
from policy_gate.model_graph.folding import elements_of
from policy_gate.model_graph.operators.attention import count_linear_attention, linear_attention
from policy_gate.model_graph.operators.table import Operator, Table, Work
from policy_gate.model_graph.values import Dim, Dims, Hole, Value, broken, count, known_count, known_dims


@dataclass(frozen=True, slots=True)
class Layout:
    """Where one operator has its parts among its inputs; -1 for what it does not have."""

    weight: int = 1
    past: int = -1
    mask: int = -1
    dtype: int = 0


_PROJECTING = {
    "Attention": Layout(past=4, mask=3),
    "DecoderMaskedSelfAttention": Layout(past=4, mask=3),
    "QAttention": Layout(past=8, mask=5, dtype=2),
}


def _heads(call: Call, name: str = "num_heads") -> int:
    heads = call.int_attribute(name)
    if heads < 1:
        raise broken(f"{name} is {heads}, at least 1")
    return heads


def _shared(extent: Dim, parts: int) -> Dim:
    if isinstance(extent, Hole):
        return Hole(extent.cause)
    if extent % parts:
        raise broken(f"{extent} features do not divide into {parts} parts")
    return extent // parts


def _sum(*extents: Dim) -> Dim:
    hole = next((each for each in extents if isinstance(each, Hole)), None)
    return Hole(hole.cause) if hole is not None else sum(each for each in extents if isinstance(each, int))


def _widths(call: Call, layout: Layout) -> tuple[int, int, int]:
    """Return the widths of queries, keys and values that the merged weight makes."""
    columns = known_dims(call.rank(layout.weight, 2))[1]
    given = call.ints_attribute("qkv_hidden_sizes")
    if not given:
        third = known_count((_shared(columns, 3),))
        return third, third, third
    if len(given) != 3 or sum(given) != columns or min(given) < 1:
        raise broken(f"qkv_hidden_sizes {given} do not fit a weight of {columns} columns")
    return given[0], given[1], given[2]


def _past_length(call: Call, index: int) -> Dim:
    """Return the keys kept from before: axis 3 of a past that stacks keys and values."""
    return call.rank(index, 5)[3] if call.optional(index) is not None else 0


def _keys(call: Call, layout: Layout) -> Dim:
    """Return the most keys a query sees: those in a shared cache, else past and new ones."""
    past = _past_length(call, layout.past)
    if call.int_attribute("past_present_share_buffer", 0) and call.optional(layout.past) is not None:
        return past
    return _sum(past, call.rank(0, 3)[1])


def projecting(call: Call) -> Sequence[Value]:
    """Attention, DecoderMaskedSelfAttention, QAttention: batch x length x values' width, and the new past."""
    layout = _PROJECTING[call.node.op]
    batch, length, _ = call.rank(0, 3)
    query, _, value = _widths(call, layout)
    dtype, heads = call.value(layout.dtype).dtype, _heads(call)
    present: Dims = (2, batch, heads, _keys(call, layout), _shared(query, heads))
    return (Value(dtype, (batch, length, value)), Value(dtype, present))


def count_projecting(call: Call, _: Sequence[Value]) -> Work:
    """Tokens x input x merged columns, then tokens x keys x (keys' width + values' width)."""
    layout = _PROJECTING[call.node.op]
    batch, length, features = call.rank(0, 3)
    query, key, value = _widths(call, layout)
    merged = known_count((batch, length, features, query + key + value))
    scores = known_count((batch, length, _keys(call, layout), query + value))
    cut = bool(call.int_attribute("unidirectional", 0)) or call.optional(layout.mask) is not None
    cut = cut or bool(call.int_attribute("past_present_share_buffer", 0))
    return Work(dense=merged + scores, bounded=cut)


def ordered(call: Call) -> Sequence[Value]:
    """QOrderedAttention: batch x length x values' width, in int8."""
    batch, length, _ = call.rank(0, 3)
    return (Value("int8", (batch, length, call.rank(7, 2)[1])),)


def count_ordered(call: Call, _: Sequence[Value]) -> Work:
    """As Attention, with three weights."""
    batch, length, features = call.rank(0, 3)
    query, key, value = (call.rank(index, 2)[1] for index in (5, 6, 7))
    keys = _sum(_past_length(call, 18), length)
    merged = known_count((batch, length, features, _sum(query, key, value)))
    cut = bool(call.int_attribute("unidirectional", 0)) or call.optional(17) is not None
    return Work(dense=merged + known_count((batch, length, keys, _sum(query, value))), bounded=cut)


@dataclass(frozen=True, slots=True)
class Sizes:
    """The sizes of an attention whose projections stand before it; `query` and `value` are whole widths."""

    batch: Dim
    queries: Dim
    keys: Dim
    query: Dim
    value: Dim
    exact: bool


def _separate(call: Call, past: int, mask: int, share: bool) -> Sizes:
    """Sizes of MultiHeadAttention and DecoderMaskedMultiHeadAttention."""
    shape = call.shape(0)
    if len(shape) not in (3, 5):
        raise broken(f"queries have three dimensions or five, not {len(shape)}")
    batch, queries = shape[0], shape[1]
    query = value = shape[2] if len(shape) == 3 else count((shape[2], shape[4]))
    keys: Dim = queries
    if call.optional(1) is not None:
        keys, value = _keys_and_width(call, query)
    elif len(shape) == 3:
        query = value = _shared(shape[2], 3)
    kept: Dim = call.rank(past, 4)[2] if call.optional(past) is not None else 0
    keys = kept if share and call.optional(past) is not None else _sum(keys, kept)
    exact = call.optional(mask) is None and not share and not call.int_attribute("unidirectional", 0)
    return Sizes(batch, queries, keys, query, value, exact)


def _keys_and_width(call: Call, query: Dim) -> tuple[Dim, Dim]:
    """Return how many keys there are and the values' width, in any of the layouts."""
    shape = call.shape(1)
    if len(shape) == 5:  # keys and values in one
        return shape[1], query
    if len(shape) == 4:  # batch x heads x keys x depth
        return shape[2], count((call.rank(2, 4)[1], call.rank(2, 4)[3]))
    return call.rank(1, 3)[1], call.rank(2, 3)[2]


def _sizes(call: Call) -> Sizes:
    if call.node.op == "MultiHeadAttention":
        return _separate(call, 6, 4, call.optional(8) is not None)
    return _separate(call, 5, 3, bool(call.int_attribute("past_present_share_buffer", 0)))


def separate(call: Call) -> Sequence[Value]:
    """MultiHeadAttention, DecoderMaskedMultiHeadAttention: the values' width; present keys and values; the scores."""
    sizes, heads, dtype = _sizes(call), _heads(call), call.value(0).dtype
    past: Dims = (sizes.batch, heads, sizes.keys)
    scores: Dims = (sizes.batch, heads, sizes.queries, sizes.keys)
    return (
        Value(dtype, (sizes.batch, sizes.queries, sizes.value)),
        Value(dtype, (*past, _shared(sizes.query, heads))),
        Value(dtype, (*past, _shared(sizes.value, heads))),
        Value(dtype, scores),
    )


def _scores(sizes: Sizes) -> Work:
    products = (sizes.batch, sizes.queries, sizes.keys, _sum(sizes.query, sizes.value))
    return Work(dense=known_count(products), bounded=not sizes.exact)


def count_separate(call: Call, _: Sequence[Value]) -> Work:
    """Queries x keys x (keys' width + values' width)."""
    return _scores(_sizes(call))


def _grouped_sizes(call: Call) -> tuple[Sizes, Dim]:
    """Sizes of GroupQueryAttention and SparseAttention, and the depth of a head."""
    batch, queries, width = call.rank(0, 3)
    heads, key_heads = _heads(call), _heads(call, "kv_num_heads")
    together = call.optional(1) is None
    depth = _shared(width, heads + 2 * key_heads if together else heads)
    query = count((heads, depth))
    kept: Dim = call.rank(3, 4)[2] if call.optional(3) is not None else 0
    new: Dim = queries if together else call.rank(1, 3)[1]
    keys = kept if call.node.op == "SparseAttention" else _sum(kept, new)
    total = elements_of(call.value(6)) if call.node.op == "GroupQueryAttention" else None
    if total is not None and len(total) == 1 and isinstance(total[0], int) and isinstance(keys, int):
        keys = max(0, min(keys, total[0]))
    exact = total is not None and not call.int_attribute("causal", 1) and call.optional(16) is None
    return Sizes(batch, queries, keys, query, query, exact), depth


def grouped(call: Call) -> Sequence[Value]:
    """GroupQueryAttention, SparseAttention: the queries' shape; present keys and values, as long as they can be."""
    sizes, depth = _grouped_sizes(call)
    heads, first = _heads(call, "kv_num_heads"), call.value(0)
    cache = call.optional(3)
    present: Dims = (sizes.batch, heads, sizes.keys, depth)
    if cache is not None:
        present = (sizes.batch, heads, sizes.keys, cache.dims[-1])
    dtype = first.dtype if cache is None else cache.dtype
    scores: Dims = (sizes.batch, _heads(call), sizes.queries, sizes.keys)
    return (
        Value(first.dtype, (sizes.batch, sizes.queries, sizes.query)),
        Value(dtype, present),
        Value(dtype, present),
        Value(first.dtype, scores),
    )


def count_grouped(call: Call, _: Sequence[Value]) -> Work:
    """Queries x keys x twice the queries' width: each group of query heads reads its key head."""
    return _scores(_grouped_sizes(call)[0])


def _packed_sizes(call: Call) -> tuple[Dim, Dim, Dim, Dim]:
    """Return tokens, the longest sequence, and both widths, of PackedAttention and PackedMultiHeadAttention."""
    shape = call.shape(0)
    if call.node.op == "PackedAttention":
        query, _, value = _widths(call, Layout())
        return call.rank(0, 2)[0], call.rank(3, 2)[1], query, value
    if len(shape) == 4:  # tokens x heads x 3 x depth
        width = count((shape[1], shape[3]))
        return shape[0], call.rank(4, 2)[1], width, width
    return call.rank(0, 2)[0], call.rank(4, 2)[1], shape[1], call.rank(2, 2)[1]


def packed(call: Call) -> Sequence[Value]:
    """PackedAttention, PackedMultiHeadAttention: tokens x values' width."""
    tokens, _, _, value = _packed_sizes(call)
    return (Value(call.value(0).dtype, (tokens, value)),)


def count_packed(call: Call, _: Sequence[Value]) -> Work:
    """Tokens x the longest sequence x both widths; no sequence is longer."""
    tokens, longest, query, value = _packed_sizes(call)
    scores = known_count((tokens, longest, _sum(query, value)))
    merged = known_count((*call.shape(0), call.rank(1, 2)[1])) if call.node.op == "PackedAttention" else 0
    return Work(dense=scores + merged, bounded=True)


def paged(call: Call) -> Sequence[Value]:
    """PagedAttention: tokens x query heads x values' depth; both caches as they were."""
    tokens, width = call.rank(0, 2)
    heads, key_heads = _heads(call), _heads(call, "kv_num_heads")
    depth = _shared(width, heads + 2 * key_heads if call.optional(1) is None else heads)
    narrow = call.int_attribute("v_head_size", 0)
    caches = [Value(each.dtype, each.shape) for each in (call.value(3), call.optional(4)) if each is not None]
    return [Value(call.value(0).dtype, (tokens, count((heads, narrow or depth)))), *caches]


def count_paged(call: Call, outputs: Sequence[Value]) -> Work:
    """Tokens x the keys that all blocks of a sequence hold x both widths."""
    keys = count((call.rank(7, 2)[1], call.rank(3, 4)[1]))
    query = count((_heads(call), call.rank(3, 4)[3]))
    if call.text_attribute("k_cache_dtype", ""):
        query = _sum(query, query)  # two elements in a byte, at most
    return Work(dense=known_count((outputs[0].dims[0], keys, _sum(query, outputs[0].dims[1]))), bounded=True)


def longformer(call: Call) -> Sequence[Value]:
    """LongformerAttention, QOrderedLongformerAttention: like the input."""
    first = call.value(0)
    return (Value(first.dtype, call.rank(0, 3)),)


def count_longformer(call: Call, _: Sequence[Value]) -> Work:
    """Both projections of each token, then each token x all tokens: an upper bound of the window and global tokens."""
    batch, length, hidden = call.rank(0, 3)
    weights = [call.rank(index, 2) for index in ((2, 8) if call.node.op.startswith("Q") else (1, 4))]
    merged = sum(known_count((batch, length, *weight)) for weight in weights)
    return Work(dense=merged + known_count((batch, length, length, hidden, 2)), bounded=True)


def linear(call: Call) -> Sequence[Value]:
    """LinearAttention: as ai.onnx has it; a head an output of the more numerous."""
    if call.int_attribute("state_window", 0):
        raise call.unsupported("a window of states is not followed")
    found, state = linear_attention(call)
    ratio = call.int_attribute("kv_num_heads") // max(call.int_attribute("q_num_heads"), 1)
    if ratio > 1:
        found = Value(found.dtype, (*found.dims[:-1], count((found.dims[-1], ratio))))
    return (found, state)


TABLE: Table = {
    "Attention": Operator(projecting, count_projecting, frozenset({3, 6}), bounded=True),
    "DecoderMaskedMultiHeadAttention": Operator(separate, count_separate, frozenset({3, 7, 8, 9}), bounded=True),
    "DecoderMaskedSelfAttention": Operator(projecting, count_projecting, frozenset({3, 6, 7, 8}), bounded=True),
    "GroupQueryAttention": Operator(grouped, count_grouped, frozenset({5, 6, 9, 12, 13}), bounded=True),
    "LinearAttention": Operator(linear, count_linear_attention),
    "LongformerAttention": Operator(longformer, count_longformer, frozenset({3, 6}), bounded=True),
    "MultiHeadAttention": Operator(separate, count_separate, frozenset({4, 8, 9}), bounded=True),
    "PackedAttention": Operator(packed, count_packed, frozenset({3, 4}), bounded=True),
    "PackedMultiHeadAttention": Operator(packed, count_packed, frozenset({4, 5}), bounded=True),
    "PagedAttention": Operator(paged, count_paged, frozenset({5, 6, 7, 10, 14, 15}), bounded=True),
    "QAttention": Operator(projecting, count_projecting, frozenset({3, 4, 5, 6, 7}), bounded=True),
    "QOrderedAttention": Operator(
        ordered, count_ordered, frozenset({1, 2, 3, 4, 8, 9, 10, 14, 15, 16, 17}), bounded=True
    ),
    "QOrderedLongformerAttention": Operator(
        longformer, count_longformer, frozenset({1, 3, 5, 6, 7, 9, 11, 12, 13}), bounded=True
    ),
    "SparseAttention": Operator(grouped, count_grouped, frozenset({5, 6, 7, 8}), bounded=True),
}
