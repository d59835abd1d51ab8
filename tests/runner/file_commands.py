"""What the runner makes of the files a step writes: outputs, variables, paths and the summary (FileCommandManager.cs)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

MAX_SUMMARY_BYTES = 1024 * 1024
BLOCKED = frozenset({"NODE_OPTIONS"})


class FileCommandError(Exception):
    """A file the runner does not understand: the step fails."""


def read_pairs(content: str) -> dict[str, str]:
    """`name=text` or `name<<end`, lines of text, `end`; a later one takes the place of an earlier."""
    lines = _lines(content)
    found: dict[str, str] = {}
    for line in lines:
        if not line:
            continue
        equals, here = line.find("="), line.find("<<")
        if equals >= 0 and (here < 0 or equals < here):
            name, text = line.split("=", 1)
        elif here >= 0:
            name, delimiter = line.split("<<", 1)
            text = _until(lines, delimiter)
        else:
            raise FileCommandError(f"Invalid format '{line}'")
        if not name:
            raise FileCommandError(f"Invalid format '{line}'. Name must not be empty")
        found[name] = text
    return found


def _until(lines: Iterator[str], delimiter: str) -> str:
    if not delimiter:
        raise FileCommandError("Invalid format. Delimiter must not be empty")
    kept: list[str] = []
    for line in lines:
        if line == delimiter:
            return "\n".join(kept)
        kept.append(line)
    raise FileCommandError(f"Invalid value. Matching delimiter not found '{delimiter}'")


def _lines(content: str) -> Iterator[str]:
    return iter(content.removesuffix("\n").split("\n") if content else [])


def read_variables(content: str) -> dict[str, str]:
    """The variables that a step sets for later ones; some are not for a step to set."""
    found = read_pairs(content)
    if BLOCKED & found.keys():
        raise FileCommandError(f"Can't store {', '.join(BLOCKED & found.keys())} output parameter")
    return found


def read_summary(place: Path) -> str:
    """The summary of a step as UTF-8; one that is too large is not shown at all."""
    size = place.stat().st_size
    if size > MAX_SUMMARY_BYTES:
        raise FileCommandError(f"GITHUB_STEP_SUMMARY supports content up to 1024k, got {size // 1024}k")
    return place.read_bytes().decode("utf-8")
