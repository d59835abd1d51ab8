"""Matrix products of TFLite: output shapes and multiply-accumulates."""

from __future__ import annotations

from collections.abc import Sequence

from policy_gate.model_graph.call import Call
from policy_gate.model_graph.operators.table import Operator, Table, Work
from policy_gate.model_graph.operators.tflite_inputs import asked_shape, share
from policy_gate.model_graph.values import Dim, Dims, Hole, Value, broadcast, broken, count, known_count, known_dims

WIDER = {"FULLY_CONNECTED": "int16", "BATCH_MATMUL": "int32"}
"""The type that a product of 8 bits may be written in besides that of its data, when the file says so."""


def product_dtype(call: Call) -> str:
    """Return the type of a product: its data's, also where only the weights are quantised (hybrid)."""
    dtype, wider = call.value(0).dtype, WIDER[call.node.op]
    wide = dtype in {"int8", "uint8"} and bool(call.scope.claims) and call.claimed_dtype(0) == wider
    return wider if wide else dtype


def _weights(call: Call) -> tuple[int, int]:
    """Return the units and the features they read."""
    units, features = known_dims(call.rank(1, 2))
    if units < 1 or features < 1:
        raise broken(f"the weights are {units}x{features}")
    return units, features


def _rows(call: Call) -> Dim:
    """Return how many times the weights are read: all elements of the data by the features."""
    shape, (_, features) = call.shape(0), _weights(call)
    if shape and shape[-1] == features:
        return shape[0] if len(shape) == 2 else count(shape[:-1])
    return share(count(shape), features)


def fully_connected(call: Call) -> Sequence[Value]:
    """FULLY_CONNECTED: rows x units; with `keep_num_dims` the data's shape with units last."""
    shape, (units, features) = call.shape(0), _weights(call)
    found: Dims = (_rows(call), units)
    if call.int_attribute("keep_num_dims", 0):
        if not shape or (isinstance(shape[-1], int) and shape[-1] != features):
            raise broken(f"the weights take {features} features, the last axis of the data holds others")
        found = (*shape[:-1], units)
    shuffled = call.text_attribute("weights_format", "DEFAULT") == "SHUFFLED4x16INT8"
    return (Value(product_dtype(call), found), *([Value("uint8", shape)] if shuffled else []))


def count_fully_connected(call: Call, _: Sequence[Value]) -> Work:
    """Rows x units x features; the bias is no product."""
    return Work(dense=known_count((_rows(call), *_weights(call))))


def _sides(call: Call) -> tuple[Dims, Dim, Dim, Dim]:
    """Return the batch, rows, columns and inner extent of a batched product."""
    left, right = call.shape(0), call.shape(1)
    if len(left) < 2 or len(right) < 2:
        raise broken(f"a batched product of rank {len(left)} and {len(right)}")
    rows, inner = left[-2:][:: -1 if call.int_attribute("adj_x", 0) else 1]
    other, columns = right[-2:][:: -1 if call.int_attribute("adj_y", 0) else 1]
    if isinstance(inner, int) and isinstance(other, int) and inner != other:
        raise broken(f"a product over {inner} and {other} elements")
    return broadcast([left[:-2], right[:-2]]), rows, columns, other if isinstance(inner, Hole) else inner


def batch_matmul(call: Call) -> Sequence[Value]:
    """BATCH_MATMUL: the last two axes are multiplied, `adj_x` and `adj_y` transpose them; the others broadcast."""
    batch, rows, columns, _ = _sides(call)
    return (Value(product_dtype(call), (*batch, rows, columns)),)


def count_batch_matmul(call: Call, _: Sequence[Value]) -> Work:
    """Batch x rows x columns x inner."""
    batch, rows, columns, inner = _sides(call)
    return Work(dense=known_count((*batch, rows, columns, inner)))


def embedding_lookup_sparse(call: Call) -> Sequence[Value]:
    """EMBEDDING_LOOKUP_SPARSE: ids, indices, dense shape, weights, table; the dense shape's last axis is summed."""
    dense, table = asked_shape(call, 2), call.shape(4)
    if not dense or len(table) < 2:
        raise broken("a sparse look-up takes a table and a dense shape")
    return (Value("float32", dense[:-1] + table[1:]),)


def count_embedding_lookup_sparse(call: Call, _: Sequence[Value]) -> Work:
    """Ids x the size of a row: each id's row is multiplied by its weight and summed."""
    return Work(dense=known_count((*call.rank(0, 1), *call.shape(4)[1:])))


TABLE: Table = {
    "FULLY_CONNECTED": Operator(fully_connected, count_fully_connected),
    "BATCH_MATMUL": Operator(batch_matmul, count_batch_matmul),
    "EMBEDDING_LOOKUP_SPARSE": Operator(
        embedding_lookup_sparse, count_embedding_lookup_sparse, structural=frozenset({0, 1, 2})
    ),
}
