"""No TFLite graph, however wrong, ends in anything but a figure or a named cause."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tflite_graphs import Found, State, Take, call, graph, model, node, number, numbers, take, walked, weight

from policy_gate.errors import Reason
from policy_gate.model_graph.graph import ValueInfo
from policy_gate.model_graph.operators import TABLES
from policy_gate.model_graph.profile import profile
from policy_gate.model_graph.tflite_schema import ENUMS, options_by_builtin

CONV = {"padding": "SAME", "stride_h": 1, "stride_w": 1}
HUGE = 2**31


@pytest.mark.parametrize(
    "options",
    [
        {"stride_h": 0},
        {"stride_w": -1},
        {"stride_h": HUGE},
        {"dilation_h_factor": HUGE},
        {"dilation_w_factor": 0},
        {"dilation_w_factor": -(2**31)},
        {"padding": "FULL"},
        {"padding": 1},
        {"stride_h": "1"},
    ],
)
def test_a_window_that_cannot_be_is_a_contradiction(options) -> None:
    found = call("CONV_2D", take(1, 5, 5, 2), weight(3, 2, 2, 2), **(CONV | options))
    assert found.faults[0].reason is Reason.UNREADABLE


def test_a_dilation_of_two_to_the_31_computes_with_whole_numbers() -> None:
    options = CONV | {"padding": "VALID", "dilation_h_factor": HUGE - 1}
    assert "a window of 2147483648" in call("CONV_2D", take(1, 5, 5, 2), weight(3, 2, 1, 2), **options).faults[0].detail


@pytest.mark.parametrize(
    "made",
    [
        call("CONCATENATION", take(2, 3), take(2, 3), axis=2),
        call("CONCATENATION", take(2, 3), take(2, 3), axis=-(2**31)),
        call("PACK", take(2), axis=3, values_count=1),
        call("UNPACK", take(2), axis=0, num=2**31 - 1),
        call("SPLIT", number(0), take(4), num_splits=0),
        call("SPLIT", number(9), take(4), num_splits=1),
        call("SLICE", take(4), numbers(2**31 - 1), numbers(1)),
        call("SLICE", take(4), numbers(0), numbers(-2)),
        call("SLICE", take(4), numbers(0, 0), numbers(1, 1)),
        call("STRIDED_SLICE", take(4), numbers(0), numbers(4), numbers(0)),
        call("STRIDED_SLICE", take(4), numbers(0, 0), numbers(4, 4), numbers(1, 1)),
        call("STRIDED_SLICE", take(4), numbers(3), numbers(4), numbers(1), offset=True),
        call("RESHAPE", take(4), numbers(-1, -1)),
        call("RESHAPE", take(4), numbers(*[1] * 65)),
        call("RESHAPE", take(4)),
        call("EXPAND_DIMS", take(4), number(7)),
        call("GATHER", take(4), weight(2, dtype="int32"), axis=5),
        call("TILE", take(4), numbers(-1)),
        call("PAD", take(4), numbers(-5, 0, dims=(1, 2))),
        call("DEPTH_TO_SPACE", take(1, 2, 2, 4), block_size=0),
        call("SPACE_TO_DEPTH", take(1, 2, 2, 4), block_size=-1),
        call("RESIZE_BILINEAR", take(1, 4, 4, 3), numbers(-9, 4)),
        call("RESIZE_BILINEAR", take(1, 4, 4, 3), numbers(0, 4)),
        call("FILL", numbers(-1), number(0)),
        call("ONE_HOT", take(2, dtype="int32"), number(-3), weight(), weight(), axis=0),
        call("TOPK_V2", take(4), number(-1), makes=("float32", "int32")),
        call("RANGE", number(0), number(9), number(0), makes=("int32",)),
        call("MEAN", take(4), numbers(3)),
        call("BATCH_MATMUL", take(2, 3), take(4, 5)),
        call("FULLY_CONNECTED", take(2, 3), weight(4, 7)),
        call("FULLY_CONNECTED", take(2, 3), weight(4, 3), keep_num_dims="yes"),
        call("DEPTHWISE_CONV_2D", take(1, 4, 4, 3), weight(1, 2, 2, 4), **CONV),
        call("SVDF", take(2, 3), weight(8, 3), weight(8, 6), weight(4), State((2, 48)), rank=0),
        call("LSTM", take(2, 3), *[weight(1, 1)] * 17, State((2, 5)), State((2, 5))),
        call("ADD"),
        call("ADD", take(2), None),
        call("IF", take(dtype="bool"), then_branch=1, else_branch=2),
        call("WHILE", take(dtype="int32"), makes=("int32",)),
    ],
    ids=range(38),
)
def test_arguments_out_of_range_are_contradictions(made: Found) -> None:
    assert made.faults
    assert all(isinstance(fault.reason, Reason) and fault.detail for fault in made.faults)


def test_a_shape_no_runtime_could_hold_is_refused() -> None:
    assert call("FILL", numbers(*[2**31 - 1] * 3), number(0)).faults[0].reason is Reason.TOO_LARGE
    assert call("TILE", take(2**31, 2**31), numbers(2**20, 2**20)).faults[0].reason is Reason.TOO_LARGE


def test_products_beyond_two_to_the_62_are_refused() -> None:
    found = call("FULLY_CONNECTED", take(2**30, 2**20), weight(2**20, 2**20))
    assert found.cause is not None
    assert found.cause.reason is Reason.TOO_LARGE


def test_more_outputs_than_the_operator_gives_are_a_contradiction() -> None:
    assert "2 outputs" in call("RELU", take(2), makes=("float32", "float32")).faults[0].detail


def test_options_that_could_not_be_read_make_the_call_unknown() -> None:
    found = call("CONV_2D", take(1, 5, 5, 2), weight(3, 2, 2, 2), unread_options=True)
    assert found.cause is not None
    assert found.cause.reason is Reason.UNSUPPORTED_OPERATOR


def test_a_custom_operator_is_unknown_and_cannot_look_like_a_known_one() -> None:
    custom = node("CONV_2D", "x", "y")
    made = model([type(custom)("CONV_2D", "tflite.custom", "", ("x",), ("y",), {})], [("x", Take((2,)))])
    found = walked(made)
    assert found.cause is not None
    assert found.cause.detail == "tflite.custom::CONV_2D is not known"
    assert "ai.onnx" not in found.cause.fix
    assert profile(made).coverage.unknown_operators == (("tflite.custom::CONV_2D", ("y",)),)


def test_a_value_made_twice_is_a_contradiction_also_when_it_is_a_state() -> None:
    svdf = node("SVDF", "x f t - s", "y", rank=1)
    again = node("RELU", "y", "s")
    claims = [ValueInfo("s", "float32", (2, 12))]
    constants = [weight(4, 3, name="f"), weight(4, 3, name="t")]
    found = walked(model([svdf, again], [("x", Take((2, 3)))], constants=constants, claims=claims))
    assert "made twice" in found.faults[0].detail


EXTREME = st.sampled_from([-(2**63), -(2**31), -5, -2, -1, 0, 1, 2, 3, 4, 7, 2**31 - 1, 2**31, 2**62, 2**63 - 1])
EXTENT = st.sampled_from([1, 1, 2, 3, 4, 8, 2**31 - 1])
DTYPE = st.sampled_from(["float32", "int8", "int32", "int64", "bool", "string", "complex64", "opaque(resource)"])
SHAPE = st.lists(EXTENT, max_size=5).map(tuple)
INNER = graph([node("RELU", "x")], [("x", Take((2, 3)))])

TENSOR = st.one_of(
    st.builds(Take, SHAPE, DTYPE),
    st.builds(State, SHAPE, DTYPE),
    st.builds(lambda dims: weight(*dims), SHAPE),
    st.lists(EXTREME.map(lambda entry: max(-(2**31), min(entry, 2**31 - 1))), max_size=6).map(
        lambda found: numbers(*found)
    ),
    st.builds(lambda entry: number(max(-(2**31), min(entry, 2**31 - 1))), EXTREME),
    st.none(),
)


def option(kind):
    lists = {"ints", "longs", "uints", "bools", "floats"}
    known = {"bool": st.booleans(), "float": st.just(1.5), "text": st.just("name"), "graph": st.just(INNER)}
    if kind in known:
        return known[kind]
    if kind == "graphs":
        return st.lists(st.just(INNER), max_size=2).map(tuple)
    if kind in ENUMS:
        return st.sampled_from([*ENUMS[kind], "OTHER"])
    return st.lists(EXTREME, max_size=5).map(tuple) if kind in lists else EXTREME


def never_an_exception(op, data) -> None:
    options = options_by_builtin().get(op)
    fields = options.fields if options is not None else ()
    attributes = {each.name: data.draw(option(each.kind)) for each in fields if data.draw(st.booleans())}
    attributes |= dict.fromkeys(("then_branch", "else_branch", "cond", "body", "init", "decomposition"), INNER)
    found = call(
        op, *data.draw(st.lists(TENSOR, max_size=7)), makes=data.draw(st.lists(DTYPE, max_size=3)), **attributes
    )
    causes = [*found.faults, *([found.cause] if found.cause is not None else [])]
    assert all(isinstance(cause.reason, Reason) and cause.detail for cause in causes)
    assert found.work.macs >= 0


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(TABLES["tflite"])), st.data())
def test_no_operator_ends_in_an_exception(op, data) -> None:
    never_an_exception(op, data)


@pytest.mark.slow
@pytest.mark.parametrize("op", sorted(TABLES["tflite"]))
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_none_of_all_operators_ends_in_an_exception(op, data) -> None:
    never_an_exception(op, data)
