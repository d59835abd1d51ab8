"""Pull requests in a real repository, jobs in real checkouts of it, and a GitHub on loopback."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[2] / "github_simulator"))
sys.path.append(str(Path(__file__).resolve().parents[2] / "runner"))

from origin import Origin
from release_texts import good_release, with_base_files
from simulator_fixtures import description, enterprise_hub, hub

__all__ = ["description", "enterprise_hub", "hub"]


@pytest.fixture
def origin(calm_git: None, tmp_path: Path) -> Origin:
    """A repository whose main holds a good release and the policy that judges it."""
    return Origin.make(tmp_path / "origin.git", with_base_files(good_release()))
