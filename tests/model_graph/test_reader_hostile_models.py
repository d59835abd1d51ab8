"""Model files that lie end in a refusal with a reason, soon and small."""

from __future__ import annotations

import io
import random
import re
import subprocess
import sys
from pathlib import Path

import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper
from onnx_bytes import block, graph, model, node, number, read, refusal, tensor, value, varint

from policy_gate.errors import EvidenceError, Reason
from policy_gate.model_graph import read_model
from policy_gate.model_graph.onnx_reader import read_onnx

RAW_2 = block(9, b"\0" * 8)
REAL = sorted(
    (Path(onnx.__file__).parent / "backend" / "test" / "data").rglob("*.onnx"), key=lambda path: path.stat().st_size
)


def outside(location: str, *entries: tuple[str, str], dims: tuple[int, ...] = (2,)) -> bytes:
    pairs = [("location", location), *entries]
    listed = b"".join(block(13, block(1, key) + block(2, held)) for key, held in pairs)
    return model(graph(block(5, tensor("w", dims, 1, listed + number(14, 1)))))


def nested(depth: int) -> bytes:
    inner = b""
    for _ in range(depth):
        attribute = block(1, "body") + block(6, inner) + number(20, 5)
        inner = block(1, node("If", (), (), block(5, attribute)))
    return inner


