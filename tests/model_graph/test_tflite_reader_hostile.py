"""TFLite files that lie end in a refusal with a reason, soon and small."""

from __future__ import annotations

import io
import re
import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tflite_bytes import (
    Raw,
    Table,
    Tables,
    Vector,
    Written,
    i8,
    i32,
    ints,
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
    u64,
    with_constant,
    write,
)

from policy_gate.errors import EvidenceError, Reason
from policy_gate.model_graph import Model, read_model
from policy_gate.model_graph.tflite_reader import read_tflite

PAIR = b"\0" * 8


def test_the_plain_model_of_these_tests_is_read() -> None:
    assert [each.op for each in read(model()).graph.nodes] == ["RELU"]


def patched(where: str, value: int, form: str = "<I") -> Written:
    """The plain model with one number of its structure replaced."""
    plain, graph, call = tensor("x"), subgraph(), operator()
    graph = subgraph((plain, tensor("y")), operators=(call,))
    root = model(graph)
    made = write(root)
    name = plain.fields[3]
    table = made.at[id(plain)]
    vtable = table - struct.unpack_from("<i", made.content, table)[0]
    places = {
        "root": 0,
        "soffset": table,
        "vtable size": vtable,
        "table size": vtable + 2,
        "first slot": vtable + 4,
        "shape": table + struct.unpack_from("<H", made.content, vtable + 4)[0],
        "name length": made.at[id(name)],
        "tensors": made.at[id(graph.fields[0])],
        "first tensor": made.at[id(graph.fields[0])] + 4,
        "dims": made.at[id(plain.fields[0])],
        "operators": made.at[id(graph.fields[3])],
        "inputs": made.at[id(call.fields[1])],
    }
    return made.patch(places[where], form, value)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (patched("root", 0), "an offset of 0 leads outside"),
        (patched("root", 1 << 31), "leads outside"),
        (patched("root", 0xFFFFFFFF), "leads outside"),
        (patched("soffset", 0, "<i"), "vtable claims"),
        (patched("soffset", 1 << 30, "<i"), "the vtable of a table lies at -"),
        (patched("soffset", -(1 << 30), "<i"), "outside the file"),
        (patched("vtable size", 0, "<H"), "a vtable claims 0 bytes"),
        (patched("vtable size", 7, "<H"), "a vtable claims 7 bytes"),
        (patched("vtable size", 0xFFFE, "<H"), "a vtable claims 65534 bytes"),
        (patched("table size", 0, "<H"), "tables of 0 bytes"),
        (patched("table size", 6, "<H"), "outside its table"),
        (patched("table size", 0xFFFF, "<H"), "ends behind the file"),
        (patched("first slot", 2, "<H"), "outside its table"),
        (patched("first slot", 0xFFF0, "<H"), "outside its table"),
        (patched("shape", 0), "an offset of 0"),
        (patched("shape", 0xFFFFFFF0), "leads outside"),
        (patched("name length", 0x7FFF), "end behind the file"),
        (patched("name length", 0), "does not end with NUL"),
        (patched("first tensor", 0), "an offset of 0"),
        (patched("dims", 1 << 16), "end behind the file"),
        (patched("inputs", 60), "end behind the file|no tensor"),
    ],
)
def test_structure_that_leads_nowhere_is_unreadable_and_says_where(made: Written, words: str) -> None:
    error = refusal(made)
    assert error.reason is Reason.UNREADABLE
    assert re.search(words, error.detail), error.detail
    assert re.search(r"\(byte \d+\)", error.detail)


@pytest.mark.parametrize("where", ["tensors", "dims", "operators", "inputs", "name length"])
def test_a_vector_of_four_billion_elements_is_refused_before_any_of_them(where: str) -> None:
    assert refusal(patched(where, 0xFFFFFFFF)).reason in {Reason.UNREADABLE, Reason.TOO_LARGE}


def constant(dims: tuple[int, ...] = (2,), dtype: str = "float32", content: bytes = PAIR, **more: object) -> Table:
    slots = {"quantised": 4, "variable": 5, "sparsity": 6}
    return with_constant(tensor("w", dims, dtype, 1, {slots[name]: held for name, held in more.items()}), content)


def calls(
    *operators: Table, tensors: int = 4, outputs: tuple[int, ...] = (1,), inputs: tuple[int, ...] = (0,)
) -> Table:
    return model(subgraph([tensor(f"t{index}") for index in range(tensors)], inputs, outputs, operators))


