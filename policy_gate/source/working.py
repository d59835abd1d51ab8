"""The working tree, or any other folder on disk, as a tree."""

# pathlib knows no descriptors, and is not imported where start-up counts.
# ruff: noqa: PTH112, PTH118

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, cast

from policy_gate.errors import EvidenceError, Problem, Reason, SourceError
from policy_gate.source.file import BinaryFile, OpenFile, reading
from policy_gate.source.folder import Folder, disk_name, folded_names, kind_fault
from policy_gate.source.git import find_git_top
from policy_gate.source.listing import list_by_git, list_by_looking
from policy_gate.source.paths import check_path, fold, nfc, path_fault, shown
from policy_gate.source.tree import HARD_LINK, SURVEY, Entry, Tree, not_in_tree, refused

if TYPE_CHECKING:
    import io
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from policy_gate.source.past import Past

_BUFFER_BYTES = 64 << 10


def open_working_tree(root: Path) -> Tree:
    """Open the folder `root` exactly as given; SourceError when it is no folder."""
    return FolderTree(_real_folder(root), "head", "working tree")


class FolderTree(Tree):
    """Files on disk below one folder."""

    def __init__(self, root: str, source: str, label: str, *, ask_git: bool = True) -> None:
        """Take an absolute path without links; `ask_git` decides whether git says which files belong."""
        super().__init__(source, label)
        self._root = root
        self._top = find_git_top(root) if ask_git else None
        self._siblings: dict[str, Mapping[str, Sequence[str]]] = {}

    def list(self, under: str = "") -> Sequence[Entry]:
        """Return the files below `under`, sorted.

        With no `under` and in a git repository: tracked files and untracked ones that are not ignored. Below a
        named folder: everything on disk, so that a closed list of files also sees what git ignores.
        """
        if under:
            return list_by_looking(self._root, check_path(under))
        return self.memo(SURVEY, self._survey)

    def exists(self, path: str) -> bool:
        """Tell whether the name is on disk, not as a folder."""
        name = nfc(path)
        if path_fault(name):
            return False
        try:
            return not stat.S_ISDIR(os.lstat(os.path.join(self._root, name)).st_mode)
        except OSError:
            return False

    def size_hint(self, path: str) -> int:
        """Return the size on disk."""
        name = nfc(path)
        if path_fault(name):
            return 0
        try:
            return os.lstat(os.path.join(self._root, name)).st_size
        except OSError:
            return 0

    def stream(self, path: str) -> BinaryFile:
        """Open a file without buffering, for hashing."""
        return self._open(path, buffered=False)

    def seekable(self, path: str) -> OpenFile:
        """Open a file with a read buffer."""
        return self._open(path, buffered=True)

    def at_commit(self, commit: str) -> Past:
        """The files of a commit that HEAD comes from, as seen from this folder; EvidenceError otherwise."""
        if not self._top:
            return super().at_commit(commit)
        from policy_gate.source.git import Git
        from policy_gate.source.past import Ancestry

        inside = os.path.relpath(self._root, self._top).replace(os.sep, "/")
        return Ancestry(Git(self._top), "" if inside == "." else f"{inside}/").past(commit)

    def _survey(self) -> tuple[Entry, ...]:
        return list_by_git(self._root, self._top) if self._top else list_by_looking(self._root)

    def _open(self, path: str, *, buffered: bool) -> OpenFile:
        name = check_path(path)
        descriptor = self._descend(name)
        # A raw file has the same read and readinto; only its short reads differ, and hashing does not mind them.
        stream = cast("io.BufferedIOBase", os.fdopen(descriptor, "rb", buffering=_BUFFER_BYTES if buffered else 0))
        return OpenFile(name, stream, os.fstat(descriptor).st_size)

    def _descend(self, path: str) -> int:
        """Walk to `path` one name at a time and return its descriptor."""
        *parents, name = path.split("/")
        with reading(path):
            folder = Folder.root(self._root)
            try:
                for depth, parent in enumerate(parents):
                    status = self._look(folder, parents[:depth], parent, path)
                    if not stat.S_ISDIR(status.st_mode):
                        raise not_in_tree(path, self.label)
                    inner = folder.enter(parent)
                    folder.close()
                    folder = inner
                return self._open_plain(folder, parents, name, path)
            finally:
                folder.close()

    def _open_plain(self, folder: Folder, parents: Sequence[str], name: str, path: str) -> int:
        before = self._look(folder, parents, name, path)
        if stat.S_ISDIR(before.st_mode):
            raise EvidenceError(Reason.PATH_REFUSED, f"'{shown(path)}' is a folder in the {self.label}")
        descriptor = folder.open_file(name)
        after = os.fstat(descriptor)
        fault = _opened_fault(before, after)
        if fault:
            os.close(descriptor)
            raise refused(path, fault)
        return descriptor

    def _look(self, folder: Folder, parents: Sequence[str], name: str, path: str) -> os.stat_result:
        """Describe `name` if its folder has exactly this spelling and none that another platform confuses with it."""
        alike = self._alike(folder, "/".join(parents), name)
        if name not in (disk_name(other) for other in alike):
            raise not_in_tree(path, self.label)
        if len(alike) > 1:
            other = next((other for other in sorted(alike) if disk_name(other) != name), name)
            what = f"'{shown(name)}' differs from '{shown(other)}' only in case or Unicode form"
            raise EvidenceError(Reason.PATH_REFUSED, f"'{shown(path)}': {what}")
        try:
            status = folder.look(name)
        except FileNotFoundError as error:
            raise not_in_tree(path, self.label) from error
        fault = kind_fault(status)
        if fault:
            raise refused(path, fault)
        return status

    def _alike(self, folder: Folder, where: str, name: str) -> Sequence[str]:
        alike = self._siblings.get(where, {}).get(fold(name), [])
        if not alike:  # first visit, or the file is newer than the listing
            self._siblings[where] = folded_names(folder.names())
            alike = self._siblings[where].get(fold(name), [])
        return alike


def _opened_fault(before: os.stat_result, after: os.stat_result) -> str:
    if not stat.S_ISREG(after.st_mode):
        return kind_fault(after) or "not a plain file"
    if before.st_ino != after.st_ino:  # device numbers of lstat and fstat need not agree on Windows
        return "it was replaced while it was opened"
    return HARD_LINK if after.st_nlink > 1 else ""


def _real_folder(path: Path) -> str:
    real = os.path.realpath(path)
    if not os.path.isdir(real):
        raise SourceError(Problem("there is no such folder", path=shown(os.fspath(path))))
    return real
