"""Revisions of a hostile repository: git reads objects, and nothing the repository says is run or followed."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from policy_gate.errors import EvidenceError, Reason, SourceError
from policy_gate.source import blobs, head_commit, open_revision, open_working_tree
from policy_gate.source import file as source_file
from policy_gate.source import git as source_git

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX files")


def reason_of(tree, path: str) -> Reason:
    with pytest.raises(EvidenceError) as caught:
        tree.open(path)
    assert tree.digests([path])[path].reason is caught.value.reason
    return caught.value.reason


def refusals(tree) -> dict[str, str]:
    return {entry.path: entry.refusal for entry in tree.list() if entry.refusal}


def commit_of_entries(git, root: Path, entries: list[tuple[str, str, str]]) -> str:
    """Commit a tree that git itself would not let anyone check out: (mode, object id, name)."""
    raw = b"".join(f"{mode} {name}\0".encode() + bytes.fromhex(oid) for mode, oid, name in entries)
    done = subprocess.run(
        ["git", "hash-object", "-t", "tree", "--literally", "-w", "--stdin"], cwd=root, input=raw, capture_output=True
    )
    return git(root, "commit-tree", done.stdout.decode().strip(), "-m", "hostile")


@pytest.fixture
def blob(repository: Path, git) -> str:
    return git(repository, "rev-parse", "HEAD:model/kws.onnx")


def test_a_revision_is_read_as_it_was_committed(repository: Path, git) -> None:
    (repository / "model" / "kws.onnx").write_bytes(b"weights-2")
    oid = git(repository, "rev-parse", "HEAD")
    with open_revision(repository, "main") as tree:
        assert (tree.source, tree.label) == (f"revision:{oid}", f"main@{oid[:7]}")
        assert [entry.path for entry in tree.list()] == [".gitignore", "model/kws.onnx", "release.yaml"]
        assert [entry.path for entry in tree.list("model")] == ["model/kws.onnx"]
        assert tree.read("model/kws.onnx", 100) == b"weights-1"
        assert tree.exists("release.yaml")
        assert not tree.exists("absent")
        assert reason_of(tree, "absent") is Reason.NOT_IN_TREE
        assert reason_of(tree, "model") is Reason.PATH_REFUSED
        assert reason_of(tree, "../x") is Reason.PATH_REFUSED
    with open_revision(repository, oid, as_base=True) as base:
        assert (base.source, base.label) == (f"base:{oid}", oid[:7])


def test_a_revision_seen_from_a_folder_is_named_as_its_working_tree_is(repository: Path) -> None:
    with open_revision(repository / "model", "HEAD") as tree:
        assert [entry.path for entry in tree.list()] == ["kws.onnx"]
        assert tree.list() == open_working_tree(repository / "model").list()


@pytest.mark.parametrize(
    "revision", ["-x", "--upload-pack=touch it-ran", "--output=it-ran", "", "^HEAD", "a b", "a\nb", "x" * 300]
)
def test_a_revision_that_could_be_an_option_is_refused(repository: Path, revision: str) -> None:
    with pytest.raises(SourceError, match="is no revision"):
        open_revision(repository, revision)
    assert not (repository / "it-ran").exists()


@pytest.mark.parametrize("revision", ["HEAD..HEAD", "HEAD:model", "@{-1}", "main;touch", "$(touch)"])
def test_what_names_no_commit_is_a_source_error(repository: Path, revision: str) -> None:
    with pytest.raises(SourceError, match="not in this clone"):
        open_revision(repository, revision)
    assert not (repository / "touch").exists()


def test_a_fetch_hint_quotes_what_a_shell_would_run(repository: Path) -> None:
    with pytest.raises(SourceError) as caught:
        open_revision(repository, "main;touch")
    assert caught.value.problems[0].hint == "fetch it: git fetch --depth=1 origin 'main;touch:main;touch'"


@pytest.mark.parametrize("kind", ["commit id", "branch", "remote branch", "full ref", "parent"])
def test_the_command_in_the_hint_makes_an_absent_revision_present(repository: Path, git, tmp_path: Path, kind) -> None:
    first = git(repository, "rev-parse", "HEAD")
    git(repository, "branch", "old")
    git(repository, "commit", "-q", "--allow-empty", "-m", "second")
    git(repository, "config", "uploadpack.allowAnySHA1InWant", "true")
    clone = tmp_path / "shallow"
    git(tmp_path, "clone", "-q", "--depth=1", "--single-branch", repository.as_uri(), str(clone))
    revision = {"commit id": first, "branch": "old", "remote branch": "origin/old", "full ref": "refs/heads/old"}.get(
        kind, "HEAD~1"
    )
    with pytest.raises(SourceError) as caught:
        open_revision(clone, revision)
    command = caught.value.problems[0].hint.removeprefix("fetch it: ")
    git(clone, *command.split()[1:])
    with open_revision(clone, revision) as tree:
        assert tree.source == f"revision:{first}"


@posix_only
def test_nothing_the_repository_configures_is_run(repository: Path, git, tripwire: tuple[Path, Path]) -> None:
    script, mark = tripwire
    for name in (
        "core.fsmonitor",
        "core.pager",
        "pager.ls-tree",
        "core.sshCommand",
        "core.editor",
        "diff.evil.textconv",
    ):
        git(repository, "config", name, str(script))
    for name in (
        "filter.evil.smudge",
        "filter.evil.clean",
        "filter.evil.process",
        "diff.evil.command",
        "diff.external",
    ):
        git(repository, "config", name, str(script))
    for name in ("alias.ls-tree", "alias.cat-file", "alias.rev-parse", "alias.ls-files", "core.alternateRefsCommand"):
        git(repository, "config", name, f"!{script}")
    git(repository, "config", "uploadpack.packObjectsHook", str(script))
    git(repository, "config", "core.hooksPath", str(repository / "hooks"))
    (repository / "hooks").mkdir()
    for hook in ("post-checkout", "post-index-change", "pre-commit", "reference-transaction", "fsmonitor-watchman"):
        for folder in (repository / "hooks", repository / ".git" / "hooks"):
            shutil.copy(script, folder / hook)
    (repository / ".gitattributes").write_text("* filter=evil diff=evil text eol=crlf ident\n")
    (repository / ".git" / "info" / "attributes").write_text("* filter=evil diff=evil\n")
    with open_revision(repository, "HEAD") as tree:
        assert tree.read("model/kws.onnx", 100) == b"weights-1"
    working = open_working_tree(repository)
    assert working.read("model/kws.onnx", 100) == b"weights-1"
    assert "model/kws.onnx" in [entry.path for entry in working.list()]
    assert not mark.exists()


@posix_only
def test_the_scripts_of_that_test_would_run_without_the_precautions(
    repository: Path, git, tripwire: tuple[Path, Path]
) -> None:
    script, mark = tripwire
    git(repository, "config", "core.fsmonitor", str(script))
    git(repository, "status")
    assert mark.exists()


@posix_only
def test_a_git_in_the_checkout_is_not_the_git_that_is_run(
    repository: Path, tripwire: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    script, mark = tripwire
    shutil.copy(script, repository / "git")
    outside = repository.parent / "bin"
    outside.mkdir()
    (outside / "git").symlink_to(repository / "git")
    monkeypatch.chdir(repository)
    path = os.pathsep.join(["", ".", str(repository), str(outside), os.environ["PATH"]])
    monkeypatch.setenv("PATH", path)
    with open_revision(repository, "HEAD") as tree:
        assert tree.read("model/kws.onnx", 100) == b"weights-1"
    assert not mark.exists()
    monkeypatch.setenv("PATH", os.pathsep.join([".", str(repository), str(outside)]))
    with pytest.raises(SourceError, match="outside the checkout"):
        open_revision(repository, "HEAD")


def test_git_variables_of_the_environment_do_not_redirect(
    repository: Path, git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    for name in ("GIT_DIR", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY"):
        monkeypatch.setenv(name, str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_NAMESPACE", "other")
    monkeypatch.setenv("GIT_EXEC_PATH", str(other))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.bare")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "nonsense")
    monkeypatch.setenv("GIT_TRACE", str(other / "trace"))
    with open_revision(repository, "HEAD") as tree:
        assert tree.read("model/kws.onnx", 100) == b"weights-1"
    assert len(open_working_tree(repository).list()) == 3
    assert not (other / "trace").exists()


def test_the_configured_work_tree_does_not_move_the_listing(repository: Path, git, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "secret").write_text("x")
    git(repository, "config", "core.worktree", str(elsewhere))
    assert "secret" not in [entry.path for entry in open_working_tree(repository).list()]
    assert len(open_working_tree(repository).list()) == 3


def test_a_replaced_object_is_not_followed(repository: Path, git, blob: str) -> None:
    evil = git(repository, "hash-object", "-w", "--stdin", text="evil")
    git(repository, "replace", blob, evil)
    first = git(repository, "rev-parse", "HEAD")
    git(repository, "commit", "-q", "--allow-empty", "-m", "second")
    git(repository, "replace", first, git(repository, "rev-parse", "HEAD"))
    with open_revision(repository, first) as tree:
        assert tree.source == f"revision:{first}"
        assert tree.read("model/kws.onnx", 100) == b"weights-1"


@posix_only
def test_another_user_s_repository_is_read_by_its_exact_name(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    if os.geteuid() == 0:
        os.chown(repository, 12345, 12345)
        os.chown(repository / ".git", 12345, 12345)
    with open_revision(repository, "HEAD") as tree:
        assert tree.read("model/kws.onnx", 100) == b"weights-1"


def test_a_bare_repository_in_the_checkout_is_no_root(repository: Path, git) -> None:
    git(repository, "init", "-q", "--bare", "vendor.git")
    assert source_git.git_root(repository / "vendor.git") == repository.resolve()


def test_an_empty_git_folder_does_not_hand_over_to_the_repository_above(repository: Path) -> None:
    (repository / "sub" / ".git").mkdir(parents=True)
    assert source_git.git_root(repository / "sub") == repository.resolve()
    (repository / "sub" / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    with pytest.raises(SourceError):
        open_revision(repository / "sub", "HEAD")


def test_a_linked_worktree_is_a_repository(repository: Path, git, tmp_path: Path) -> None:
    git(repository, "worktree", "add", "-q", str(tmp_path / "linked"), "-b", "side")
    with open_revision(tmp_path / "linked", "side") as tree:
        assert tree.read("model/kws.onnx", 100) == b"weights-1"
    assert len(open_working_tree(tmp_path / "linked").list()) == 3


@pytest.mark.parametrize("config", ["[core\n", "[core]\n\trepositoryformatversion = 99\n"])
def test_a_broken_configuration_is_a_source_error_not_an_empty_tree(repository: Path, config: str) -> None:
    (repository / ".git" / "config").write_text(config)
    with pytest.raises(SourceError):
        open_working_tree(repository).list()
    with pytest.raises(SourceError):
        open_revision(repository, "HEAD")
    with pytest.raises(SourceError):
        head_commit(repository)


def test_links_and_submodules_are_listed_and_refused(repository: Path, git, blob: str) -> None:
    head = git(repository, "rev-parse", "HEAD")
    entries = [("120000", blob, "link.onnx"), ("160000", head, "sub"), ("100755", blob, "x")]
    with open_revision(repository, commit_of_entries(git, repository, entries)) as tree:
        assert refusals(tree) == {
            "link.onnx": "symbolic link",
            "sub": "another repository (submodule)",
        }
        assert reason_of(tree, "link.onnx") is Reason.PATH_REFUSED
        assert reason_of(tree, "sub") is Reason.PATH_REFUSED
        assert tree.read("x", 100) == b"weights-1"


@pytest.mark.parametrize("name", ["..", ".git", "a\\b", "aux", "a\nb", "x ", "a:b", "e\u0301"])
def test_a_committed_name_that_is_not_safe_is_listed_and_refused(repository: Path, git, blob: str, name: str) -> None:
    oid = commit_of_entries(git, repository, [("100644", blob, name), ("100644", blob, "good")])
    with open_revision(repository, oid) as tree:
        assert list(refusals(tree)) == [name]
        assert reason_of(tree, name) in (Reason.PATH_REFUSED, Reason.NOT_IN_TREE)
        assert tree.read("good", 100) == b"weights-1"


def test_a_name_with_a_slash_inside_cannot_leave_the_tree(repository: Path, git, blob: str) -> None:
    with open_revision(repository, commit_of_entries(git, repository, [("100644", blob, "../../x")])) as tree:
        assert list(refusals(tree)) == ["../../x"]
        assert reason_of(tree, "../../x") is Reason.PATH_REFUSED


def test_committed_names_that_collide_or_repeat_are_refused(repository: Path, git, blob: str) -> None:
    other = git(repository, "hash-object", "-w", "--stdin", text="other")
    entries = [("100644", oid, name) for oid, name in [(blob, "A"), (other, "a"), (blob, "b"), (other, "b")]]
    entries += [("100644", blob, "stra\u00dfe"), ("100644", other, "STRASSE"), ("100644", blob, "z")]
    with open_revision(repository, commit_of_entries(git, repository, entries)) as tree:
        assert set(refusals(tree)) == {"A", "a", "b", "stra\u00dfe", "STRASSE"}
        assert all(reason_of(tree, path) is Reason.PATH_REFUSED for path in refusals(tree))


def test_a_tree_that_unfolds_without_end_is_stopped(repository: Path, git, blob: str, monkeypatch) -> None:
    monkeypatch.setattr(source_git, "MAX_LISTING_BYTES", 1 << 20)
    level = git(repository, "mktree", text="".join(f"100644 blob {blob}\tf{n}\n" for n in range(10)))
    for _ in range(9):
        level = git(repository, "mktree", text="".join(f"040000 tree {level}\td{n}\n" for n in range(10)))
    with pytest.raises(SourceError, match="printed more than"):
        open_revision(repository, git(repository, "commit-tree", level, "-m", "bomb"))


def test_a_big_blob_is_seekable_without_being_held_in_memory(repository: Path, git, monkeypatch) -> None:
    monkeypatch.setattr(source_file, "MAX_IN_MEMORY_BYTES", 1000)
    content = os.urandom(300_000)
    (repository / "big.onnx").write_bytes(content)
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "big")
    with open_revision(repository, "HEAD") as tree, tree.open("big.onnx") as file:
        assert file.size == 300_000
        file.seek(200_000)
        assert file.read(10) == content[200_000:200_010]
        file.seek(0)
        assert file.read() == content


def test_a_blob_over_the_spool_s_limit_is_too_large_but_is_hashed(repository: Path, monkeypatch) -> None:
    monkeypatch.setattr(source_file, "MAX_SPOOLED_BYTES", 8)
    with open_revision(repository, "HEAD") as tree:
        with pytest.raises(EvidenceError) as caught:
            tree.open("model/kws.onnx")
        assert caught.value.reason is Reason.TOO_LARGE
        assert tree.digests(["model/kws.onnx"])["model/kws.onnx"].size == 9
        assert tree.read(".gitignore", 100) == b"cache/\n"


def test_a_pointer_in_git_is_not_the_file(repository: Path, git) -> None:
    (repository / "p.onnx").write_text(f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 9\n")
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "pointer")
    with open_revision(repository, "HEAD") as tree:
        assert reason_of(tree, "p.onnx") is Reason.LFS_POINTER


def test_a_blob_that_a_partial_clone_lacks_is_not_fetched(repository: Path, git, tmp_path: Path, tripwire) -> None:
    script, mark = tripwire
    git(repository, "config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "partial"
    git(tmp_path, "clone", "-q", "--no-checkout", "--filter=blob:none", repository.as_uri(), str(clone))
    git(clone, "config", "remote.origin.uploadpack", str(script))
    git(clone, "config", "protocol.file.allow", "always")
    packs = sorted((clone / ".git" / "objects").rglob("*.pack"))
    with open_revision(clone, "HEAD") as tree:
        assert "model/kws.onnx" in refusals(tree)
        assert reason_of(tree, "model/kws.onnx") is Reason.NOT_IN_TREE
        with pytest.raises(EvidenceError) as caught:
            tree.open("model/kws.onnx")
    assert not mark.exists()
    assert sorted((clone / ".git" / "objects").rglob("*.pack")) == packs
    git(clone, "config", "--unset", "remote.origin.uploadpack")
    git(clone, *caught.value.fix.partition("git ")[2].split())
    with open_revision(clone, "HEAD") as tree:
        assert tree.read("model/kws.onnx", 100) == b"weights-1"


def test_a_tree_that_a_partial_clone_lacks_is_a_source_error(repository: Path, git, tmp_path: Path) -> None:
    git(repository, "config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "treeless"
    git(tmp_path, "clone", "-q", "--no-checkout", "--filter=tree:0", repository.as_uri(), str(clone))
    with pytest.raises(SourceError, match="ls-tree failed"):
        open_revision(clone, "HEAD")


def test_a_loose_object_that_lies_about_its_content_is_an_error(repository: Path, git, blob: str, monkeypatch) -> None:
    monkeypatch.setattr(blobs, "_ANSWER_SECONDS", 0.3)
    loose = repository / ".git" / "objects" / blob[:2] / blob[2:]
    loose.chmod(0o644)
    with open_revision(repository, "HEAD") as tree:
        loose.write_bytes(zlib.compress(b"blob 9\0short"))
        assert reason_of(tree, "model/kws.onnx") is Reason.UNREADABLE
        loose.write_bytes(zlib.compress(b"blob 5\0other"))
        assert reason_of(tree, "model/kws.onnx") is Reason.UNREADABLE
        loose.write_bytes(b"garbage")
        assert reason_of(tree, "model/kws.onnx") in (Reason.UNREADABLE, Reason.NOT_IN_TREE)
        assert tree.read("release.yaml", 100) == b"kind: ReleaseManifest\n"


def test_a_file_left_half_read_does_not_disturb_the_next(repository: Path) -> None:
    with open_revision(repository, "HEAD") as tree:
        half = tree.stream("model/kws.onnx")
        assert half.read(3) == b"wei"
        assert tree.read("release.yaml", 100).startswith(b"kind")
        half.close()
        assert tree.read("model/kws.onnx", 100) == b"weights-1"


def test_an_empty_repository_has_no_head_and_no_revision(tmp_path: Path, git) -> None:
    assert head_commit(tmp_path) is None
    git(tmp_path, "init", "-q")
    assert head_commit(tmp_path) is None
    with pytest.raises(SourceError, match="not in this clone"):
        open_revision(tmp_path, "HEAD")


def lose(repository: Path, oid: str) -> None:
    """The clone does not have one object any more."""
    lost = repository / ".git" / "objects" / oid[:2] / oid[2:]
    lost.chmod(0o600)
    lost.unlink()


def test_a_head_whose_commit_is_lost_is_not_taken_for_a_repository_without_commits(repository: Path, git) -> None:
    oid = git(repository, "rev-parse", "HEAD")
    lose(repository, oid)
    with pytest.raises(SourceError, match=f"HEAD is commit {oid[:12]}, which cannot be read") as refused:
        head_commit(repository)
    assert refused.value.exit_code == 2
    assert refused.value.problems[0].hint == f"fetch it: git fetch --depth=1 origin {oid}"


def test_a_detached_head_whose_commit_is_lost_is_refused_too(repository: Path, git) -> None:
    git(repository, "checkout", "--quiet", "--detach")
    lose(repository, git(repository, "rev-parse", "HEAD"))
    with pytest.raises(SourceError, match="cannot be read in this clone"):
        head_commit(repository)


@pytest.mark.parametrize("content", ["", "nonsense\n", "ref: refs/heads/main\n", "0" * 40 + "\n"])
def test_a_branch_that_git_cannot_read_is_not_one_without_commits(repository: Path, git, content: str) -> None:
    branch = git(repository, "symbolic-ref", "HEAD")
    (repository / ".git" / branch).write_text(content.replace("refs/heads/main", branch))
    with pytest.raises(SourceError):
        head_commit(repository)


def test_a_head_that_is_no_commit_is_refused(repository: Path, blob: str) -> None:
    (repository / ".git" / "HEAD").write_text(f"{blob}\n")
    with pytest.raises(SourceError, match="cannot be read in this clone"):
        head_commit(repository)


def test_a_new_branch_without_commits_has_no_head_beside_branches_that_have_some(repository: Path, git) -> None:
    git(repository, "branch", "fresh/start")
    for name in ("refs/heads/other", "refs/heads/fresh"):
        git(repository, "symbolic-ref", "HEAD", name)
        assert head_commit(repository) is None


def test_head_is_the_commit_and_a_folder_outside_git_has_no_revisions(repository: Path, git, tmp_path: Path) -> None:
    assert head_commit(repository / "model") == git(repository, "rev-parse", "HEAD")
    with pytest.raises(SourceError, match="not in a git repository"):
        open_revision(tmp_path, "HEAD")


def test_a_repository_of_sha256_objects_is_read(tmp_path: Path, git) -> None:
    git(tmp_path, "init", "-q", "--object-format=sha256")
    (tmp_path / "a").write_bytes(b"content")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "first")
    with open_revision(tmp_path, "HEAD") as tree:
        assert len(tree.source) == len("revision:") + 64
        assert tree.read("a", 10) == b"content"


def test_a_tree_that_nobody_closes_leaves_no_process_behind(repository: Path) -> None:
    tree = open_revision(repository, "HEAD")
    tree.read("release.yaml", 100)
    (process,) = tree._blobs._idle
    del tree
    gc.collect()
    assert process.returncode is not None


@posix_only
def test_git_that_does_not_answer_is_stopped(repository: Path, tmp_path: Path, monkeypatch) -> None:
    slow = tmp_path / "slow" / "git"
    slow.parent.mkdir()
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(source_git, "TIMEOUT_SECONDS", 0.2)
    with pytest.raises(SourceError, match="did not finish"):
        open_revision(repository, "HEAD")
