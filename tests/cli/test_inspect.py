"""`inspect`: figures of one model, and what is not known is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

KWS_MACS = 2656768


@pytest.fixture
def kws(shared) -> Path:
    return shared / "models/mlperf-tiny/kws_ref_model_float32.onnx"


def test_the_figures_of_a_real_model_are_shown(kws, run) -> None:
    done = run("inspect", str(kws), "--dimension", "unk__123=1")
    assert (done.code, done.err) == (0, "")
    assert f"{KWS_MACS:,}" in done.out
    assert "not established" not in done.out


def test_json_holds_the_same_figures(kws, run) -> None:
    tree = json.loads(run("inspect", str(kws), "--dimension", "unk__123=1", "--format", "json").out)
    assert tree["macs"]["total"] == KWS_MACS
    assert tree["unbound_dimensions"] == []
    assert sum(call["macs"] for call in tree["calls"] if isinstance(call["macs"], int)) == KWS_MACS
    assert tree["fingerprint"] is None


def test_without_the_dimension_nothing_is_guessed(kws, run) -> None:
    done = run("inspect", str(kws))
    assert done.code == 0
    assert "MACs        not established" in done.out
    assert "unk__123" in done.out
    tree = json.loads(run("inspect", str(kws), "--format", "json").out)
    assert tree["macs"]["unestablished"]
    assert tree["unbound_dimensions"] == ["unk__123"]


def test_the_identity_is_the_same_twice_and_only_on_request(kws, run) -> None:
    first = json.loads(run("inspect", str(kws), "--fingerprint", "--format", "json").out)["fingerprint"]
    second = json.loads(run("inspect", str(kws), "--fingerprint", "--format", "json").out)["fingerprint"]
    assert first == second
    assert first["scheme"] == "pgfp-1"


@pytest.mark.parametrize(
    "given", ["N", "N=", "=1", "N=x", "N=-1", "N=0", "N=1.5", "N=" + "9" * 5000, "N=99999999999", "N=١", ""]
)
def test_a_dimension_that_is_no_number_is_refused(given, kws, run) -> None:
    done = run("inspect", str(kws), f"--dimension={given}")
    assert done.code == 2
    assert "expected NAME=N" in done.err
    assert len(done.err) < 300


@pytest.mark.parametrize(
    "content", [b"", b"\0" * 100, b"PK\x03\x04", b"\x08\x08\x3a\xff\xff\xff\xff\x0f", b"\x1c\0\0\0TFL3" + bytes(80)]
)
def test_a_file_that_is_no_readable_model_is_refused_by_name(content, run, tmp_path) -> None:
    (tmp_path / "model.onnx").write_bytes(content)
    for form in ("text", "json"):
        done = run("inspect", "model.onnx", "--format", form)
        assert (done.code, done.out) == (2, "")
        assert done.err.startswith("model.onnx: ")


def test_a_name_that_a_terminal_would_obey_is_shown_harmless(kws, run, tmp_path) -> None:
    name = "k\u202ews\x1b.onnx"
    (tmp_path / name).write_bytes(kws.read_bytes())
    done = run("inspect", name)
    assert "\x1b" not in done.out + done.err
    assert "\u202e" not in done.out + done.err
