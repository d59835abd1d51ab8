"""One folder on disk, entered step by step so that no symbolic link is followed on the way to a file."""

# pathlib knows no descriptors, and is not imported where start-up counts.
# ruff: noqa: PTH118, PTH208

from __future__ import annotations

import os
import stat
import sys
from typing import TYPE_CHECKING, Self

from policy_gate.source.paths import fold, nfc

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

# By descriptor a folder cannot be swapped for a link between the look and the opening; Windows has no such calls.
_BY_DESCRIPTOR = (
    os.open in os.supports_dir_fd
    and os.stat in os.supports_dir_fd
    and os.listdir in os.supports_fd
    and hasattr(os, "O_NOFOLLOW")
)
_NO_LINK: int = getattr(os, "O_NOFOLLOW", 0)
_HANDS_OUT_DECOMPOSED = sys.platform == "darwin"  # HFS+; it accepts composed names
_FILE_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOINHERIT", 0)
    | _NO_LINK
    | getattr(os, "O_NONBLOCK", 0)  # a pipe that took the file's place must not block the gate
    | getattr(os, "O_NOCTTY", 0)
)
_FOLDER_FLAGS = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)


class Folder:
    """An open folder below the root of a tree; every method takes one name, never a path; OSError as usual."""

    def __init__(self, path: str, descriptor: int = -1) -> None:
        """Take over `descriptor`, or go by `path` where the platform has no such calls."""
        self._path = path
        self._descriptor = descriptor

    @classmethod
    def root(cls, path: str) -> Folder:
        """Open the root itself, which the user named."""
        return cls(path, os.open(path, _FOLDER_FLAGS) if _BY_DESCRIPTOR else -1)

    def names(self) -> list[str]:
        """List what is in the folder."""
        return os.listdir(self._descriptor if self._descriptor >= 0 else self._path)

    def look(self, name: str) -> os.stat_result:
        """Describe an entry without following it."""
        if self._descriptor >= 0:
            return os.stat(name, dir_fd=self._descriptor, follow_symlinks=False)
        return os.lstat(os.path.join(self._path, name))

    def enter(self, name: str) -> Folder:
        """Open a folder in this one; a symbolic link is an OSError."""
        path = os.path.join(self._path, name)
        if self._descriptor < 0:
            return Folder(path)
        return Folder(path, os.open(name, _FOLDER_FLAGS | _NO_LINK, dir_fd=self._descriptor))

    def open_file(self, name: str) -> int:
        """Open a file for reading without following a link, and return its descriptor."""
        if self._descriptor >= 0:
            return os.open(name, _FILE_FLAGS, dir_fd=self._descriptor)
        return os.open(os.path.join(self._path, name), _FILE_FLAGS)

    def close(self) -> None:
        """Close it; twice is fine."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()


def kind_fault(status: os.stat_result) -> str:
    """Say why something that is neither a plain file nor a folder is refused; empty for those two."""
    mode = status.st_mode
    if stat.S_ISLNK(mode) or _is_reparse_point(status):
        return "symbolic link"
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
        return ""
    if stat.S_ISFIFO(mode):
        return "named pipe"
    return "socket" if stat.S_ISSOCK(mode) else "device"


def folded_names(names: Iterable[str]) -> dict[str, list[str]]:
    """Group names of one folder by how a case- and normalisation-insensitive file system sees them."""
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(fold(name), []).append(name)
    return groups


def disk_name(name: str) -> str:
    """Return a name from disk as a manifest would write it."""
    if name.isascii():
        return name
    if _HANDS_OUT_DECOMPOSED:
        return nfc(name)
    # Bytes that are not UTF-8 arrive as lone surrogates; backslashes keep them visible and refused.
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _is_reparse_point(status: os.stat_result) -> bool:
    # Junctions are not symbolic links to Windows, but they lead out of the tree all the same.
    attributes: int = getattr(status, "st_file_attributes", 0)
    return bool(attributes & getattr(stat, "FILE_ATTRIBUTE_REPARSE_POINT", 0))
