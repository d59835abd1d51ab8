from __future__ import annotations

import pytest
from golden_pushes import BROKEN, MENDED, OTHERWISE, PullRequest

from policy_gate.model import Outcome
from policy_gate.publication import Publication, Seen, SeenComment
from policy_gate.report.check_run import render_check_run
from policy_gate.report.findings import Level, findings, waived
from policy_gate.report.pull_request import compose
from policy_gate.report.summary import render_summary

HUNKS = {"release.yaml": ((1, 60),)}


@pytest.fixture(scope="module")
def pushes(tmp_path_factory):
    """Three pushes to one pull request: red, red for another reason, green."""
    pull = PullRequest(tmp_path_factory.mktemp("pull"))
    return [pull.push(*changes) for changes in (BROKEN, OTHERWISE, MENDED)]


def composed(overview, seen: Seen) -> Publication:
    return compose(overview, seen, comment_mode="on-failure", check_run=False)


def after(seen: Seen, publication: Publication) -> Seen:
    """What stands on the pull request once a publication was posted."""
    edited = {one.id: one.body for one in publication.edits}
    lines = [SeenComment(id=one.id, body=edited.get(one.id, one.body)) for one in seen.line_comments]
    lines += [SeenComment(id=100 + len(lines) + at, body=one.body) for at, one in enumerate(publication.line_comments)]
    sticky = (SeenComment(id=1, body=publication.sticky),) if publication.sticky else seen.sticky
    return Seen(sticky=sticky, line_comments=tuple(lines), hunks=HUNKS)


def test_the_release_fails_two_rules_warns_of_one_has_one_waived_and_passes_the_rest(pushes):
    found = findings(pushes[0])
    assert [one.judgement.rule for one in found if one.level is Level.FAILURE] == ["COST-004", "COST-008"]
    assert [one.judgement.rule for one in found if one.level is Level.WARNING] == ["LIN-020"]
    assert [one.judgement.rule for one in waived(pushes[0])] == ["COST-002"]
    assert sum(one.outcome is Outcome.PASS for one in pushes[0].records[0].judgements) > 20


def test_what_stands_on_the_pull_request_is_what_its_golden_files_show(pushes, golden_file):
    publication = composed(pushes[0], Seen(hunks=HUNKS))
    golden_file("comment.md", publication.sticky)
    golden_file("review.md", f"{publication.review_body}\n")
    (line,) = publication.line_comments
    golden_file("line-comment.md", f"{line.body}\n")
    assert (line.path, line.start_line, line.end_line) == ("release.yaml", 41, 41)


def test_check_run_and_summary_of_the_same_release_are_what_their_golden_files_show(pushes, golden_file):
    run = render_check_run(pushes[0])
    golden_file("check-run.md", f"{run.conclusion}: {run.title}\n\n{run.summary}\n{run.text}")
    golden_file("summary.md", render_summary(pushes[0]))


def test_two_red_pushes_a_green_one_and_a_repeat_write_one_comment_and_one_review(pushes, golden_file):
    seen, told = Seen(hunks=HUNKS), []
    for overview in (*pushes, pushes[-1]):
        publication = composed(overview, seen)
        told.append((publication, seen))
        seen = after(seen, publication)
    (first, _), (second, _), (third, _), (again, before) = told
    golden_file("comment-2.md", second.sticky)
    golden_file("comment-3.md", third.sticky)
    golden_file("line-comment-fixed.md", f"{second.edits[0].body}\n")
    assert [len(one.line_comments) for one, _ in told] == [1, 1, 0, 0]
    assert [len(one.edits) for one, _ in told] == [0, 1, 1, 0]
    assert "fixed" in second.sticky.split("\n")[5]
    assert third.sticky.count("\n") == 4
    assert again.sticky == third.sticky == before.sticky[-1].body
    assert first.sticky != second.sticky


@pytest.mark.parametrize("push", [0, 1, 2])
def test_the_same_push_judged_again_changes_no_letter(pushes, push):
    seen = Seen(hunks=HUNKS)
    for overview in pushes[: push + 1]:
        seen = after(seen, composed(overview, seen))
    again = composed(pushes[push], seen)
    assert again.sticky == (seen.sticky[-1].body if seen.sticky else "")
    assert (again.line_comments, again.edits, again.review_body) == ((), (), "")
