from __future__ import annotations

import subprocess

import pytest

from policy_gate.errors import EvidenceError, Reason, SourceError
from policy_gate.source import file_at, find_commit, parents_of


@pytest.fixture
def commits(tmp_path, git):
    """A merge of two commits, the second with a link and a file of an odd name."""
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "first")
    git(tmp_path, "checkout", "-q", "-b", "side")
    (tmp_path / "release.yaml").write_bytes(b"name: kws\r\n")
    (tmp_path / "a*").write_bytes(b"odd")
    (tmp_path / "ab").write_bytes(b"plain")
    (tmp_path / "link").symlink_to("release.yaml")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", f"second\n\nparent {'e' * 40}")
    git(tmp_path, "checkout", "-q", "main")
    git(tmp_path, "merge", "-q", "--no-ff", "-m", "merge", "side")
    return tmp_path


def test_a_merge_names_its_parents_in_order_and_its_message_none(commits, git) -> None:
    first, second = git(commits, "rev-parse", "HEAD^1"), git(commits, "rev-parse", "HEAD^2")
    assert parents_of(commits, "HEAD") == (first, second)
    assert parents_of(commits, second) == (first,)
    assert parents_of(commits, first) == ()


def test_a_shallow_clone_still_names_the_parents_it_has_not_got(commits, git, tmp_path_factory) -> None:
    place = tmp_path_factory.mktemp("shallow")
    git(place, "clone", "-q", "--depth=1", commits.as_uri(), "clone")
    parents = parents_of(place / "clone", "HEAD")
    assert len(parents) == 2
    assert [find_commit(place / "clone", one) for one in parents] == ["", ""]


def test_replaced_commits_are_read_as_they_are(commits, git) -> None:
    merge, first = git(commits, "rev-parse", "HEAD"), git(commits, "rev-parse", "HEAD^1")
    parents = parents_of(commits, merge)
    git(commits, "replace", merge, first)
    assert parents_of(commits, merge) == parents


def test_a_file_of_a_commit_is_read_as_its_bytes(commits) -> None:
    assert file_at(commits, "HEAD", "release.yaml", 100) == b"name: kws\r\n"
    assert file_at(commits, "HEAD", "a*", 100) == b"odd"


@pytest.mark.parametrize("path", ["link", "absent", "", ".", "../release.yaml", ":(glob)*", "a?"])
def test_what_is_no_plain_file_of_the_commit_is_not_read(commits, path) -> None:
    with pytest.raises((EvidenceError, SourceError)):
        file_at(commits, "HEAD", path, 100)


def test_a_file_over_the_limit_is_not_read(commits) -> None:
    with pytest.raises(EvidenceError) as refused:
        file_at(commits, "HEAD", "release.yaml", 5)
    assert refused.value.reason is Reason.TOO_LARGE


@pytest.mark.parametrize("revision", ["", "-x", "^main", "a b", "x" * 300])
def test_what_is_no_revision_is_refused_before_git_sees_it(commits, revision) -> None:
    with pytest.raises(SourceError, match="is no revision"):
        find_commit(commits, revision)


def test_a_tree_or_a_blob_is_no_commit(commits) -> None:
    for name in ("HEAD^{tree}", "HEAD:release.yaml"):
        oid = subprocess.run(["git", "rev-parse", name], cwd=commits, capture_output=True, text=True).stdout.strip()
        assert find_commit(commits, oid) == ""
