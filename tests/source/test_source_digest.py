"""Digests: what standard tools compute, on all cores, and an error for a file that will not hold still."""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from policy_gate.errors import EvidenceError, Reason
from policy_gate.source import OpenFile, digest, open_revision, open_working_tree


def sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@given(st.binary(max_size=5000))
def test_a_digest_is_the_sha256_of_the_bytes(content: bytes) -> None:
    assume(not content.startswith(b"version https://"))
    got = digest.hash_files({"a": len(content)}, lambda path: OpenFile(path, io.BytesIO(content), len(content)))["a"]
    assert (got.sha256, got.size) == (sha256(content), len(content))


@pytest.mark.parametrize("cores", [1, 3])
def test_many_files_are_hashed_in_the_given_order_and_progress_adds_up(tmp_path: Path, monkeypatch, cores: int) -> None:
    monkeypatch.setattr(digest, "_ONE_THREAD_BYTES", 0)
    monkeypatch.setattr(digest, "_cores", lambda: cores)
    monkeypatch.setattr(digest, "_TICK_BYTES", 100_000)
    contents = {f"f{n}": os.urandom(n * 60_000) for n in (3, 0, 9, 1, 5, 7)}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    ticks: list[int] = []
    got = open_working_tree(tmp_path).digests([*contents, "absent", "../x", "f3"], ticks.append)
    assert list(got) == [*contents, "absent", "../x"]
    assert {name: got[name].sha256 for name in contents} == {name: sha256(contents[name]) for name in contents}
    assert (got["absent"].reason, got["../x"].reason) == (Reason.NOT_IN_TREE, Reason.PATH_REFUSED)
    assert sum(ticks) == sum(len(content) for content in contents.values())


def test_blobs_of_git_are_hashed_by_several_threads(repository: Path, git, monkeypatch) -> None:
    monkeypatch.setattr(digest, "_ONE_THREAD_BYTES", 0)
    monkeypatch.setattr(digest, "_cores", lambda: 4)
    contents = {f"model/f{n}": os.urandom(n * 10_000) for n in range(12)}
    for name, content in contents.items():
        (repository / name).write_bytes(content)
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "many")
    with open_revision(repository, "HEAD") as tree:
        got = tree.digests(contents)
    assert {name: got[name].sha256 for name in contents} == {name: sha256(contents[name]) for name in contents}


@pytest.mark.parametrize("announced", [0, 999, 1001, 300_000])
def test_a_file_that_changes_length_while_hashed_is_unreadable(announced: int) -> None:
    got = digest.hash_files({"a": 1}, lambda path: OpenFile(path, io.BytesIO(b"x" * 1000), announced))["a"]
    assert isinstance(got, EvidenceError)
    assert got.reason is Reason.UNREADABLE


def test_a_file_that_never_ends_is_left_after_its_announced_length() -> None:
    class Endless(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, buffer) -> int:
            return len(buffer)

    got = digest.hash_files({"a": 1}, lambda path: OpenFile(path, io.BufferedReader(Endless()), 1000))["a"]
    assert got.reason is Reason.UNREADABLE


def test_an_error_of_the_disk_is_unreadable() -> None:
    class Broken(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, buffer) -> int:
            raise OSError(5, "Input/output error")

    got = digest.hash_files({"a": 1}, lambda path: OpenFile(path, io.BufferedReader(Broken()), 1000))["a"]
    assert (got.reason, "Input/output error" in got.detail) == (Reason.UNREADABLE, True)


def test_a_failing_progress_report_ends_every_thread(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(digest, "_ONE_THREAD_BYTES", 0)
    monkeypatch.setattr(digest, "_cores", lambda: 2)
    for n in range(4):
        (tmp_path / f"f{n}").write_bytes(bytes(100_000))

    def give_up(count: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        open_working_tree(tmp_path).digests([f"f{n}" for n in range(4)], give_up)
