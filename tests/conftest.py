"""What every test may use: the shared data where it is present, and the real command."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from starting import Starts, as_text, start_gate

PROJECT = Path(__file__).resolve().parents[1]
SHARED = PROJECT.parent / "shared"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Stands here, at the top of the tests: pytest reads options before it looks into folders below."""
    parser.addoption("--accept", action="store_true", help="rewrite golden files with what is rendered now")
    parser.addoption("--own-process", action="store_true", help="start every command as a process of its own; slower")


@pytest.fixture(scope="session", autouse=True)
def starts(request: pytest.FixtureRequest):
    """How commands are started; what was started for it ends with the tests."""
    Starts.own_process = request.config.getoption("--own-process")
    yield
    Starts.end()


@pytest.fixture(scope="session")
def shared() -> Path:
    if not SHARED.is_dir():
        pytest.skip("the shared data is not present")
    return SHARED


@pytest.fixture
def gate(tmp_path):
    """Runs the real command, as a user would, in a folder of the test; CI's own variables do not reach it."""

    def run(
        *args: str, cwd: Path | None = None, env: dict[str, str] | None = None, own_process: bool = False
    ) -> subprocess.CompletedProcess[str]:
        clean = {
            key: one
            for key, one in os.environ.items()
            if key not in ("CI", "GITHUB_ACTIONS", "GITLAB_CI", "FORCE_COLOR", "NO_COLOR")
        }
        whole = {**clean, **(env or {})}
        return as_text(start_gate(*args, cwd=cwd or tmp_path, env=whole, own_process=own_process))

    return run


@pytest.fixture
def git():
    """Runs git in a folder with a fixed author, so that a test can make a real repository."""

    def run(folder: Path, *args: str) -> str:
        identity = ["-c", "user.name=Test", "-c", "user.email=test@example.invalid", "-c", "commit.gpgsign=false"]
        done = subprocess.run(["git", *identity, *args], cwd=folder, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    return run
