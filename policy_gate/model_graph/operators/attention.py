"""Attention: the two matrix products of scaled dot products, and the linear recurrence."""

from __future__ import annotations

from collections.abc import Sequence

from policy_gate.frozen import dataclass
from policy_gate.model_graph.call import Call
from policy_gate.model_graph.dtypes import NAMES
from policy_gate.model_graph.operators.table import Operator, Table, Work
from policy_gate.model_graph.values import Dim, Dims, Hole, Value, broken, count, known_count


@dataclass(frozen=True, slots=True)
class Heads:
    """The sizes of one attention: `keys` counts past ones too."""

    batch: Dim
    query_heads: Dim
    key_heads: Dim
    queries: Dim
    keys: Dim
    depth: Dim
    value_depth: Dim
    packed: bool


def _unpacked(shape: Dims, heads: int) -> tuple[Dim, Dim, Dim, Dim]:
    """Return batch, heads, length and depth of a tensor in either layout."""
    if len(shape) == 4:
        return shape[0], shape[1], shape[2], shape[3]
    if len(shape) != 3 or heads < 1:
        raise broken("attention takes four dimensions, or three and the number of heads")
    return shape[0], heads, shape[1], _shared(shape[2], heads)


def _shared(extent: Dim, parts: int) -> Dim:
    if isinstance(extent, Hole):
        return Hole(extent.cause)
    if extent % parts:
        raise broken(f"{extent} features do not divide into {parts} heads")
    return extent // parts


def _sum(left: Dim, right: Dim) -> Dim:
    if isinstance(left, Hole) or isinstance(right, Hole):
        hole = left if isinstance(left, Hole) else right
        return Hole(hole.cause) if isinstance(hole, Hole) else 0
    return left + right


def _heads(call: Call) -> Heads:
    query_heads, key_heads = call.int_attribute("q_num_heads", 0), call.int_attribute("kv_num_heads", 0)
    batch, q_heads, queries, depth = _unpacked(call.shape(0), query_heads)
    _, k_heads, keys, _ = _unpacked(call.shape(1), key_heads)
    _, _, _, value_depth = _unpacked(call.shape(2), key_heads)
    if call.optional(4) is not None:
        keys = _sum(keys, call.rank(4, 4)[2])
    return Heads(batch, q_heads, k_heads, queries, keys, depth, value_depth, packed=len(call.shape(0)) == 3)


def attention(call: Call) -> Sequence[Value]:
    """Attention: like the query with the value's depth; present keys and values; the scores."""
    sizes, dtype = _heads(call), call.value(0).dtype
    if sizes.packed:
        found: Dims = (sizes.batch, sizes.queries, count((sizes.query_heads, sizes.value_depth)))
    else:
        found = (sizes.batch, sizes.query_heads, sizes.queries, sizes.value_depth)
    past: Dims = (sizes.batch, sizes.key_heads, sizes.keys)
    scores: Dims = (sizes.batch, sizes.query_heads, sizes.queries, sizes.keys)
    keys, values = (
        Value(call.value(1).dtype, (*past, sizes.depth)),
        Value(call.value(2).dtype, (*past, sizes.value_depth)),
    )
    return (Value(dtype, found), keys, values, Value(dtype, scores))


def count_attention(call: Call, _: Sequence[Value]) -> Work:
    """Query heads x queries x keys x (depth + value depth); an upper bound where masks leave keys out."""
    sizes = _heads(call)
    pairs = (sizes.batch, sizes.query_heads, sizes.queries, sizes.keys, _sum(sizes.depth, sizes.value_depth))
    windows = [call.int_attribute(name, -1) >= 0 for name in ("left_window_size", "right_window_size")]
    masked = bool(call.int_attribute("is_causal", 0)) or any(windows) or call.optional(6) is not None
    return Work(dense=known_count(pairs), bounded=masked)


def flex_attention(call: Call) -> Sequence[Value]:
    """FlexAttention: like the query with the value's depth; what is done to scores and probabilities is a subgraph."""
    sizes = _heads(call)
    if sizes.packed:
        raise broken("FlexAttention takes four dimensions")
    double = call.value(0).dtype == "float64"
    dtype = NAMES.get(call.int_attribute("softmax_precision", 0), "float64" if double else "float32")
    scores: Dims = (sizes.batch, sizes.query_heads, sizes.queries, sizes.keys)
    graphs = [call.graph_attribute(name) for name in ("score_mod", "prob_mod") if call.has(name)]
    call.bodies = tuple(call.inference.body(call, graph, (Value(dtype, scores),)) for graph in graphs)
    found: Dims = (sizes.batch, sizes.query_heads, sizes.queries, sizes.value_depth)
    return (Value(call.value(0).dtype, found),)


def count_flex_attention(call: Call, outputs: Sequence[Value]) -> Work:
    """As Attention, and what the subgraphs take."""
    total = count_attention(call, outputs)
    for body in call.bodies:
        total = total.plus(body.work())
    return total


def linear_attention(call: Call) -> Sequence[Value]:
    """LinearAttention: B x T x (query heads x value depth), and a state of B x heads x depth x value depth."""
    sizes = _heads_of_linear(call)
    found: Dims = (sizes.batch, sizes.queries, count((sizes.query_heads, sizes.value_depth)))
    state: Dims = (sizes.batch, sizes.key_heads, sizes.depth, sizes.value_depth)
    return (Value(call.value(0).dtype, found), Value(call.value(0).dtype, state))


def _heads_of_linear(call: Call) -> Heads:
    query_heads, key_heads = call.int_attribute("q_num_heads"), call.int_attribute("kv_num_heads")
    batch, q_heads, queries, depth = _unpacked(call.rank(0, 3), query_heads)
    _, k_heads, keys, _ = _unpacked(call.rank(1, 3), key_heads)
    _, _, _, value_depth = _unpacked(call.rank(2, 3), key_heads)
    return Heads(batch, q_heads, k_heads, queries, keys, depth, value_depth, packed=True)


def count_linear_attention(call: Call, _: Sequence[Value]) -> Work:
    """For each token depth x value depth: read by each head, written by each key head, and read for `delta`."""
    sizes = _heads_of_linear(call)
    passes = 2 if "delta" in call.text_attribute("update_rule", "gated_delta") else 1
    written = count((sizes.key_heads, passes))
    token = (sizes.batch, sizes.queries, sizes.depth, sizes.value_depth)
    readers = max(call.int_attribute("q_num_heads"), call.int_attribute("kv_num_heads"))
    return Work(dense=known_count((*token, _sum(readers, written))))


PREVIEW: Table = {"FlexAttention": Operator(flex_attention, count_flex_attention, bounded=True, derived=False)}

TABLE: Table = {
    "Attention": Operator(attention, count_attention, frozenset({3, 6}), bounded=True),
    "LinearAttention": Operator(linear_attention, count_linear_attention),
}
