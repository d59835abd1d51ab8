"""The Python that judges is one that no pull request brought."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
SCRIPT = PROJECT / "action" / "install.sh"

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="the steps of an action are run by bash")


@pytest.fixture
def workspace(tmp_path) -> Path:
    place = tmp_path / "work" / "repo"
    place.mkdir(parents=True)
    return place


@pytest.fixture
def find(workspace, tmp_path):
    def run(path: list[object], **env: object) -> subprocess.CompletedProcess[str]:
        given = {"PATH": os.pathsep.join(map(str, path)), "GITHUB_WORKSPACE": str(workspace)}
        return subprocess.run(
            [shutil.which("bash"), "--noprofile", "--norc", "-euo", "pipefail", "-c", f'. "{SCRIPT}"; echo "$pg_host"'],
            cwd=workspace,
            env={**given, **{name: str(one) for name, one in env.items()}},
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run


def program(place: Path, script: str) -> Path:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(f"#!/bin/sh\n{script}\n")
    place.chmod(0o755)
    return place


def real(place: Path) -> Path:
    return program(place, f'exec {sys.executable} "$@"')


def test_a_python_of_the_checkout_is_not_run_though_it_stands_first_on_path(find, workspace, tmp_path) -> None:
    program(workspace / "bin" / "python3", f"touch {tmp_path}/sprung")
    program(workspace / "bin" / "dirname", f"touch {tmp_path}/sprung")
    (tmp_path / "link").symlink_to(workspace / "bin")
    real(tmp_path / "outside" / "python3")
    done = find([workspace / "bin", "bin", ".", tmp_path / "link", tmp_path / "outside"])
    assert (done.stdout.strip(), done.returncode) == (sys.executable, 0)
    assert not (tmp_path / "sprung").exists()


def test_a_python_that_is_too_old_or_broken_is_passed_over(find, tmp_path) -> None:
    program(tmp_path / "old" / "python3", "printf ''")
    program(tmp_path / "broken" / "python3", "exit 9")
    real(tmp_path / "good" / "python")
    done = find([tmp_path / "old", tmp_path / "broken", tmp_path / "good"])
    assert (done.stdout.strip(), done.returncode) == (sys.executable, 0)


def test_one_that_the_runner_keeps_goes_before_path_and_the_newest_before_others(find, tmp_path) -> None:
    for version in ("3.9.1", "3.11.9", "3.13.2", "3.15.0"):
        program(tmp_path / "tools" / "Python" / version / "x64" / "bin" / "python3", f"printf /{version}")
    real(tmp_path / "good" / "python3")
    assert find([tmp_path / "good"], RUNNER_TOOL_CACHE=tmp_path / "tools").stdout.strip() == "/3.13.2"


def test_without_any_the_message_names_the_way_out(find, workspace, tmp_path) -> None:
    real(workspace / "bin" / "python3")
    done = find([workspace / "bin", tmp_path])
    assert done.returncode == 2
    assert done.stdout.startswith("::error title=policy-gate::there is no Python 3.11 to 3.14 outside the checkout; ")
    assert "actions/setup-python" in done.stdout


def test_a_path_with_spaces_and_quotes_is_taken_as_it_is(find, workspace, tmp_path) -> None:
    real(tmp_path / "a 'b\" $c" / "python3")
    assert find([tmp_path / "a 'b\" $c"]).stdout.strip() == sys.executable
