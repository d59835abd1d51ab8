from __future__ import annotations

from dataclasses import replace

import pytest
from formats_world import HOSTILE, LINKS, filled_with, judgement, many, of, overview, record, review, warning
from hypothesis import given, settings
from test_line_comments import suggestion

from policy_gate.errors import Problem
from policy_gate.overview import Overview
from policy_gate.publication import Publication, Seen, SeenComment, key_of, read_marker, write_marker
from policy_gate.report.pull_request import MAX_FOUND, MAX_NEW_LINE_COMMENTS, compose

HUNKS = {"release.yaml": ((1, 60),)}
FRESH = Seen(hunks=HUNKS)
PUSHES = [f"{at}" * 40 for at in range(1, 7)]
RED = of(judgement())
GREEN = of(exit_code=0)
WARNS = of(warning())


def at(one: Overview, push: int) -> Overview:
    return replace(one, links=replace(LINKS, head=PUSHES[push]))


def composed(one: Overview, seen: Seen = FRESH, mode="on-failure", *, check_run: bool = False) -> Publication:
    return compose(one, seen, comment_mode=mode, check_run=check_run)


def after(seen: Seen, publication: Publication) -> Seen:
    """What stands once a publication is posted."""
    edited = {one.id: one.body for one in publication.edits}
    lines = [SeenComment(id=one.id, body=edited.get(one.id, one.body)) for one in seen.line_comments]
    lines += [SeenComment(id=100 + len(lines) + at, body=one.body) for at, one in enumerate(publication.line_comments)]
    sticky = (SeenComment(id=1, body=publication.sticky),) if publication.sticky else seen.sticky
    return Seen(sticky=sticky, line_comments=tuple(lines), hunks=seen.hunks)


def history(*overviews: Overview, mode="on-failure") -> tuple[list[Publication], Seen]:
    """Push after push; every push is judged twice, and the second time nothing may change."""
    seen, told = Seen(hunks=HUNKS), []
    for push, one in enumerate(overviews):
        publication = composed(at(one, push), seen, mode)
        seen = after(seen, publication)
        again = composed(at(one, push), seen, mode)
        assert again.sticky == (seen.sticky[-1].body if seen.sticky else "")
        assert (again.line_comments, again.edits) == ((), ())
        told.append(publication)
    return told, seen


@pytest.mark.parametrize(
    ("mode", "one", "comments"),
    [
        ("on-failure", RED, True),
        ("on-failure", of(problems=(Problem("x"),), exit_code=2), True),
        ("on-failure", overview(exit_code=3), True),
        ("on-failure", of(review=review()), True),
        ("on-failure", WARNS, False),
        ("on-failure", GREEN, False),
        ("on-warning", WARNS, True),
        ("on-warning", GREEN, False),
        ("always", GREEN, True),
        ("never", RED, False),
        ("never", of(problems=(Problem("x"),), exit_code=2), False),
    ],
)
def test_a_comment_begins_only_when_there_is_something_to_say(mode, one, comments):
    assert bool(composed(one, mode=mode).sticky) is comments


def test_a_run_that_is_to_fail_on_warnings_is_red():
    sticky = composed(of(warning(), exit_code=1)).sticky
    assert read_marker(sticky)["verdict"] == "blocked"
    assert "asked to fail on warnings" in sticky


def test_a_red_comment_turns_green_in_two_lines_and_names_the_commit_that_mended_it():
    (_, green, later), _ = history(RED, GREEN, GREEN)
    lines = [line for line in green.sticky.split("\n") if line]
    assert lines[1].startswith("### ✅")
    assert f"last failure fixed in [`{PUSHES[1][:7]}`]" in lines[2]
    assert len(lines) == 3
    assert read_marker(green.sticky)["red"] == PUSHES[0]
    assert f"last failure fixed in [`{PUSHES[1][:7]}`]" in later.sticky


def test_red_again_after_green_is_red_again():
    (_, _, red, green), _ = history(RED, GREEN, of(judgement("COST-009")), GREEN)
    assert "### ❌" in red.sticky
    assert "✅" not in red.sticky.split("\n")[1]
    assert f"[`{PUSHES[3][:7]}`]" in green.sticky


def test_a_stale_red_comment_turns_green_even_where_comments_are_off():
    seen = after(Seen(), composed(at(RED, 0)))
    assert "### ✅" in composed(at(GREEN, 1), seen, "never").sticky


def test_what_could_not_be_judged_is_never_green():
    _, seen = history(RED)
    unjudged = composed(at(of(problems=(Problem("no base"),), exit_code=2), 1), seen).sticky
    assert "### ⛔" in unjudged
    assert read_marker(unjudged)["verdict"] == "unjudged"


def test_what_changed_since_the_last_report_is_counted():
    two = of(judgement(), judgement("COST-003"))
    (_, second), _ = history(two, of(judgement(), judgement("COST-004"), judgement("COST-005")))
    assert "Since the last report: **1 fixed, 2 new**" in second.sticky


