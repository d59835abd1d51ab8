"""Model files are recognised by content and by name, and nothing else is."""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path

import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import helper

from policy_gate.model_graph.sniff import HEAD_BYTES, MODEL_SUFFIXES, sniff

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
    "path", sorted(Path(__file__).parents[2].glob("*.*")) + sorted(Path(__file__).parent.glob("*.py"))
)
def test_files_of_this_repository_are_no_models(path: Path) -> None:
    if path.is_file():
        assert sniff(path.read_bytes()[:HEAD_BYTES], path.name) == ""
