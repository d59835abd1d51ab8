"""What is printed, and what is not: quiet, colour, files, encodings."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

posix = pytest.mark.skipif(sys.platform == "win32", reason="links, pipes and terminals are those of POSIX")


def test_quiet_prints_nothing_when_every_release_is_allowed(run, release) -> None:
    done = run("check", "--quiet")
    assert (done.code, done.out, done.err) == (0, "", "")


def test_quiet_still_says_what_blocks(run, release, tmp_path) -> None:
    (tmp_path / "labels.txt").write_text("changed")
    done = run("check", "--quiet")
    assert done.code == 1
    assert "FAIL FPR-001" in done.out


def test_quiet_still_says_what_could_not_be_judged(run, release) -> None:
    release.write_text("kind: [\n")
    done = run("check", "-q")
    assert done.code == 2
    assert done.err.startswith("release.yaml:")


def test_verbose_lists_what_passed(run, release) -> None:
    assert "FPR-001" not in run("check").out
    assert "FPR-001" in run("check", "--verbose").out


@pytest.mark.parametrize(
    "argv", [("check",), ("check", "-v"), ("explain", "FPR-001"), ("--help",), ("check", "--nope")]
)
def test_a_pipe_gets_no_colour(argv, run, release, tmp_path) -> None:
    (tmp_path / "labels.txt").write_text("changed")
    done = run(*argv)
    assert "\x1b" not in done.out + done.err


@posix
@pytest.mark.parametrize(("variables", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, False)])
def test_a_terminal_gets_colour_unless_no_color_is_set(variables, coloured, release, tmp_path) -> None:
    (tmp_path / "labels.txt").write_text("changed")
    shown = on_terminal([sys.executable, "-I", "-m", "policy_gate.cli", "check", "--no-base"], tmp_path, variables)
    assert b"FPR-001" in shown
    assert (b"\x1b[" in shown) == coloured


def on_terminal(command: list[str], cwd: Path, variables: dict[str, str]) -> bytes:
    """Run a command on a terminal of its own and give what it showed."""
    import pty
    import subprocess

    inner, outer = pty.openpty()
    kept = {name: one for name, one in os.environ.items() if name not in ("CI", "NO_COLOR", "FORCE_COLOR")}
    with subprocess.Popen(
        command, cwd=cwd, env={**kept, **variables}, stdout=outer, stderr=outer, stdin=outer
    ) as process:
        os.close(outer)
        shown = b""
        while True:
            try:
                chunk = os.read(inner, 65536)
            except OSError:  # Linux ends a terminal so
                break
            if not chunk:
                break
            shown += chunk
        process.wait(timeout=60)
    os.close(inner)
    return shown


def test_a_report_in_a_file_is_what_would_have_been_printed(run, release, tmp_path) -> None:
    printed = run("check", "--format", "json")
    written = run("check", "--format", "json", "--output", "report.json")
    assert (written.code, written.out) == (0, "")
    assert (tmp_path / "report.json").read_bytes() == printed.out.encode()
    assert json.loads(printed.out)["exit_code"] == 0


def test_a_report_is_written_for_a_release_that_is_blocked_too(run, release, tmp_path) -> None:
    (tmp_path / "labels.txt").write_text("changed")
    assert run("check", "--output", "report.txt").code == 1
    assert "BLOCKED" in (tmp_path / "report.txt").read_text()


def test_a_report_replaces_the_one_before_as_a_whole(run, release, tmp_path) -> None:
    (tmp_path / "report.json").write_text("x" * 1_000_000)
    run("check", "--format", "json", "--output", "report.json")
    assert json.loads((tmp_path / "report.json").read_text())["exit_code"] == 0


def test_a_write_that_fails_leaves_the_old_report_and_nothing_else(run, release, tmp_path, monkeypatch) -> None:
    (tmp_path / "report.json").write_text("before")
    before = sorted(tmp_path.iterdir())

    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    done = run("check", "--format", "json", "--output", "report.json")
    assert done.code == 2
    assert "report.json: cannot be written: No space left on device" in done.err
    assert (tmp_path / "report.json").read_text() == "before"
    assert sorted(tmp_path.iterdir()) == before


@posix
@pytest.mark.parametrize("kind", ["link", "dangling link", "pipe", "device"])
def test_a_report_never_takes_the_place_of_a_link_a_pipe_or_a_device(kind, run, release, tmp_path) -> None:
    place, precious = tmp_path / "report.json", tmp_path / "precious"
    if kind == "pipe":
        os.mkfifo(place)
    elif kind == "device":
        place.symlink_to(os.devnull)
    else:
        place.symlink_to(precious)
    if kind == "link":
        precious.write_text("precious")
    before = place.lstat()
    done = run("check", "--format", "json", "--output", "report.json")
    assert done.code == 2
    assert "report.json: is no plain file" in done.err
    assert place.lstat().st_ino == before.st_ino
    assert kind != "link" or precious.read_text() == "precious"


def test_a_file_keeps_its_mode_when_it_is_written_again(run, release, tmp_path) -> None:
    if sys.platform == "win32":
        pytest.skip("modes are those of POSIX")
    (tmp_path / "report.txt").write_text("")
    (tmp_path / "report.txt").chmod(0o600)
    run("check", "--output", "report.txt")
    assert (tmp_path / "report.txt").stat().st_mode & 0o777 == 0o600


def test_a_console_without_the_letters_still_gets_the_verdict(release, tmp_path) -> None:
    import subprocess

    release.write_text(release.read_text().replace('version: "1.0"', 'version: "größer"'))
    environment = {**os.environ, "PYTHONIOENCODING": "iso8859-5", "CI": ""}
    command = [sys.executable, "-P", "-m", "policy_gate.cli", "check", "--no-base"]
    text = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, timeout=60)
    assert (text.returncode, text.stderr) == (0, b"")
    assert b"ALLOWED kws gr\\xf6\\xdfer" in text.stdout
    as_json = subprocess.run(
        [*command, "--format", "json"], cwd=tmp_path, env=environment, capture_output=True, timeout=60
    )
    assert json.loads(as_json.stdout.decode("utf-8"))["records"][0]["release"]["version"] == "größer"


def test_hostile_text_of_a_release_never_reaches_the_terminal_raw(run, release) -> None:
    text = release.read_text().replace("path: labels.txt", 'path: "a\\x1b[2J\\u202eb"')
    release.write_text(text)
    done = run("check", "-v")
    assert done.code == 1
    assert "\x1b" not in done.out
    assert "\u202e" not in done.out
