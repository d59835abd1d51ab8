"""Real checkouts, and the real command run in them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

# The writer of protobuf bytes is shared with the tests of the reader.
sys.path.append(str(Path(__file__).resolve().parents[1] / "model_graph"))

from checkout import Checkout, Finished, commit, run_measured
from hostile_documents import STRICT
from traps import hostile_environment, lay_traps

CALM = ["-c", "user.name=Test", "-c", "user.email=test@example.invalid", "-c", "commit.gpgsign=false"]


@pytest.fixture(scope="session", autouse=True)
def calm_git():
    """Tests may run inside a git hook, or under a person's own settings: neither reaches the repositories they make."""
    with pytest.MonkeyPatch.context() as patched:
        for name in [name for name in os.environ if name.startswith("GIT_")]:
            patched.delenv(name)
        patched.setenv("GIT_CONFIG_GLOBAL", os.devnull)
        patched.setenv("GIT_CONFIG_NOSYSTEM", "1")
        yield


@pytest.fixture(scope="session")
def committed(calm_git: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
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


@pytest.fixture
def repo(checkout, git) -> Checkout:
    """The base has a good release and the baseline; the work goes on, on a branch of its own."""
    checkout.write("policy-gate.yaml", STRICT)
    commit(git, checkout)
    git(checkout.root, "checkout", "-q", "-b", "work")
    return checkout


@pytest.fixture
def check(gate):
    def run(here: Checkout, *args: str, env: dict[str, str] | None = None):
        return gate("check", *args, cwd=here.root, env=env)

    return run
