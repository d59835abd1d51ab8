"""The working tree: links, devices and other people's names are refused, and listed with the reason."""

from __future__ import annotations

import hashlib
import os
import socket
import sys
import unicodedata
from pathlib import Path

import pytest

from policy_gate.errors import EvidenceError, Reason, SourceError
from policy_gate.source import folder, git_root, open_bundle, open_working_tree

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX files")
case_sensitive = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="needs names that differ in case")


@pytest.fixture(params=["by descriptor", "by path"])
def root(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder outside any repository, opened in both ways the platforms offer."""
    if request.param == "by path":
        monkeypatch.setattr(folder, "_BY_DESCRIPTOR", False)
    top = tmp_path / "tree"
    (top / "model").mkdir(parents=True)
    (top / "model" / "kws.onnx").write_bytes(b"weights")
    return top


def reason_of(root: Path, path: str) -> Reason:
    tree = open_working_tree(root)
    with pytest.raises(EvidenceError) as caught:
        tree.open(path)
    hashed = tree.digests([path])[path]
    assert isinstance(hashed, EvidenceError)
    assert hashed.reason is caught.value.reason
    return caught.value.reason


def refusal_of(root: Path, path: str) -> str:
    return next(entry.refusal for entry in open_working_tree(root).list() if entry.path == path)


@pytest.mark.parametrize("path", ["../secret", "/etc/passwd", "model/../../secret", "model/kws.onnx/"])
def test_a_path_that_leads_out_is_refused(root: Path, path: str) -> None:
    (root.parent / "secret").write_text("secret")
    assert reason_of(root, path) is Reason.PATH_REFUSED


@posix_only
def test_a_symbolic_link_is_refused_even_when_it_stays_inside(root: Path) -> None:
    (root / "link.onnx").symlink_to("model/kws.onnx")
    assert reason_of(root, "link.onnx") is Reason.PATH_REFUSED
    assert refusal_of(root, "link.onnx") == "symbolic link"
    with pytest.raises(EvidenceError, match="cp -L"):
        open_working_tree(root).open("link.onnx")


@posix_only
def test_a_folder_that_is_a_link_is_refused_and_not_entered(root: Path) -> None:
    outside = root.parent / "outside"
    outside.mkdir()
    (outside / "kws.onnx").write_bytes(b"other")
    (root / "linked").symlink_to(outside, target_is_directory=True)
    assert reason_of(root, "linked/kws.onnx") is Reason.PATH_REFUSED
    assert [entry.path for entry in open_working_tree(root).list()] == ["linked", "model/kws.onnx"]
    with pytest.raises(EvidenceError, match="symbolic link"):
        open_working_tree(root).list("linked")


@posix_only
def test_a_dangling_link_is_refused_and_exists(root: Path) -> None:
    (root / "gone.onnx").symlink_to("nowhere")
    assert reason_of(root, "gone.onnx") is Reason.PATH_REFUSED
    assert open_working_tree(root).exists("gone.onnx")


@posix_only
def test_a_hard_link_says_how_to_materialise_the_file(root: Path) -> None:
    os.link(root / "model" / "kws.onnx", root.parent / "elsewhere")
    assert reason_of(root, "model/kws.onnx") is Reason.HARD_LINKED
    assert refusal_of(root, "model/kws.onnx") == "more than one hard link"
    with pytest.raises(EvidenceError, match=r"materialise first: cp model/kws\.onnx"):
        open_working_tree(root).open("model/kws.onnx")


@posix_only
def test_a_pipe_is_refused_without_waiting_for_a_writer(root: Path) -> None:
    os.mkfifo(root / "pipe.onnx")
    assert reason_of(root, "pipe.onnx") is Reason.PATH_REFUSED
    assert refusal_of(root, "pipe.onnx") == "named pipe"


@posix_only
def test_a_socket_is_refused(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s.onnx")
        assert reason_of(root, "s.onnx") is Reason.PATH_REFUSED
        assert refusal_of(root, "s.onnx") == "socket"


def test_a_device_is_refused() -> None:
    if not Path("/dev/null").is_char_device():
        pytest.skip("no devices here")
    assert reason_of(Path("/dev"), "null") is Reason.PATH_REFUSED


@case_sensitive
def test_names_that_differ_only_in_case_are_both_refused(root: Path) -> None:
    (root / "model" / "KWS.onnx").write_bytes(b"other")
    for path in ("model/kws.onnx", "model/KWS.onnx"):
        assert reason_of(root, path) is Reason.PATH_REFUSED
        assert "only in case" in refusal_of(root, path)


@case_sensitive
def test_a_folder_with_a_twin_of_other_case_is_refused(root: Path) -> None:
    (root / "Model").mkdir()
    assert reason_of(root, "model/kws.onnx") is Reason.PATH_REFUSED


@case_sensitive
def test_composed_and_decomposed_names_are_both_refused(root: Path) -> None:
    for form in ("NFC", "NFD"):
        (root / unicodedata.normalize(form, "modèle.onnx")).write_bytes(form.encode())
    assert reason_of(root, "modèle.onnx") is Reason.PATH_REFUSED
    assert sum(bool(entry.refusal) for entry in open_working_tree(root).list()) == 2


def test_another_spelling_of_an_existing_name_finds_nothing(root: Path) -> None:
    assert reason_of(root, "model/KWS.ONNX") is Reason.NOT_IN_TREE
    assert reason_of(root, "MODEL/kws.onnx") is Reason.NOT_IN_TREE


@posix_only
def test_names_that_are_not_text_are_listed_and_refused(root: Path) -> None:
    for name in (b"bad\xff.onnx", b"line\nbreak", b"back\\slash", b"aux"):
        Path(os.fsdecode(os.fsencode(root) + b"/" + name)).write_bytes(b"x")
    listed = open_working_tree(root).list()
    assert sum(bool(entry.refusal) for entry in listed) == 4
    assert all(entry.path.encode() for entry in listed)


def test_a_folder_is_not_a_file(root: Path) -> None:
    assert reason_of(root, "model") is Reason.PATH_REFUSED
    assert not open_working_tree(root).exists("model")


@pytest.mark.parametrize("path", ["absent", "model/absent", "model/kws.onnx/x", "no/such/folder"])
def test_an_absent_file_is_not_in_the_tree(root: Path, path: str) -> None:
    assert reason_of(root, path) is Reason.NOT_IN_TREE
    assert not open_working_tree(root).exists(path)


@posix_only
def test_a_file_that_may_not_be_read_is_unreadable(root: Path) -> None:
    (root / "model" / "kws.onnx").chmod(0)
    if os.access(root / "model" / "kws.onnx", os.R_OK):
        pytest.skip("this user may read everything")
    assert reason_of(root, "model/kws.onnx") is Reason.UNREADABLE


@pytest.mark.parametrize("host", ["git-lfs.github.com", "hawser.github.com"])
def test_a_pointer_is_not_the_file_and_names_the_setting_that_fetches_it(root: Path, host: str) -> None:
    pointer = f"version https://{host}/spec/v1\noid sha256:{'0' * 64}\nsize 9\n"
    (root / "model" / "kws.onnx").write_text(pointer)
    assert reason_of(root, "model/kws.onnx") is Reason.LFS_POINTER
    with pytest.raises(EvidenceError, match=r"lfs: true(.|\n)*git lfs pull"):
        open_working_tree(root).read("model/kws.onnx", 1000)


def test_a_big_file_that_begins_like_a_pointer_is_a_file(root: Path) -> None:
    content = b"version https://git-lfs.github.com/spec/v1\n" + b"x" * 1000
    (root / "model" / "kws.onnx").write_bytes(content)
    assert open_working_tree(root).read("model/kws.onnx", 2000) == content


def test_a_small_file_over_the_limit_is_too_large(root: Path) -> None:
    tree = open_working_tree(root)
    assert tree.read("model/kws.onnx", 7) == b"weights"
    with pytest.raises(EvidenceError, match="at most 6") as caught:
        tree.read("model/kws.onnx", 6)
    assert caught.value.reason is Reason.TOO_LARGE


@posix_only
def test_a_sparse_file_of_a_terabyte_is_opened_and_sought_without_reading_it(root: Path) -> None:
    with (root / "big.onnx").open("wb") as file:
        file.truncate(1 << 40)
    with open_working_tree(root).open("big.onnx") as opened:
        assert opened.size == 1 << 40
        assert opened.seek(-4, os.SEEK_END) == (1 << 40) - 4
        assert opened.read(100) == bytes(4)


def test_an_opened_file_reads_seeks_and_tells(root: Path) -> None:
    with open_working_tree(root).open("model/kws.onnx") as file:
        buffer = bytearray(4)
        assert (file.path, file.size, file.readinto(buffer), bytes(buffer)) == ("model/kws.onnx", 7, 4, b"weig")
        assert (file.tell(), file.read(), file.read(1), file.seek(1), file.read(2)) == (4, b"hts", b"", 1, b"ei")


def test_a_file_made_after_the_first_look_is_found(root: Path) -> None:
    tree = open_working_tree(root)
    tree.read("model/kws.onnx", 100)
    (root / "model" / "new.onnx").write_bytes(b"new")
    assert tree.read("model/new.onnx", 100) == b"new"


def test_a_root_that_is_no_folder_is_a_source_error(root: Path) -> None:
    for path in (root / "absent", root / "model" / "kws.onnx"):
        with pytest.raises(SourceError, match="no such folder"):
            open_working_tree(path)


def test_git_decides_what_belongs_but_a_named_folder_is_looked_at_whole(repository: Path) -> None:
    (repository / "cache").mkdir()
    (repository / "cache" / "hidden.onnx").write_bytes(b"x")
    (repository / "new.txt").write_bytes(b"x")
    tree = open_working_tree(repository)
    assert [entry.path for entry in tree.list()] == [".gitignore", "model/kws.onnx", "new.txt", "release.yaml"]
    assert [entry.path for entry in tree.list("cache")] == ["cache/hidden.onnx"]
    assert [entry.path for entry in tree.list("cache/hidden.onnx")] == ["cache/hidden.onnx"]
    assert tree.list("absent") == ()
    assert tree.read("cache/hidden.onnx", 10) == b"x"


def test_a_tracked_file_is_listed_even_when_ignored_and_a_deleted_one_is_not(repository: Path, git) -> None:
    (repository / ".gitignore").write_text("*\n")
    (repository / "release.yaml").unlink()
    assert [entry.path for entry in open_working_tree(repository).list()] == [".gitignore", "model/kws.onnx"]


def test_a_root_that_git_ignores_as_a_whole_is_looked_at(repository: Path) -> None:
    copy = repository / "cache" / "demo"
    copy.mkdir(parents=True)
    (copy / "kws.onnx").write_bytes(b"x")
    assert [entry.path for entry in open_working_tree(copy).list()] == ["kws.onnx"]


def test_a_repository_inside_the_tree_is_listed_as_one_refused_entry(repository: Path, git) -> None:
    inner = repository / "vendor"
    inner.mkdir()
    (inner / "evil.onnx").write_bytes(b"x")
    git(inner, "init", "-q")
    git(inner, "add", ".")
    git(inner, "commit", "-q", "-m", "inner")
    entry = next(entry for entry in open_working_tree(repository).list() if entry.path == "vendor")
    assert "another repository" in entry.refusal
    below = {entry.path: entry.refusal for entry in open_working_tree(repository).list("vendor")}
    assert below["vendor/evil.onnx"] == ""
    assert "refused" in below["vendor/.git"]


@posix_only
def test_a_tracked_folder_replaced_by_a_link_is_refused(repository: Path) -> None:
    (repository / "model").rename(repository.parent / "moved")
    (repository / "model").symlink_to(repository.parent / "moved")
    listed = {entry.path: entry.refusal for entry in open_working_tree(repository).list()}
    assert "symbolic link" in listed["model/kws.onnx"]


def test_git_s_own_folder_cannot_be_read(repository: Path) -> None:
    with pytest.raises(EvidenceError, match="git's own directory"):
        open_working_tree(repository).open(".git/config")


def test_the_root_of_a_repository_is_found_from_below_and_none_outside(repository: Path, tmp_path: Path) -> None:
    assert git_root(repository / "model") == repository.resolve()
    assert git_root(tmp_path) is None


def test_a_survey_is_made_once_for_a_tree(root: Path) -> None:
    tree, calls = open_working_tree(root), []
    assert tree.memo("k", lambda: calls.append(1) or 5) == tree.memo("k", lambda: calls.append(1) or 6) == 5
    assert calls == [1]


def test_a_folder_bundle_is_read_like_a_tree_but_never_by_git(repository: Path) -> None:
    (repository / "cache").mkdir()
    (repository / "cache" / "hidden.onnx").write_bytes(b"x")
    with open_bundle(repository) as bundle:
        assert (bundle.source, bundle.label) == ("bundle", "bundle repository")
        assert "cache/hidden.onnx" in [entry.path for entry in bundle.list()]
        digest = bundle.digests(["model/kws.onnx"])["model/kws.onnx"]
    assert digest.sha256 == "sha256:" + hashlib.sha256(b"weights-1").hexdigest()
