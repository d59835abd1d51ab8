from __future__ import annotations

from dataclasses import replace

import pytest
from formats_world import HERE, HOSTILE, filled_with, judgement, many, note, of, overview, record, warning
from hypothesis import given, settings
from rendered_page import page
from test_summary import left_out

from policy_gate.errors import Problem
from policy_gate.model import Outcome, Place
from policy_gate.report.check_run import render_check_run
from policy_gate.report.escaping import utf8_bytes, utf16_units

MOST = 65_000


def within_limits(run) -> None:
    assert run.conclusion in ("success", "failure")
    assert 0 < utf16_units(run.title) <= 255
    assert utf8_bytes(run.summary) <= MOST
    assert utf8_bytes(run.text) <= MOST
    for one in run.annotations:
        assert one.level in ("notice", "warning", "failure")
        assert one.path
        assert 1 <= one.start_line <= one.end_line
        assert utf16_units(one.title) <= 255
        assert 0 < utf8_bytes(one.message) <= 64_000
        assert (one.start_column == 0) == (one.end_column == 0)
        assert not one.start_column or one.start_line == one.end_line
        assert one.start_column <= one.end_column


@settings(max_examples=60, deadline=None)
@given(HOSTILE)
def test_every_text_gives_a_check_run_within_the_limits(text) -> None:
    run = render_check_run(filled_with(text))
    within_limits(run)
    assert len(run.annotations) == len(render_check_run(filled_with("kws")).annotations)
    assert not page(run.summary).unclosed
    assert not page(run.text).unclosed


@pytest.mark.parametrize(
    ("made", "conclusion"),
    [
        (of(judgement(outcome=Outcome.PASS)), "success"),
        (of(warning()), "success"),
        (of(judgement(), exit_code=0), "success"),
        (overview(exit_code=0), "success"),
        (of(judgement()), "failure"),
        (of(warning(), exit_code=1), "failure"),
        (overview(problems=(Problem("x"),), exit_code=2), "failure"),
        (overview(problems=(Problem("x"),), exit_code=0), "failure"),
        (overview(exit_code=2), "failure"),
        (of(judgement(outcome=Outcome.ERROR), exit_code=3), "failure"),
    ],
)
def test_it_succeeds_only_where_the_run_does_and_is_never_neutral(made, conclusion) -> None:
    assert render_check_run(made).conclusion == conclusion


def test_the_title_says_verdict_and_counts() -> None:
    title = render_check_run(of(judgement(), warning(), judgement(outcome=Outcome.PASS))).title
    assert title == "kws-en 1.4.0 is blocked by COST-002: 1 blocking, 1 warning, 1 passed"


def test_a_title_of_emoji_is_cut_in_the_unit_that_counts_most() -> None:
    made = overview(record(judgement("🧪" * 200), name="🧪" * 300))
    assert utf16_units(render_check_run(made).title) <= 255


@pytest.mark.parametrize("words", ["w" * 150, "🧪" * 150, "音" * 150])
def test_5000_findings_fit_whatever_they_are_written_in(words) -> None:
    run = render_check_run(many(5000, words))
    within_limits(run)
    assert len(run.annotations) == 5000
    shown, total, rest = left_out(run.summary)["findings"]
    assert (total, shown + rest) == (5000, 5000)
    assert shown == run.summary.count("&nbsp;fail&nbsp;`") > 100
    shown, total, rest = left_out(run.text)["explanations"]
    assert (total, shown + rest) == (5000, 5000)
    assert shown == run.text.count("<details") > 5
    assert not page(run.summary).unclosed
    assert not page(run.text).unclosed


def test_every_finding_is_an_annotation_what_fails_first() -> None:
    problem = Problem("unknown field", "other.yaml", 4, 2)
    run = render_check_run(of(note(), warning(), judgement(), problems=(problem,), exit_code=2))
    assert [(one.level, one.path, one.start_line) for one in run.annotations] == [
        ("failure", "other.yaml", 4),
        ("failure", "release.yaml", 3),
        ("warning", "release.yaml", 3),
        ("notice", "release.yaml", 3),
    ]


def test_columns_are_inclusive_and_only_of_one_line() -> None:
    run = render_check_run(of(judgement(), judgement(place=replace(HERE, end_line=4))))
    assert [(one.start_column, one.end_column) for one in run.annotations] == [(5, 8), (0, 0)]


def test_a_place_in_the_base_is_an_annotation_of_the_manifest() -> None:
    (one,) = render_check_run(of(judgement(place=Place(source="base:1", path="gone.yaml", line=9)))).annotations
    assert (one.path, one.start_line) == ("release.yaml", 1)
    assert "gone.yaml:9" in one.message


def test_what_stands_in_no_file_is_shown_where_github_shows_it() -> None:
    (one,) = render_check_run(overview(problems=(Problem("no such bundle", "/x"),), exit_code=2)).annotations
    assert (one.path, one.start_line, one.message) == (".github", 1, "/x: no such bundle")


def test_a_message_is_cut_at_64_kb_of_bytes() -> None:
    made = judgement(message="🧪" * 1000, causes=("🧪" * 1000,) * 5, note="🧪" * 1000, fixes=judgement().fixes * 8)
    (one,) = render_check_run(of(made)).annotations
    assert 20_000 < utf8_bytes(one.message) <= 64_000
