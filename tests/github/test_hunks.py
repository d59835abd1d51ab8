from __future__ import annotations

import os
import subprocess
import tempfile
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policy_gate.github.hunks import commentable_lines


@pytest.mark.parametrize(
    ("patch", "expected"),
    [
        ("", ()),
        ("@@ -1 +1 @@\n-a\n+b", ((1, 1),)),
        ("@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n\\ No newline at end of file", ((1, 1),)),
        ("@@ -0,0 +1,3 @@\n+a\n+\n+c", ((1, 3),)),
        ("@@ -1,2 +0,0 @@\n-a\n-b", ()),
        ("@@ -3,3 +3,2 @@ context @@ -9 +9 @@\n a\n-b\n c", ((3, 4),)),
        ("@@ -1,2 +1,2 @@\n-a\r\n+b\r\n c\r\n", ((1, 2),)),
        ("@@ -1,2 +1,2 @@\n-a\n+@@ -1,9 +7,9 @@\n c\n@@ -20 +20 @@\n+x", ((1, 2), (20, 20))),
        ("@@ -1 +1 @@\n-a\n+b\x0bc\x85d\u2028e\rf", ((1, 1),)),
        ("@@ -5,9 +5,9 @@\n a\n+b", ((5, 6),)),
        ("@@ -1 +1,2 @@\n+a\n+b\n+c\n+d", ((1, 2),)),
        ("Binary files differ", ()),
        ("@@ broken @@\n+a", ()),
        ("@@ -1 +1 @@\n+a\ngarbage", ()),
        ("+a\n+b", ()),
        ("@@ -1 +99999999999999999999 @@\n+a", ()),
    ],
)
def test_a_patch_shows_the_right_side_of_its_hunks(patch, expected) -> None:
    assert commentable_lines(patch) == expected


LINE = st.sampled_from(
    ["", "a", "b", "c", "-", "+", " ", "@@ -1 +1 @@", "\\ No newline", "x\ry", "\u2028", "a\r", "\x0c"]
)


@st.composite
def two_files(draw) -> tuple[bytes, bytes]:
    before = draw(st.lists(LINE, max_size=40))
    after = list(before)
    for _ in range(draw(st.integers(0, 5))):
        place = draw(st.integers(0, len(after)))
        if draw(st.booleans()):
            after[place:place] = draw(st.lists(LINE, max_size=3))
        else:
            del after[place : place + draw(st.integers(1, 3))]
    ends = draw(st.sampled_from(["\n", "\r\n"]))
    return tuple((ends.join(side) + draw(st.sampled_from(["", ends]))).encode() for side in (before, after))


def git_diff(before: bytes, after: bytes, context: int) -> str:
    """The hunks of a real diff, as GitHub gives them: without file headers and without the last line end."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "before").write_bytes(before)
        Path(folder, "after").write_bytes(after)
        words = [
            "git",
            "diff",
            "--no-index",
            "--no-color",
            "--no-ext-diff",
            "--text",
            f"-U{context}",
            "before",
            "after",
        ]
        clean = {name: text for name, text in os.environ.items() if not name.startswith("GIT_")}
        done = subprocess.run(words, cwd=folder, capture_output=True, env={**clean, "GIT_CONFIG_GLOBAL": os.devnull})
    text = done.stdout.decode()
    start = text.find("\n@@ ")
    return text[start + 1 :].removesuffix("\n") if start >= 0 else ""


def lines_of(text: bytes) -> list[str]:
    """A file's lines as git counts them: ended by \\n alone, the last one perhaps not at all."""
    lines = text.decode().split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def left_lines(patch: str) -> set[int]:
    """The lines of the old file that a patch shows, counted by hand."""
    shown: set[int] = set()
    at = 0
    for line in patch.split("\n"):
        if line.startswith("@@ "):
            at = int(line.split(" ")[1].split(",")[0].removeprefix("-"))
        elif line[:1] in ("-", " "):
            shown.add(at)
            at += 1
    return shown


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(two_files(), st.sampled_from([0, 1, 3]))
def test_the_lines_are_those_that_git_shows_of_the_new_file(files, context) -> None:
    before, after = files
    patch = git_diff(before, after, context)
    found = commentable_lines(patch)
    old, new = lines_of(before), lines_of(after)
    shown = [line for first, last in found for line in range(first, last + 1)]
    right = [line[1:] for line in patch.split("\n") if line[:1] in ("+", " ")]
    assert [new[line - 1] for line in shown] == right  # each is the very line of the new text, none is missing
    hidden = [line for number, line in enumerate(new, 1) if number not in set(shown)]
    same = [line for number, line in enumerate(old, 1) if number not in left_lines(patch)]
    assert hidden == same  # what cannot be commented on is what did not change
    assert all(a[1] < b[0] for a, b in pairwise(found))


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="@+- \\\n\r0123456789,a", max_size=80))
def test_no_patch_breaks_the_reader(patch) -> None:
    assert all(first <= last for first, last in commentable_lines(patch))
