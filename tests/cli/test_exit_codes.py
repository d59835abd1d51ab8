"""The exit code says what happened, the same in every format."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FORMATS = ("text", "json")


@pytest.mark.parametrize("form", FORMATS)
def test_a_release_that_crashes_the_gate_is_an_internal_error(form, run, release, monkeypatch) -> None:
    from policy_gate.areas.fingerprint import collect

    def crash(*_: object) -> None:
        raise ZeroDivisionError("on purpose")

    monkeypatch.setattr(collect, "_claimed_digest", crash)
    done = run("check", "--format", form)
    assert done.code == 3
    assert "ZeroDivisionError" in done.out
    assert "Traceback" not in done.out + done.err


def test_a_crash_outside_every_check_is_one_line_and_no_traceback(run, release, monkeypatch) -> None:
    import policy_gate.gate

    def crash(*_: object) -> None:
        raise RuntimeError("line one\nline two")

    monkeypatch.setattr(policy_gate.gate, "judge_each", crash)
    done = run("check")
    assert done.code == 3
    assert done.err == "policy-gate: internal error: RuntimeError: line one line two\n"


@pytest.mark.parametrize("form", FORMATS)
def test_a_manifest_that_cannot_be_read_is_two_and_outweighs_a_block(form, run, release, tmp_path) -> None:
    (tmp_path / "labels.txt").write_text("changed")
    (tmp_path / "other").mkdir()
    (tmp_path / "other/release.yaml").write_text("kind: [\n")
    done = run("check", "--format", form)
    assert done.code == 2
    assert "other/release.yaml" in (done.err if form == "text" else done.out)
    assert "FPR-001" in done.out


@pytest.mark.parametrize("form", FORMATS)
def test_a_changed_file_blocks_with_one(form, run, release, tmp_path) -> None:
    (tmp_path / "labels.txt").write_text("changed")
    assert run("check", "--format", form).code == 1


@pytest.mark.parametrize("form", FORMATS)
def test_a_good_release_is_zero(form, run, release) -> None:
    assert run("check", "--format", form).code == 0


@pytest.mark.parametrize(
    "argv",
    [
        ("chek",),
        ("check", "--formt", "json"),
        ("check", "--format", "xml"),
        ("check", "--stage", "later"),
        ("check", "--now", "tomorrow"),
        ("check", "--bundle", "gone.zip"),
        ("check", "gone.yaml"),
        ("check", "../release.yaml"),
        ("check", "--config", "gone.yaml"),
        ("check", "--config", "../policy-gate.yaml"),
        ("check", "--policy", "builtin:none"),
        ("check", "--policy", "gone.yaml"),
        ("check", "--tree", "gone"),
        ("check", "--base", "gone"),
        ("check", "--output", "gone/report.json"),
        ("check", "--output", "x" * 300),
        ("explain",),
        ("explain", "NONE-999"),
        ("inspect", "gone.onnx"),
        ("inspect", "release.yaml"),
        ("schema", "release"),
        ("policy", "lint"),
        ("policy", "lint", "gone.yaml"),
        ("fix", "gone.yaml"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_done_is_two_with_a_reason_and_without_a_traceback(argv, run, release) -> None:
    done = run(*argv)
    assert done.code == 2
    assert done.err.strip()
    assert "Traceback" not in done.err
    assert "internal error" not in done.err


def test_no_command_shows_the_commands(run) -> None:
    done = run("--help")
    assert done.code == 0
    for name in ("init", "check", "inspect", "fix", "explain", "policy", "schema"):
        assert f"\n  {name} " in done.out


@pytest.mark.skipif(sys.platform == "win32", reason="pipes break differently there")
def test_a_reader_that_goes_away_never_makes_it_a_pass_or_a_block(release, tmp_path) -> None:
    command = [sys.executable, "-I", "-m", "policy_gate.cli", "check", "--no-base", "--format", "json"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        said = process.stderr.read().decode()
        assert process.wait(timeout=60) == 2
    assert "Traceback" not in said
    assert "Exception ignored" not in said


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /dev/full")
def test_a_full_disk_behind_the_output_never_makes_it_a_pass(release, tmp_path) -> None:
    command = [sys.executable, "-I", "-m", "policy_gate.cli", "check", "--no-base"]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, timeout=60)
    assert done.returncode in (2, 3)
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr


@pytest.mark.parametrize("word", ["true", "1", "yes", "woodpecker", "drone"])
def test_in_ci_a_base_is_demanded_however_the_service_says_it_is_one(run, release, monkeypatch, word) -> None:
    monkeypatch.setenv("CI", word)
    assert run("check").code == 2
    assert run("check", "--no-base").code == 0


def test_in_ci_no_release_is_judged_as_of_a_day_that_is_over(run, release, monkeypatch) -> None:
    monkeypatch.setenv("CI", "true")
    done = run("check", "--no-base", "--now", "2020-01-01")
    assert done.code == 2
    assert "a day that is over" in done.err


def test_a_service_that_sets_only_a_name_of_its_own_is_seen(run, release, monkeypatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert run("check").code == 2
