"""Real repositories and folders for the tests of the tree readers."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Git = Callable[..., str]


@pytest.fixture
def git(tmp_path_factory: pytest.TempPathFactory) -> Git:
    """Run git the ordinary way, apart from the machine's own configuration."""
    home = tmp_path_factory.mktemp("home")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": str(home / "config")}
    for role in ("AUTHOR", "COMMITTER"):
        environment |= {f"GIT_{role}_NAME": "Ada", f"GIT_{role}_EMAIL": "ada@example.org"}
        environment |= {f"GIT_{role}_DATE": "2026-01-01T00:00:00Z"}

    def run(folder: Path, *arguments: str, text: str | None = None) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=folder, env=environment, input=text, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    return run


@pytest.fixture
def repository(tmp_path: Path, git: Git) -> Path:
    """A repository with one commit: a model, a manifest and an ignored folder."""
    root = tmp_path / "repository"
    (root / "model").mkdir(parents=True)
    (root / "model" / "kws.onnx").write_bytes(b"weights-1")
    (root / "release.yaml").write_text("kind: ReleaseManifest\n")
    (root / ".gitignore").write_text("cache/\n")
    git(root, "init", "-q", "-b", "main")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "first")
    return root


@pytest.fixture
def tripwire(tmp_path: Path) -> tuple[Path, Path]:
    """A script that leaves a mark when anything runs it, and the mark."""
    mark, script = tmp_path / "it-ran", tmp_path / "tripwire.sh"
    script.write_text(f'#!/bin/sh\ntouch "{mark}"\ncat\n')
    script.chmod(0o755)
    return script, mark
