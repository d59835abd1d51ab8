"""Real checkouts, and the real command run in them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

# The writer of protobuf bytes is shared with the tests of the reader.
sys.path.append(str(Path(__file__).resolve().parents[1] / "model_graph"))

from checkout import Checkout, Finished, run_measured
from traps import hostile_environment, lay_traps

CALM = ["-c", "user.name=Test", "-c", "user.email=test@example.invalid", "-c", "commit.gpgsign=false"]


@pytest.fixture(scope="session")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with one commit and no release; it is copied, never changed."""
    root = tmp_path_factory.mktemp("committed")
    (root / "README.md").write_text("A repository.\n")
    for words in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "first"]):
        subprocess.run(["git", *CALM, *words], cwd=root, check=True)
    return root


@pytest.fixture
def checkout(committed: Path, tmp_path: Path) -> Checkout:
    """A checkout with one good release, uncommitted."""
    return Checkout.of(committed, tmp_path / "checkout")


@pytest.fixture
def hostile(checkout: Checkout, tmp_path: Path):
    """Lays every trap in the checkout, then runs `check` in it; no trap may have sprung."""
    sprung = tmp_path / "sprung"
    sprung.mkdir()

    def run(*args: str) -> Finished:
        lay_traps(checkout.root, sprung)
        command = [sys.executable, "-I", "-m", "policy_gate.cli", "check", "--no-base", *args]
        done = run_measured(command, checkout.root, hostile_environment(checkout.root, sprung), tmp_path / "peak")
        assert sorted(path.name for path in sprung.iterdir()) == []
        return done

    return run
