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
    assert sum(call["macs"] for call in tree["costliest"]["calls"]) == KWS_MACS
    assert tree["fingerprint"] is None


def test_without_the_dimension_nothing_is_guessed(kws, run) -> None:
    done = run("inspect", str(kws))
    assert done.code == 0
    assert "\nMACs          not established\n" in done.out
    assert "unk__123" in done.out
    tree = json.loads(run("inspect", str(kws), "--format", "json").out)
    assert [why["reason"] for why in tree["macs"]["unknown"]] == ["unbound dimension"]
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


BOARD = "stm32h747-cortex-m7-int8@cubeai-8.1"
SECOND = "stm32h747-cortex-m7-int8@cubeai-7.3"


@pytest.fixture
def int8(shared) -> Path:
    return shared / "models/mlperf-tiny/kws_ref_model.tflite"


def test_onnx_and_tflite_of_one_network_take_the_same_work(kws, int8, run) -> None:
    ours = [
        json.loads(run("inspect", str(path), "--dimension", "unk__123=1", "--format", "json").out)
        for path in (kws, int8)
    ]
    assert [one["format"] for one in ours] == ["onnx", "tflite"]
    assert [one["macs"]["total"] for one in ours] == [KWS_MACS] * 2
    assert [one["weights"]["parameters"] for one in ours] == [22604] * 2


def test_a_target_has_an_interval_with_its_basis(int8, run) -> None:
    done = run("inspect", str(int8), "--target", BOARD, "--target", SECOND, "--target", BOARD, "--format", "json")
    targets = json.loads(done.out)["targets"]
    assert [one["profile"] for one in targets] == [BOARD, SECOND]
    for one in targets:
        for figure in ("latency_ms", "ram_bytes", "flash_bytes"):
            assert 0 < one[figure]["low"] < one[figure]["mid"] < one[figure]["high"]
            assert one[figure]["basis"] in ("estimated", "screening")
        assert one["energy_uj"]["unknown"][0]["detail"].endswith("says nothing of power")
    assert f"\ntarget {BOARD}: " in run("inspect", str(int8), "--target", BOARD).out


def test_a_profile_that_is_not_about_the_model_gives_no_latency_and_no_promise(kws, run) -> None:
    done = run("inspect", str(kws), "--dimension", "unk__123=1", "--target", BOARD, "--format", "json")
    (target,) = json.loads(done.out)["targets"]
    for figure in ("latency_ms", "energy_uj"):
        assert target[figure]["unknown"][0]["reason"] == "nothing trusted to compare with"
        assert "int8" in target[figure]["unknown"][0]["detail"]
    assert target["ram_bytes"]["basis"] == "screening"
    assert target["mismatch"] in target["ram_bytes"]["notes"]


def test_a_target_is_compared_with_the_base_on_the_same_profile(int8, run) -> None:
    float32 = str(int8).replace("kws_ref_model", "kws_ref_model_float32")
    tree = json.loads(run("inspect", str(int8), "--base", float32, "--target", BOARD, "--format", "json").out)
    (target,) = tree["base"]["targets"]
    changes = {one["quantity"]: one for one in target["changes"]}
    assert changes["latency, at most"]["now"] == tree["targets"][0]["latency_ms"]["high"]
    assert changes["latency, at most"]["before"]["unknown"]
    assert changes["RAM, at most"]["now"] < changes["RAM, at most"]["before"]


@pytest.mark.parametrize("name", ["stm32h747", "no such profile", "x" * 5000, "\x1b[2J", "builtin:cost"])
def test_a_target_that_no_profile_has_is_refused(name, kws, run) -> None:
    done = run("inspect", str(kws), f"--target={name}")
    assert (done.code, done.out) == (2, "")
    assert "no trusted device profile is called" in done.err
    assert "\x1b" not in done.err
    assert len(done.err) < 700


def test_a_file_that_is_no_profile_is_refused_at_its_line(kws, run, tmp_path) -> None:
    (tmp_path / "board.yaml").write_text("apiVersion: policy-gate/v1alpha1\nkind: PolicyPack\n")
    done = run("inspect", str(kws), "--target", "board.yaml")
    assert done.code == 2
    assert "board.yaml:2:7: kind is 'PolicyPack'" in done.err
    assert run("inspect", str(kws), "--target", "absent.yaml").code == 2
    assert run("inspect", str(kws), "--target", "../board.yaml").code == 2


def test_a_base_that_cannot_be_read_is_refused_by_its_own_name(kws, run, tmp_path) -> None:
    (tmp_path / "old.onnx").write_bytes(b"\x08\x08\x3a\xff\xff\xff\xff\x0f")
    done = run("inspect", str(kws), "--base", "old.onnx")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("old.onnx: ")
    assert run("inspect", str(kws), "--base", "absent.onnx").code == 2


@pytest.mark.parametrize("more", [("--top", "-1"), ("--top", "x"), ("--format", "yaml"), ("--target", "")])
def test_an_option_that_makes_no_sense_is_refused(more, kws, run) -> None:
    done = run("inspect", str(kws), *more)
    assert (done.code, done.out) == (2, "")


def test_markdown_begins_with_the_model(int8, run) -> None:
    assert run("inspect", str(int8), "--format", "markdown").out.startswith(f"### `{int8}`\n\ntflite, ")


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
def test_every_model_at_hand_has_every_report(form, shared, run) -> None:
    for path in sorted((shared / "models/mlperf-tiny").iterdir()):
        done = run("inspect", str(path), "--format", form, "--target", BOARD, "--base", str(path))
        assert (done.code, done.err) == (0, ""), path.name
