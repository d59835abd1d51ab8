"""Model files are recognised by content and by name, and nothing else is."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import pickle
import random
import tarfile
import zipfile
from pathlib import Path

import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import helper
from onnx_bytes import varint

from policy_gate.errors import EvidenceError, Reason
from policy_gate.model_graph import read_model
from policy_gate.model_graph.archive import archive, member_names
from policy_gate.model_graph.sniff import HEAD_BYTES, MAX_WALKED_FIELDS, MODEL_SUFFIXES, sniff, sniff_file

SHIPPED = sorted(Path(onnx.__file__).parent.rglob("*.onnx"))


def zipped(name: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(name, "x")
    return made.getvalue()


@given(st.binary(max_size=200), st.sampled_from(sorted(MODEL_SUFFIXES)))
def test_a_file_named_as_a_model_is_never_taken_for_none(head: bytes, suffix: str) -> None:
    assert sniff(head, f"a/model{suffix.upper()}") != ""


@pytest.mark.parametrize("suffix", sorted(MODEL_SUFFIXES))
def test_an_empty_model_is_unknown(suffix: str) -> None:
    assert sniff(b"", f"model{suffix}") == "unknown"


@pytest.mark.parametrize("name", ["weights.bin", "model", "notes.txt"])
def test_every_shipped_onnx_model_is_found_whatever_its_name(name: str) -> None:
    assert {sniff(path.read_bytes()[:HEAD_BYTES], name) for path in SHIPPED} == {"onnx"}


def test_real_tflite_models_are_found_without_their_name(shared: Path) -> None:
    paths = sorted(shared.glob("models/*/*.tflite"))
    assert paths
    for path in paths:
        assert sniff(path.read_bytes()[:HEAD_BYTES], "weights.bin") == "tflite"


def test_an_onnx_model_with_a_long_documentation_is_found() -> None:
    graph = helper.make_graph([], "g", [], [])
    made = helper.make_model(graph, producer_name="maker", doc_string="doc é " * 2000)
    assert sniff(made.SerializeToString()[:HEAD_BYTES], "weights.bin") == "onnx"


@pytest.mark.parametrize(
    ("head", "path", "expected"),
    [
        (b"\x1c\0\0\0TFL3", "a.bin", "tflite"),
        (b"\x1c\0\0\0ET12", "a.pte", "executorch"),
        (b"\x1c\0\0\0ORTM", "a.ort", "ort"),
        (b"GGUF\x03\0\0\0", "a", "gguf"),
        (b"\x89HDF\r\n\x1a\n....", "a.h5", "keras-hdf5"),
        (b"\x40\0\0\0\0\0\0\0" + b'{"w":{"dtype":"F32"', "a.safetensors", "safetensors"),
        (zipped("archive/data.pkl"), "a.bin", "pytorch-zip"),
        (zipped("other"), "a.pt", "pytorch-zip"),
        (zipped("model.weights.h5"), "a.zip", "keras-zip"),
        (pickle.dumps({"a": [1]}, protocol=2), "a.dat", "pickle"),
        (pickle.dumps({"a": [1]}, protocol=4), "a.dat", "pickle"),
        (bytes.fromhex("0804121f0a0d0a0178120808") + b"\x2a" * 20, "a.mlmodel", "coreml"),
        (b'<?xml version="1.0"?>\n<net name="m" version="11">\n<layers>', "a.xml", "openvino"),
        (b"7767517\n75 83\n", "a.txt", "ncnn"),
        (b"garbage", "a.onnx", "unknown"),
        (b"garbage", "A.TFLITE", "unknown"),
        (b"\x08", "a.onnx", "unknown"),
        (zipped("other"), "a.zip", ""),
        (b"", "a.bin", ""),
        (b"\0" * 64, "a.bin", ""),
        (b"\x80\x03", "a.bin", ""),
    ],
)
def test_formats_are_told_by_their_first_bytes(head: bytes, path: str, expected: str) -> None:
    assert sniff(head[:HEAD_BYTES], path) == expected


@given(st.text(max_size=300))
def test_text_is_never_taken_for_onnx(text: str) -> None:
    assert sniff(text.encode(), "notes.txt") != "onnx"


@pytest.mark.parametrize(
    "path", sorted(Path(__file__).parents[2].glob("*.toml")) + sorted(Path(__file__).parent.glob("*.py"))
)
def test_files_of_this_repository_are_no_models(path: Path) -> None:
    if path.is_file():
        assert sniff(path.read_bytes()[:HEAD_BYTES], path.name) == ""


def onnx_bytes() -> bytes:
    ends = [helper.make_tensor_value_info(name, 1, [1]) for name in "xy"]
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", ends[:1], ends[1:])
    return helper.make_model(graph, ir_version=8).SerializeToString()


def field(number: int, kind: int, rest: bytes) -> bytes:
    return varint(number << 3 | kind) + rest


def block(number: int, size: int) -> bytes:
    return field(number, 2, varint(size) + b"\xff" * size)


def fields_of(content: bytes) -> list[bytes]:
    """The top fields of a model, each by itself."""
    return [
        type(parsed)(**{each.name: value}).SerializePartialToString()
        for parsed in [onnx.ModelProto.FromString(content)]
        for each, value in parsed.ListFields()
    ]


STRANGE = {
    "number": field(1000, 0, b"\x01"),
    "eight bytes": field(1000, 1, bytes(8)),
    "four bytes": field(1000, 5, bytes(4)),
    "block": block(1000, 100),
    "block behind the head": block(1000, 3 * HEAD_BYTES),
    "group": field(1000, 3, block(7, 9)) + field(1000, 4, b""),
    "key in more bytes than it needs": b"\xc0\xbe\x00\x01",
    "known number of another wire type": field(7, 0, b"\x05"),
    "thousand": block(1000, 2) * 1000,
}


@pytest.mark.parametrize("before", STRANGE.values(), ids=STRANGE)
def test_a_model_behind_fields_that_nobody_knows_is_found(before: bytes) -> None:
    content = before + onnx_bytes()
    assert onnx.ModelProto.FromString(content).graph.name == "g"
    assert sniff_file(io.BytesIO(content), "voices.bin") == "onnx"


def test_an_unknown_field_before_a_model_hides_it_from_no_look_at_the_head() -> None:
    for name in ("number", "eight bytes", "four bytes", "block"):
        assert sniff((STRANGE[name] + onnx_bytes())[:HEAD_BYTES], "voices.bin") == "onnx"


@given(st.permutations(fields_of(onnx_bytes())), st.integers(0, 2 * HEAD_BYTES))
def test_a_model_is_found_in_whatever_order_its_fields_stand(fields: list[bytes], padding: int) -> None:
    content = b"".join([fields[0], block(1000, padding), *fields[1:]])
    assert sniff_file(io.BytesIO(content), "voices.bin") == "onnx"


def test_more_fields_than_are_walked_are_unknown() -> None:
    assert sniff_file(io.BytesIO(block(1000, 1) * MAX_WALKED_FIELDS + onnx_bytes()), "voices.bin") == "unknown"


@given(st.binary(max_size=3000))
def test_a_walk_through_anything_ends_with_an_answer(content: bytes) -> None:
    assert sniff_file(io.BytesIO(content), "a.bin") in {sniff(content, "a.bin"), "onnx"}


def test_random_bytes_are_no_onnx() -> None:
    for seed in range(300):
        assert sniff_file(io.BytesIO(random.Random(seed).randbytes(20_000)), "noise.bin") == ""


@given(st.text(st.characters(blacklist_categories=["Cc", "Cs"], whitelist_characters="\n\t"), max_size=2000))
def test_text_is_no_onnx_in_its_whole_length_either(text: str) -> None:
    assert sniff_file(io.BytesIO(text.encode()), "notes.txt") == ""


def test_files_of_this_repository_are_no_models_in_their_whole_length() -> None:
    for path in (Path(__file__).parents[2] / "policy_gate").rglob("*.py"):
        with path.open("rb") as file:
            assert sniff_file(file, path.name) == "", path


def tarred(name: str) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive_file:
        archive_file.addfile(tarfile.TarInfo("first.txt"))
        archive_file.addfile(tarfile.TarInfo(name))
    return made.getvalue()


def gzipped(name: str) -> bytes:
    made = io.BytesIO()
    with gzip.GzipFile(name, "wb", fileobj=made) as file:
        file.write(b"x")
    return made.getvalue()


@pytest.mark.parametrize(("pack", "kind"), [(zipped, "zip"), (tarred, "tar"), (gzipped, "gzip")])
def test_an_archive_that_shows_a_model_by_name_is_unknown_and_any_other_is_named_as_an_archive(pack, kind) -> None:
    for name in ("big.onnx", "in/folder/BIG.TFLITE"):
        assert sniff(pack(name)[:HEAD_BYTES], "voices.bin") == "unknown"
    other = pack("labels.txt")[:HEAD_BYTES]
    assert (sniff(other, "voices.bin"), archive(other)) == ("", kind)


@pytest.mark.parametrize("pack", [bz2.compress, lzma.compress, gzip.compress])
def test_a_compressed_file_is_named_as_an_archive(pack) -> None:
    assert archive(pack(onnx_bytes())) in {"bzip2", "xz", "gzip"}


@given(st.binary(max_size=600), st.sampled_from([b"PK\x03\x04", b"PK\x01\x02", b"\x1f\x8b\x08", bytes(257) + b"ustar"]))
def test_no_head_of_an_archive_crashes(rest: bytes, mark: bytes) -> None:
    assert all(isinstance(name, str) for name in member_names(mark + rest))
    assert isinstance(sniff(mark + rest, "a.bin"), str)


@pytest.mark.parametrize(
    ("content", "name", "found"), [(b"\x1c\0\0\0ET12", "a.pte", "executorch"), (b"GGUF\x03\0\0\0", "a", "gguf")]
)
def test_a_model_of_a_format_without_a_reader_is_said_to_be_known_by_its_digest_only(content, name, found) -> None:
    with pytest.raises(EvidenceError) as refused:
        read_model(io.BytesIO(content + bytes(64)), name)
    assert refused.value.reason is Reason.UNSUPPORTED_FORMAT
    assert f"{found} is not read, only its digest is known" in refused.value.detail
