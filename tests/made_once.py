"""What is dear to make is made once for all processes of a test run, by the one that comes first."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

WAIT_SECONDS = 1200


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """A folder of this run that `make` fills; where another process makes it already, that is waited for."""
    base = factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, ready, failed = (shared / f"{name}{suffix}" for suffix in ("", ".ready", ".failed"))
    try:
        folder.mkdir()
    except FileExistsError:
        return _awaited(folder, ready, failed)
    try:
        make(folder)
    except BaseException:
        failed.touch()
        raise
    ready.touch()
    return folder


def _awaited(folder: Path, ready: Path, failed: Path) -> Path:
    until = time.monotonic() + WAIT_SECONDS
    while not ready.exists():
        assert not failed.exists(), f"another process could not make {folder.name}"
        assert time.monotonic() < until, f"{folder.name} is not ready after {WAIT_SECONDS} s"
        time.sleep(0.1)
    return folder
