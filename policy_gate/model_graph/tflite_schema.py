"""The public TFLite schema in tables: operators, element types and option fields (schema.fbs 3d, LiteRT 2.3)."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

SCHEMA_VERSION = 3
DOMAIN, CUSTOM_DOMAIN = "tflite", "tflite.custom"

_BUILTINS = """
    ADD AVERAGE_POOL_2D CONCATENATION CONV_2D DEPTHWISE_CONV_2D DEPTH_TO_SPACE DEQUANTIZE EMBEDDING_LOOKUP FLOOR
    FULLY_CONNECTED HASHTABLE_LOOKUP L2_NORMALIZATION L2_POOL_2D LOCAL_RESPONSE_NORMALIZATION LOGISTIC
    LSH_PROJECTION LSTM MAX_POOL_2D MUL RELU RELU_N1_TO_1 RELU6 RESHAPE RESIZE_BILINEAR RNN SOFTMAX SPACE_TO_DEPTH
    SVDF TANH CONCAT_EMBEDDINGS SKIP_GRAM CALL CUSTOM EMBEDDING_LOOKUP_SPARSE PAD UNIDIRECTIONAL_SEQUENCE_RNN GATHER
    BATCH_TO_SPACE_ND SPACE_TO_BATCH_ND TRANSPOSE MEAN SUB DIV SQUEEZE UNIDIRECTIONAL_SEQUENCE_LSTM STRIDED_SLICE
    BIDIRECTIONAL_SEQUENCE_RNN EXP TOPK_V2 SPLIT LOG_SOFTMAX DELEGATE BIDIRECTIONAL_SEQUENCE_LSTM CAST PRELU MAXIMUM
    ARG_MAX MINIMUM LESS NEG PADV2 GREATER GREATER_EQUAL LESS_EQUAL SELECT SLICE SIN TRANSPOSE_CONV SPARSE_TO_DENSE
    TILE EXPAND_DIMS EQUAL NOT_EQUAL LOG SUM SQRT RSQRT SHAPE POW ARG_MIN FAKE_QUANT REDUCE_PROD REDUCE_MAX PACK
    LOGICAL_OR ONE_HOT LOGICAL_AND LOGICAL_NOT UNPACK REDUCE_MIN FLOOR_DIV REDUCE_ANY SQUARE ZEROS_LIKE FILL
    FLOOR_MOD RANGE RESIZE_NEAREST_NEIGHBOR LEAKY_RELU SQUARED_DIFFERENCE MIRROR_PAD ABS SPLIT_V UNIQUE CEIL
    REVERSE_V2 ADD_N GATHER_ND COS WHERE RANK ELU REVERSE_SEQUENCE MATRIX_DIAG QUANTIZE MATRIX_SET_DIAG ROUND
    HARD_SWISH IF WHILE NON_MAX_SUPPRESSION_V4 NON_MAX_SUPPRESSION_V5 SCATTER_ND SELECT_V2 DENSIFY SEGMENT_SUM
    BATCH_MATMUL PLACEHOLDER_FOR_GREATER_OP_CODES CUMSUM CALL_ONCE BROADCAST_TO RFFT2D CONV_3D IMAG REAL COMPLEX_ABS
    HASHTABLE HASHTABLE_FIND HASHTABLE_IMPORT HASHTABLE_SIZE REDUCE_ALL CONV_3D_TRANSPOSE VAR_HANDLE READ_VARIABLE
    ASSIGN_VARIABLE BROADCAST_ARGS RANDOM_STANDARD_NORMAL BUCKETIZE RANDOM_UNIFORM MULTINOMIAL GELU
    DYNAMIC_UPDATE_SLICE RELU_0_TO_1 UNSORTED_SEGMENT_PROD UNSORTED_SEGMENT_MAX UNSORTED_SEGMENT_SUM ATAN2
    UNSORTED_SEGMENT_MIN SIGN BITCAST BITWISE_XOR RIGHT_SHIFT STABLEHLO_LOGISTIC STABLEHLO_ADD STABLEHLO_DIVIDE
    STABLEHLO_MULTIPLY STABLEHLO_MAXIMUM STABLEHLO_RESHAPE STABLEHLO_CLAMP STABLEHLO_CONCATENATE
    STABLEHLO_BROADCAST_IN_DIM STABLEHLO_CONVOLUTION STABLEHLO_SLICE STABLEHLO_CUSTOM_CALL STABLEHLO_REDUCE
    STABLEHLO_ABS STABLEHLO_AND STABLEHLO_COSINE STABLEHLO_EXPONENTIAL STABLEHLO_FLOOR STABLEHLO_LOG
    STABLEHLO_MINIMUM STABLEHLO_NEGATE STABLEHLO_OR STABLEHLO_POWER STABLEHLO_REMAINDER STABLEHLO_RSQRT
    STABLEHLO_SELECT STABLEHLO_SUBTRACT STABLEHLO_TANH STABLEHLO_SCATTER STABLEHLO_COMPARE STABLEHLO_CONVERT
    STABLEHLO_DYNAMIC_SLICE STABLEHLO_DYNAMIC_UPDATE_SLICE STABLEHLO_PAD STABLEHLO_IOTA STABLEHLO_DOT_GENERAL
    STABLEHLO_REDUCE_WINDOW STABLEHLO_SORT STABLEHLO_WHILE STABLEHLO_GATHER STABLEHLO_TRANSPOSE DILATE
    STABLEHLO_RNG_BIT_GENERATOR REDUCE_WINDOW STABLEHLO_COMPOSITE STABLEHLO_SHIFT_LEFT STABLEHLO_CBRT STABLEHLO_CASE
