"""Asks git about single commits: whether one is here, which are its parents, and what one file of it holds."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from policy_gate.errors import EvidenceError, Reason, SourceError
from policy_gate.source.git import Git, check_revision, repository

if TYPE_CHECKING:
    from pathlib import Path

_PARENT = re.compile(rb"parent ([0-9a-f]{40}(?:[0-9a-f]{24})?)")
_OID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_PLAIN_MODES = ("100644", "100755")


def find_commit(root: Path, revision: str) -> str:
    """The hex id of the commit that a revision names, "" where this clone has not got it.

    SourceError without git, and for what is no revision.
    """
    check_revision(revision)
    git, _ = repository(root)
    try:
        return git.commit(revision)
    except SourceError:
        return ""


def find_ref(root: Path, name: str) -> str:
    """The hex id of the commit that exactly the ref `name` (`refs/…`) names, "" where this clone has no such ref.

    A revision falls back to what stands below refs/tags and refs/heads: whoever may push could be that ref. SourceError
    without git.
    """
    git, _ = repository(root)
    code, output, _ = git.run("show-ref", "--verify", "--hash", "--", name)
    oid = output.decode("ascii", "replace").strip()
    return find_commit(root, oid) if code == 0 and _OID.fullmatch(oid) else ""


def parents_of(root: Path, oid: str) -> tuple[str, ...]:
    """The hex ids of a commit's parents as it names them, also of those that a shallow clone has not got.

    SourceError where the commit itself is not here.
    """
    git, _ = repository(root)
    # Parents stand before the author; nothing there is free text.
    headers = git.output("cat-file", "commit", git.commit(oid)).partition(b"\nauthor ")[0]
    return tuple(found[1].decode("ascii") for line in headers.split(b"\n") if (found := _PARENT.fullmatch(line)))


def file_at(root: Path, oid: str, path: str, limit_bytes: int) -> bytes:
    """What a plain file holds in a commit, without listing all of it; EvidenceError where it cannot be read."""
    git, prefix = repository(root)
    return blob_at(git, prefix, oid, path, limit_bytes)


def blob_at(git: Git, prefix: str, oid: str, path: str, limit_bytes: int) -> bytes:
    """As `file_at`, in an opened repository; `path` is relative to the folder `prefix` in it."""
    blob = _blob(git, oid, f"{prefix}{path}")
    size = git.output("cat-file", "-s", blob).strip()
    if not size.isdigit() or int(size) > limit_bytes:
        raise EvidenceError(Reason.TOO_LARGE, f"'{path}' is larger than {limit_bytes} bytes")
    return git.output("cat-file", "blob", blob)


def _blob(git: Git, oid: str, path: str) -> str:
    listing = git.output("ls-tree", "-z", "--full-tree", git.commit(oid), "--", os.fspath(path))
    for line in listing.split(b"\0"):
        head, _, name = line.partition(b"\t")
        words = head.decode("ascii", "replace").split()
        if len(words) == 3 and words[0] in _PLAIN_MODES and name == os.fsencode(path):
            return words[2]
    raise EvidenceError(Reason.NOT_IN_TREE, f"there is no plain file '{path}' in {oid[:12]}")