def test_the_plain_model_of_these_tests_is_read() -> None:
    assert [each.op for each in read(model()).graph.nodes] == ["Relu"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (model(block(1, b"", claimed=1 << 40)), "ends behind its message"),
        (model(graph() + block(2, "twice")), "name occurs twice"),
        (model() + block(7, graph()), "graph occurs twice"),
        (model() + number(1, 9), "ir_version occurs twice"),
        (model(graph() + b"\x0b"), "wire type 3"),
        (model(graph() + b"\x0c"), "wire type 4"),
        (model(graph() + b"\x0e"), "wire type 6"),
        (model(graph() + b"\x02\x00"), "field number 0"),
        (model(graph() + b"\x08\x01"), "field 1 of GraphProto has wire type 0"),
        (model(graph() + varint(1 << 40 | 2) + b"\0"), "field number"),
        (model(graph() + b"\x0a" + b"\xff" * 11), "64 bits"),
        (model(graph() + b"\x0a" + b"\xff" * 9 + b"\x7f"), "64 bits"),
        (model(graph() + b"\x0a\x80"), "truncated|ends behind"),
        (model(graph(block(5, tensor("w", (2,), 1, RAW_2)), block(5, tensor("w", (2,), 1, RAW_2)))), "occurs twice"),
        (model(graph(block(5, tensor("", (2,), 1, RAW_2)))), "no name"),
        (model(graph(block(5, tensor("w", (-1,), 1)))), "negative dimension"),
        (model(graph(block(5, tensor("w", (3,), 1, RAW_2)))), "needs 12 bytes and holds 8"),
        (model(graph(block(5, tensor("w", (1,), 1, RAW_2)))), "needs 4 bytes and holds 8"),
        (model(graph(block(5, tensor("w", (2,), 1)))), "in 0 fields"),
        (model(graph(block(5, tensor("w", (2,), 1, RAW_2, block(4, b"\0" * 8))))), "in 2 fields"),
        (model(graph(block(5, tensor("w", (2,), 1, block(7, b"\0\0"))))), "in int64_data"),
        (model(graph(block(5, tensor("w", (2,), 7, block(7, b"\0\0\0"))))), "needs 2 numbers"),
        (model(graph(block(5, tensor("w", (2,), 7, block(7, b"\0\x80"))))), "needs 2 numbers"),
        (model(graph(block(5, tensor("w", (1,), 2, block(5, varint(256)))))), "does not fit"),
        (model(graph(block(5, tensor("w", (2,), 8, block(6, "a"))))), "needs 2 strings and holds 1"),
        (model(graph(block(5, tensor("w", (2,), 0, RAW_2)))), "data type 0"),
        (model(graph(block(5, tensor("w", (2,), 99, RAW_2)))), "data type 99"),
        (model(graph(block(5, tensor("w", (2,), 1, RAW_2, block(3, number(1, 0)))))), "segments"),
        (model(graph(block(5, tensor("w", (2,), 1, RAW_2, number(14, 1))))), "whether its data is external"),
        (model(graph(block(5, tensor("w", (2,), 1, RAW_2, block(13, block(1, "location")))))), "whether its data"),
        (model(graph(block(5, tensor("w" * 3, (1,) * 65, 1, RAW_2)))), "65 dimensions"),
        (model(graph(nodes=(node("Relu", ("x",), ("y",)), node("Relu", ("x",), ("y",))))), "assigned twice"),
        (model(graph(nodes=(node("Relu", ("ghost",)),))), "'ghost', never defined"),
        (model(graph(nodes=(node("Relu", ("b",)), node("Relu", ("x",), ("b",))))), "not in topological order"),
        (model(graph(nodes=(node("Add", ("x", "c"), ("y",)), node("Relu", ("y",), ("c",))))), "form a cycle"),
        (model(graph(nodes=())), "'y', which nothing produces"),
        (model(graph(block(11, value("x")))), "declares input 'x' twice"),
        (model(graph(nodes=(block(1, "x") + block(2, "y"),))), "no operator"),
        (model(graph(nodes=(node("Relu") + block(4, "Tanh"),))), "op_type occurs twice"),
        (model(graph(nodes=(node("Relu", ("x",), ("y",), block(5, number(3, 1))),))), "no name"),
        (model(graph(nodes=(node("Relu", ("x",), ("y",), block(5, block(1, "a"))),))), "one value of its type"),
        (
            model(graph(nodes=(node("Relu", ("x",), ("y",), block(5, block(1, "a") + number(3, 1) + number(20, 1))),))),
            "one value of its type",
        ),
        (
            model(
                graph(nodes=(node("Relu", ("x",), ("y",), *[block(5, block(1, "a") + number(3, n)) for n in (1, 2)]),))
            ),
            "repeats an attribute",
        ),
        (model(graph(nodes=(block(1, b"\xff\xfe") + node("Relu"),))), "not UTF-8"),
        (model(graph(nodes=(node("Relu", ("x\0",)),))), "holds NUL"),
        (model(None, block(8, number(2, 18))), "two versions"),
        (
            model(None, *[block(25, block(1, "f") + block(10, "d") + block(7, node("f", (), (), block(7, "d"))))] * 2),
            "defined twice",
        ),
        (
            model(None, block(25, block(1, "f") + block(10, "d") + block(7, node("f", (), (), block(7, "d"))))),
            "calls itself",
        ),
    ],
)
def test_a_file_that_contradicts_itself_is_unreadable_and_says_where(content: bytes, words: str) -> None:
    error = refusal(content)
    assert error.reason is Reason.UNREADABLE
    assert re.search(words, error.detail), error.detail


@pytest.mark.parametrize(
    "content",
    [number(1, 8) + block(8, number(2, 17)), number(1, 0) + block(7, graph()), block(7, graph())],
    ids=["no graph", "version 0", "no version"],
)
def test_a_model_without_a_graph_or_a_version_is_unreadable(content: bytes) -> None:
    with pytest.raises(EvidenceError) as refused:
        read_onnx(io.BytesIO(content), external=None)
    assert refused.value.reason is Reason.UNREADABLE


@pytest.mark.parametrize(
    "content",
    [
        model(graph(block(5, tensor("w", (1 << 60,), 1)))),
        model(graph(block(5, tensor("w", (1 << 32, 1 << 32), 1)))),
        model(graph(block(5, tensor("w", (0, (1 << 63) - 1), 1)))),
        model(graph(nodes=(node("Relu", ("x" * 70_000,)),))),
        model(nested(33)),
        model(nested(400)),
    ],
    ids=["2^60", "product", "zero times 2^63", "long name", "33 deep", "400 deep"],
)
def test_what_exceeds_the_limits_is_too_large(content: bytes) -> None:
    assert refusal(content).reason is Reason.TOO_LARGE


def test_thirty_subgraphs_deep_is_still_read() -> None:
    inner = nested(30)
    assert read(model(inner)).graph.nodes[0].op == "If"


