from __future__ import annotations

import subprocess

import pytest
from github_patches import follow_lines, make_patch, read_hunks
from hypothesis import given, settings
from hypothesis import strategies as st

LINES = st.lists(st.sampled_from([b"a", b"b", b"-", b"+", b"@@ -1 +1 @@", b"\\", b"", b"c\r"]), max_size=12)


@settings(max_examples=40, deadline=None)
@given(LINES, LINES, st.booleans(), st.booleans())
def test_the_lines_of_the_hunks_rebuild_both_files(old, new, old_ends, new_ends) -> None:
    before, after = (
        b"\n".join(one) + (b"\n" if ends and one else b"") for one, ends in ((old, old_ends), (new, new_ends))
    )
    texts = {"LEFT": before.split(b"\n"), "RIGHT": after.split(b"\n")}
    for hunk in read_hunks(make_patch(before, after)):
        for side, sign in (("LEFT", "-"), ("RIGHT", "+")):
            shown = [line[1:] for line in hunk.text.split("\n")[1:] if line.startswith((sign, " "))]
            assert shown == [texts[side][number - 1].decode() for number in sorted(hunk.lines(side))]


def test_files_that_are_the_same_or_binary_have_no_patch() -> None:
    assert make_patch(b"a\n", b"a\n") is None
    assert make_patch(b"\0", b"\1\0") is None
    assert read_hunks(None) == ()


def test_a_new_and_an_emptied_file_have_one_side() -> None:
    (made,) = read_hunks(make_patch(None, b"a\nb\n"))
    assert (made.left, made.right) == (frozenset(), {1, 2})
    (gone,) = read_hunks(make_patch(b"a\n", None))
    assert (gone.left, gone.right) == ({1}, frozenset())


def test_git_applies_the_patch(tmp_path) -> None:
    old, new = b"1\r\n2\n3", b"1\r\nzwei\n3\n4"
    (tmp_path / "a").write_bytes(old)
    patch = f"--- a/a\n+++ b/a\n{make_patch(old, new)}\n"
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=patch.encode(), check=True)
    assert (tmp_path / "a").read_bytes() == new


@pytest.mark.parametrize(
    ("old", "new", "lines", "found"),
    [
        (b"a\nb\nc\n", b"x\na\nb\nc\n", (2, 2), (3, 3)),
        (b"a\nb\nc\n", b"a\nx\nc\n", (2, 2), None),
        (b"a\nb\nc\n", b"a\nb\nx\nc\n", (2, 3), None),
        (b"a\nb\nc\n", b"b\nc\n", (2, 3), (1, 2)),
        (b"a\n", b"", (1, 1), None),
    ],
)
def test_lines_are_followed_as_one_piece(old, new, lines, found) -> None:
    assert follow_lines(old, new, *lines) == found
