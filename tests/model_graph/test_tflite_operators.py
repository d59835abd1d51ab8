"""Shapes and products of TFLite's convolutions, matrix products, poolings and element-wise operators."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tflite_graphs import call, number, numbers, take, weight

from policy_gate.model_graph.operators.table import NO_WORK, Work

WINDOW = {"padding": "SAME", "stride_h": 1, "stride_w": 1}


def test_a_convolution_counts_its_output_elements_times_one_filter() -> None:
    found = call("CONV_2D", take(1, 96, 96, 3), weight(8, 3, 3, 3), weight(8), padding="SAME", stride_h=2, stride_w=2)
    assert found.shape == (1, 48, 48, 8)
    assert found.work == Work(conv=48 * 48 * 8 * 27)


def test_valid_padding_leaves_out_windows_that_do_not_fit() -> None:
    found = call("CONV_2D", take(1, 10, 11, 2), weight(4, 3, 2, 2), padding="VALID", stride_h=2, stride_w=3)
    assert found.shape == (1, 4, 4, 4)


def test_a_dilated_window_reaches_further() -> None:
    options = {"padding": "VALID", "stride_h": 1, "stride_w": 1, "dilation_h_factor": 3, "dilation_w_factor": 2}
    assert call("CONV_2D", take(1, 10, 10, 1), weight(1, 3, 3, 1), **options).shape == (1, 4, 6, 1)


def test_a_convolution_in_groups_sees_one_group_of_channels() -> None:
    found = call("CONV_2D", take(1, 5, 5, 6), weight(4, 3, 3, 3), **WINDOW)
    assert (found.shape, found.work) == ((1, 5, 5, 4), Work(conv=100 * 27))
    alone = call("CONV_2D", take(1, 5, 5, 6), weight(6, 3, 3, 1), **WINDOW)
    assert alone.work == Work(depthwise=150 * 9)


def test_a_depthwise_convolution_has_its_own_class() -> None:
    found = call("DEPTHWISE_CONV_2D", take(1, 48, 48, 8), weight(1, 3, 3, 16), depth_multiplier=2, **WINDOW)
    assert (found.shape, found.work) == ((1, 48, 48, 16), Work(depthwise=48 * 48 * 16 * 9))


def test_a_convolution_over_volumes_counts_the_depth_of_its_filter() -> None:
    found = call("CONV_3D", take(1, 4, 6, 6, 2), weight(2, 3, 3, 2, 5), stride_d=2, **WINDOW)
    assert (found.shape, found.work) == ((1, 2, 6, 6, 5), Work(conv=2 * 36 * 5 * 36))


def test_a_transposed_convolution_scatters_each_input_element_through_each_filter() -> None:
    found = call(
        "TRANSPOSE_CONV",
        numbers(1, 8, 8, 3),
        weight(3, 2, 2, 5),
        take(1, 4, 4, 5),
        padding="SAME",
        stride_h=2,
        stride_w=2,
    )
    assert (found.shape, found.work) == ((1, 8, 8, 3), Work(conv=80 * 12))
    volume = call(
        "CONV_3D_TRANSPOSE", numbers(1, 2, 8, 8, 3), weight(1, 2, 2, 3, 5), take(1, 2, 4, 4, 5),
        padding="SAME", stride_d=1, stride_h=2, stride_w=2,
    )  # fmt: skip
    assert (volume.shape, volume.work) == ((1, 2, 8, 8, 3), Work(conv=160 * 12))


def test_a_transposed_convolution_whose_shape_only_a_run_knows_still_has_its_count() -> None:
    found = call(
        "TRANSPOSE_CONV",
        take(4, dtype="int32"),
        weight(3, 2, 2, 5),
        take(1, 4, 4, 5),
        padding="SAME",
        stride_h=2,
        stride_w=2,
    )
    assert found.shape == (None, None, None, 3)
    assert found.work == Work(conv=80 * 12)


def test_a_transposed_convolution_must_lead_back_to_its_data() -> None:
    found = call(
        "TRANSPOSE_CONV",
        numbers(1, 99, 99, 3),
        weight(3, 2, 2, 5),
        take(1, 4, 4, 5),
        padding="SAME",
        stride_h=2,
        stride_w=2,
    )
    assert "do not fit each other" in found.faults[0].detail


def test_a_dense_layer_flattens_unless_it_keeps_its_dimensions() -> None:
    flat = call("FULLY_CONNECTED", take(2, 3, 4), weight(5, 4), None)
    assert (flat.shape, flat.work) == ((6, 5), Work(dense=120))
    assert call("FULLY_CONNECTED", take(2, 6), weight(5, 4), None).shape == (3, 5)
    kept = call("FULLY_CONNECTED", take(2, 3, 4), weight(5, 4), None, keep_num_dims=True)
    assert (kept.shape, kept.work) == ((2, 3, 5), Work(dense=120))


def test_shuffled_weights_need_a_second_output() -> None:
    found = call(
        "FULLY_CONNECTED", take(1, 16, dtype="uint8"), weight(4, 16, dtype="uint8"), weight(4, dtype="int32"),
        makes=("int16", "uint8"), weights_format="SHUFFLED4x16INT8",
    )  # fmt: skip
    assert (found.shapes, found.dtypes) == ([(1, 4), (1, 16)], ["int16", "uint8"])


@pytest.mark.parametrize("op", ["FULLY_CONNECTED", "CONV_2D"])
def test_weights_alone_in_eight_bits_give_floats(op) -> None:
    operands = {
        "FULLY_CONNECTED": (take(1, 4), weight(5, 4, dtype="int8")),
        "CONV_2D": (take(1, 4, 4, 2), weight(3, 1, 1, 2, dtype="int8")),
    }
    assert call(op, *operands[op], **WINDOW).dtypes == ["float32"]


def test_a_product_of_bytes_is_as_wide_as_the_file_says_where_a_runtime_can_write_it() -> None:
    left, right = take(1, 4, dtype="int8"), weight(5, 4, dtype="int8")
    assert call("FULLY_CONNECTED", left, right, makes=("int16",)).dtypes == ["int16"]
    assert call("FULLY_CONNECTED", left, right, makes=("float32",)).dtypes == ["int8"]
    assert call("BATCH_MATMUL", left, weight(4, 5, dtype="int8"), makes=("int32",)).dtypes == ["int32"]


def test_a_batched_product_transposes_either_side_and_broadcasts() -> None:
    found = call("BATCH_MATMUL", take(7, 1, 3, 4), take(2, 5, 4), adj_y=True)
    assert (found.shape, found.work) == ((7, 2, 3, 5), Work(dense=7 * 2 * 3 * 5 * 4))
    assert call("BATCH_MATMUL", take(4, 3), take(4, 5), adj_x=True).shape == (3, 5)


def test_a_sparse_look_up_multiplies_each_row_by_its_weight() -> None:
    found = call("EMBEDDING_LOOKUP_SPARSE", numbers(1, 2, 3), weight(3, 2), numbers(6, 4), weight(3), weight(9, 8))
    assert (found.shape, found.work) == ((6, 8), Work(dense=24))


@given(st.integers(1, 40), st.integers(1, 7), st.integers(1, 5), st.integers(1, 3))
def test_a_window_fits_as_often_as_it_can_be_placed(extent, size, stride, dilation) -> None:
    reach = (size - 1) * dilation + 1
    placed = sum(1 for start in range(0, extent, stride) if start + reach <= extent)
    options = {"stride_h": stride, "stride_w": 1, "dilation_h_factor": dilation}
    found = call("CONV_2D", take(1, extent, 1, 1), weight(1, size, 1, 1), padding="VALID", **options)
    assert found.faults if not placed else found.shape == (1, placed, 1, 1)
    same = call("CONV_2D", take(1, extent, 1, 1), weight(1, size, 1, 1), padding="SAME", **options)
    assert same.shape == (1, len(range(0, extent, stride)), 1, 1)


@pytest.mark.parametrize("op", ["AVERAGE_POOL_2D", "MAX_POOL_2D", "L2_POOL_2D"])
def test_pooling_slides_and_takes_no_products(op) -> None:
    found = call(op, take(1, 7, 9, 4), padding="VALID", stride_h=2, stride_w=3, filter_height=3, filter_width=3)
    assert (found.shape, found.work) == ((1, 3, 3, 4), NO_WORK)


def test_resizing_takes_height_and_width_from_its_second_input() -> None:
    assert call("RESIZE_BILINEAR", take(1, 4, 4, 3), numbers(9, 7)).shape == (1, 9, 7, 3)
    assert call("RESIZE_NEAREST_NEIGHBOR", take(1, 4, 4, 3), take(2, dtype="int32")).shape == (1, None, None, 3)


def test_padding_adds_to_both_ends_of_every_axis() -> None:
    pads = numbers(0, 0, 1, 2, 0, 3, 0, 0, dims=(4, 2))
    assert call("PAD", take(1, 4, 4, 3), pads).shape == (1, 7, 7, 3)
    assert call("PADV2", take(1, 4, 4, 3), pads, number(0.0, dtype="float32")).shape == (1, 7, 7, 3)
    assert call("MIRROR_PAD", take(1, 4, 4, 3), pads, mode="REFLECT").shape == (1, 7, 7, 3)
    assert "mirrored" in call("MIRROR_PAD", take(1, 3, 3, 3), pads, mode="REFLECT").faults[0].detail
    assert call("MIRROR_PAD", take(1, 3, 3, 3), pads, mode="SYMMETRIC").shape == (1, 6, 6, 3)


def test_dilation_and_windows_over_every_axis() -> None:
    assert call("DILATE", take(3, 4), numbers(2, 3), number(0.0, dtype="float32")).shape == (5, 10)
    start = number(0.0, dtype="float32")
    window = [numbers(2, 3, dtype="int64"), numbers(1, 2, dtype="int64"), numbers(1, 2, dtype="int64")]
    assert call("REDUCE_WINDOW", take(5, 9), start, *window, reduce_function="ADD").shape == (4, 3)


@pytest.mark.parametrize(
    "op", ["ADD", "SUB", "MUL", "DIV", "MAXIMUM", "POW", "SQUARED_DIFFERENCE", "PRELU", "FLOOR_MOD"]
)
def test_two_operands_broadcast_and_take_no_products(op) -> None:
    found = call(op, take(4, 1, 3), take(5, 3))
    assert (found.shape, found.work, found.dtypes) == ((4, 5, 3), NO_WORK, ["float32"])


def test_comparisons_are_boolean() -> None:
    assert call("LESS", take(4, 1), take(5), makes=("bool",)).dtypes == ["bool"]


@pytest.mark.parametrize("op", ["RELU", "LOGISTIC", "SOFTMAX", "HARD_SWISH", "GELU", "L2_NORMALIZATION", "TANH", "EXP"])
def test_one_operand_keeps_its_shape_and_type(op) -> None:
    found = call(op, take(2, 3, dtype="int8"), makes=("int8",))
    assert (found.shape, found.dtypes, found.work) == ((2, 3), ["int8"], NO_WORK)


def test_added_tensors_have_one_shape() -> None:
    assert call("ADD_N", take(2, 3), take(2, 3), take(2, 3)).shape == (2, 3)
    assert call("ADD_N", take(2, 3), take(3)).faults
    assert call("ATAN2", take(2, 3), take(1, 3)).faults


def test_a_selection_takes_a_condition_for_each_row_or_broadcasts_it() -> None:
    rows = take(4, dtype="bool")
    assert call("SELECT", rows, take(4, 3), take(4, 3)).shape == (4, 3)
    assert call("SELECT", rows, take(5, 3), take(5, 3)).faults
    assert call("SELECT_V2", take(4, 1, dtype="bool"), take(3), take(1, 3)).shape == (4, 3)
