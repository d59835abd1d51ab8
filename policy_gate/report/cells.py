"""Counts the cells a terminal gives to text, so that carets stand under wide characters too."""

from __future__ import annotations

from collections.abc import Iterable


def width(text: str) -> int:
    """Cells of a line of text: two for wide characters, none for marks on the one before (Unicode UAX 11, Mn, Me)."""
    return len(text) if text.isascii() else sum(_cells(text))


def fitting(text: str, cells: int) -> str:
    """The longest start of a text that takes at most this many cells."""
    if text.isascii():
        return text[: max(0, cells)]
    return text[: _count_fitting(_cells(text), cells)]


def fitting_end(text: str, cells: int) -> str:
    """The longest end of a text that takes at most this many cells."""
    count = min(len(text), max(0, cells)) if text.isascii() else _count_fitting(_cells(reversed(text)), cells)
    return text[len(text) - count :]


def _count_fitting(widths: Iterable[int], cells: int) -> int:
    count = taken = 0
    for one in widths:
        taken += one
        if taken > cells:
            break
        count += 1
    return count


def _cells(text: Iterable[str]) -> Iterable[int]:
    import unicodedata  # loads a shared library; only text that is not ASCII pays

    for char in text:
        if unicodedata.category(char) in ("Mn", "Me"):
            yield 0
        else:
            yield 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1
