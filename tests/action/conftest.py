"""The Action as a runner takes it: its own installer, its real steps, in real checkouts, against a GitHub on loopback."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from pathlib import Path
from types import ModuleType

import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "model_graph"))
sys.path.append(str(Path(__file__).resolve().parents[1] / "runner"))
sys.path.append(str(Path(__file__).resolve().parents[1] / "github_simulator"))
sys.path.append(str(Path(__file__).resolve().parents[1] / "end_to_end"))
sys.path.append(str(Path(__file__).resolve().parents[1] / "end_to_end" / "actions"))

from simulator_fixtures import description, enterprise_hub, hub

__all__ = ["description", "enterprise_hub", "hub"]

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def installer() -> ModuleType:
    """action/install.py, which is a script beside action.yml and part of no package."""
    spec = importlib.util.spec_from_file_location("install", PROJECT / "action" / "install.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def tool():
    """The path of a program: beside this Python, fetched for the tests, or by PATH; the test is skipped without it."""

    def find(name: str) -> str:
        places = [Path(sys.executable).parent, PROJECT / ".bench" / "bin", *map(Path, os.get_exec_path())]
        found = next((str(place / name) for place in places if shutil.which(place / name)), None)
        if found is None:
            pytest.skip(f"{name} is not on this machine")
        return found

    return find
