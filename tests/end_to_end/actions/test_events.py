"""Every event that may start a job: which commit judges, and that nothing unclear is green."""

from __future__ import annotations

from dataclasses import dataclass, replace

import event_files as events
import pytest
from origin import ALL, Origin, git
from release_texts import good_release, with_base_files
from workflow_job import Job

BETTER = replace(good_release(), version="1.1", sequence=2)
STILL = replace(good_release(), version="1.1")
"""Its sequence is still that of the base: one rule fails, if only the right base judges."""


@dataclass(frozen=True)
class Commits:
    """The base, the head above it, GitHub's merge of both, and a commit that replaced the base by force."""

    base: str
    head: str
    merge: str
    forced: str


@pytest.fixture(scope="module", params=["good", "bad"])
def laid(request, calm_git, tmp_path_factory) -> tuple[Origin, Commits, int]:
    """A repository whose work branch is good or is not; what a job there is to answer."""
    made = Origin.make(tmp_path_factory.mktemp("events") / "origin.git", with_base_files(good_release()))
    base = made.tip("main")
    change = BETTER if request.param == "good" else STILL
    head = made.commit("work", with_base_files(change), parent=base)
    forced = made.commit("other", with_base_files(change, **{"NOTES.md": b"News.\n"}), parent=base)
    git(made.root, "update-ref", "refs/tags/v1.1", head)
    return made, Commits(base, head, made.pull(head), forced), 0 if request.param == "good" else 1


@pytest.fixture
def judge(laid, tmp_path):
    made, commits, code = laid

    def run(trigger, depth: int, *, ref: str = "", **inputs: str):
        place = made.check_out(tmp_path / "work", trigger, depth, ref=ref)
        return Job(place, tmp_path / "temp", trigger).judge(**inputs)

    return run, commits, code


PULLS = {
    "opened": lambda one: events.pull_request(one.base, one.head, one.merge),
    "synchronize": lambda one: events.pull_request(
        one.base, one.head, one.merge, action="synchronize", before=one.base
    ),
    "fork": lambda one: events.from_fork(one.base, one.head, one.merge),
    "deleted fork": lambda one: events.from_deleted_fork(one.base, one.head, one.merge),
    "Dependabot": lambda one: events.from_dependabot(one.base, one.head, one.merge),
    "review": lambda one: events.review(one.base, one.head, one.merge),
}


@pytest.mark.parametrize("depth", [2, ALL])
@pytest.mark.parametrize("name", PULLS)
def test_a_pull_request_is_judged_by_its_base(name, depth, judge) -> None:
    run, commits, code = judge
    done = run(PULLS[name](commits), depth)
    assert done.code == code, done.said
    assert done.outputs["verdict"] == ("allowed" if code == 0 else "blocked")
    assert done.err == ""


@pytest.mark.parametrize("name", PULLS)
def test_a_pull_request_whose_base_is_not_fetched_is_not_green(name, judge) -> None:
    run, commits, _ = judge
    done = run(PULLS[name](commits), 1)
    assert (done.code, done.outputs["verdict"]) == (2, "unjudged")
    assert "fetch-depth: 2" in done.out


def test_a_pull_request_checked_out_by_its_head_is_judged_by_the_base_of_the_event(judge) -> None:
    run, commits, code = judge
    assert run(PULLS["opened"](commits), 2, ref=commits.head).code == code


def test_a_checkout_of_another_commit_is_not_the_pull_request(judge) -> None:
    run, commits, _ = judge
    done = run(PULLS["opened"](commits), ALL, ref=commits.base)
    assert done.code == 2
    assert "and not the pull request" in done.out


def test_on_pull_request_target_the_checkout_is_the_base_until_the_merge_is_named(judge) -> None:
    run, commits, _ = judge
    trigger = events.pull_request(commits.base, commits.head, commits.merge, kind="pull_request_target")
    done = run(trigger, 2)
    assert done.code == 2
    assert "refs/pull/7/merge" in done.out


