"""What `inspect` prints of the example's model, of one that is not bound, and of a TFLite model beside its base."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
TESTS = FOLDER.parents[1]
PROJECT = TESTS.parent
sys.path.append(str(TESTS / "model_graph"))

import tflite_bytes as tfl  # noqa: E402  # after its folder is known

from policy_gate.inspection import Asked, inspect_model  # noqa: E402
from policy_gate.report.inspection_json import render_inspection_json  # noqa: E402
from policy_gate.report.inspection_markdown import render_inspection_markdown  # noqa: E402
from policy_gate.report.inspection_text import render_inspection_text  # noqa: E402

RENDERERS = {"txt": render_inspection_text, "json": render_inspection_json, "md": render_inspection_markdown}
CONV, FULLY_CONNECTED = 1, 8
"""Numbers of the option tables (schema.fbs, BuiltinOptions)."""


def weights(name: str, dims: tuple[int, ...], buffer: int, dtype: str = "int8", scales: int = 1) -> tfl.Table:
    return tfl.tensor(name, dims, dtype, buffer, {4: tfl.quantisation((0.5,) * scales)})


def values(name: str, *dims: int) -> tfl.Table:
    return tfl.tensor(name, dims, "int8", 0, {4: tfl.quantisation()})


def small_model(channels: int, prefix: str) -> bytes:
    """A convolution of 3 x 3 in int8, a product behind it, and a softmax."""
    tensors = (
        values("image", 1, 16, 16, 1),
        weights(f"{prefix}/conv/weights", (channels, 3, 3, 1), 1, scales=channels),
        weights(f"{prefix}/conv/bias", (channels,), 2, "int32", channels),
        values(f"{prefix}/conv", 1, 8, 8, channels),
        weights(f"{prefix}/dense/weights", (4, 64 * channels), 3),
        weights(f"{prefix}/dense/bias", (4,), 4, "int32"),
        values(f"{prefix}/dense", 1, 4),
        values("scores", 1, 4),
    )
    stride_of_two = tfl.Table({0: tfl.i8(0), 1: tfl.i32(2), 2: tfl.i32(2)})
    calls = (
        tfl.operator(0, (0, 1, 2), (3,), (CONV, stride_of_two)),
        tfl.operator(1, (3, 4, 5), (6,), (FULLY_CONNECTED, tfl.Table())),
        tfl.operator(2, (6,), (7,)),
    )
    codes = (tfl.opcode("CONV_2D"), tfl.opcode("FULLY_CONNECTED"), tfl.opcode("SOFTMAX"))
    sizes = (9 * channels, 4 * channels, 256 * channels, 16)
    made = tfl.model(
        tfl.subgraph(tensors, (0,), (7,), calls), codes=codes, buffers=(b"", *(bytes([1]) * size for size in sizes))
    )
    return tfl.write(made).bytes()


def rendered(ending: str, asked: Asked) -> str:
    """As `inspect` prints it, of one version of the tool."""
    return RENDERERS[ending](replace(inspect_model(asked), tool_version="1.0"))


@pytest.mark.parametrize("ending", RENDERERS)
def test_the_model_of_the_example(ending, golden_file, monkeypatch) -> None:
    monkeypatch.chdir(PROJECT)
    asked = Asked(path=Path("examples/keyword-spotting/model/kws.onnx"), dimensions={"N": 1}, fingerprint=True)
    golden_file(f"example.{ending}", rendered(ending, asked))


@pytest.mark.parametrize("ending", RENDERERS)
def test_a_wider_tflite_model_beside_its_base_on_a_board(ending, golden_file, monkeypatch, tmp_path) -> None:
    monkeypatch.chdir(tmp_path)
    Path("new.tflite").write_bytes(small_model(12, "new"))
    Path("old.tflite").write_bytes(small_model(8, "old"))
    Path("board.yaml").write_bytes((FOLDER / "board.yaml").read_bytes())
    asked = Asked(path=Path("new.tflite"), dimensions={}, base=Path("old.tflite"), targets=("board.yaml",))
    golden_file(f"wider.{ending}", rendered(ending, asked))


@pytest.mark.parametrize("ending", RENDERERS)
def test_a_model_of_which_little_is_known(ending, golden_file, monkeypatch) -> None:
    monkeypatch.chdir(PROJECT)
    asked = Asked(path=Path("examples/keyword-spotting/model/kws.onnx"), dimensions={}, top=2)
    golden_file(f"unbound.{ending}", rendered(ending, asked))