"""
BUILTINS = tuple(_BUILTINS.split())
"""The names of `BuiltinOperator` by their code, 0 to 209."""

CUSTOM, PLACEHOLDER = 32, 127
"""Codes that name no operator: the name stands beside, or the code stands in the wider field."""

TYPES = (
    "float32",
    "float16",
    "int32",
    "uint8",
    "int64",
    "string",
    "bool",
    "int16",
    "complex64",
    "int8",
    "float64",
    "complex128",
    "uint64",
    "opaque(resource)",
    "opaque(variant)",
    "uint32",
    "uint16",
    "int4",
    "bfloat16",
    "int2",
    "uint4",
    "float8e4m3fn",
    "float8e5m2",
)
"""Element types by their `TensorType` code."""

ENUMS: dict[str, tuple[str, ...]] = {
    "type": TYPES,
    "padding": ("SAME", "VALID"),
    "activation": ("NONE", "RELU", "RELU_N1_TO_1", "RELU6", "TANH", "SIGN_BIT"),
    "combiner": ("SUM", "MEAN", "SQRTN"),
    "lsh": ("UNKNOWN", "SPARSE", "DENSE"),
    "lstm": ("FULL", "BASIC"),
    "mirror": ("REFLECT", "SYMMETRIC"),
    "weights": ("DEFAULT", "SHUFFLED4x16INT8"),
    "rng": ("DEFAULT", "PHILOX", "THREEFRY"),
    "bytes": ("FLEXBUFFERS",),
    "direction": ("EQ", "NE", "GE", "GT", "LE", "LT"),
    "compare": ("NOTYPE", "FLOAT", "FLOAT_TOTAL_ORDER", "SIGNED", "UNSIGNED"),
    "reduce": ("UNSUPPORTED", "ADD", "MUL", "MINIMUM", "MAXIMUM", "ALL", "ANY"),
}
"""Names of enumerated option fields by kind of field and code."""

WIDE_ENUMS = frozenset({"direction", "compare", "reduce"})
"""Kinds that take four bytes; the others take one."""

GRAPHS: dict[str, str] = {
    "then_subgraph_index": "then_branch",
    "else_subgraph_index": "else_branch",
    "cond_subgraph_index": "cond",
    "body_subgraph_index": "body",
    "init_subgraph_index": "init",
    "subgraph": "body",
    "comparator_subgraph_index": "comparator",
    "update_computation_subgraph_index": "update_computation",
    "decomposition_subgraph_index": "decomposition",
    "branch_subgraph_indices": "branches",
    "called_computations": "called_computations",
}
"""How a field that names a subgraph is called among a node's attributes, where the graph itself stands."""

