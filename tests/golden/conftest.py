"""Compares a text with its golden file, or accepts it as the new one."""

from __future__ import annotations

from pathlib import Path

import pytest

FOLDER = Path(__file__).parent


@pytest.fixture
def golden(request):
    """`golden(name, text)`: the text is what tests/golden/NAME.txt holds; `--accept` writes it there."""

    def compare(name: str, text: str) -> None:
        path = FOLDER / f"{name}.txt"
        if request.config.getoption("--accept"):
            path.write_text(text, encoding="utf-8", newline="\n")
        assert path.is_file(), f"there is no {path.name} yet: run pytest tests/golden --accept and review the diff"
        assert text == path.read_text(encoding="utf-8")

    return compare
