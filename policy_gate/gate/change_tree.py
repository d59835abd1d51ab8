"""A working tree as a commit of it would be: what git ignores, and what another repository holds, is not in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_gate.source import Tree
from policy_gate.source.paths import nfc
from policy_gate.source.tree import not_in_tree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy_gate.source.file import BinaryFile, OpenFile
    from policy_gate.source.tree import Entry


class Committed(Tree):
    """What a tree lists, and no other file of the disk: only that is what judges once a change is merged."""

    def __init__(self, tree: Tree) -> None:
        """List the tree once; closing it is left to whoever opened it."""
        super().__init__(tree.source, tree.label)
        self._tree = tree
        self._paths = {entry.path for entry in tree.list()}

    def list(self, under: str = "") -> Sequence[Entry]:
        """Return the listed files below `under`."""
        entries = self._tree.list()
        return [one for one in entries if one.path == under or one.path.startswith(f"{under}/")] if under else entries

    def exists(self, path: str) -> bool:
        """Tell whether the name is listed."""
        return nfc(path) in self._paths

    def size_hint(self, path: str) -> int:
        """Return the size that the tree knows."""
        return self._tree.size_hint(path)

    def stream(self, path: str) -> BinaryFile:
        """Open a listed file for one pass."""
        self._refuse_others(path)
        return self._tree.stream(path)

    def seekable(self, path: str) -> OpenFile:
        """Open a listed file."""
        self._refuse_others(path)
        return self._tree.seekable(path)

    def _refuse_others(self, path: str) -> None:
        # A folder, or a name that is refused, is for the tree to explain.
        if not self.exists(path) and not any(one.startswith(f"{path}/") for one in self._paths):
            raise not_in_tree(path, self.label)