def quantised(table: Table, dims: tuple[int, ...] = (2, 2)) -> Table:
    return model(subgraph((tensor("x", dims, "int8", more={4: table}), tensor("y"))))


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (model(subgraph((tensor("x"), tensor("y", more={1: i8(23)})))), "data type 23"),
        (model(subgraph((tensor("x"), tensor("y", more={1: i8(-1)})))), "data type -1"),
        (model(subgraph((tensor("x"), tensor("y", (-2,))))), r"claims shape \[-2\]"),
        (model(subgraph((tensor("x"), tensor("y", (1,) * 65)))), "claims shape"),
        (model(subgraph((tensor("x"), tensor("y", buffer=1)))), "there is no buffer 1, the file has 1"),
        (model(buffers=(b"full",)), "buffer 0"),
        (constant((3,)), "needs 12 bytes and holds 8"),
        (constant((1,)), "needs 4 bytes and holds 8"),
        (constant((0,)), "needs 0 bytes and holds 8"),
        (constant((-1,)), "negative dimension"),
        (constant((5,), "int4", b"\0\0"), "needs 3 bytes and holds 2"),
        (constant((2,), "string", struct.pack("<2i", 1, 12) + b"abcd"), "needs 2 strings and holds 1"),
        (constant((9,), "string", struct.pack("<2i", 9, 12) + b"abcd"), "needs 9 strings"),
        (constant((2,), "opaque(resource)"), "holds bytes"),
        (constant(variable=u8(1)), "variable tensor 'w' holds bytes"),
        (model(subgraph((tensor("x", buffer=1), tensor("y"))), buffers=(b"", PAIR)), "declares input 'x' twice, or"),
        (model(subgraph((tensor("x"), tensor("y", buffer=1))), buffers=(b"", PAIR)), "makes 'y' twice"),
        (calls(operator(inputs=(2,))), "RELU of subgraph 0 reads 't2', which nothing before it makes"),
        (calls(operator(inputs=(2,)), operator(outputs=(2,))), "nothing before it makes"),
        (calls(operator(inputs=(1,), outputs=(1,))), "nothing before it makes"),
        (calls(operator(), operator()), "makes 't1' twice"),
        (calls(operator(outputs=(0,))), "makes 't0' twice"),
        (calls(operator(), outputs=(3,)), "an output of subgraph 0 reads 't3'"),
        (calls(operator(), inputs=(0, 0)), "declares input 't0' twice"),
        (calls(operator(inputs=(4,))), "no tensor 4, only 4"),
        (calls(operator(inputs=(-2,))), "no tensor -2"),
        (calls(operator(outputs=(1 << 30,))), "no tensor"),
        (calls(operator(more={8: ints(9)})), "no tensor 9"),
        (calls(operator(), inputs=(-1,)), "no tensor -1"),
        (calls(operator(), outputs=(7,)), "no tensor 7"),
        (calls(operator(1)), "code number 1 of 1"),
        (calls(operator(0xFFFFFFFF)), "code number 4294967295"),
        (model(codes=(opcode("CUSTOM"),)), "custom operator has no name"),
        (model(codes=(Table({0: i8(3), 3: i32(4)}),)), "two codes, 3 and 4"),
        (model(codes=(Table({0: i8(0), 3: i32(4)}),)), "two codes, 0 and 4"),
        (model(codes=(Table({0: i8(3), 3: i32(0)}),)), "two codes, 3 and 0"),
        (model(codes=(Table({0: i8(127), 3: i32(4)}),)), "two codes, 127 and 4"),
        (model(codes=(Table({0: i8(3), 3: i32(150)}),)), "two codes, 3 and 150"),
        (model(codes=(Table({0: i8(-1)}),)), "two codes, -1 and 0|code -1"),
        (model(codes=(Table({3: i32(-7)}),)), "code"),
        (model(codes=(Table({0: i8(-7), 3: i32(-7)}),)), "code -7"),
        (Table({0: u32(3)}), "no subgraph"),
        (Table({0: u32(3), 2: Tables((Table(),)), 1: Tables((Table({0: i8(32)}),))}), "custom operator has no name"),
        (model(subgraph((tensor("a\0b"), tensor("y")))), "holds NUL"),
        (model(subgraph((tensor("\udcff\udcfe"), tensor("y")))), "not UTF-8"),
        (model(subgraph((tensor("a"), tensor("a"), tensor("a#1")))), "cannot be told apart"),
        (model(more={6: Tables((Table({0: "m", 1: u32(5)}),))}), "no buffer 5"),
        (model(more={5: ints(-1)}), "no buffer -1"),
        (model(more={7: Tables((Table({4: u32(1)}),))}), "names subgraph 1"),
        (model(more={7: Tables((Table({0: Tables((Table({1: u32(2)}),))}),))}), "names tensor 2"),
        (quantised(quantisation((0.5, 0.5), (0,))), "2 scales and 1 zero points"),
        (quantised(quantisation((0.5,) * 3)), "3 scales along dimension 0"),
        (quantised(quantisation((0.5,) * 2, dimension=2)), "quantised along dimension 2"),
        (quantised(quantisation((0.5,) * 2, dimension=-1)), "quantised along dimension -1"),
        (quantised(quantisation(details_type=i8(2), details=Table({0: i32(9), 1: i32(-1)}))), "no tensor 9"),
        (quantised(quantisation(details_type=i8(2), details=Table({0: i32(-1), 1: i32(-1)}))), "no tensor -1"),
        (quantised(quantisation(details_type=i8(2), details=Table({0: i32(1), 1: i32(-1)}))), "are no constants"),
        (model(buffers=(b"", Table({0: Raw(PAIR), 1: u64(32), 2: u64(8)}))), "also says that they lie elsewhere"),
        (model(buffers=(b"", Table({1: u64(1 << 42), 2: u64(8)}))), "ends behind the file"),
        (model(buffers=(b"", Table({1: u64(16), 2: u64(1 << 42)}))), "ends behind the file"),
        (model(buffers=(b"", Table({1: u64((1 << 64) - 4), 2: u64(8)}))), "ends behind the file"),
        (model(buffers=(b"", Table({1: u64(16), 2: u64(8)}))), "on top of something else"),
        (model(buffers=(b"", Table({0: Raw(PAIR, claimed=1 << 31)}))), "ends behind the file"),
        (model(buffers=(b"", Table({0: Raw(PAIR, claimed=20)}))), "ends behind the file|on top of"),
        (model(subgraph(operators=(operator(more={9: u64(16), 10: u64(1 << 40)}),))), "cannot be there"),
        (model(subgraph(operators=(operator(more={5: Raw(PAIR), 9: u64(16), 10: u64(8)}),))), "cannot be there"),
    ],
)
def test_a_file_that_contradicts_itself_is_unreadable_and_says_what(made: Table, words: str) -> None:
    error = refusal(made)
    assert error.reason is Reason.UNREADABLE, error.detail
    assert re.search(words, error.detail), error.detail


