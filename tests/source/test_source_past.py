from __future__ import annotations

from pathlib import Path

import pytest

from policy_gate.errors import EvidenceError, Reason
from policy_gate.source import Tree, open_bundle, open_index, open_revision, open_working_tree

TRAIN = "model/train.yaml"


@pytest.fixture
def trained(repository: Path, git) -> Path:
    """A second commit that changes the configuration the first was trained with, and a branch that nobody merged."""
    (repository / TRAIN).write_text("noise: 1.3\n")
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "trained")
    git(repository, "checkout", "-q", "-b", "side")
    (repository / TRAIN).write_text("noise: 13\n")
    git(repository, "commit", "-q", "-a", "-m", "elsewhere")
    git(repository, "checkout", "-q", "main")
    (repository / TRAIN).write_text("noise: 0.3\n")
    git(repository, "commit", "-q", "-a", "-m", "after")
    return repository


def refusal(tree: Tree, commit: str) -> EvidenceError:
    with pytest.raises(EvidenceError) as caught:
        tree.at_commit(commit)
    return caught.value


@pytest.mark.parametrize("opened", [open_working_tree, open_index, lambda root: open_revision(root, "HEAD")])
def test_every_tree_of_a_repository_reads_what_a_file_held_at_an_earlier_commit(trained, git, opened) -> None:
    trained_at = git(trained, "rev-parse", "HEAD~1")
    with opened(trained) as tree:
        assert tree.at_commit(trained_at).read(TRAIN, 100) == b"noise: 1.3\n"


def test_paths_are_those_of_the_folder_that_is_judged(trained, git) -> None:
    trained_at = git(trained, "rev-parse", "HEAD~1")
    for opened in (open_working_tree, open_index, lambda root: open_revision(root, "HEAD")):
        with opened(trained / "model") as tree:
            assert tree.at_commit(trained_at).read("train.yaml", 100) == b"noise: 1.3\n"
            with pytest.raises(EvidenceError):
                tree.at_commit(trained_at).read("../release.yaml", 100)


def test_the_commit_that_is_judged_counts_as_its_own_past(trained, git) -> None:
    head = git(trained, "rev-parse", "HEAD")
    assert open_working_tree(trained).at_commit(head).read(TRAIN, 100) == b"noise: 0.3\n"


def test_a_commit_of_another_branch_proves_nothing(trained, git) -> None:
    side = git(trained, "rev-parse", "side")
    assert refusal(open_working_tree(trained), side).reason is Reason.NOT_PROVEN


def test_a_commit_after_the_judged_one_proves_nothing(trained, git) -> None:
    head = git(trained, "rev-parse", "HEAD")
    with open_revision(trained, "HEAD~1") as tree:
        assert refusal(tree, head).reason is Reason.NOT_PROVEN


@pytest.mark.parametrize("commit", ["HEAD", "main", "a" * 39, "-" * 40, "A" * 40, f"{'a' * 40}\n", ""])
def test_what_is_no_full_commit_id_proves_nothing(trained, commit) -> None:
    assert refusal(open_working_tree(trained), commit).reason is Reason.NOT_PROVEN


def test_a_branch_named_like_a_commit_is_not_taken_for_one(trained, git) -> None:
    git(trained, "branch", "c" * 40, "HEAD~1")
    assert refusal(open_working_tree(trained), "c" * 40).reason is Reason.NOT_IN_TREE


def test_a_tree_and_a_tag_are_no_commits(trained, git) -> None:
    git(trained, "tag", "-a", "-m", "v1", "v1", "HEAD~1")
    for name in ("v1", "HEAD~1^{tree}", f"HEAD~1:{TRAIN}"):
        assert refusal(open_working_tree(trained), git(trained, "rev-parse", name)).reason is Reason.NOT_PROVEN


def test_a_shallow_clone_says_how_to_fetch_the_rest(trained, git, tmp_path) -> None:
    trained_at = git(trained, "rev-parse", "HEAD~1")
    git(tmp_path, "clone", "-q", "--depth=1", trained.as_uri(), "clone")
    error = refusal(open_working_tree(tmp_path / "clone"), trained_at)
    assert error.reason is Reason.NOT_IN_TREE
    assert "fetch-depth: 0" in error.fix


def test_a_commit_fetched_alone_is_not_known_to_be_an_ancestor(trained, git, tmp_path) -> None:
    trained_at = git(trained, "rev-parse", "HEAD~1")
    git(trained, "config", "uploadpack.allowAnySHA1InWant", "true")
    git(tmp_path, "clone", "-q", "--depth=1", trained.as_uri(), "clone")
    git(tmp_path / "clone", "fetch", "-q", "--depth=1", "origin", trained_at)
    error = refusal(open_working_tree(tmp_path / "clone"), trained_at)
    assert error.reason is Reason.NOT_IN_TREE
    assert "fetch-depth: 0" in error.fix


def test_replaced_history_is_read_as_it_is(trained, git) -> None:
    side, head = git(trained, "rev-parse", "side"), git(trained, "rev-parse", "HEAD")
    git(trained, "replace", "--graft", head, side)
    assert refusal(open_working_tree(trained), side).reason is Reason.NOT_PROVEN


def test_a_folder_without_git_and_a_bundle_have_no_past(tmp_path, trained) -> None:
    (tmp_path / "plain").mkdir()
    assert refusal(open_working_tree(tmp_path / "plain"), "a" * 40).reason is Reason.NOT_PROVEN
    with open_bundle(trained / "model") as tree:
        assert refusal(tree, "a" * 40).reason is Reason.NOT_PROVEN


def test_files_of_the_past_are_bounded_and_plain(trained, git) -> None:
    (trained / "link.yaml").symlink_to(TRAIN)
    git(trained, "add", "-A")
    git(trained, "commit", "-q", "-m", "link")
    past = open_working_tree(trained).at_commit(git(trained, "rev-parse", "HEAD"))
    for path, reason in (
        (TRAIN, Reason.TOO_LARGE),
        ("link.yaml", Reason.NOT_IN_TREE),
        ("absent", Reason.NOT_IN_TREE),
    ):
        with pytest.raises(EvidenceError) as caught:
            past.read(path, 3)
        assert caught.value.reason is reason
