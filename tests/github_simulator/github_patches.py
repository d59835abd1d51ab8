"""What GitHub shows of a changed file: git's own patch, and the lines of it that a comment may stand on."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path

HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
DIFF = ("git", "-c", "core.autocrlf=false", "diff", "--no-index", "--no-color", "--no-ext-diff", "--no-textconv")


@dataclass(frozen=True)
class Hunk:
    """The lines one hunk shows, of the old file (left) and of the new one (right); its text begins with `@@`."""

    left: frozenset[int]
    right: frozenset[int]
    text: str

    def lines(self, side: str) -> frozenset[int]:
        return self.left if side == "LEFT" else self.right


@cache
def make_patch(old: bytes | None, new: bytes | None) -> str | None:
    """The patch as GitHub's file list has it: from the first `@@`, no line end last; None for what git calls binary."""
    with tempfile.TemporaryDirectory() as folder:
        before, after = Path(folder) / "old", Path(folder) / "new"
        before.write_bytes(old or b"")
        after.write_bytes(new or b"")
        env = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "HOME": folder}
        done = subprocess.run([*DIFF, "old", "new"], cwd=folder, env=env, capture_output=True)
    text = done.stdout.decode("utf-8", "replace")
    start = text.find("\n@@ ")
    return text[start + 1 :].removesuffix("\n") if start >= 0 else None


def read_hunks(patch: str | None) -> tuple[Hunk, ...]:
    """The hunks of a patch; `\\ No newline at end of file` is no line of either side."""
    hunks: list[Hunk] = []
    for part in re.split(r"(?m)^(?=@@ -)", patch or ""):
        head = HUNK.match(part)
        if head is not None:
            hunks.append(_read_hunk(part, int(head[1]), int(head[3])))
    return tuple(hunks)


def _read_hunk(text: str, left: int, right: int) -> Hunk:
    lefts, rights = set(), set()
    for line in text.split("\n")[1:]:
        if line.startswith(("-", " ")):
            lefts.add(left)
            left += 1
        if line.startswith(("+", " ")):
            rights.add(right)
            right += 1
    return Hunk(frozenset(lefts), frozenset(rights), text.removesuffix("\n"))


def count_changes(patch: str | None) -> tuple[int, int]:
    """How many lines a patch adds and removes."""
    lines = [line for hunk in read_hunks(patch) for line in hunk.text.split("\n")[1:]]
    return sum(line.startswith("+") for line in lines), sum(line.startswith("-") for line in lines)


def follow_lines(old: bytes, new: bytes, first: int, last: int) -> tuple[int, int] | None:
    """Where lines of a file stand after a push; None as soon as one of them is another."""
    if old == new:
        return first, last
    matcher = SequenceMatcher(None, old.split(b"\n"), new.split(b"\n"), autojunk=False)
    for start, moved, length in matcher.get_matching_blocks():
        if start < first and last <= start + length:
            return first - start + moved, last - start + moved
    return None