def test_two_buffers_that_share_a_part_of_their_bytes_are_refused() -> None:
    first, second = Table({1: u64(0), 2: u64(8)}), Table({1: u64(0), 2: u64(8)})

    def shifted(by: int) -> Written:
        made = write(model(buffers=(b"", first, second)))
        made.align(16)
        offset = len(made.content)
        made.content += b"\0" * 16
        made.patch(made.at[id(first)] + 4, "<Q", offset)
        return made.patch(made.at[id(second)] + 4, "<Q", offset + by)

    assert "on top of something else" in refusal(shifted(4)).detail
    assert read(shifted(0)).other_bytes == (("buffers that nothing refers to", 8),)
    assert read(shifted(8)).other_bytes == (("buffers that nothing refers to", 16),)


@pytest.mark.parametrize(
    "made",
    [
        constant((1 << 30, 1 << 30)),
        constant((0, (1 << 31) - 1, (1 << 31) - 1, 1 << 20)[1:]),
        model(subgraph((tensor("n" * 70_000), tensor("y")))),
    ],
    ids=["2^60", "2^82", "long name"],
)
def test_what_exceeds_the_limits_is_too_large(made: Table) -> None:
    assert refusal(made).reason is Reason.TOO_LARGE


def test_a_shape_of_two_to_the_sixty_that_is_only_claimed_is_read_as_claimed() -> None:
    assert (
        read(model(subgraph((tensor("x"), tensor("y", (1 << 30, 1 << 30)))))).graph.outputs[0].shape == (1 << 30,) * 2
    )


def test_fields_of_a_later_schema_are_noted() -> None:
    notes = read(model(subgraph((tensor("x"), tensor("y", more={12: u8(1)}))))).notes
    assert notes == ("Tensor holds a field unknown to this version: 12",)


