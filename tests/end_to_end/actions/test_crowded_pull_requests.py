"""Pull requests as they are: full of other comments, with odd files, locked, from forks."""

from __future__ import annotations

from dataclasses import replace

import event_files as events
import pytest
from checkout import good_model
from pull_request_world import BOT, MAY_READ, TOKEN, PullRequestWorld
from release_texts import CONFIGURATION, MANIFEST, OTHER_MODEL, good_release, with_base_files
from story_of_pushes import NEXT, wrong_digest

from policy_gate.publication import read_marker


@pytest.fixture
def world(hub, calm_git, tmp_path) -> PullRequestWorld:
    return PullRequestWorld.make(tmp_path, hub)


def twice(world: PullRequestWorld, trigger, **inputs: str):
    """Run once, and once more, which must write nothing."""
    first = world.run(trigger, **inputs)
    second = world.run(trigger, **inputs)
    assert second.writes == ()
    for one in (first.judged, first.posted, second.posted):
        assert "Traceback" not in one.said
    return first


def test_our_comment_is_found_behind_a_thousand_others(world) -> None:
    trigger = world.push(with_base_files(wrong_digest()))
    for number in range(1000):
        world.hub.world.add_comment(world.pull, "bob", f"Comment {number}")
    ran = twice(world, trigger)
    assert ran.posted.outputs["posted"] == "full"
    assert len(world.ours) == 1


def test_a_marker_under_another_name_is_not_ours(world) -> None:
    trigger = world.push(with_base_files(wrong_digest()))
    twice(world, trigger)
    ours = world.ours[0]
    world.pull.comments.clear()
    world.hub.world.add_comment(world.pull, "mallory", ours)
    ran = world.run(trigger)
    assert len(ran.writes) == 1
    assert [one.author for one in world.pull.comments] == ["mallory", BOT]
    assert world.pull.comments[0].body == ours


def test_what_a_stranger_puts_on_a_line_does_not_stand_for_ours(world) -> None:
    trigger = world.push(with_base_files(wrong_digest()))
    twice(world, trigger)
    for one in world.pull.line_comments:
        one.author = "mallory"
    ran = world.run(trigger)
    assert [one.path.rsplit("/", 1)[-1] for one in ran.writes] == ["reviews"]


def test_our_comment_that_somebody_deleted_is_written_again(world) -> None:
    trigger = world.push(with_base_files(wrong_digest()))
    twice(world, trigger)
    world.pull.comments.clear()
    twice(world, trigger)
    assert len(world.ours) == 1


def test_of_twenty_lines_one_stands_outside_the_diff(hub, calm_git, tmp_path) -> None:
    base = good_release(19)
    world = PullRequestWorld.make(tmp_path, hub, with_base_files(base))
    change = replace(base, version="1.1", sequence=2)
    for index in range(1, 20):
        change = change.with_entry(index, content=b"part %d, other\n" % index)
        if index != 10:
            change = change.with_entry(index, remark="built again")
    change = change.with_entry(0, content=good_model() + OTHER_MODEL, remark="built again")
    ran = twice(world, world.push(with_base_files(change)))
    assert (ran.judged.code, ran.posted.code) == (1, 0)
    assert len(world.pull.reviews) == 1
    standing = "".join(one.body for one in world.pull.line_comments)
    for entry in change.entries:
        assert entry.id in ran.judged.out
    assert len(world.pull.line_comments) >= 19
    assert "part-10" not in standing
    assert "part-10" in world.ours[0]


def test_a_manifest_without_a_last_line_end(hub, calm_git, tmp_path) -> None:
    base = {**good_release().files(last_line_end=False), CONFIGURATION: with_base_files(good_release())[CONFIGURATION]}
    world = PullRequestWorld.make(tmp_path, hub, base)
    head = {**base, **wrong_digest().files(last_line_end=False)}
    ran = twice(world, world.push(head))
    assert (ran.judged.code, ran.posted.outputs["posted"]) == (1, "full")
    assert world.pull.line_comments


