"""The only door to files and git: trees of the working directory, the index, a revision or a bundle."""

from __future__ import annotations

from policy_gate.source.bundle import open_bundle
from policy_gate.source.commits import file_at, find_commit, find_ref, parents_of
from policy_gate.source.file import BinaryFile, OpenFile
from policy_gate.source.git import fetch_command, git_root, head_commit
from policy_gate.source.past import Past
from policy_gate.source.paths import check_path
from policy_gate.source.repository import open_index, open_revision
from policy_gate.source.tree import Digest, Entry, Tree
from policy_gate.source.working import open_working_tree

__all__ = [
    "BinaryFile",
    "Digest",
    "Entry",
    "OpenFile",
    "Past",
    "Tree",
    "check_path",
    "fetch_command",
    "file_at",
    "find_commit",
    "find_ref",
    "git_root",
    "head_commit",
    "open_bundle",
    "open_index",
    "open_revision",
    "open_working_tree",
    "parents_of",
]