def test_options_of_a_later_schema_are_unread() -> None:
    later = operator(options=(21, Table({0: i8(1), 1: i32(2)})))
    found = read(model(subgraph(operators=(later,)), codes=(opcode("MUL"),))).graph.nodes[0]
    assert found.attributes == {"unread_options": True}


def rich() -> Written:
    """A small model with something of everything."""
    inner = subgraph((tensor("a"), tensor("b")), operators=(operator(2),), name="inner")
    many = quantisation((0.5, 0.25), min=Vector("f", (0.0, 0.0)))
    tensors = (
        tensor("x", more={7: ints(-1, 2)}),
        tensor("y"),
        tensor("w", (2, 1), "int8", 1, {4: many}),
        tensor("s", more={5: u8(1)}),
        tensor("m"),
    )
    operators = (
        operator(
            inputs=(0, 2, -1, 3), outputs=(4,), options=(11, Table({0: i8(1)})), more={7: Vector("?", (0, 0, 0, 1))}
        ),
        operator(1, (4,), (1,), (92, Table({0: i32(1), 1: i32(1)}))),
    )
    codes = (opcode("ADD"), opcode("IF"), opcode("CUSTOM", "mine"))
    signature = Table({0: Tables((Table({0: "in", 1: u32(0)}),)), 2: "serve"})
    more = {3: "made", 6: Tables((Table({0: "notes", 1: u32(2)}),)), 7: Tables((signature,))}
    main = subgraph(tensors, operators=operators)
    return write(model(main, inner, codes=codes, buffers=(b"", b"\1\2", b"hello"), more=more))


RICH = rich().bytes()
WHOLE = read(RICH)


def attempt(content: bytes) -> Model | None:
    try:
        return read_tflite(io.BytesIO(content))
    except EvidenceError:
        return None


def test_a_model_cut_at_any_byte_is_refused_or_reads_the_same() -> None:
    for size in range(len(RICH)):
        found = attempt(RICH[:size])
        if found is not None:
            assert (found.graph, found.metadata) == (WHOLE.graph, WHOLE.metadata)
            assert size > len(RICH) - 4


def test_any_byte_changed_never_crashes_the_reader() -> None:
    for at in range(len(RICH)):
        for value in (0, 0xFF):
            attempt(RICH[:at] + bytes([value]) + RICH[at + 1 :])


@given(st.lists(st.tuples(st.integers(0, len(RICH) - 1), st.integers(0, 255)), min_size=1, max_size=6))
@settings(max_examples=400, deadline=None)
def test_random_bytes_changed_never_crash_the_reader(changes: list[tuple[int, int]]) -> None:
    broken = bytearray(RICH)
    for at, value in changes:
        broken[at] = value
    attempt(bytes(broken))


@given(st.integers(0, len(RICH) // 4 - 1), st.integers(-(1 << 31), (1 << 31) - 1))
@settings(max_examples=400, deadline=None)
def test_a_random_number_anywhere_never_crashes_the_reader(index: int, value: int) -> None:
    broken = bytearray(RICH)
    struct.pack_into("<i", broken, 4 * index, value)
    attempt(bytes(broken))


@given(st.binary(max_size=400))
@settings(max_examples=200, deadline=None)
def test_random_bytes_behind_an_identifier_are_refused_not_crashed_on(content: bytes) -> None:
    for whole in (content, content[:4].ljust(4, b"\x08") + b"TFL3" + content):
        with pytest.raises(EvidenceError):
            read_tflite(io.BytesIO(whole))


def test_bytes_changed_in_a_real_model_never_crash_the_reader(shared: Path) -> None:
    whole = (shared / "models" / "mlperf-tiny" / "kws_ref_model.tflite").read_bytes()
    for at in range(0, len(whole), 397):
        attempt(whole[:at] + b"\xff" + whole[at + 1 :])
        attempt(whole[:at])


def test_a_file_that_shrinks_while_it_is_read_is_unreadable() -> None:
    class Shrinking(io.BytesIO):
        def seek(self, offset: int, whence: int = 0, /) -> int:
            return super().seek(offset, whence) + (100 if whence == 2 else 0)

    with pytest.raises(EvidenceError, match="bytes are missing"):
        read_tflite(Shrinking(write(model()).bytes()))


def test_a_claim_of_four_terabytes_costs_nothing() -> None:
    claimed = model(buffers=(b"", Table({1: u64(1 << 20), 2: u64(4 << 40)})))
    with pytest.raises(EvidenceError, match="ends behind the file"):
        read_model(io.BytesIO(write(claimed).bytes()), "m.tflite")
