"""Open the trees that git holds: a revision, and the index."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from policy_gate.source.git import repository

if TYPE_CHECKING:
    from pathlib import Path

    from policy_gate.source.tree import Tree


def open_revision(root: Path, revision: str, *, as_base: bool = False) -> Tree:
    """Open the commit that `revision` names, as seen from `root`; SourceError says how to fetch an absent one."""
    from policy_gate.source.git_tree import GitTree, below, tree_rows
    from policy_gate.source.past import Ancestry

    git, prefix = repository(root)
    oid = git.commit(revision)
    listing = git.output("ls-tree", "-r", "-z", "--full-tree", oid)
    label = oid[:7] if oid.startswith(revision) else f"{revision}@{oid[:7]}"
    source = f"{'base' if as_base else 'revision'}:{oid}"
    return GitTree(git, source, label, below(prefix, tree_rows(listing)), Ancestry(git, prefix, oid))


def open_index(root: Path) -> Tree:
    """Open what the next commit would hold, as seen from `root`; obeys GIT_INDEX_FILE, which hooks are given."""
    from policy_gate.source.git_tree import GitTree, below, index_rows
    from policy_gate.source.past import Ancestry

    git, prefix = repository(root, index_file=os.environ.get("GIT_INDEX_FILE", ""))
    listing = git.output("ls-files", "-z", "--stage", "--full-name")
    return GitTree(git, "index", "index", below(prefix, index_rows(listing)), Ancestry(git, prefix))
