"""Opens the trees of a run: what is judged, what it is compared with, and which of them is trusted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Self

from policy_gate.errors import SourceError, UsageError
from policy_gate.frozen import dataclass
from policy_gate.gate.request import Request
from policy_gate.source import (
    Tree,
    git_root,
    head_commit,
    open_bundle,
    open_index,
    open_revision,
    open_working_tree,
)


@dataclass(frozen=True, slots=True)
class Trees:
    """The trees of a run; `trusted` is the base where one was named, else the head."""

    head: Tree
    base: Tree | None
    trusted: Tree
    policy_from_base: bool

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.head.close()
        if self.base is not None:
            self.base.close()


def open_trees(request: Request) -> Trees:
    """Open head and base; without a named base the last commit is compared with, and the head trusted."""
    if request.base and git_root(request.root) is None:
        raise UsageError(f"--base {request.base}: {request.root} is not inside a git repository")
    base = open_base(request)
    head = open_tree(request)
    if request.base and base is not None:
        return Trees(head, base, base, policy_from_base=True)
    return Trees(head, base, head, policy_from_base=False)


def open_base(request: Request) -> Tree | None:
    """Open what a request compares with: the named base, else the last commit, else nothing."""
    if request.base:
        return _opened_base(request)
    if request.compare:  # the last commit would be one more thing to compare with, that nobody asked for
        return None
    in_git = git_root(request.root) is not None
    if in_git and request.tree in ("working", "index") and head_commit(request.root):
        return open_revision(request.root, "HEAD", as_base=True)
    return None


def _opened_base(request: Request) -> Tree:
    try:
        return open_revision(request.root, request.base, as_base=True)
    except SourceError as error:
        hint = "if this clone left out a part of it, fetch the whole: git fetch --refetch --no-filter origin"
        raise SourceError(one if one.hint else replace(one, hint=hint) for one in error.problems) from error


def open_tree(request: Request) -> Tree:
    """Open what a request judges; raises SourceError."""
    if request.tree == "working":
        return open_working_tree(request.root)
    if request.tree == "index":
        return open_index(request.root)
    if request.tree.startswith("bundle:"):
        return open_bundle(Path(request.tree.removeprefix("bundle:")))
    return open_revision(request.root, request.tree)