def test_the_same_findings_on_another_commit_are_no_change():
    (_, second), _ = history(RED, RED)
    assert "Since the last report" not in second.sticky


def test_a_run_that_could_not_judge_says_nothing_of_what_was_fixed():
    unjudged = of(problems=(Problem("x"),), exit_code=2)
    (_, second, third), _ = history(RED, unjudged, of(judgement("COST-009")))
    assert "Since the last report" not in second.sticky + third.sticky


def test_with_more_findings_than_are_remembered_nothing_is_said_of_changes():
    (first, second), _ = history(many(MAX_FOUND + 5), many(MAX_FOUND + 50))
    assert len(read_marker(first.sticky)["found"].split(",")) == MAX_FOUND
    assert "Since the last report" not in second.sticky


def test_a_marker_that_somebody_edited_adds_nothing_to_the_comment():
    forged = write_marker({"key": "policy-gate", "head": "1" * 40, "found": "", "since": "9:9,-", "fixed": "evil/x"})
    seen = Seen(sticky=(SeenComment(id=1, body=forged),))
    assert "evil" not in composed(at(GREEN, 0), seen).sticky
    assert "9:9" not in composed(at(RED, 0), seen).sticky.split("\n", 1)[1]


@pytest.mark.parametrize(
    "fields", ["red=a--b since=1,2", "since=a--b", f"red={'a' * 64000}", f"since={'1' * 64000}", f"fixed={'a' * 64000}"]
)
@pytest.mark.parametrize("one", [RED, GREEN])
def test_a_marker_that_somebody_edited_neither_stops_the_report_nor_fills_it(fields, one):
    verdict = "blocked" if one is RED else "allowed"
    found = read_marker(composed(at(one, 0)).sticky).get("found", "")
    forged = f"<!-- policy-gate:v1 key=policy-gate head={PUSHES[0]} verdict={verdict} {fields} found={found} -->\nx"
    sticky = composed(at(one, 0), Seen(sticky=(SeenComment(id=1, body=forged),))).sticky
    assert read_marker(sticky)["verdict"] == verdict
    assert len(sticky) < 5000


@pytest.mark.parametrize("finding", ["a--b", "z" * 64000, "A" * 12])
def test_a_line_comment_whose_marker_somebody_edited_is_left_alone(finding):
    stray = SeenComment(id=7, body=f"<!-- policy-gate:v1 key=policy-gate finding={finding} -->\nx")
    assert composed(GREEN, Seen(hunks=HUNKS, line_comments=(stray,))).edits == ()


SUGGESTED = replace(RED, suggestions=(suggestion(),))


def test_a_suggestion_inside_one_hunk_gets_a_comment_and_stands_in_the_sticky_one_too():
    publication = composed(SUGGESTED)
    (line,) = publication.line_comments
    assert (line.path, line.start_line, line.end_line) == ("release.yaml", 3, 3)
    assert read_marker(line.body)["finding"] == line.key
    assert publication.review_body
    assert "one click on the diff" in publication.sticky
    assert "+    size: 2" in publication.sticky


@pytest.mark.parametrize(
    "hunks", [{}, {"release.yaml": ((4, 9),)}, {"other.yaml": ((1, 9),)}, {"release.yaml": ((1, 2), (4, 9))}]
)
def test_a_suggestion_outside_the_diff_is_only_shown(hunks):
    publication = composed(SUGGESTED, Seen(hunks=hunks))
    assert publication.line_comments == ()
    assert publication.review_body == ""
    assert "one click" not in publication.sticky
    assert "+    size: 2" in publication.sticky


@pytest.mark.parametrize("changes", [{"one_click": False}, {"after": ("a\u202eb",)}])
def test_a_suggestion_that_cannot_be_clicked_is_only_shown(changes):
    publication = composed(replace(RED, suggestions=(suggestion(**changes),)))
    assert publication.line_comments == ()
    assert "```diff" in publication.sticky


def test_one_line_outside_the_diff_among_twenty_stops_none_of_the_others():
    made = tuple(suggestion(findings=(f"R:{at}",), start_line=at, end_line=at) for at in (*range(1, 20), 500))
    publication = composed(replace(RED, suggestions=made))
    assert len(publication.line_comments) == 19
    assert "19 with one click on the diff" in publication.sticky


def test_no_review_holds_more_than_thirty_comments_and_the_rest_is_in_the_comment():
    made = tuple(suggestion(findings=(f"R:{at}",), start_line=at + 1, end_line=at + 1) for at in range(50))
    publication = composed(replace(RED, suggestions=made))
    assert len(publication.line_comments) == MAX_NEW_LINE_COMMENTS
    assert len({one.key for one in publication.line_comments}) == MAX_NEW_LINE_COMMENTS
    assert publication.sticky.count("```diff") == 50


