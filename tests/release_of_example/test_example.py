"""The example itself: rebuilt byte for byte, run by a real engine, counted by hand, and shown by the demo."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from example_world import EXAMPLE, EXAMPLES, FOLDER, LEDGER, MANIFEST, MODEL, SIGNATURE, TODAY, copy_example, git

DERIVED = (MODEL, "model/labels.txt", "data/speech.sha256", "data/train.sha256", SIGNATURE, LEDGER)
FAULTS = {
    "the model was retrained a little wider": "COST-002",
    "the privacy claim was rounded down": "PRIV-002",
    "the data's licence changed to one without commercial use": "LIN-006",
    "nobody signed again": "SIG-002",
}

CHANNELS, BLOCKS, LABELS = 64, 4, 12
# A stride of 2 over 49 frames padded by 4 and 5 under a kernel of 10, and over 10 coefficients padded by 1 and 2
# under one of 4: (49 + 9 - 10) // 2 + 1 rows and (10 + 3 - 4) // 2 + 1 columns.
POSITIONS = 25 * 5
HAND_COUNT = (
    POSITIONS * CHANNELS * (10 * 4 * 1)  # stem: kernel x input channels
    + BLOCKS * POSITIONS * CHANNELS * (3 * 3 * 1)  # depthwise: each channel sees itself
    + BLOCKS * POSITIONS * CHANNELS * CHANNELS  # pointwise
    + CHANNELS * LABELS  # classifier
)
"""Multiply-accumulates of "Hello Edge" (arXiv 1711.07128): output positions x channels x kernel x inputs per group."""


@pytest.fixture(scope="module")
def claims() -> dict:
    return yaml.safe_load((EXAMPLE / MANIFEST).read_text(encoding="utf-8"))


def contents(folder: Path) -> dict[str, bytes]:
    found = [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def rebuild(folder: Path) -> None:
    done = subprocess.run([sys.executable, "build.py"], cwd=folder, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The example in a repository without history."""
    git(tmp_path, "init", "--quiet", "--template=")
    return copy_example(tmp_path)


def test_rebuilding_the_example_changes_no_byte_of_it(copy) -> None:
    rebuild(copy)
    assert contents(copy) == contents(EXAMPLE)


def test_everything_derived_can_be_rebuilt_from_what_a_person_wrote(copy, claims) -> None:
    for name in DERIVED:
        (copy / name).unlink()
    text = (copy / MANIFEST).read_text(encoding="utf-8")
    stated = [claims["artifacts"][0]["digest"], *list(claims["fingerprints"]["kws"].values())[1:]]
    for digest in (*stated, claims["lineage"]["nodes"][1]["digest"]["sha256"]):
        assert text.count(digest) == 1
        text = text.replace(digest, f"sha256:{hashlib.sha256(b'another file').hexdigest()}")
    text = text.replace("size: 93564", "size: 1").replace("macs: 2656768", "macs: 1")
    (copy / MANIFEST).write_text(text, encoding="utf-8", newline="")
    rebuild(copy)
    assert contents(copy) == contents(EXAMPLE)


@pytest.mark.slow
def test_the_demo_allows_the_example_and_names_every_fault_of_the_other(tmp_path) -> None:
    git(tmp_path, "init", "--quiet", "--template=")
    copy_example(tmp_path)
    shutil.copy(EXAMPLES / "demo.py", tmp_path / "examples")
    before = contents(tmp_path / "examples")
    done = subprocess.run(
        [sys.executable, "demo.py"], cwd=tmp_path / "examples", capture_output=True, text=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    allowed, blocked = done.stdout.split("\n2. ")
    assert "ALLOWED keyword-spotting 1.4.0" in allowed
    assert "BLOCKED keyword-spotting 1.5.0" in blocked
    for words, rule in FAULTS.items():
        assert f"- {words}\n" in blocked
        assert any(f"{outcome} {rule} " in blocked for outcome in ("FAIL", "UNKNOWN"))
    assert contents(tmp_path / "examples") == before


def test_the_key_of_the_example_is_trusted_nowhere_else(tmp_path, gate) -> None:
    git(tmp_path, "init", "--quiet", "--template=")
    (tmp_path / "elsewhere").mkdir()
    copy_example(tmp_path).rename(tmp_path / "elsewhere" / "keyword-spotting")
    asked = ["--config", "elsewhere/keyword-spotting/policy-gate.yaml", "--now", TODAY.isoformat()]
    done = gate("check", *asked, cwd=tmp_path)
    assert done.returncode == 2
    assert "elsewhere/keyword-spotting/trust.yaml:7:17: this is the public key of the examples" in done.stderr


def test_the_model_is_one_that_onnx_accepts() -> None:
    import onnx

    onnx.checker.check_model(onnx.load(EXAMPLE / MODEL), full_check=True)


def test_the_model_runs_and_says_how_likely_each_label_is() -> None:
    numpy = pytest.importorskip("numpy")
    runtime = pytest.importorskip("onnxruntime")
    session = runtime.InferenceSession(str(EXAMPLE / MODEL), providers=["CPUExecutionProvider"])
    frames = numpy.random.default_rng(5).standard_normal((1, 1, 49, 10)).astype(numpy.float32)
    (probability,) = session.run(None, {"mfcc": frames})
    assert probability.shape == (1, LABELS)
    assert probability.sum() == pytest.approx(1.0, abs=1e-5)
    assert len((EXAMPLE / "model/labels.txt").read_text(encoding="utf-8").splitlines()) == LABELS


def test_the_stated_multiply_accumulates_are_those_counted_by_hand(claims) -> None:
    assert [entry["macs"] for entry in claims["cost"]] == [HAND_COUNT] == [2656768]


def test_the_gate_counts_as_a_hand_does(gate) -> None:
    done = gate("inspect", str(EXAMPLE / MODEL), "--dimension", "N=1", cwd=EXAMPLE)
    assert done.returncode == 0
    assert f"{HAND_COUNT:,}" in done.stdout


def test_the_manifest_lists_what_is_in_the_example(claims) -> None:
    named = {artifact["path"] for artifact in claims["artifacts"]}
    named |= {node["path"] for node in claims["lineage"]["nodes"] if "path" in node}
    named |= {claims["lineage"]["nodes"][0]["license"]["text"], claims["signing"]["release"]}
    named |= {stream["collector_config"] for stream in claims["telemetry"]}
    named |= {source["file"] for phase in claims["privacy"]["phases"] for source in phase["evidence"]}
    unnamed = {MANIFEST, LEDGER, "policy-gate.yaml", "trust.yaml", "build.py", ".gitattributes"}
    assert set(contents(EXAMPLE)) == named | unnamed
    assert EXAMPLE.relative_to(EXAMPLES.parent).as_posix() == FOLDER
