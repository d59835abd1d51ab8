"""What is written over the life of a pull request: one comment, one review a head, and nothing by a repeat."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pull_request_world import MAY_READ, PullRequestWorld
from release_texts import good_release, with_base_files
from story_of_pushes import tell, wrong_digest


@pytest.fixture
def story(hub, calm_git, tmp_path):
    return lambda **inputs: list(tell(tmp_path, hub, **inputs))


def test_fail_fail_differently_pass_repeat(story) -> None:
    told = story(check_run="true")
    assert [one.ran.judged.code for one in told] == [one.chapter.code for one in told]
    assert [one.ran.posted.code for one in told] == [0, 0, 0, 0]
    assert [one.comments for one in told] == [1, 1, 1, 1]
    assert [one.reviews for one in told] == sorted(one.reviews for one in told)
    assert told[0].reviews == 1
    assert told[3].writes == "none"
    assert "Traceback" not in "".join(one.ran.posted.said for one in told)


def test_the_comment_turns_green_and_names_the_commit(story, hub) -> None:
    story()
    pull = hub.world.repositories["acme/models"].pulls[7]
    (comment,) = pull.comments
    assert pull.head_sha[:7] in comment.body
    assert "verdict=allowed" in comment.body.splitlines()[0]
    assert all("No longer reported" in one.body and "```suggestion" not in one.body for one in pull.line_comments)


def test_a_suggestion_stands_on_the_lines_it_mends(hub, calm_git, tmp_path) -> None:
    world = PullRequestWorld.make(tmp_path, hub)
    world.run(world.push(with_base_files(wrong_digest())))
    comments = world.pull.line_comments
    assert comments
    for one in comments:
        lines = world.pull.head_files["release.yaml"].decode().split("\n")
        shown = lines[(one.start_line or one.line) - 1 : one.line]
        assert any("digest" in line or "size" in line for line in shown), shown
        assert "```suggestion" in one.body


def test_a_pull_request_that_was_never_red_is_left_in_peace(hub, calm_git, tmp_path) -> None:
    world = PullRequestWorld.make(tmp_path, hub)
    ran = world.run(world.push(with_base_files(replace(good_release(), version="1.1", sequence=2))))
    assert (ran.judged.code, ran.posted.code, ran.writes) == (0, 0, ())
    assert world.pull.comments == []


def test_a_token_that_only_reads_loses_no_finding_and_says_what_is_missing(hub, calm_git, tmp_path) -> None:
    world = PullRequestWorld.make(
        tmp_path, hub, head_repository="mallory/models", author="mallory", permissions=MAY_READ
    )
    ran = world.run(world.push(with_base_files(wrong_digest())), check_run="true")
    assert (ran.judged.code, ran.posted.code, ran.writes) == (1, 0, ())
    assert ran.posted.outputs["posted"] == "none"
    assert "pull-requests: write" in ran.posted.out
    assert "checks: write" in ran.posted.out
    for rule in ("FPR-001", "FPR-002"):
        assert rule in ran.judged.out
        assert rule in ran.judged.summary


def test_where_posting_is_required_what_is_missing_fails_the_step(hub, calm_git, tmp_path) -> None:
    world = PullRequestWorld.make(tmp_path, hub, permissions=MAY_READ)
    ran = world.run(world.push(with_base_files(wrong_digest())), require_posting="true")
    assert (ran.judged.code, ran.posted.code) == (1, 2)


def test_the_log_holds_no_command_but_annotations(hub, calm_git, tmp_path) -> None:
    world = PullRequestWorld.make(tmp_path, hub)
    ran = world.run(world.push(with_base_files(wrong_digest())))
    stopped, *others = ran.judged.log.commands
    assert (stopped.name, len(stopped.text) >= 32) == ("stop-commands", True)
    assert {one.name for one in others} <= {"error", "warning", "notice"}
    assert [one.level for one in ran.judged.log.annotations if one.level == "error"] != []
    assert ran.posted.log.commands == []
    assert ran.judged.log.annotations[0].file == "release.yaml"