def test_a_comment_that_stands_is_not_posted_again_on_another_commit_or_line():
    moved = replace(RED, suggestions=(suggestion(start_line=40, end_line=40),))
    (_, second), _ = history(SUGGESTED, moved)
    assert (second.line_comments, second.edits) == ((), ())


def test_another_value_edits_the_comment_that_stands():
    other = replace(RED, suggestions=(suggestion(after=("    size: 3",)),))
    (_, second), seen = history(SUGGESTED, other)
    assert [one.id for one in second.edits] == [100]
    assert "size: 3" in seen.line_comments[0].body
    assert read_marker(seen.line_comments[0].body)["head"] == PUSHES[0]


def test_a_comment_never_gets_a_suggestion_for_other_lines_than_those_it_stands_on():
    before = ("    digest: a", "    size: 1")
    longer = replace(RED, suggestions=(suggestion(before=before, end_line=4, after=("    size: 3",)),))
    (_, second), seen = history(SUGGESTED, longer)
    assert [(one.start_line, one.end_line) for one in second.line_comments] == [(3, 4)]
    assert "No longer reported" in seen.line_comments[0].body
    assert "```" not in seen.line_comments[0].body


def test_a_fixed_suggestion_is_edited_once_and_comes_back_where_it_stood():
    (_, fixed, green, back), seen = history(SUGGESTED, RED, GREEN, SUGGESTED)
    assert "No longer reported" in fixed.edits[0].body
    assert "```" not in fixed.edits[0].body
    assert green.edits == ()
    assert back.line_comments == ()
    assert "```suggestion" in back.edits[0].body
    assert len(seen.line_comments) == 1


def test_a_run_that_could_not_judge_calls_nothing_fixed():
    (_, second), _ = history(SUGGESTED, of(problems=(Problem("x"),), exit_code=2))
    assert second.edits == ()


def test_a_head_has_one_review_at_most():
    seen = after(Seen(hunks=HUNKS), composed(at(SUGGESTED, 0)))
    more = replace(SUGGESTED, suggestions=(suggestion(), suggestion(findings=("B",), start_line=9, end_line=9)))
    assert composed(at(more, 0), seen).line_comments == ()
    assert len(composed(at(more, 1), seen).line_comments) == 1


@pytest.mark.parametrize("part", ["line comments", "diff"])
def test_where_it_is_not_known_what_stands_on_the_diff_nothing_new_is_put_there(part):
    publication = composed(SUGGESTED, Seen(hunks=HUNKS, unread={part: "403"}))
    assert publication.line_comments == ()
    assert "+    size: 2" in publication.sticky


def test_a_line_comment_whose_marker_names_no_finding_is_left_to_say_it_is_gone():
    stray = SeenComment(id=7, body=write_marker({"key": "policy-gate"}))
    publication = composed(SUGGESTED, Seen(hunks=HUNKS, line_comments=(stray,)))
    assert len(publication.line_comments) == 1


def test_what_a_fork_reports_is_one_comment_without_suggestion_or_check_run():
    seen = after(Seen(hunks=HUNKS), composed(at(SUGGESTED, 0)))
    fork = replace(at(replace(GREEN, suggestions=SUGGESTED.suggestions), 1), reported_by_fork=True)
    publication = composed(fork, seen, check_run=True)
    assert (publication.line_comments, publication.edits, publication.check_run) == ((), (), None)
    assert "Nobody verified this." in publication.sticky


def test_a_check_run_comes_only_where_it_is_asked_for():
    assert composed(RED).check_run is None
    run = composed(RED, check_run=True).check_run
    assert run is not None
    assert run.conclusion == "failure"


@pytest.mark.parametrize("name", ["nightly!", "\\", "a--b", "-", "夜間", "x" * 99, "all boards / nightly"])
def test_every_name_of_a_job_is_a_key_that_its_marker_can_hold(name):
    marker = write_marker({"key": key_of(name)})
    assert read_marker(marker) == {"key": key_of(name)}
    assert key_of(name) != key_of(f"{name}?")


def test_jobs_of_another_name_have_comments_of_their_own():
    publication = composed(replace(RED, name="nightly, all boards"))
    assert read_marker(publication.sticky)["key"] == publication.key == key_of("nightly, all boards")


@given(HOSTILE)
@settings(max_examples=30, deadline=None)
def test_no_text_of_a_repository_makes_composing_fail_or_the_marker_longer(text):
    publication = composed(filled_with(text), Seen(hunks={text: ((1, 9),)}))
    assert set(read_marker(publication.sticky)) == {"key", "head", "verdict", "red", "fixed", "since", "found"}
    assert all(read_marker(one.body)["finding"] == one.key for one in publication.line_comments)


def test_two_releases_of_one_rule_are_two_findings():
    fleet = overview(record(judgement(), name="a"), record(judgement(), name="b", path="b.yaml"))
    assert len(read_marker(composed(fleet).sticky)["found"].split(",")) == 2
