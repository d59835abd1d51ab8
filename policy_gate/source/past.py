"""The commits that a tree comes from, and the files they hold: what was, as far as git still shows it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from policy_gate.errors import EvidenceError, Reason, SourceError
from policy_gate.source.commits import blob_at
from policy_gate.source.paths import shown

if TYPE_CHECKING:
    from policy_gate.source.git import Git

_OID = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_WHOLE_HISTORY = "fetch the whole history: `fetch-depth: 0` of actions/checkout, or git fetch --unshallow origin"


class Past:
    """The files of one commit that a judged tree comes from."""

    def __init__(self, git: Git, prefix: str, oid: str) -> None:
        """Take a commit that is known to be here and an ancestor."""
        self._git, self._prefix, self._oid = git, prefix, oid

    def read(self, path: str, limit_bytes: int) -> bytes:
        """What a plain file of the tree held then; EvidenceError where it cannot be read."""
        try:
            return blob_at(self._git, self._prefix, self._oid, path, limit_bytes)
        except SourceError as error:
            detail = f"'{shown(path)}' of {self._oid[:12]} cannot be read: {error.problems[0].message}"
            fix = "fetch the whole revision: git fetch --refetch --no-filter origin"
            raise EvidenceError(Reason.NOT_IN_TREE, detail, fix=fix) from error


class Ancestry:
    """What comes before one commit of a repository; without one given, before HEAD."""

    def __init__(self, git: Git, prefix: str, head: str = "HEAD") -> None:
        """Nothing is asked yet; `prefix` is the folder of the tree in the repository, ending with `/`, or ""."""
        self._git, self._prefix, self._head = git, prefix, head

    def past(self, commit: str) -> Past:
        """The files of a commit that is the head or an ancestor of it.

        A commit that is here and leads elsewhere proves nothing: anyone may push one, and nobody reviewed it.
        """
        try:
            self._require_ancestor(commit)
        except SourceError as error:
            detail = f"git cannot tell whether {shown(commit[:12])} is an ancestor: {error.problems[0].message}"
            raise EvidenceError(Reason.UNREADABLE, detail, fix=_WHOLE_HISTORY) from error
        return Past(self._git, self._prefix, commit)

    def _require_ancestor(self, commit: str) -> None:
        if not _OID.fullmatch(commit):
            raise EvidenceError(Reason.NOT_PROVEN, f"'{shown(commit)}' is no full commit id")
        if self._asked("cat-file", "-e", commit) != 0:
            detail = f"the commit {commit[:12]} is not in this clone"
            raise EvidenceError(Reason.NOT_IN_TREE, detail, fix=_WHOLE_HISTORY)
        if self._git.output("cat-file", "-t", commit).strip() != b"commit":
            raise EvidenceError(Reason.NOT_PROVEN, f"{commit[:12]} is no commit")
        if self._asked("merge-base", "--is-ancestor", commit, self._git.commit(self._head)) == 0:
            return
        if self._git.output("rev-parse", "--is-shallow-repository").strip() != b"false":
            detail = f"the history of this clone is cut off before it shows whether {commit[:12]} is part of it"
            raise EvidenceError(Reason.NOT_IN_TREE, detail, fix=_WHOLE_HISTORY)
        detail = f"the commit {commit[:12]} is no ancestor of what is judged"
        fix = "name the commit of this branch that training read, or leave `commit` out"
        raise EvidenceError(Reason.NOT_PROVEN, detail, fix=fix)

    def _asked(self, *question: str) -> int:
        code, _, _ = self._git.run(*question)
        return code
