from __future__ import annotations

import pytest
from formats_world import HOSTILE, LINKS, judgement, of
from hypothesis import given, settings
from hypothesis import strategies as st
from rendered_page import ALIVE, page

from policy_gate.overview import Suggestion
from policy_gate.publication import read_marker
from policy_gate.report.escaping import utf16_units
from policy_gate.report.line_comments import (
    MAX_UNITS,
    findings_by_place,
    fixed_body,
    is_clickable,
    line_comment_body,
    line_marker,
    review_body,
    suggestion_keys,
)

ID = judgement().finding_id
MARKER = line_marker("policy-gate", "1a2b3c4d5e6f", "a1" * 20)


def suggestion(**changes) -> Suggestion:
    parts = {
        "findings": (ID,),
        "path": "release.yaml",
        "start_line": 3,
        "end_line": 3,
        "before": ("    size: 1",),
        "after": ("    size: 2",),
        "words": "let `policy-gate fix` write the real size",
    }
    return Suggestion(**{**parts, **changes})


def body(one: Suggestion, name: str = "policy-gate") -> str:
    return line_comment_body(one, name, findings_by_place(of(judgement())), MARKER)


def test_the_body_says_what_is_wrong_and_holds_the_lines_as_they_are():
    assert body(suggestion()).split("\n") == [
        f"<!-- policy-gate:v1 key=policy-gate finding=1a2b3c4d5e6f head={'a1' * 20} -->",
        "**`COST-002`** kws takes more than the target has  ",
        "Write the real size.",
        "",
        "```suggestion",
        "    size: 2",
        "```",
        "",
        "<sub>policy-gate computed this from the files of the pull request.</sub>",
    ]


def test_a_suggestion_that_changes_signed_bytes_says_so():
    assert "This changes signed bytes: sign the release again." in body(suggestion(changes_signed_bytes=True))
    assert "sign" not in body(suggestion())


@given(st.lists(HOSTILE.map(lambda text: text.replace("\n", "").replace("\r", "")), min_size=1, max_size=4), HOSTILE)
@settings(max_examples=100, deadline=None)
def test_no_line_of_a_manifest_gets_out_of_its_block(lines, words):
    made = body(suggestion(after=tuple(lines), words=words), name=words or "x")
    shown = page(made)
    assert not shown.unclosed
    assert set(shown.tags) <= {"p", "strong", "code", "pre", "br", "sub"}
    assert shown.count("pre") == 1
    assert not [one for one in shown.bare if ALIVE.search(one)]
    assert read_marker(made)["finding"] == "1a2b3c4d5e6f"


@pytest.mark.parametrize("line", ["a\u202eb", "a\rb", "\x00", "a\u200bb", "\udcff"])
def test_lines_that_hide_something_are_only_shown_never_clicked(line):
    one = suggestion(after=(line,))
    assert not is_clickable(one)
    assert "```suggestion" not in body(one)
    assert "```diff" in body(one)


def test_a_tab_is_written_as_it_is():
    assert "\tsize: 2" in body(suggestion(after=("\tsize: 2",)))


def test_what_is_not_of_the_head_or_is_a_whole_book_is_not_clicked():
    assert not is_clickable(suggestion(one_click=False))
    assert not is_clickable(suggestion(after=("x",) * 300))
    assert not is_clickable(suggestion(after=()))
    assert is_clickable(suggestion())


def test_a_body_that_github_would_refuse_says_what_to_run_instead():
    made = body(suggestion(after=("🧪" * 40_000,)))
    assert utf16_units(made) <= MAX_UNITS
    assert "1 line, too long to show: `policy-gate fix` writes it." in made
    assert not page(made).unclosed


def test_keys_hold_over_lines_and_words_and_tell_apart_what_mends_the_same_finding():
    one, two = suggestion(), suggestion(start_line=9, end_line=9, after=("x",), words="other")
    assert suggestion_keys([one]) == suggestion_keys([two])
    first, second = suggestion_keys([one, two])
    assert first != second
    assert suggestion_keys([suggestion(path="other.yaml")]) != suggestion_keys([one])
    assert suggestion_keys([suggestion(findings=(ID, "B"))]) == suggestion_keys([suggestion(findings=("B", ID))])


def test_a_fixed_comment_names_the_commit_and_holds_no_suggestion():
    marker = line_marker("policy-gate", "1a2b3c4d5e6f", "a1" * 20, is_fixed=True)
    made = fixed_body(LINKS, marker)
    assert read_marker(made)["state"] == "fixed"
    assert "[`a1a1a1a`](https://github.example/acme/kws/commit/" in made
    assert "```" not in made


def test_a_review_says_how_many_changes_it_holds():
    assert review_body(1).startswith("1 computed change is ready")
    assert review_body(12).startswith("12 computed changes are ready")