def test_a_manifest_with_line_ends_of_windows_gets_no_suggestion_that_would_mix_them(hub, calm_git, tmp_path) -> None:
    base = {**with_base_files(good_release()), **good_release().files(line_end="\r\n")}
    world = PullRequestWorld.make(tmp_path, hub, base)
    ran = twice(world, world.push({**base, **wrong_digest().files(line_end="\r\n")}))
    assert (ran.judged.code, ran.posted.code) == (1, 0)
    assert all("```suggestion" not in one.body for one in world.pull.line_comments)
    assert "FPR-001" in world.ours[0]


def test_a_file_whose_diff_github_does_not_show(world) -> None:
    trigger = world.push(with_base_files(wrong_digest()))
    world.pull.without_patch.add(MANIFEST)
    ran = twice(world, trigger)
    assert (ran.judged.code, ran.posted.code) == (1, 0)
    assert world.pull.line_comments == []
    assert "FPR-001" in world.ours[0]


def test_on_a_locked_pull_request_the_verdict_still_stands(world) -> None:
    trigger = world.push(with_base_files(wrong_digest()))
    world.pull.locked = True
    ran = twice(world, trigger, check_run="true")
    assert (ran.judged.code, ran.posted.code) == (1, 0)
    assert "locked" in ran.posted.out
    assert ran.posted.outputs["posted"] == "partial"
    assert "FPR-001" in ran.judged.summary


def test_a_pull_request_that_moved_on_is_left_alone(world) -> None:
    trigger = world.push(with_base_files(wrong_digest()))
    job = world.job(trigger)
    judged = job.judge()
    world.push(with_base_files(NEXT))
    posted = job.post(judged.outputs["overview"])
    assert (posted.code, world.hub.writes) == (0, [])
    assert "moved on" in posted.out


def test_two_jobs_of_other_names_keep_comments_of_their_own(world) -> None:
    trigger = world.push(with_base_files(wrong_digest()))
    twice(world, trigger, name="gate one")
    twice(world, trigger, name="gate-two")
    assert len({read_marker(one)["key"] for one in world.ours}) == 2


def test_two_comments_of_ours_become_one(world) -> None:
    trigger = world.push(with_base_files(wrong_digest()))
    twice(world, trigger)
    world.hub.world.add_comment(world.pull, BOT, world.ours[0])
    world.run(trigger)
    assert len(world.ours) == 1
    assert world.run(trigger).writes == ()


def test_a_fork_is_commented_on_by_a_second_stage(hub, calm_git, tmp_path) -> None:
    world = PullRequestWorld.make(
        tmp_path, hub, head_repository="mallory/models", author="mallory", permissions=MAY_READ
    )
    judged = world.job(world.push(with_base_files(wrong_digest()))).judge()
    hub.world.add_token(TOKEN, BOT, metadata="read", pull_requests="write")
    second = world.job(events.workflow_run(world.base, world.head))
    for count in (1, 0):
        before = len(hub.writes)
        posted = second.post(judged.outputs["overview"], "--fork")
        assert posted.code == 0, posted.said
        assert len(hub.writes) - before == count, posted.said
    assert world.pull.line_comments == []
    assert len(world.ours) == 1


def test_a_fork_cannot_speak_for_another_pull_request(hub, calm_git, tmp_path) -> None:
    world = PullRequestWorld.make(tmp_path, hub, head_repository="mallory/models", author="mallory")
    judged = world.job(world.push(with_base_files(wrong_digest()))).judge()
    victim = hub.world.open_pull("acme/models", {}, {"a": b"1"}, number=8, head_ref="victim")
    second = world.job(events.workflow_run(world.base, victim.head_sha))
    posted = second.post(judged.outputs["overview"], "--fork")
    assert posted.code == 0
    assert victim.comments == []
    assert "Traceback" not in posted.said


def test_an_enterprise_server_is_written_to_under_its_own_paths(enterprise_hub, calm_git, tmp_path) -> None:
    world = PullRequestWorld.make(tmp_path, enterprise_hub)
    ran = twice(world, world.push(with_base_files(wrong_digest())), check_run="true")
    assert ran.posted.outputs["posted"] == "full"
    assert len(world.ours) == 1
