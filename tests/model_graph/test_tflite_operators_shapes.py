"""Shapes of TFLite's operators that reshape, slice, join, make and reduce tensors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tflite_graphs import Take, call, model, node, number, numbers, take, walked, weight

from policy_gate.model_graph.operators.table import Work


def test_a_reshape_follows_its_vector_of_int32_else_its_option() -> None:
    assert call("RESHAPE", take(2, 6), numbers(3, 4), new_shape=(12,)).shape == (3, 4)
    assert call("RESHAPE", take(2, 6), new_shape=(4, -1)).shape == (4, 3)
    wide = numbers(3, 4, dtype="int64")
    assert call("RESHAPE", take(2, 6), wide, new_shape=(12,)).shape == (12,)
    rows = numbers(3, 4, dims=(1, 2))
    assert call("RESHAPE", take(2, 6), rows, new_shape=(6, 2)).shape == (6, 2)


def test_a_reshape_to_what_only_a_run_knows_has_a_rank() -> None:
    found = call("RESHAPE", take(2, 6), take(3, dtype="int32"), new_shape=(12,))
    assert found.shape == (None, None, None)


def test_an_old_file_spells_a_scalar_as_a_shape_of_zero() -> None:
    assert call("RESHAPE", take(1, 1), new_shape=(0,)).shape == ()


@pytest.mark.parametrize("asked", [(-1, -1), (5, -1), (-2, 3), (7,), (0, -1)])
def test_a_reshape_that_loses_elements_is_a_contradiction(asked) -> None:
    assert call("RESHAPE", take(2, 6), numbers(*asked)).faults


def test_squeeze_expand_and_transpose() -> None:
    assert call("SQUEEZE", take(1, 3, 1), squeeze_dims=()).shape == (3,)
    assert call("SQUEEZE", take(1, 3, 1), squeeze_dims=(-1,)).shape == (1, 3)
    assert call("SQUEEZE", take(1, 3, 1), squeeze_dims=(1,)).faults
    assert call("EXPAND_DIMS", take(2, 3), number(-1)).shape == (2, 3, 1)
    assert call("TRANSPOSE", take(2, 3, 4), numbers(2, 0, 1)).shape == (4, 2, 3)
    assert call("TRANSPOSE", take(2, 3), take(2, dtype="int32")).shape == (None, None)
    assert call("TRANSPOSE", take(2, 3), numbers(0, 0)).faults


def test_blocks_move_between_space_batch_and_depth() -> None:
    assert call("DEPTH_TO_SPACE", take(1, 2, 3, 8), block_size=2).shape == (1, 4, 6, 2)
    assert call("SPACE_TO_DEPTH", take(1, 4, 6, 2), block_size=2).shape == (1, 2, 3, 8)
    edges = numbers(1, 1, 0, 2, dims=(2, 2))
    assert call("SPACE_TO_BATCH_ND", take(1, 4, 4, 5), numbers(2, 3), edges).shape == (6, 3, 2, 5)
    assert call("BATCH_TO_SPACE_ND", take(6, 3, 2, 5), numbers(2, 3), edges).shape == (1, 4, 4, 5)
    assert call("SPACE_TO_BATCH_ND", take(1, 5, 4, 5), numbers(2, 3), edges).faults


def test_bits_are_read_as_the_type_the_file_says() -> None:
    assert call("BITCAST", take(2, 3, dtype="int32"), makes=("uint8",)).shape == (2, 3, 4)
    assert call("BITCAST", take(2, 4, dtype="uint8"), makes=("int32",)).shape == (2,)
    assert call("BITCAST", take(2, 3, dtype="uint8"), makes=("int32",)).faults


def test_parts_are_joined_and_split() -> None:
    assert call("CONCATENATION", take(2, 3), take(2, 5), axis=-1).shape == (2, 8)
    assert call("CONCATENATION", take(2, 3), take(4, 5), axis=1).faults
    assert call("PACK", take(2, 3), take(2, 3), axis=1, values_count=2).shape == (2, 2, 3)
    assert call("UNPACK", take(2, 3), makes=("float32",) * 3, axis=1, num=3).shapes == [(2,)] * 3
    assert call("UNPACK", take(2, 3), makes=("float32",) * 2, axis=1, num=2).faults
    assert call("SPLIT", number(1), take(2, 6), makes=("float32",) * 3, num_splits=3).shapes == [(2, 2)] * 3
    parts = call("SPLIT_V", take(2, 7), numbers(1, -1, 2), number(1), makes=("float32",) * 3, num_splits=3)
    assert parts.shapes == [(2, 1), (2, 4), (2, 2)]


def test_slices_by_begin_and_size() -> None:
    assert call("SLICE", take(4, 5), numbers(1, 2), numbers(2, -1)).shape == (2, 3)
    assert call("SLICE", take(4, 5), take(2, dtype="int32"), numbers(2, 3)).shape == (2, 3)
    assert call("SLICE", take(4, 5), numbers(1, 2), numbers(4, 1)).faults
    assert call("SLICE", take(4, 5), numbers(-1, 2), numbers(1, 1)).faults


INDEX = st.one_of(st.integers(-9, 9), st.none())


@given(st.integers(1, 7), INDEX, INDEX, st.sampled_from([1, 2, -1, -3]))
def test_a_strided_slice_is_a_slice_of_python(extent, begin, end, stride) -> None:
    masks = {"begin_mask": int(begin is None), "end_mask": int(end is None)}
    found = call("STRIDED_SLICE", take(extent), numbers(begin or 0), numbers(end or 0), numbers(stride), **masks)
    assert found.shape == (len(range(extent)[begin:end:stride]),)


def test_masks_drop_add_and_skip_axes() -> None:
    def cut(*shape, begin, end, stride, **masks):
        return call("STRIDED_SLICE", take(*shape), numbers(*begin), numbers(*end), numbers(*stride), **masks).shape

    data = np.zeros((4, 5, 6))
    assert cut(4, 5, 6, begin=(1, 0), end=(2, 3), stride=(1, 1), shrink_axis_mask=1) == data[1, :3].shape
    assert cut(4, 5, 6, begin=(0, 1), end=(0, 3), stride=(1, 1), ellipsis_mask=1) == data[..., 1:3].shape
    assert cut(4, 5, 6, begin=(0, 1), end=(0, 3), stride=(1, 1), new_axis_mask=1) == data[None, 1:3].shape
    assert cut(9, begin=(2,), end=(5,), stride=(2,), offset=True) == (3,)


def test_rows_are_gathered_repeated_and_updated() -> None:
    assert call("GATHER", take(4, 5, 6), weight(2, 3, dtype="int32"), axis=1).shape == (4, 2, 3, 6)
    assert call("GATHER", take(4, 5, 6), weight(4, 3, dtype="int32"), axis=1, batch_dims=1).shape == (4, 3, 6)
    assert call("GATHER", take(4, 5, 6), weight(3, 3, dtype="int32"), axis=1, batch_dims=1).faults
    assert call("GATHER_ND", take(4, 5, 6), weight(7, 2, dtype="int32")).shape == (7, 6)
    assert call("TILE", take(2, 3), numbers(2, 4)).shape == (4, 12)
    assert call("DYNAMIC_UPDATE_SLICE", take(4, 5), take(1, 5), weight(2, dtype="int32")).shape == (4, 5)
    assert call("EMBEDDING_LOOKUP", take(3, dtype="int32"), weight(9, 4, dtype="int8")).dtypes == ["float32"]
    rows = call(
        "HASHTABLE_LOOKUP", take(3, dtype="int32"), weight(9, dtype="int32"), weight(9, 4), makes=("float32", "uint8")
    )
    assert rows.shapes == [(3, 4), (3,)]


def test_tensors_are_made_in_the_shape_they_are_asked_for() -> None:
    assert call("FILL", numbers(2, 3), number(7)).known == [(7,) * 6]
    assert call("RANGE", number(2), number(11), number(3), makes=("int32",)).known == [(2, 5, 8)]
    assert call("RANDOM_UNIFORM", numbers(2, 3)).shape == (2, 3)
    assert call("MULTINOMIAL", take(4, 9), number(3), makes=("int64",)).shape == (4, 3)
    assert call("BROADCAST_TO", take(3, 1), numbers(2, 3, 4)).shape == (2, 3, 4)
    assert call("BROADCAST_TO", take(3, 2), numbers(3, 4)).faults
    assert call("BROADCAST_ARGS", numbers(3, 1), numbers(2, 1, 4), makes=("int32",)).known == [(2, 3, 4)]
    assert call("ONE_HOT", take(4, dtype="int32"), number(9), weight(), weight(), axis=-1).shape == (4, 9)
    assert call("SPARSE_TO_DENSE", weight(2, 2, dtype="int32"), numbers(5, 6), weight(2), weight()).shape == (5, 6)
    assert call("SCATTER_ND", weight(2, 1, dtype="int32"), take(2, 6), numbers(5, 6)).shape == (5, 6)
    assert call("SHAPE", take(2, 3), out_type="int64").known == [(2, 3)]
    assert call("MATRIX_DIAG", take(2, 3)).shape == (2, 3, 3)


def test_reductions_drop_or_keep_axes() -> None:
    assert call("MEAN", take(1, 4, 5, 6), numbers(1, 2)).shape == (1, 6)
    assert call("SUM", take(1, 4, 5), numbers(-1, 2), keep_dims=True).shape == (1, 4, 1)
    assert call("REDUCE_MAX", take(1, 4), take(1, dtype="int32")).shape is None
    assert call("REDUCE_ANY", take(4, 5, dtype="bool"), take(2, dtype="int32"), keep_dims=True).shape == (None, None)
    assert call("ARG_MAX", take(4, 5), number(-1), output_type="int32").dtypes == ["int32"]
    top = call("TOPK_V2", take(4, 5), number(3), makes=("float32", "int16"))
    assert (top.shapes, top.dtypes) == ([(4, 3)] * 2, ["float32", "int16"])
    assert call("TOPK_V2", take(4, 5), number(6), makes=("float32", "int32")).faults


def test_segments_are_as_many_as_their_numbers_say() -> None:
    assert call("SEGMENT_SUM", take(4, 5), numbers(0, 0, 1, 2)).shape == (3, 5)
    assert call("SEGMENT_SUM", take(4, 5), take(4, dtype="int32")).shape == (None, 5)
    assert call("UNSORTED_SEGMENT_SUM", take(4, 5, 6), take(4, 5, dtype="int32"), number(7)).shape == (7, 6)


BOXES = (take(9, 4), take(9))


def test_what_the_data_selects_has_an_open_extent_and_no_products() -> None:
    for found in (
        call("WHERE", take(2, 3, dtype="bool"), makes=("int64",)),
        call("UNIQUE", take(5), makes=("float32", "int64"), idx_out_type="int64"),
        call("NON_MAX_SUPPRESSION_V4", *BOXES, take(dtype="int32"), weight(), weight(), makes=("int32", "int32")),
        call("SKIP_GRAM", take(1, dtype="string"), makes=("string",)),
    ):
        assert found.shape is not None
        assert None in found.shape
        assert found.work == Work()
        assert found.cause is None


def test_boxes_are_as_many_as_a_constant_allows() -> None:
    found = call(
        "NON_MAX_SUPPRESSION_V5", *BOXES, number(5), weight(), weight(), weight(), makes=("int32", "float32", "int32")
    )
    assert found.shapes == [(5,), (5,), ()]


def test_stored_types_come_from_the_file_where_the_operator_leaves_them_open() -> None:
    assert call("QUANTIZE", take(2), makes=("int8",)).dtypes == ["int8"]
    assert call("QUANTIZE", take(2), makes=("float32",)).faults
    assert call("DEQUANTIZE", take(2, dtype="int8")).dtypes == ["float32"]
    assert call("CAST", take(2), makes=("int64",), out_data_type="float32").dtypes == ["int64"]
    assert call("RFFT2D", take(3, 8, 16), numbers(8, 16), makes=("complex64",)).shape == (3, 8, 9)
    assert call("COMPLEX_ABS", take(3, dtype="complex64")).dtypes == ["float32"]


def test_a_transform_is_bounded_by_its_butterflies() -> None:
    found = call("RFFT2D", take(10, 1, 512), numbers(1, 512), makes=("complex64",))
    assert found.work == Work(other=10 * 4 * 256 * 9, bounded=True)
    assert call("RFFT2D", take(10, 1, 512), numbers(1, 500), makes=("complex64",)).faults


def test_shapes_computed_from_shapes_are_followed() -> None:
    nodes = [
        node("SHAPE", "x", "s", out_type="int32"),
        node("STRIDED_SLICE", "s zero one one", "batch", shrink_axis_mask=1),
        node("PACK", "batch minus", "wanted", axis=0, values_count=2),
        node("RESHAPE", "x wanted", "flat"),
        node("FULLY_CONNECTED", "flat w -", "y"),
    ]
    constants = [numbers(0, name="zero"), numbers(1, name="one"), number(-1, name="minus"), weight(10, 12, name="w")]
    made = model(nodes, [("x", Take((2, 3, 4)))], constants=constants)
    assert walked(made).shape == (2, 10)
    assert walked(made).work == Work(dense=240)


def test_numbers_with_a_scale_beside_are_not_taken_for_extents() -> None:
    nodes = [node("ADD", "a b", "sum"), node("CAST", "sum", "wanted"), node("RESHAPE", "x wanted", "y")]
    constants = [numbers(1, 1, name="a", dtype="int8"), numbers(1, 2, name="b", dtype="int8")]
    made = model(nodes, [("x", Take((6,)))], ["y", ("wanted", "int32")], constants=constants)
    assert walked(made).shape == (None, None)


def test_a_fused_activation_keeps_extents_from_being_folded() -> None:
    nodes = [node("SUB", "a b", "wanted", fused_activation_function="RELU6"), node("RESHAPE", "x wanted", "y")]
    constants = [numbers(12, 1, name="a"), numbers(3, 0, name="b")]
    assert walked(model(nodes, [("x", Take((9,)))], constants=constants)).shape == (None, None)