def test_on_pull_request_target_the_merge_is_judged(judge) -> None:
    run, commits, code = judge
    trigger = events.pull_request(commits.base, commits.head, commits.merge, kind="pull_request_target")
    assert run(trigger, 2, ref="refs/pull/7/merge").code == code


def test_a_pull_request_cannot_name_another_base(judge) -> None:
    run, commits, _ = judge
    done = run(PULLS["opened"](commits), 2, base="HEAD")
    assert done.code == 2
    assert "which a pull request cannot choose" in done.out


def test_a_merge_group_is_judged_by_its_base(judge) -> None:
    run, commits, code = judge
    assert run(events.merge_group(commits.base, commits.head), 2).code == code


def test_a_merge_group_whose_base_is_not_fetched_is_not_green(judge) -> None:
    run, commits, _ = judge
    assert run(events.merge_group(commits.base, commits.head), 1).code == 2


def test_a_push_to_the_default_branch_is_judged_by_what_it_was(judge) -> None:
    run, commits, code = judge
    assert run(events.push(commits.base, commits.head), 2).code == code


@pytest.mark.parametrize(("depth", "is_judged"), [(ALL, True), (2, False)])
def test_a_push_to_another_branch_is_judged_by_the_default_branch(depth, is_judged, judge) -> None:
    run, commits, code = judge
    done = run(events.push(commits.base, commits.head, ref="refs/heads/work"), depth)
    assert done.code == (code if is_judged else 2)
    assert is_judged or "git fetch" in done.out


def test_a_push_whose_past_is_not_fetched_is_not_green(judge) -> None:
    run, commits, _ = judge
    assert run(events.push(commits.base, commits.head), 1).code == 2


def test_a_forced_push_away_from_a_commit_that_is_gone_is_not_green(judge) -> None:
    run, commits, _ = judge
    done = run(events.push(commits.head, commits.forced, forced=True), 2)
    assert done.code == 2
    assert f"git fetch --no-tags --depth=1 origin {commits.head}" in done.out


@pytest.mark.parametrize(("depth", "is_judged"), [(ALL, True), (1, False)])
def test_a_new_branch_is_judged_by_the_default_branch(depth, is_judged, judge) -> None:
    run, commits, code = judge
    done = run(events.push(events.ZEROS, commits.head, ref="refs/heads/work"), depth)
    assert done.code == (code if is_judged else 2)
    assert is_judged or "git fetch" in done.out


@pytest.mark.parametrize(("depth", "is_judged"), [(ALL, True), (1, False)])
@pytest.mark.parametrize("make", [events.tag, events.release])
def test_a_tag_and_a_publication_are_judged_by_the_default_branch(make, depth, is_judged, judge) -> None:
    run, commits, code = judge
    assert run(make("v1.1", commits.head), depth).code == (code if is_judged else 2)


@pytest.mark.parametrize(("depth", "is_judged"), [(ALL, True), (1, False)])
def test_a_run_by_hand_is_judged_by_the_default_branch(depth, is_judged, judge) -> None:
    run, commits, code = judge
    assert run(events.dispatch(commits.head, ref="refs/heads/work"), depth).code == (code if is_judged else 2)


@pytest.mark.parametrize("make", [events.dispatch, events.schedule])
def test_the_default_branch_does_not_judge_itself(make, judge) -> None:
    run, commits, _ = judge
    done = run(make(commits.base), ALL)
    assert done.code == 2
    assert "the very commit that judges" in done.out


def test_a_second_stage_judges_nothing(judge) -> None:
    run, commits, _ = judge
    done = run(events.workflow_run(commits.base, commits.head), ALL)
    assert done.code == 2
    assert "policy-gate post --fork" in done.out


def test_without_a_checkout_nothing_is_green(judge, tmp_path) -> None:
    _, commits, _ = judge
    (tmp_path / "empty").mkdir()
    done = Job(tmp_path / "empty", tmp_path / "temp", PULLS["opened"](commits)).judge()
    assert done.code == 2
    assert "actions/checkout" in done.out
