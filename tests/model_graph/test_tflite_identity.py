"""The fingerprint of a TFLite model sees what it holds and computes: scales and state too, and no name inside."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from pathlib import Path

import pytest
from identity_models import SIDES, changed
from tflite_bytes import (
    Raw,
    Table,
    Tables,
    Vector,
    Written,
    f32,
    i8,
    i32,
    i64,
    ints,
    model,
    opcode,
    operator,
    quantisation,
    subgraph,
    tensor,
    u8,
    u32,
    write,
)

from policy_gate.errors import EvidenceError, Reason
from policy_gate.model_graph import read_model
from policy_gate.model_graph.identity import Identity, identify

CODES = ("CONV_2D", "RESHAPE", "ASSIGN_VARIABLE", "READ_VARIABLE", "VAR_HANDLE", "WHILE", "RELU", "LSTM")


def identity_of(made: Table | Written | bytes) -> Identity:
    content = made if isinstance(made, bytes) else (made if isinstance(made, Written) else write(made)).bytes()
    return identify(read_model(io.BytesIO(content), "m.tflite"), lambda _path: io.BytesIO(content))


def quantised_model(
    *,
    scale: float = 0.5,
    zero: int = 0,
    weight_scales: Sequence[float] = (0.25, 0.125),
    output_scale: float = 0.5,
    weights: bytes = b"\1\2\3\4",
    shape: Sequence[int] = (1, 2),
    stride: int = 1,
    names: str = "",
    extra: Sequence[Table] = (),
    description: str = "made",
) -> Table:
    """A convolution of int8, and a reshape by a constant."""
    tensors = (
        tensor("x", (1, 1, 1, 2), "int8", more={4: quantisation((scale,), (zero,))}),
        tensor("y", (1, 2), "int8", more={4: quantisation((output_scale,))}),
        tensor(f"{names}w", (2, 1, 1, 2), "int8", 1, {4: quantisation(weight_scales)}),
        tensor(f"{names}m", (1, 1, 1, 2), "int8", more={4: quantisation((0.5,))}),
        tensor(f"{names}s", (2,), "int32", 2),
    )
    calls = (
        operator(0, (0, 2), (3,), (1, Table({1: i32(stride), 2: i32(1)}))),
        operator(1, (3, 4), (1,)),
    )
    graph = subgraph(tensors, operators=calls, name=f"{names}graph")
    buffers = (b"", weights, struct.pack("<2i", *shape))
    return model(graph, *extra, codes=tuple(map(opcode, CODES)), buffers=buffers, more={3: description})


BEFORE = identity_of(quantised_model())


def test_names_and_documents_are_no_part_of_it() -> None:
    assert changed(BEFORE, identity_of(quantised_model(names="other_", description="elsewhere"))) == set()


@pytest.mark.parametrize(
    ("other", "sides"),
    [
        ({"scale": 0.75}, {"bound"}),
        ({"zero": 3}, {"bound"}),
        ({"weight_scales": (0.25, 0.25)}, {"bound"}),
        ({"output_scale": 0.25}, {"bound"}),
        ({"weights": b"\1\2\3\5"}, {"bound", "weights"}),
        ({"weight_scales": (0.25,)}, {"bound", "structure"}),
        ({"shape": (2, 1)}, {"bound", "structure"}),
        ({"stride": 2}, {"bound", "structure"}),
    ],
)
def test_each_side_sees_what_it_should(other: dict[str, object], sides: set[str]) -> None:
    assert changed(BEFORE, identity_of(quantised_model(**other))) == sides  # type: ignore[arg-type]  # by keyword


def test_bytes_stored_elsewhere_in_the_file_are_the_same_bytes() -> None:
    moved = write(quantised_model(description="a text long enough to move everything behind it" * 5))
    assert changed(BEFORE, identity_of(moved)) == set()


def test_the_mlperf_tiny_models_all_differ_and_one_bit_of_their_weights_shows(shared: Path) -> None:
    found = {path.name: identity_of(path.read_bytes()) for path in sorted(shared.glob("models/*/*.tflite"))}
    for side in ("weights", "bound"):
        assert len({getattr(each, side) for each in found.values()}) == len(found) >= 8
    path = next(shared.glob("models/*/ad01_int8.tflite"))
    whole = bytearray(path.read_bytes())
    graph = read_model(io.BytesIO(bytes(whole)), path.name).graph
    place = max(graph.constants.values(), key=lambda each: each.stored_bytes).payload
    assert place is not None
    whole[place.offset + place.length // 2] ^= 1
    assert changed(found[path.name], identity_of(bytes(whole))) == {"weights", "bound"}


def test_one_bit_of_a_scale_in_a_real_model_shows_where_contents_are_bound(shared: Path) -> None:
    path = next(shared.glob("models/*/kws_ref_model.tflite"))
    whole = bytearray(path.read_bytes())
    graph = read_model(io.BytesIO(bytes(whole)), path.name).graph
    before = identity_of(bytes(whole))
    scaled = [each.scaling for each in (*graph.inputs, *graph.outputs, *graph.value_info, *graph.constants.values())]
    assert len(scaled) == len([each for each in scaled if each is not None]) + 1  # all but the shape of a reshape
    for scaling in (scaled[0], scaled[1], scaled[3], scaled[-1]):
        if scaling is not None:
            broken = whole.copy()
            broken[scaling.places[0].offset] ^= 1
            assert changed(before, identity_of(bytes(broken))) == {"bound"}


def stateful(order: Sequence[int], states: tuple[int, int] = (2, 3)) -> Table:
    """Calls that keep state in variables: the first and the last read `states`."""
    tensors = (
        tensor("x"),
        tensor("y"),
        tensor("a", more={5: u8(1)}),
        tensor("b", more={5: u8(1)}),
        tensor("m"),
        tensor("unread"),
    )
    calls = (
        operator(6, (0, states[0]), (4,)),
        operator(6, (4, states[1]), (1,)),
        operator(6, (0, 2), (5,)),
    )
    return model(subgraph(tensors, operators=[calls[index] for index in order]), codes=tuple(map(opcode, CODES)))


def test_variables_count_by_the_order_of_their_use_not_by_name_or_number() -> None:
    before = identity_of(stateful((0, 1), (2, 3)))
    assert changed(before, identity_of(stateful((0, 1), (3, 2)))) == set()
    assert changed(before, identity_of(stateful((0, 1), (2, 2)))) == {"structure", "bound"}


def test_a_call_whose_only_effect_is_on_state_counts() -> None:
    assert {"structure", "bound"} <= changed(identity_of(stateful((0, 1))), identity_of(stateful((0, 1, 2))))


def assigning(value: float) -> Table:
    tensors = (
        tensor("x"),
        tensor("y"),
        tensor("handle", (), "opaque(resource)", more={8: u8(1)}),
        tensor("new", (2,), "float32", 1),
    )
    calls = (
        operator(4, (), (2,), (111, Table({1: "shared"}))),
        operator(2, (2, 3), ()),
        operator(3, (2,), (1,)),
    )
    content = struct.pack("<2f", value, value)
    return model(subgraph(tensors, operators=calls), codes=tuple(map(opcode, CODES)), buffers=(b"", content))


def test_what_is_assigned_to_a_resource_counts_though_no_output_shows_it() -> None:
    assert changed(identity_of(assigning(1.0)), identity_of(assigning(2.0))) == {"weights", "bound"}


def looping(body: Table) -> Table:
    call = operator(5, options=(93, Table({0: i32(1), 1: i32(2)})))
    return model(subgraph(operators=(call,)), leaf("c"), body, codes=tuple(map(opcode, CODES)))


def leaf(name: str, *, twice: bool = False) -> Table:
    tensors = (tensor("a"), tensor("b"), tensor("m"))
    calls = (operator(6, (0,), (2,)), operator(6, (2,), (1,))) if twice else (operator(6),)
    return subgraph(tensors, operators=calls, name=name)


def test_subgraphs_count_by_what_they_compute() -> None:
    before = identity_of(looping(leaf("body")))
    assert changed(before, identity_of(looping(leaf("renamed")))) == set()
    assert changed(before, identity_of(looping(leaf("body", twice=True)))) == {"structure", "bound", "operators"}


def test_a_subgraph_that_only_a_caller_can_run_counts() -> None:
    assert changed(BEFORE, identity_of(quantised_model(extra=(leaf("spare"),)))) == {"structure", "bound", "operators"}


def signed(alias: str, at: int) -> Table:
    signature = Table({0: Tables((Table({0: alias, 1: u32(at)}),)), 2: "serve"})
    return model(more={7: Tables((signature,))})


def test_what_a_signature_calls_an_input_is_part_of_the_interface() -> None:
    before = identity_of(signed("audio", 0))
    assert changed(before, identity_of(signed("audio", 0))) == set()
    assert changed(before, identity_of(signed("sound", 0))) == {"interface"}
    assert changed(before, identity_of(signed("audio", 1))) == {"interface"}


def custom(options: bytes, version: int = 1) -> Table:
    call = operator(more={5: Raw(options)})
    return model(subgraph(operators=(call,)), codes=(opcode("CUSTOM", "mine", version=version),))


def test_options_and_version_of_a_custom_operator_count() -> None:
    before = identity_of(custom(b"a"))
    assert changed(before, identity_of(custom(b"b"))) == {"structure", "bound"}
    assert changed(before, identity_of(custom(b"a", 2))) == {"structure", "bound"}
    assert changed(identity_of(custom(b"a" * 2000)), identity_of(custom(b"a" * 1999 + b"b"))) >= {"structure", "bound"}


def inside(scale: float) -> Table:
    tensors = (tensor("x"), tensor("y"), tensor("gate", (), "int8", more={4: quantisation((scale,))}))
    call = operator(7, more={8: ints(2, -1)})
    return model(subgraph(tensors, operators=(call,)), codes=tuple(map(opcode, CODES)))


def test_how_a_value_inside_an_operator_is_scaled_counts() -> None:
    assert changed(identity_of(inside(0.5)), identity_of(inside(0.25))) == {"bound"}


def blockwise(scale: float) -> Table:
    details = Table({0: i32(3), 1: i32(-1), 2: i32(2)})
    tensors = (
        tensor("x"),
        tensor("y"),
        tensor("w", (4,), "int8", 1, {4: Table({4: i8(2), 5: details})}),
        tensor("s", (2,), "float32", 2),
    )
    buffers = (b"", b"\1\2\3\4", struct.pack("<2f", scale, 1.0))
    return model(subgraph(tensors, operators=(operator(inputs=(0, 2)),)), buffers=buffers)


def test_scales_that_another_tensor_holds_count_where_contents_are_bound() -> None:
    assert "bound" in changed(identity_of(blockwise(0.5)), identity_of(blockwise(0.25)))


def test_strings_are_content() -> None:
    def labelled(text: bytes) -> Table:
        packed = struct.pack("<3i", 1, 12, 12 + len(text)) + text
        tensors = (tensor("x"), tensor("y"), tensor("labels", (1,), "string", 1))
        return model(subgraph(tensors, operators=(operator(inputs=(0, 2)),)), buffers=(b"", packed))

    assert changed(identity_of(labelled(b"cat")), identity_of(labelled(b"dog"))) == {"bound"}


def sparse() -> Table:
    sparsity = Table({0: ints(0), 2: Tables((Table({0: i8(1)}),))})
    tensors = (tensor("x"), tensor("y"), tensor("w", (9,), "float32", 1, {6: sparsity}))
    return model(subgraph(tensors, operators=(operator(inputs=(0, 2)),)), buffers=(b"", b"\0" * 8))


def later_options() -> Table:
    call = operator(options=(1, Table({0: i8(9)})))
    return model(subgraph(operators=(call,)), codes=(opcode("CONV_2D"),))


@pytest.mark.parametrize("made", [sparse(), later_options(), model(codes=(opcode(210),))])
def test_what_cannot_be_read_whole_has_no_identity(made: Table) -> None:
    with pytest.raises(EvidenceError) as refused:
        identity_of(made)
    assert refused.value.reason is Reason.UNSUPPORTED_FORMAT


def test_kinds_of_options_all_have_a_digest() -> None:
    boundaries = Table({0: Vector("f", (0.5, 1.5))})
    seeded = Table({0: i64(5)})
    made = [
        model(subgraph(operators=(operator(options=(115, boundaries)),)), codes=(opcode("BUCKETIZE"),)),
        model(subgraph(operators=(operator(options=(114, seeded)),)), codes=(opcode("RANDOM_UNIFORM"),)),
        model(subgraph(operators=(operator(options=(9, Table({0: f32(2.0)}))),)), codes=(opcode("SOFTMAX"),)),
    ]
    assert len({identity_of(each).structure for each in made}) == len(made)
    assert all(getattr(identity_of(made[0]), side).startswith("sha256:") for side in SIDES)
