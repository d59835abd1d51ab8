"""The world of these tests is as GitHub's: commits, clones and events fit each other."""

from __future__ import annotations

from dataclasses import replace

import event_files as events
import pytest
from origin import ALL, git
from release_texts import good_release, with_base_files


@pytest.fixture
def change(origin):
    base = origin.tip("main")
    head = origin.commit("work", with_base_files(replace(good_release(), version="1.1", sequence=2)), parent=base)
    return base, head, origin.pull(head)


def test_the_merge_of_a_pull_request_has_the_base_first_and_the_head_second(origin, change) -> None:
    base, head, merge = change
    assert git(origin.root, "rev-list", "--parents", "-1", merge).split() == [merge, base, head]
    assert git(origin.root, "rev-parse", "refs/pull/7/head", "refs/pull/7/merge").split() == [head, merge]


@pytest.mark.parametrize(("depth", "known"), [(1, [False, False]), (2, [True, True]), (ALL, [True, True])])
def test_a_shallow_checkout_holds_what_its_depth_says(depth, known, origin, change, tmp_path) -> None:
    base, head, merge = change
    place = origin.check_out(tmp_path / "clone", events.pull_request(base, head, merge), depth)
    assert git(place, "rev-parse", "HEAD") == merge
    found = git(place, "cat-file", "--batch-check", given=f"{base}\n{head}\n".encode()).splitlines()
    assert ["missing" not in line for line in found] == known
    assert git(place, "rev-parse", "--is-shallow-repository") == ("false" if depth == ALL else "true")
    assert 'version: "1.1"' in (place / "release.yaml").read_text()


def test_a_merge_holds_what_main_got_in_the_meantime(origin, change) -> None:
    _, head, _ = change
    origin.commit("main", {**with_base_files(good_release()), "NOTES.md": b"News.\n"})
    merge = origin.pull(head)
    assert "NOTES.md" in git(origin.root, "ls-tree", "--name-only", merge)


def test_a_commit_is_fetched_by_its_id_even_when_no_branch_holds_it(origin, change, tmp_path) -> None:
    _, head, _ = change
    origin.commit("work", with_base_files(good_release()), parent=origin.tip("main"))
    place = origin.check_out(tmp_path / "clone", events.dispatch(head))
    assert git(place, "rev-parse", "HEAD") == head


def test_what_is_null_at_github_is_null_here(change) -> None:
    assert events.from_deleted_fork(*change).payload["pull_request"]["head"]["repo"] is None
    assert events.pull_request(*change, action="synchronize").payload["pull_request"]["merge_commit_sha"] is None
    assert "pull_request" not in events.merge_group(change[0], change[1]).payload
    assert events.workflow_run(change[0], change[1]).payload["workflow_run"]["pull_requests"] == []
