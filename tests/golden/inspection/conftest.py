"""Compares a report with its golden file, which has the ending of its format, or accepts it as the new one."""

from __future__ import annotations

from pathlib import Path

import pytest

FOLDER = Path(__file__).parent


@pytest.fixture
def golden_file(request):
    """`golden_file(name, text)`: the text is what the file of this name holds; `--accept` writes it there."""

    def compare(name: str, text: str) -> None:
        path = FOLDER / name
        if request.config.getoption("--accept"):
            path.write_text(text, encoding="utf-8", newline="\n")
        assert path.is_file(), f"there is no {name} yet: run pytest tests/golden --accept and review the diff"
        assert text == path.read_bytes().decode("utf-8")

    return compare
