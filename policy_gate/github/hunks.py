"""The lines of a file that a pull request's diff shows on its right side: where GitHub takes a comment."""

from __future__ import annotations

import re

_HEADER = re.compile(r"@@ -\d{1,9}(?:,\d{1,9})? \+(\d{1,9})(?:,(\d{1,9}))? @@")


def commentable_lines(patch: str) -> tuple[tuple[int, int], ...]:
    r"""Ranges (1-based, inclusive) of right-side lines, one a hunk: added lines and those that stand around them.

    `patch` is what GitHub gives for one file: hunks without file headers. Lines end with \n alone, a \r before it is
    content. A range is as long as the lines that are there, whatever the header says: a cut patch promises nothing.
    A patch that cannot be read has no lines.
    """
    found: list[tuple[int, int]] = []
    start = length = left = 0
    for line in patch.split("\n"):
        header = _HEADER.match(line)
        if header:
            _close(found, start, length)
            start, length = int(header[1]), 0
            left = int(header[2]) if header[2] is not None else 1
        elif left and line[:1] in ("+", " "):
            length += 1
            left -= 1
        elif line[:1] not in ("", "-", "\\", "+", " "):
            return ()
    _close(found, start, length)
    return tuple(found)


def _close(found: list[tuple[int, int]], start: int, length: int) -> None:
    if length:
        found.append((start, start + length - 1))
