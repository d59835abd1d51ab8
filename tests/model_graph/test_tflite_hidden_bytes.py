"""What a TFLite file holds and no call needs is counted, wherever it was put; so is what another signature runs."""

from __future__ import annotations

import pytest
from tflite_bytes import (
    Raw,
    Table,
    Tables,
    Vector,
    i8,
    i32,
    model,
    opcode,
    operator,
    quantisation,
    read,
    refusal,
    subgraph,
    tensor,
    u8,
    u32,
    with_constant,
)

from policy_gate.model_graph.figures import Unestablished
from policy_gate.model_graph.profile import profile

HIDDEN = bytes(range(256)) * 16


def other(made: Table) -> int:
    return sum(count for _, count in read(made).other_bytes)


def with_value(**more: object) -> Table:
    """A model whose second value has further fields, by their number as in `n7`."""
    fields = {int(key[1:]): value for key, value in more.items()}
    return model(subgraph((tensor("x"), tensor("y", more=fields))))


@pytest.mark.parametrize(
    "made",
    [
        model(subgraph(operators=(operator(more={7: Raw(HIDDEN)}),))),
        model(subgraph(operators=(operator(more={8: Vector("i", [-1] * 1024)}),))),
        model(subgraph(outputs=[1] * 1024)),
        with_value(n9=Tables([Table({0: Vector("i", [1] * 1024)})])),
        with_value(n4=Table({4: u8(1), 5: Table({0: Raw(HIDDEN)})})),
        model(subgraph((tensor("x"), tensor("y"), tensor("z", (512,), "int8", 0, {4: quantisation([1.0] * 512)})))),
    ],
    ids=["mutated", "inside", "outputs", "variants", "custom scales", "scales of nothing"],
)
def test_a_list_that_nothing_reads_is_counted_as_unneeded(made: Table) -> None:
    assert other(model(subgraph())) == 0
    assert other(made) >= len(HIDDEN) - 100


def test_a_signature_of_more_dimensions_than_a_tensor_has_is_refused() -> None:
    assert "signature of 1024 dimensions" in refusal(with_value(n7=Vector("i", [-1] * 1024))).detail


def sparse(content: bytes, indices: bytes = b"\0") -> Table:
    rows = Table({0: i8(1), 2: u8(3), 3: Table({0: Raw(indices)})})
    return with_constant(tensor("w", (1, 2), "float32", 1, {6: Table({2: Tables((rows,))})}), content)


def test_the_coordinates_of_a_sparse_constant_take_flash() -> None:
    assert profile(read(sparse(b"\0" * 4, HIDDEN))).stored_constant_bytes == 4 + len(HIDDEN)


def test_a_sparse_constant_holds_no_more_than_the_same_one_that_is_dense() -> None:
    assert "needs 8 bytes and holds 4096" in refusal(sparse(HIDDEN)).detail


def test_a_model_that_a_signature_runs_elsewhere_has_no_figures() -> None:
    alias = Table({0: "in", 1: u32(0)})
    named = {key: Table({0: Tables((alias,)), 1: Tables((alias,)), 2: key, 4: u32(key == "other")}) for key in "ab"}
    named["other"] = Table({0: Tables((alias,)), 1: Tables((alias,)), 2: "other", 4: u32(1)})
    graphs = (subgraph(), subgraph(name="costly"))
    assert not isinstance(profile(read(model(*graphs, more={7: Tables((named["a"],))}))).macs, Unestablished)
    found = profile(read(model(*graphs, more={7: Tables((named["a"], named["other"]))})))
    for figure in (found.macs, found.weights, found.plans, found.features):
        assert isinstance(figure, Unestablished)
        assert "signature 'other' runs another graph" in figure.causes[0].detail


def test_a_variable_takes_its_room_though_no_call_reads_it() -> None:
    spare = tensor("z", (10, 10))
    variable = tensor("z", (10, 10), more={5: u8(1)})
    peaks = [
        profile(read(model(subgraph((tensor("x"), tensor("y"), each))))).activation_peak_bytes
        for each in (spare, variable)
    ]
    assert peaks == [8 + 8, 8 + 8 + 400]


def test_a_call_that_takes_no_result_is_a_contradiction_and_no_traceback() -> None:
    options = (1, Table({0: i8(0), 1: i32(1), 2: i32(1)}))
    calls = (operator(0, inputs=(0, 2), outputs=(), options=options), operator(1))
    tensors = (tensor("x", (1, 1, 1, 1)), tensor("y", (1, 1, 1, 1)), tensor("w", (1, 1, 1, 1), buffer=1))
    codes = (opcode("CONV_2D"), opcode("RELU"))
    found = profile(read(model(subgraph(tensors, operators=calls), codes=codes, buffers=(b"", b"\0" * 4))))
    assert isinstance(found.macs, Unestablished)
    assert "takes none" in found.macs.causes[0].detail
