"""Repositories of the tests, which no git settings of their reader reach."""

from __future__ import annotations

import os

import pytest
from action_world import Repository


@pytest.fixture(autouse=True)
def calm_git(monkeypatch) -> None:
    for name in [name for name in os.environ if name.startswith(("GIT_", "GITHUB_", "INPUT_", "RUNNER_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


@pytest.fixture
def repository(tmp_path) -> Repository:
    return Repository.make(tmp_path / "repository")
