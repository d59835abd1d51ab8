"""Finds the manifests that the commits of a repository's first-parent line added or changed, newest first."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from policy_gate.errors import Problem, SourceError, UsageError
from policy_gate.frozen import dataclass
from policy_gate.policy.globs import matches
from policy_gate.source.git import Git, repository
from policy_gate.source.git_tree import below, tree_rows

MAX_COMMITS = 10_000
"""How far back the first-parent line is followed."""
_SHORT = 12


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit of the first-parent line: `parent` is "" for the first; `day` is the committer's, in UTC."""

    oid: str
    parent: str
    day: str

    @property
    def words(self) -> str:
        """Its name, as short as people write it."""
        return self.oid[:_SHORT]


@dataclass(frozen=True, slots=True)
class Change:
    """One manifest that a commit added or changed."""

    commit: Commit
    path: str

    @property
    def origin(self) -> str:
        """Where a reader finds it."""
        return f"{self.commit.words}:{self.path}"

    @property
    def digest(self) -> str:
        """What tells it from every other, before it is judged."""
        return f"sha256:{hashlib.sha256(f'{self.commit.oid}:{self.path}'.encode()).hexdigest()}"


def newest_changes(root: Path, patterns: Sequence[str], count: int) -> tuple[list[Change], list[str]]:
    """The newest manifests that commits added or changed, at most `count`; and what a reader must know of the search.

    Raises UsageError where there is none, SourceError where the clone ends before enough are found.
    """
    git, prefix = repository(root)
    commits = _first_parents(git)
    found: list[Change] = []
    after = _manifests_of(git, prefix, commits[0].oid, patterns)
    for commit in commits:
        if not commit.parent and _is_shallow(git):
            message = f"this clone ends before {count} releases are found"
            raise SourceError(Problem(message, hint="fetch its history: git fetch --unshallow origin"))
        before = _manifests_of(git, prefix, commit.parent, patterns) if commit.parent else {}
        found.extend(Change(commit, path) for path, oid in sorted(after.items()) if before.get(path) != oid)
        if len(found) >= count:
            return found[:count], []
        after = before
    if not found:
        raise UsageError(f"no commit of this repository's history has a manifest (looked for {', '.join(patterns)})")
    notes = [f"looked at the newest {MAX_COMMITS:,} commits only"] if len(commits) == MAX_COMMITS else []
    return found, [*notes, f"the history has {len(found)} releases, and {count} were asked for"]


def _first_parents(git: Git) -> list[Commit]:
    """The commits of HEAD's first-parent line, newest first (git-rev-list, --timestamp and --parents)."""
    limit = f"--max-count={MAX_COMMITS}"
    lines = git.output("rev-list", "--first-parent", "--timestamp", "--parents", limit, git.commit("HEAD"), "--")
    return [_commit(line.split()) for line in lines.decode("ascii", "replace").splitlines() if line]


def _commit(words: list[str]) -> Commit:
    seconds, oid, *parents = words
    try:
        day = datetime.fromtimestamp(int(seconds), UTC).date().isoformat()
    except (ValueError, OverflowError, OSError) as error:
        raise SourceError(f"the commit {oid} was made at {seconds[:40]}, which is no time") from error
    return Commit(oid, parents[0] if parents else "", day)


def _manifests_of(git: Git, prefix: str, oid: str, patterns: Sequence[str]) -> dict[str, str]:
    """Object ids of a commit's manifests by path."""
    rows = below(prefix, tree_rows(git.output("ls-tree", "-r", "-z", "--full-tree", oid)))
    return {row.path: row.oid for row in rows if matches(row.path, patterns)}


def _is_shallow(git: Git) -> bool:
    return git.output("rev-parse", "--is-shallow-repository").strip() == b"true"
