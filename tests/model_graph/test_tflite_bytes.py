"""Every byte of a TFLite file is a constant's, structure, or told as what it is; none is read without need."""

from __future__ import annotations

import io
from pathlib import Path

from tflite_bytes import (
    Raw,
    Table,
    Tables,
    Vector,
    graph_of,
    i32,
    model,
    opcode,
    operator,
    quantisation,
    read,
    subgraph,
    tensor,
    u32,
    u64,
    with_constant,
    write,
)

from policy_gate.model_graph import read_model
from policy_gate.model_graph.graph import Model, Payload
from policy_gate.model_graph.tflite_reader import read_tflite


def models(shared: Path) -> list[Path]:
    found = sorted(shared.glob("models/*/*.tflite"))
    assert len(found) >= 8
    return found


def from_path(path: Path) -> Model:
    with path.open("rb") as file:
        return read_model(file, path.name)


def leaf(name: str = "leaf") -> Table:
    """A subgraph that calls operator code 1."""
    return subgraph(operators=(operator(1),), name=name)


def branching(then_index: int = 1, else_index: int = 2) -> Table:
    options = Table({0: i32(then_index), 1: i32(else_index)})
    return operator(options=(92, options))


def test_every_byte_of_the_mlperf_tiny_models_is_accounted_for(shared: Path) -> None:
    for path in models(shared):
        found = from_path(path)
        assert dict(found.other_bytes) == {"description": 15, "metadata": 16}
        assert found.metadata == (("min_runtime_version", "1.5.0"),)
        assert found.producer == "MLIR Converted."


def test_two_tensors_that_share_a_buffer_count_its_bytes_once() -> None:
    tensors = (tensor("x"), tensor("y"), tensor("a", (2,), "float32", 1), tensor("b", (1, 2), "float32", 1))
    found = graph_of(model(subgraph(tensors, operators=(operator(inputs=(0, 2, 3)),)), buffers=(b"", b"\0" * 8)))
    assert [found.constants[name].stored_bytes for name in "ab"] == [8, 0]
    assert found.constants["a"].payload == found.constants["b"].payload


def test_constants_of_a_called_subgraph_are_stored_and_those_of_an_uncalled_one_are_other_bytes() -> None:
    inner = subgraph(
        (tensor("x"), tensor("y"), tensor("w", (2,), "float32", 1)), operators=(operator(1, inputs=(0, 2)),)
    )
    codes = (opcode("IF"), opcode("ADD"))
    called = read(model(subgraph(operators=(branching(1, 1),)), inner, codes=codes, buffers=(b"", b"\0" * 8)))
    assert called.other_bytes == ()
    uncalled = read(model(subgraph(), inner, codes=(opcode(), opcode("ADD")), buffers=(b"", b"\0" * 8)))
    assert uncalled.other_bytes == (("constants that no call uses", 8),)
    assert [entry.graph.name for entry in uncalled.entries] == ["main"]
    assert any("does not run" in note for note in uncalled.notes)


def test_buffers_outside_of_all_tables_are_read_where_they_lie() -> None:
    outside = Table({1: u64(0), 2: u64(8)})
    made = write(
        model(
            subgraph((tensor("x"), tensor("y"), tensor("w", (2,), "float32", 1)), operators=(operator(inputs=(0, 2)),)),
            buffers=(Table({1: u64(1), 2: u64(1)}), outside),
        )
    )
    made.align(16)
    offset = len(made.content)
    made.content += b"ABCDEFGH"
    made.patch(made.at[id(outside)] + 4, "<Q", offset)
    found = read(made)
    constant = found.graph.constants["w"]
    assert (constant.payload, constant.small) == (Payload("", offset, 8), b"ABCDEFGH")
    assert found.other_bytes == ()


def test_what_no_call_needs_is_counted_by_what_it_is() -> None:
    entries = Tables((Table({0: "labels", 1: u32(2)}),))
    unused = tensor("unused", (3,), "float32", 3)
    graph = subgraph(
        (tensor("x"), tensor("y"), tensor("n" * 1500), unused),
        operators=(operator(more={5: Raw(b"\0" * 100)}),),
    )
    described = model(
        graph,
        buffers=(b"", b"\0" * 40, b"text", b"\0" * 12),
        more={3: "made by a test", 6: entries, 20: Raw(b"\1" * 99)},
    )
    made = write(described)
    made.content += b"\0" * 200
    found = read(made)
    assert dict(found.other_bytes) == {
        "buffers that nothing refers to": 40,
        "bytes behind the model": 200,
        "constants that no call uses": 12,
        "custom options of builtin operators": 100,
        "description": 14,
        "gaps": 104,
        "long names": 476,
        "metadata": 4,
    } | {"gaps": dict(found.other_bytes)["gaps"]}
    assert 99 <= dict(found.other_bytes)["gaps"] <= 99 + 32
    assert found.metadata == (("labels", "text"),)


def test_value_ranges_are_structure_up_to_one_a_scale() -> None:
    def ranged(count: int) -> Model:
        ranges = {"min": Vector("f", (0.0,) * count), "max": Vector("f", (1.0,) * count)}
        many = quantisation((0.5, 0.25), dimension=1, **ranges)
        return read(model(subgraph((tensor("x", (1, 2), "int8", more={4: many}), tensor("y")))))

    assert ranged(2).other_bytes == ()
    assert ranged(12).other_bytes == (("quantisation parameters that nothing reads", 80),)


def test_weights_are_passed_over_not_read() -> None:
    class Watched(io.BytesIO):
        total = 0

        def read(self, size: int | None = -1, /) -> bytes:
            found = super().read(size)
            Watched.total += len(found)
            return found

    made = write(with_constant(tensor("w", (1024, 1024), "float32", 1), b"\0" * (4 << 20))).bytes()
    found = read_tflite(Watched(made))
    assert found.graph.constants["w"].stored_bytes == 4 << 20
    assert Watched.total < 64 * 1024
