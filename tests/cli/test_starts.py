"""The command as a process of its own, and as the fork that most tests start in its place: what they do is the same."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from starting import CAN_FORK, Starts, start_gate

from policy_gate.cli import COMMANDS

PROJECT = Path(__file__).resolve().parents[2]
EXAMPLE = "examples/keyword-spotting"
CONFIG = ("--config", f"{EXAMPLE}/policy-gate.yaml")
BOTH = pytest.mark.parametrize("own_process", [True, False], ids=["process", "fork"])

# Python runs it before the command, and it takes the command's place: so a start by itself can be looked at.
LOOK = """\
import random, runpy, tempfile
def look(*given, **more):
    exec(sys.argv[-1], {"os": os, "random": random, "sys": sys, "tempfile": tempfile, "time": time})
import os, sys, time
runpy.run_module = look
"""
SHOW = """\
print(os.getcwd(), sys.argv[1:-1], sorted({*os.environ} - {"PYDANTIC_DISABLE_PLUGINS"}), repr(sys.stdin.read()))
print(sys.flags.isolated, sys.path, sys.stdout.encoding, sys.stdout.errors, sys.stdout.line_buffering, time.tzname)
print("after", file=sys.stderr)
"""
"""What the command could see of its start; importing the command sets the one variable."""


@pytest.fixture
def world(tmp_path, git) -> Path:
    """A repository with the example as its release, and a change of it that blocks."""
    root = tmp_path / "world"
    shutil.copytree(PROJECT / EXAMPLE, root / EXAMPLE, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "policies" / "cost.yaml", root)
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "first")
    (root / EXAMPLE / "model/labels.txt").write_text("changed")
    return root


def start(*args: str, cwd: Path, own_process: bool, env: dict[str, str] | None = None, **more):
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "HOME") if name in os.environ}
    return start_gate(*args, cwd=cwd, env={**kept, **(env or {})}, own_process=own_process, **more)


def done(*args: str, **more) -> tuple[int, bytes, bytes]:
    found = start(*args, **more)
    return found.returncode, found.stdout, found.stderr


@BOTH
@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_starts_by_itself(name, own_process, tmp_path) -> None:
    found = start(name, "--help", cwd=tmp_path, own_process=own_process)
    assert (found.returncode, found.stderr) == (0, b"")
    assert f"Usage: policy-gate {name} ".encode() in found.stdout


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (("check", *CONFIG, "--base", "HEAD", "--now", "2030-01-02"), 1),
        (("check", *CONFIG, "--base", "HEAD", "--now", "2030-01-02", "--format", "json"), 1),
        (("check", *CONFIG, "--no-base", "--format", "sarif"), 1),
        (("inspect", f"{EXAMPLE}/model/kws.onnx", "--dimension", "N=1"), 0),
        (("explain", "SIG-001"), 0),
        (("fix", f"{EXAMPLE}/release.yaml", *CONFIG), 0),
        (("policy", "lint", "cost.yaml"), 0),
        (("policy", "diff", "HEAD", "HEAD", *CONFIG), 0),
        (("schema", "manifest"), 0),
        (("check", "gone.yaml"), 2),
        (("chek",), 2),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, tuple) else "",
)
def test_a_fork_says_and_writes_what_a_process_does(argv, code, world) -> None:
    copies = {own: world.with_name(f"world-{'process' if own else 'fork'}") for own in (True, False)}
    found = {}
    for own, copy in copies.items():
        shutil.copytree(world, world.with_name("here"))
        said = done(*argv, cwd=world.with_name("here"), own_process=own)
        world.with_name("here").rename(copy)
        files = {one.relative_to(copy): one.read_bytes() for one in copy.rglob("*") if one.is_file()}
        found[own] = (*said, files)
    assert found[True][:3] == found[False][:3]
    assert found[True] == found[False]
    assert found[True][0] == code


@pytest.mark.parametrize(
    "then",
    [
        "sys.exit(7)",
        "sys.exit('said')",
        "None",
        "1 / 0",
        "raise KeyboardInterrupt",
        "os.kill(os.getpid(), 9)",
        "os._exit(5)",
    ],
)
def test_a_fork_begins_and_ends_as_a_process_does(then, tmp_path) -> None:
    more = {"cwd": tmp_path, "env": {"A": "é", "TZ": "Asia/Tokyo"}, "prelude": LOOK}
    both = [done("one", "--two", SHOW + then, own_process=own, **more) for own in (True, False)]
    # Of a traceback, the frames above the command differ; its last line does not.
    both = [(code, out, err.splitlines()[:1], err.splitlines()[-1:]) for code, out, err in both]
    assert both[0] == both[1]
    assert both[0][2] == [b"after"]


@BOTH
def test_a_start_that_takes_too_long_is_ended(own_process, tmp_path) -> None:
    begun = time.monotonic()
    with pytest.raises(subprocess.TimeoutExpired):
        start("time.sleep(600)", cwd=tmp_path, own_process=own_process, prelude=LOOK, timeout=2)
    assert time.monotonic() - begun < 300
    assert start("sys.exit(4)", cwd=tmp_path, own_process=own_process, prelude=LOOK).returncode == 4


def test_nothing_of_a_start_is_left_for_the_next(tmp_path) -> None:
    (tmp_path / "below").mkdir()
    told = "import policy_gate; print(getattr(policy_gate, 'left', 'clean'), os.getpid(), random.random());"
    leave = "policy_gate.left = 'dirty'; os.environ['LEFT'] = '1'; os.chdir('below'); time.tzset = None"
    found = [
        done(SHOW + told + leave, cwd=tmp_path, own_process=False, prelude=LOOK)[1].decode().splitlines()
        for _ in range(2)
    ]
    assert found[0][:2] == found[1][:2]
    (first, second) = (lines[2].split() for lines in found)
    assert first[0] == second[0] == "clean"
    assert first[1] != second[1]
    assert first[2] != second[2]


def test_a_fork_comes_from_a_process_that_has_imported_and_run_nothing(tmp_path) -> None:
    if Starts.own_process or not CAN_FORK:
        pytest.skip("every start is a process of its own")
    look = "print(os.getppid(), tempfile.tempdir, {'onnx', 'numpy', 'jsonschema'} & {*sys.modules})"
    out = done(look, cwd=tmp_path, own_process=False, prelude=LOOK)[1].decode()
    (server,) = (one for key, one in Starts.servers.items() if key[0] == LOOK)
    assert out == f"{server.process.pid} None set()\n"


@BOTH
@pytest.mark.skipif(sys.platform == "win32", reason="streams have another encoding there")
def test_what_python_reads_when_it_starts_reaches_it(own_process, tmp_path) -> None:
    found = {
        name: start(
            "print(sys.flags.utf8_mode)", cwd=tmp_path, own_process=own_process, env={"LC_ALL": name}, prelude=LOOK
        ).stdout
        for name in ("C.UTF-8", "POSIX")
    }
    assert found == {"C.UTF-8": b"0\n", "POSIX": b"1\n"}