@pytest.mark.parametrize(
    "location",
    [
        "../w.bin",
        "/etc/passwd",
        "a/../../w.bin",
        "C:\\w.bin",
        "c:/w.bin",
        "",
        ".",
        "a//b",
        "\\\\host\\w",
        "w\n.bin",
        "..",
        "aux",
    ],
)
def test_external_data_outside_the_model_directory_is_refused(location: str) -> None:
    assert refusal(outside(location), lambda _path: 8).reason is Reason.PATH_REFUSED


def test_a_tensor_cannot_read_the_model_file_itself() -> None:
    assert refusal(outside("Model.ONNX"), lambda _path: 8).reason is Reason.PATH_REFUSED


@pytest.mark.parametrize(
    ("entries", "size", "words"),
    [
        ((("offset", "8"),), 8, "gives it 0"),
        ((("offset", "8"), ("length", "8")), 8, "ends at byte 16"),
        ((("length", "4"),), 8, "gives it 4"),
        ((("length", "16"),), 16, "gives it 16"),
        ((), 9, "gives it 9"),
        ((("offset", "-1"),), 8, "offset '-1'"),
        ((("offset", "1e3"),), 8, "offset"),
        ((("offset", "9" * 30),), 8, "offset"),
        ((("offset", "٣"),), 8, "offset"),
        ((("length", ""),), 8, "length"),
        ((("basepath", "/"),), 8, "'basepath'"),
        ((("location", "other.bin"),), 8, "repeats a key"),
    ],
)
def test_external_data_must_be_exactly_the_bytes_a_tensor_needs(entries, size: int, words: str) -> None:
    assert words in refusal(outside("w.bin", *entries), lambda _path: size).detail


def test_external_ranges_that_overlap_are_refused_and_equal_ones_are_not() -> None:
    def two(second: str) -> bytes:
        listed = [
            tensor(name, (2,), 1, *[block(13, block(1, k) + block(2, v)) for k, v in place], number(14, 1))
            for name, place in (
                ("a", (("location", "w.bin"), ("length", "8"))),
                ("b", (("location", "w.bin"), ("offset", second), ("length", "8"))),
            )
        ]
        return model(graph(*[block(5, each) for each in listed]))

    assert "overlap" in refusal(two("4"), lambda _path: 16).detail
    assert len(read(two("0"), lambda _path: 16).graph.constants) == 2
    assert read(two("8"), lambda _path: 16).external_files == ("w.bin",)


def test_external_data_that_cannot_be_looked_up_is_missing_not_empty() -> None:
    assert refusal(outside("w.bin")).reason is Reason.NOT_IN_TREE


def test_an_operator_of_a_domain_that_is_not_imported_is_noted() -> None:
    notes = read(model(graph(nodes=(node("Steal", ("x",), ("y",), block(7, "com.evil")),)))).notes
    assert any("com.evil" in note and "Steal" in note for note in notes)


def test_training_information_and_unknown_fields_are_noted() -> None:
    notes = read(model(None, block(20, b""), block(99, b"hidden"))).notes
    assert any("training" in note for note in notes)
    assert any("99" in note for note in notes)


