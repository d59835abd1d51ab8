"""The index: what the next commit would hold, as a hook must see it."""

from __future__ import annotations

from pathlib import Path

import pytest

from policy_gate.errors import EvidenceError, Reason
from policy_gate.source import open_index


def test_the_index_holds_what_is_staged_not_what_lies_on_disk(repository: Path, git) -> None:
    (repository / "model" / "kws.onnx").write_bytes(b"staged")
    git(repository, "add", ".")
    (repository / "model" / "kws.onnx").write_bytes(b"later")
    (repository / "untracked").write_bytes(b"x")
    with open_index(repository) as tree:
        assert (tree.source, tree.label) == ("index", "index")
        assert [entry.path for entry in tree.list()] == [".gitignore", "model/kws.onnx", "release.yaml"]
        assert tree.read("model/kws.onnx", 100) == b"staged"
        assert tree.list("model")[0].size == 6


def test_a_hook_s_own_index_file_is_the_one_that_is_read(
    repository: Path, git, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repository / ".git" / "next-index").write_bytes((repository / ".git" / "index").read_bytes())
    git(repository, "rm", "-q", "--cached", "release.yaml")
    with open_index(repository) as tree:
        assert not tree.exists("release.yaml")
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/next-index")
    with open_index(repository) as tree:
        assert tree.exists("release.yaml")


def test_a_file_in_conflict_is_listed_once_and_refused(repository: Path, git) -> None:
    git(repository, "checkout", "-q", "-b", "side")
    (repository / "model" / "kws.onnx").write_bytes(b"side")
    git(repository, "commit", "-q", "-a", "-m", "side")
    git(repository, "checkout", "-q", "main")
    (repository / "model" / "kws.onnx").write_bytes(b"main")
    git(repository, "commit", "-q", "-a", "-m", "main")
    with pytest.raises(Exception, match="merge"):
        git(repository, "merge", "side")
    with open_index(repository) as tree:
        assert [(e.path, e.refusal) for e in tree.list("model")] == [("model/kws.onnx", "an unresolved merge conflict")]
        with pytest.raises(EvidenceError) as caught:
            tree.open("model/kws.onnx")
        assert caught.value.reason is Reason.PATH_REFUSED


def test_a_staged_link_and_a_staged_submodule_are_refused(repository: Path, git) -> None:
    head, blob = git(repository, "rev-parse", "HEAD"), git(repository, "rev-parse", "HEAD:release.yaml")
    git(repository, "update-index", "--add", "--cacheinfo", f"120000,{blob},link")
    git(repository, "update-index", "--add", "--cacheinfo", f"160000,{head},sub")
    with open_index(repository) as tree:
        refused = {entry.path: entry.refusal for entry in tree.list() if entry.refusal}
    assert refused == {"link": "symbolic link", "sub": "another repository (submodule)"}


def test_staged_names_that_differ_in_case_are_refused(repository: Path, git) -> None:
    blob = git(repository, "rev-parse", "HEAD:release.yaml")
    git(repository, "update-index", "--add", "--cacheinfo", f"100644,{blob},Release.yaml")
    with open_index(repository) as tree, pytest.raises(EvidenceError, match="only in case"):
        tree.open("release.yaml")


def test_a_staged_name_whose_blob_is_gone_is_not_in_the_tree(repository: Path, git) -> None:
    git(repository, "update-index", "--add", "--cacheinfo", f"100644,{'1' * 40},ghost")
    with open_index(repository) as tree:
        with pytest.raises(EvidenceError) as caught:
            tree.open("ghost")
        assert caught.value.reason is Reason.NOT_IN_TREE


def test_an_empty_repository_has_an_empty_index(tmp_path: Path, git) -> None:
    git(tmp_path, "init", "-q")
    with open_index(tmp_path) as tree:
        assert tree.list() == ()