# A line: code in the union, operators, then the fields in the order of their numbers as name:kind=default; kind int
# and default 0 unless said; "-" is a field no longer used. Tables without fields are left out.
_OPTIONS = """
1 CONV_2D | padding:padding stride_w stride_h fused_activation_function:activation dilation_w_factor=1
    dilation_h_factor=1 quantized_bias_type:type
2 DEPTHWISE_CONV_2D | padding:padding stride_w stride_h depth_multiplier fused_activation_function:activation
    dilation_w_factor=1 dilation_h_factor=1
3 CONCAT_EMBEDDINGS | num_channels num_columns_per_channel:ints embedding_dim_per_channel:ints
4 LSH_PROJECTION | type:lsh
5 AVERAGE_POOL_2D MAX_POOL_2D L2_POOL_2D | padding:padding stride_w stride_h filter_width filter_height
    fused_activation_function:activation
6 SVDF | rank fused_activation_function:activation asymmetric_quantize_inputs:bool
7 RNN | fused_activation_function:activation asymmetric_quantize_inputs:bool
8 FULLY_CONNECTED | fused_activation_function:activation weights_format:weights keep_num_dims:bool
    asymmetric_quantize_inputs:bool quantized_bias_type:type
9 SOFTMAX | beta:float
10 CONCATENATION | axis fused_activation_function:activation
11 ADD | fused_activation_function:activation pot_scale_int16:bool=1
12 L2_NORMALIZATION | fused_activation_function:activation
13 LOCAL_RESPONSE_NORMALIZATION | radius bias:float alpha:float beta:float
14 LSTM | fused_activation_function:activation cell_clip:float proj_clip:float kernel_type:lstm
    asymmetric_quantize_inputs:bool
15 RESIZE_BILINEAR | - - align_corners:bool half_pixel_centers:bool
16 CALL | subgraph:graph
17 RESHAPE | new_shape:ints
18 SKIP_GRAM | ngram_size max_skip_size include_all_ngrams:bool
19 SPACE_TO_DEPTH | block_size
20 EMBEDDING_LOOKUP_SPARSE | combiner:combiner
21 MUL | fused_activation_function:activation
23 GATHER | axis batch_dims
27 MEAN SUM REDUCE_PROD REDUCE_MAX REDUCE_MIN REDUCE_ANY REDUCE_ALL | keep_dims:bool
28 SUB | fused_activation_function:activation pot_scale_int16:bool=1
29 DIV | fused_activation_function:activation
30 SQUEEZE | squeeze_dims:ints
31 UNIDIRECTIONAL_SEQUENCE_RNN | time_major:bool fused_activation_function:activation asymmetric_quantize_inputs:bool
32 STRIDED_SLICE | begin_mask end_mask ellipsis_mask new_axis_mask shrink_axis_mask offset:bool
35 SPLIT | num_splits
37 CAST | in_data_type:type out_data_type:type
40 ARG_MAX | output_type:type
49 TRANSPOSE_CONV | padding:padding stride_w stride_h fused_activation_function:activation quantized_bias_type:type
50 SPARSE_TO_DENSE | validate_indices:bool
55 SHAPE | out_type:type
57 ARG_MIN | output_type:type
58 FAKE_QUANT | min:float max:float num_bits narrow_range:bool
59 PACK | values_count axis
61 ONE_HOT | axis
64 UNPACK | num axis
69 BIDIRECTIONAL_SEQUENCE_LSTM | fused_activation_function:activation cell_clip:float proj_clip:float
    merge_outputs:bool time_major:bool=1 asymmetric_quantize_inputs:bool
70 BIDIRECTIONAL_SEQUENCE_RNN | time_major:bool fused_activation_function:activation merge_outputs:bool
    asymmetric_quantize_inputs:bool
71 UNIDIRECTIONAL_SEQUENCE_LSTM | fused_activation_function:activation cell_clip:float proj_clip:float
    time_major:bool asymmetric_quantize_inputs:bool diagonal_recurrent_tensors:bool
74 RESIZE_NEAREST_NEIGHBOR | align_corners:bool half_pixel_centers:bool
75 LEAKY_RELU | alpha:float
77 MIRROR_PAD | mode:mirror
79 SPLIT_V | num_splits
80 UNIQUE | idx_out_type:type=2
87 REVERSE_SEQUENCE | seq_dim batch_dim
92 IF | then_subgraph_index:graph else_subgraph_index:graph
93 WHILE | cond_subgraph_index:graph body_subgraph_index:graph
94 DEPTH_TO_SPACE | block_size
101 BATCH_MATMUL | adj_x:bool adj_y:bool asymmetric_quantize_inputs:bool
102 CUMSUM | exclusive:bool reverse:bool
103 CALL_ONCE | init_subgraph_index:graph
106 CONV_3D CONV_3D_TRANSPOSE | padding:padding stride_d stride_w stride_h fused_activation_function:activation
    dilation_d_factor=1 dilation_w_factor=1 dilation_h_factor=1
107 HASHTABLE | table_id key_dtype:type value_dtype:type
111 VAR_HANDLE | container:text shared_name:text
114 RANDOM_UNIFORM RANDOM_STANDARD_NORMAL MULTINOMIAL | seed:long seed2:long
115 BUCKETIZE | boundaries:floats
116 GELU | approximate:bool
"""

