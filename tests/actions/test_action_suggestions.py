from __future__ import annotations

from datetime import date

import pytest
from action_world import LABELS, manifest
from hypothesis import given
from hypothesis import strategies as st

from policy_gate.actions.suggesting import MAX_COMPARED_LINES, changed_blocks, suggestions
from policy_gate.gate import Request, judge
from policy_gate.source import open_working_tree

MORE = LABELS + b" up"


def offered(repository, files, head=""):
    """What is suggested for a pull request with these files; `head` "" stands for its own commit."""
    pull = repository.pull(files)
    report = judge(Request(root=repository.root, base="main", today=date(2026, 11, 23), in_ci=True))
    with open_working_tree(repository.root) as tree:
        return suggestions(report.presented, tree, repository.root, head or pull.head)


def test_computed_values_are_whole_lines_that_mend_their_findings(repository) -> None:
    found = offered(repository, {"labels.txt": MORE, "release.yaml": manifest(version="1.1", sequence=2)})
    (both,) = found
    wanted = manifest(MORE, version="1.1", sequence=2).splitlines()
    assert (both.start_line, both.end_line) == (11, 12)
    assert both.after == tuple(wanted[10:12])
    assert both.findings == ("FPR-001:artifact:labels:/artifacts/0/digest", "FPR-002:artifact:labels:/artifacts/0/size")
    assert (both.one_click, both.changes_signed_bytes, both.path) == (True, False, "release.yaml")


def test_the_number_that_has_to_rise_is_suggested_beside_them(repository) -> None:
    sequence, both = offered(repository, {"labels.txt": MORE, "release.yaml": manifest(version="1.1")})
    assert (sequence.start_line, sequence.after) == (6, ("  sequence: 2",))
    assert sequence.findings == both.findings
    assert sequence.words == "the number has to rise with the bytes"


def test_suggestions_applied_from_the_last_to_the_first_are_what_fix_writes(repository, gate) -> None:
    found = offered(repository, {"labels.txt": MORE, "release.yaml": manifest(version="1.1")})
    lines = (repository.root / "release.yaml").read_text().split("\n")
    for one in reversed(found):
        assert tuple(lines[one.start_line - 1 : one.end_line]) == one.before
        lines[one.start_line - 1 : one.end_line] = one.after
    repository.git("checkout", "-q", "work")
    repository.git("reset", "-q", "--soft", "main")  # what `fix` compares with is the commit below
    assert gate("fix", cwd=repository.root).returncode == 0
    assert (repository.root / "release.yaml").read_text() == "\n".join(lines)


def test_a_signed_manifest_says_that_it_has_to_be_signed_again(repository) -> None:
    signed = manifest(version="1.1", sequence=2) + "signing: {release: release.dsse.json}\n"
    (one,) = offered(repository, {"labels.txt": MORE, "release.yaml": signed})
    assert one.changes_signed_bytes


def test_lines_that_are_not_those_of_the_head_cannot_be_clicked(repository) -> None:
    files = {"labels.txt": MORE, "release.yaml": manifest(version="1.1", sequence=2)}
    assert [one.one_click for one in offered(repository, files, head="e" * 40)] == [False]
    assert [one.one_click for one in offered(repository, files, head=repository.oid("main"))] == [False]


def test_lines_with_carriage_returns_cannot_be_clicked(repository) -> None:
    text = manifest(version="1.1", sequence=2).replace("\n", "\r\n")
    (one,) = offered(repository, {"labels.txt": MORE, "release.yaml": text})
    assert not one.one_click


@pytest.mark.parametrize(("last", "clicks"), [("digest", False), ("more", True)])
def test_a_last_line_without_its_end_cannot_be_clicked_and_those_above_can(repository, last, clicks) -> None:
    text = manifest(version="1.1", sequence=2)
    text = text.rstrip("\n") if last == "digest" else f"{text}targets: []"
    (one,) = offered(repository, {"labels.txt": MORE, "release.yaml": text})
    assert one.one_click is clicks


def test_nothing_is_suggested_for_a_limit_or_where_nothing_is_computed(repository) -> None:
    assert offered(repository, {"other.txt": "x"}) == ()


@pytest.mark.parametrize(
    ("before", "after", "blocks"),
    [
        ("a\nb\nc\n", "a\nB\nc\n", [(2, ("b",), ("B",))]),
        ("a\nb\n", "a\nx\nb\n", [(1, ("a",), ("a", "x"))]),
        ("a\nb\n", "x\na\nb\n", [(1, ("a",), ("x", "a"))]),
        ("a\nb\nc\n", "A\nb\nC\n", [(1, ("a",), ("A",)), (3, ("c",), ("C",))]),
        ("a", "b", [(1, ("a",), ("b",))]),
        ("a\n", "a\n", []),
    ],
)
def test_each_stretch_that_changed_is_one_block_with_a_line_to_replace(before, after, blocks) -> None:
    assert [(one.start, one.before, one.after) for one in changed_blocks(before, after)] == blocks


LINES = st.lists(st.sampled_from(["a", "b", "c", ""]), max_size=12).map("\n".join)


@given(LINES, LINES)
def test_blocks_applied_give_the_new_text(before, after) -> None:
    lines = before.split("\n")
    blocks = list(changed_blocks(before, after))
    for one in reversed(blocks):
        assert one.before
        assert tuple(lines[one.start - 1 : one.end]) == one.before
        lines[one.start - 1 : one.end] = one.after
    assert "\n".join(lines) == after


def test_texts_that_differ_all_over_are_not_compared_line_by_line() -> None:
    before = "\n".join("a" for _ in range(MAX_COMPARED_LINES + 1))
    assert list(changed_blocks(before, before.replace("a", "b"))) == []
