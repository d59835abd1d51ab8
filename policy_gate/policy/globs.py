"""Path patterns of configuration: `*` within a segment, `**` over segments, `?` one character."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    parts: list[str] = []
    position = 0
    while position < len(pattern):
        if pattern.startswith("**/", position):
            parts.append("(?:[^/]+/)*")
            position += 3
        elif pattern.startswith("**", position):
            parts.append(".*")
            position += 2
        elif pattern[position] == "*":
            parts.append("[^/]*")
            position += 1
        elif pattern[position] == "?":
            parts.append("[^/]")
            position += 1
        else:
            parts.append(re.escape(pattern[position]))
            position += 1
    return re.compile("".join(parts), re.IGNORECASE | re.DOTALL)


def matches(path: str, patterns: Iterable[str]) -> bool:
    """Whether a tree path matches any pattern; letter case is ignored, since some file systems ignore it."""
    return any(_compiled(pattern).fullmatch(path) for pattern in patterns)