_OPTIONS_2 = """
1 STABLEHLO_CONCATENATE | dimension:long
2 STABLEHLO_BROADCAST_IN_DIM | broadcast_dimensions:longs
3 STABLEHLO_SLICE | start_indices:longs limit_indices:longs strides:longs
4 STABLEHLO_CONVOLUTION | window_strides:longs padding:longs lhs_dilation:longs rhs_dilation:longs
    window_reversal:bools input_batch_dimension:long input_feature_dimension:long input_spatial_dimensions:longs
    kernel_input_feature_dimension:long kernel_output_feature_dimension:long kernel_spatial_dimensions:longs
    output_batch_dimension:long output_feature_dimension:long output_spatial_dimensions:longs
    feature_group_count:long batch_group_count:long precision_config:uints
5 STABLEHLO_CUSTOM_CALL | call_target_name:text has_side_effect:bool backend_config:text api_version
    called_computations:graphs custom_attributes:blob
6 STABLEHLO_REDUCE | dimensions:longs body_subgraph_index:graph
7 STABLEHLO_SCATTER | indices_are_sorted:bool update_window_dims:longs inserted_window_dims:longs
    scatter_dims_to_operand_dims:longs index_vector_dim:long unique_indices:bool
    update_computation_subgraph_index:graph
8 STABLEHLO_COMPARE | comparison_direction:direction compare_type:compare
9 STABLEHLO_DYNAMIC_SLICE | slice_sizes:longs
10 STABLEHLO_PAD | edge_padding_low:longs edge_padding_high:longs interior_padding:longs
11 STABLEHLO_IOTA | iota_dimension:long
12 STABLEHLO_DOT_GENERAL | lhs_batching_dimensions:longs rhs_batching_dimensions:longs
    lhs_contracting_dimensions:longs rhs_contracting_dimensions:longs precision_config:uints
13 STABLEHLO_REDUCE_WINDOW | window_dimensions:longs window_strides:longs base_dilations:longs
    window_dilations:longs padding:longs body_subgraph_index:graph
14 STABLEHLO_SORT | dimension:long is_stable:bool comparator_subgraph_index:graph
15 STABLEHLO_WHILE | cond_subgraph_index:graph body_subgraph_index:graph
16 STABLEHLO_GATHER | offset_dims:longs collapsed_slice_dims:longs start_index_map:longs index_vector_dim:long
    slice_sizes:longs indices_are_sorted:bool
17 STABLEHLO_TRANSPOSE | permutation:longs
19 STABLEHLO_RNG_BIT_GENERATOR | algorithm:rng
20 REDUCE_WINDOW | reduce_function:reduce
21 STABLEHLO_COMPOSITE | name:text decomposition_subgraph_index:graph composite_attributes:blob
    composite_attributes_format:bytes version
23 STABLEHLO_CASE | branch_subgraph_indices:graphs
"""


class Field(NamedTuple):
    """One option: its number in the table, name, kind and default."""

    slot: int
    name: str
    kind: str
    default: int


class Options(NamedTuple):
    """The options of an operator: whether they stand in the second union, under which code, and their fields.

    `known` is how many fields the table has in the schema; plain ones are numbers that stand in the table itself.
    """

    second: bool
    code: int
    fields: tuple[Field, ...]
    known: int
    is_plain: bool


@cache
def options_by_builtin() -> dict[str, Options]:
    """Return the option tables that have fields, by the operator's name."""
    return _parsed(_OPTIONS, second=False) | _parsed(_OPTIONS_2, second=True)


def _parsed(text: str, *, second: bool) -> dict[str, Options]:
    found: dict[str, Options] = {}
    for line in text.replace("\n    ", " ").strip().splitlines():
        head, _, listed = line.partition(" | ")
        code, *builtins = head.split()
        words = listed.split()
        fields = tuple(_field(slot, word) for slot, word in enumerate(words) if word != "-")
        is_plain = all(field.kind in ENUMS or field.kind in {"int", "long", "bool", "float"} for field in fields)
        found.update(dict.fromkeys(builtins, Options(second, int(code), fields, len(words), is_plain)))
    return found


def _field(slot: int, word: str) -> Field:
    spelled, _, default = word.partition("=")
    name, _, kind = spelled.partition(":")
    return Field(slot, name, kind or "int", int(default or 0))
