"""A repository with the good release as its history, copied for each test."""

from __future__ import annotations

from pathlib import Path

import pytest
from example_world import Checkout, copy_example, git


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository whose one commit is the example; it is copied, never changed."""
    root = tmp_path_factory.mktemp("released")
    git(root, "init", "--quiet", "--template=", "--initial-branch=main")
    copy_example(root)
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "Release 1.4.0")
    return root


@pytest.fixture
def checkout(released: Path, tmp_path: Path) -> Checkout:
    return Checkout.of(released, tmp_path / "checkout")