@pytest.mark.parametrize("path", [REAL[len(REAL) // 2], REAL[-1]], ids=["middle", "largest"])
def test_a_model_cut_anywhere_is_refused(path: Path) -> None:
    whole = path.read_bytes()
    step = 37 if len(whole) < 40_000 else 37 * 41
    for size in range(0, len(whole), step):
        with pytest.raises(EvidenceError):
            read(whole[:size])


def test_bytes_flipped_in_a_real_model_never_crash_the_reader() -> None:
    whole = next(path for path in REAL if path.stat().st_size > 3000).read_bytes()
    dice = random.Random(20)
    for _ in range(400):
        broken = bytearray(whole)
        for _ in range(dice.randint(1, 4)):
            broken[dice.randrange(len(broken))] = dice.randrange(256)
        try:
            read_onnx(io.BytesIO(bytes(broken)), external=None)
        except EvidenceError:
            continue


@given(st.binary(max_size=400))
@settings(max_examples=300, deadline=None)
def test_random_bytes_are_refused_not_crashed_on(content: bytes) -> None:
    with pytest.raises(EvidenceError):
        read(content)
    with pytest.raises(EvidenceError):
        read_onnx(io.BytesIO(content), external=None)


@given(st.lists(st.tuples(st.integers(1, 26), st.sampled_from([0, 1, 2, 5]), st.binary(max_size=40)), max_size=20))
@settings(max_examples=300, deadline=None)
def test_random_fields_inside_a_graph_are_read_or_refused(fields) -> None:
    written = b""
    for field, kind, held in fields:
        payload = {0: varint(len(held)), 1: held[:8].ljust(8, b"\0"), 5: held[:4].ljust(4, b"\0")}
        written += block(field, held) if kind == 2 else varint(field << 3 | kind) + payload[kind]
    try:
        found = read(model(graph(written)))
    except EvidenceError:
        return
    assert found.graph.nodes


@pytest.mark.slow
@pytest.mark.parametrize(
    ("content", "reasons"),
    [
        (model(graph() + b"\x0a\x00" * 1_000_000), {Reason.UNREADABLE}),
        (model(graph() + block(1, node("Relu", ("x",), ())) * 1_000_000), {Reason.TOO_LARGE}),
        (model(graph() + block(99, b"") * 1_500_000), {None}),
        (model(graph() + block(99, b"") * 5_000_000), {Reason.TOO_LARGE}),
        (model(graph() + block(5, tensor("", (0,))) * 600_000), {Reason.TOO_LARGE}),
        (model(graph() + block(13, b"") * 1_000_000), {Reason.TOO_LARGE}),
        (model(graph(nodes=(node("Relu") + block(1, "") * 2_000_000,))), {None}),
        (model(graph(block(5, b"\x08\x00" * 4_000_000))), {Reason.TOO_LARGE}),
        (model(graph(block(5, block(1, b"\x00" * 8_000_000)))), {Reason.TOO_LARGE}),
        (model(None, block(8, b"") * 1_500_000), {Reason.TOO_LARGE}),
        (model(None, block(14, b"") * 1_500_000), {Reason.TOO_LARGE}),
    ],
    ids=[
        "empty nodes",
        "nodes",
        "unknown",
        "more unknown",
        "tensors",
        "values",
        "inputs",
        "dims",
        "packed",
        "opsets",
        "meta",
    ],
)
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of a process is read from /proc")
def test_a_million_tiny_fields_stay_below_two_hundred_mebibytes(content: bytes, reasons, tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_bytes(content)
    command = [sys.executable, "-c", MEASURED, tmp_path / "m.onnx"]
    reason, peak = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split(";")
    assert reason in {str(each or "read") for each in reasons}
    assert int(peak) < 200 * 1024


MEASURED = """
import re, sys
from policy_gate.errors import EvidenceError
from policy_gate.model_graph import read_model
try:
    read_model(open(sys.argv[1], "rb"), "m.onnx")
    reason = "read"
except EvidenceError as error:
    reason = error.reason
peak = re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1]
print(reason, peak, sep=";", end="")
"""


def test_weights_are_passed_over_not_read() -> None:
    class Watched(io.BytesIO):
        total = 0

        def read(self, size: int | None = -1, /) -> bytes:
            found = super().read(size)
            Watched.total += len(found)
            return found

    weights = helper.make_tensor("w", TensorProto.FLOAT, [1024, 1024], b"\0" * (4 << 20), raw=True)
    made = model(graph(block(5, weights.SerializeToString())))
    found = read_model(Watched(made), "m.onnx", None)
    assert found.graph.constants["w"].stored_bytes == 4 << 20
    assert Watched.total < 64 * 1024


def test_a_file_that_shrinks_while_it_is_read_is_unreadable() -> None:
    class Shrinking(io.BytesIO):
        def seek(self, offset: int, whence: int = 0, /) -> int:
            return super().seek(offset, whence) + (100 if whence == 2 else 0)

    with pytest.raises(EvidenceError, match="bytes are missing"):
        read_onnx(Shrinking(model()), external=None)
