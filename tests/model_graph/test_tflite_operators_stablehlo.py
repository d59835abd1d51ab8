"""Operators of StableHLO inside TFLite: shapes and products by their options."""

from __future__ import annotations

import pytest
from tflite_graphs import Take, call, graph, node, take, weight

from policy_gate.errors import Reason
from policy_gate.model_graph.operators.table import NO_WORK, Work


def test_nothing_broadcasts_by_itself() -> None:
    assert call("STABLEHLO_ADD", take(2, 3), take(2, 3)).shape == (2, 3)
    assert call("STABLEHLO_ADD", take(2, 3), take(1, 3)).faults
    assert call("STABLEHLO_COMPARE", take(2), take(2), makes=("bool",)).dtypes == ["bool"]
    assert call("STABLEHLO_SELECT", take(dtype="bool"), take(2, 3), take(2, 3)).shape == (2, 3)
    assert call("STABLEHLO_CONVERT", take(2), makes=("int8",)).dtypes == ["int8"]


def test_slices_pads_and_orders_come_from_options() -> None:
    cut = {"start_indices": (1, 0), "limit_indices": (4, 5), "strides": (2, 1)}
    assert call("STABLEHLO_SLICE", take(4, 5), **cut).shape == (2, 5)
    assert call("STABLEHLO_SLICE", take(3, 5), **cut).faults
    assert call("STABLEHLO_DYNAMIC_SLICE", take(4, 5), take(), take(), slice_sizes=(2, 3)).shape == (2, 3)
    edges = {"edge_padding_low": (1, -1), "edge_padding_high": (0, 2), "interior_padding": (2, 0)}
    assert call("STABLEHLO_PAD", take(3, 4), take(), **edges).shape == (8, 5)
    assert call("STABLEHLO_TRANSPOSE", take(3, 4, 5), permutation=(2, 0, 1)).shape == (5, 3, 4)
    assert call("STABLEHLO_CONCATENATE", take(3, 4), take(3, 1), dimension=1).shape == (3, 5)


def test_a_gather_places_its_slices_among_the_batch() -> None:
    options = {"offset_dims": (2, 3), "collapsed_slice_dims": (0,), "start_index_map": (1, 0), "index_vector_dim": 2}
    found = call("STABLEHLO_GATHER", take(4, 5, 6), take(7, 8, 2, dtype="int64"), slice_sizes=(1, 2, 3), **options)
    assert found.shape == (7, 8, 2, 3)


def test_a_general_product_names_its_axes() -> None:
    options = {
        "lhs_batching_dimensions": (0,), "rhs_batching_dimensions": (1,),
        "lhs_contracting_dimensions": (2,), "rhs_contracting_dimensions": (0,),
    }  # fmt: skip
    found = call("STABLEHLO_DOT_GENERAL", take(7, 3, 4), take(4, 7, 5), **options)
    assert (found.shape, found.work) == ((7, 3, 5), Work(dense=7 * 3 * 5 * 4))
    assert call("STABLEHLO_DOT_GENERAL", take(7, 3, 4), take(9, 7, 5), **options).faults


CONVOLUTION = {
    "window_strides": (2, 1), "padding": (1, 1, 0, 0), "lhs_dilation": (1, 1), "rhs_dilation": (1, 2),
    "input_batch_dimension": 0, "input_feature_dimension": 3, "input_spatial_dimensions": (1, 2),
    "kernel_input_feature_dimension": 2, "kernel_output_feature_dimension": 3, "kernel_spatial_dimensions": (0, 1),
    "output_batch_dimension": 0, "output_feature_dimension": 3, "output_spatial_dimensions": (1, 2),
    "feature_group_count": 1, "batch_group_count": 1,
}  # fmt: skip


def test_a_convolution_names_its_axes() -> None:
    found = call("STABLEHLO_CONVOLUTION", take(1, 8, 9, 4), weight(3, 3, 4, 5), **CONVOLUTION)
    assert (found.shape, found.work) == ((1, 4, 5, 5), Work(conv=100 * 36))
    groups = call(
        "STABLEHLO_CONVOLUTION", take(1, 8, 9, 4), weight(3, 3, 1, 4), **(CONVOLUTION | {"feature_group_count": 4})
    )
    assert groups.work == Work(depthwise=80 * 9)
    assert call("STABLEHLO_CONVOLUTION", take(1, 8, 9, 3), weight(3, 3, 4, 5), **CONVOLUTION).faults
    batches = call(
        "STABLEHLO_CONVOLUTION", take(2, 8, 9, 4), weight(3, 3, 4, 5), **(CONVOLUTION | {"batch_group_count": 2})
    )
    assert batches.cause is not None


SCALARS = [("a", Take(())), ("b", Take(()))]
ADDS = graph([node("ADD", "a b")], SCALARS)
MULTIPLIES = graph([node("RESHAPE", "a", "m", new_shape=(1, 1)), node("FULLY_CONNECTED", "m m -")], SCALARS)


def test_a_reduction_applies_a_subgraph_that_must_not_multiply_matrices() -> None:
    assert call("STABLEHLO_REDUCE", take(2, 3), take(), dimensions=(1,), body=ADDS).shape == (2,)
    found = call("STABLEHLO_REDUCE", take(2, 3), take(), dimensions=(1,), body=MULTIPLIES)
    assert found.cause is not None
    assert found.cause.reason is Reason.UNSUPPORTED_OPERATOR
    window = {"window_dimensions": (2, 2), "window_strides": (2, 1), "padding": (0, 0, 1, 0)}
    assert call("STABLEHLO_REDUCE_WINDOW", take(4, 5), take(), body=ADDS, **window).shape == (2, 5)
    assert call("STABLEHLO_SORT", take(4, 5), dimension=1, comparator=ADDS).shape == (4, 5)
    assert call("STABLEHLO_SCATTER", take(4), take(2, 1), take(2), update_computation=ADDS).shape == (4,)


@pytest.mark.parametrize("op", ["STABLEHLO_RESHAPE", "STABLEHLO_IOTA", "STABLEHLO_BROADCAST_IN_DIM"])
def test_a_shape_that_only_the_file_claims_is_not_taken(op) -> None:
    found = call(op, *([] if op.endswith("IOTA") else [take(4)]))
    assert (found.shapes, found.work, found.cause) == ([None], NO_WORK, None)
