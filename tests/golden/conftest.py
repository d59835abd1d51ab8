"""Compares a text with its golden file, or accepts it as the new one."""

from __future__ import annotations

import pytest


@pytest.fixture
def golden_file(request):
    """`golden_file(name, text)`: the text is what this file beside the test holds; `--accept` writes it there."""

    def compare(name: str, text: str) -> None:
        path = request.path.parent / name
        if request.config.getoption("--accept"):
            path.write_text(text, encoding="utf-8", newline="\n")
        assert path.is_file(), f"there is no {name} yet: run pytest tests/golden --accept and review the diff"
        assert text == path.read_bytes().decode("utf-8")

    return compare


@pytest.fixture
def golden(golden_file):
    """`golden(name, text)`: as `golden_file`, for NAME.txt."""

    def compare(name: str, text: str) -> None:
        golden_file(f"{name}.txt", text)

    return compare
