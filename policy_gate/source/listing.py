"""Which files a folder on disk holds, without following a link: by git's list, or by looking everywhere."""

# pathlib knows no descriptors, and is not imported where start-up counts.
# ruff: noqa: PTH112, PTH118

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from policy_gate.errors import EvidenceError, Reason
from policy_gate.source.file import reading
from policy_gate.source.folder import disk_name, kind_fault
from policy_gate.source.git import Git
from policy_gate.source.paths import shown
from policy_gate.source.tree import HARD_LINK, MAX_ENTRIES, Entry, judged

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def list_by_git(root: str, top: str) -> tuple[Entry, ...]:
    """List what git tracks below `root`, and what it neither tracks nor ignores; SourceError when git fails."""
    arguments = ("ls-files", "-z", "--cached", "--others", "--exclude-standard")
    listing = Git(top).output(*arguments, folder=root)
    names = [os.fsdecode(raw) for raw in dict.fromkeys(listing.split(b"\0")) if raw]
    # A root that git ignores as a whole has no names of its own there; look at the disk instead.
    return tuple(judged(_described(root, names))) if names else list_by_looking(root)


def list_by_looking(root: str, under: str = "") -> tuple[Entry, ...]:
    """List every file below `under`, also what git ignores; EvidenceError(PATH_REFUSED) when a link leads there."""
    fault = _parent_fault(root, under, {"": ""})
    if fault:
        raise EvidenceError(Reason.PATH_REFUSED, f"'{shown(under)}': {fault}")
    full = os.path.join(root, under)
    if os.path.isdir(full):
        return tuple(judged(_walk(root, under)))
    return tuple(judged(_described(root, [under]))) if os.path.lexists(full) else ()


def _described(root: str, names: Iterable[str]) -> Iterator[Entry]:
    parents: dict[str, str] = {"": ""}
    for name in names:
        path = name.rstrip("/")
        fault = _parent_fault(root, path.rpartition("/")[0], parents)
        entry = Entry(disk_name(path), 0, fault) if fault else _describe(root, path)
        if entry:
            yield entry


def _describe(root: str, path: str) -> Entry | None:
    try:
        status = os.lstat(os.path.join(root, path))
    except (FileNotFoundError, NotADirectoryError):
        return None  # tracked, but deleted from the working tree
    except (OSError, ValueError) as error:
        return Entry(disk_name(path), 0, f"cannot be looked at: {error}")
    if stat.S_ISDIR(status.st_mode):
        return Entry(disk_name(path), 0, "another repository (submodule or nested clone)")
    return Entry(disk_name(path), _plain_size(status), _entry_fault(status))


def _parent_fault(root: str, folder: str, known: dict[str, str]) -> str:
    """Say which folder above a file is a link, which git does not look at; `known` spares a second look."""
    if folder not in known:
        fault = _parent_fault(root, folder.rpartition("/")[0], known)
        known[folder] = fault or _link_fault(root, folder)
    return known[folder]


def _link_fault(root: str, folder: str) -> str:
    try:
        fault = kind_fault(os.lstat(os.path.join(root, folder)))
    except (OSError, ValueError):
        return ""
    return f"the folder '{shown(disk_name(folder))}' is a {fault}" if fault else ""


def _walk(root: str, under: str) -> Iterator[Entry]:
    """Visit every file without following links; git's own folder at the root is left out."""
    waiting = [under]
    count = 0
    while waiting:
        folder = waiting.pop()
        for found in _scan(root, folder):
            count += 1
            if count > MAX_ENTRIES:
                raise EvidenceError(Reason.TOO_LARGE, f"more than {MAX_ENTRIES} files below '{shown(under)}'")
            path = f"{folder}/{found.name}" if folder else found.name
            entry = _walked(path, found)
            if entry is None:
                waiting.append(path)
            elif path != ".git":
                yield entry


def _scan(root: str, folder: str) -> Iterator[os.DirEntry[str]]:
    with reading(folder or "."), os.scandir(os.path.join(root, folder)) as entries:
        yield from entries


def _walked(path: str, found: os.DirEntry[str]) -> Entry | None:
    """Describe what a walk found, or None for a folder to enter."""
    name = disk_name(path)
    try:
        status = os.lstat(found.path)  # on Windows the scan's own data says nothing of hard links
    except OSError as error:
        return Entry(name, 0, f"cannot be looked at: {error.strerror}")
    fault = _entry_fault(status)
    if fault or not stat.S_ISDIR(status.st_mode):
        return Entry(name, _plain_size(status), fault)
    # What lies in a folder with any other refused name is listed, and refused: a manifest there is not overlooked.
    return Entry(name, 0, "git's own folder, whose name is refused") if found.name.lower() == ".git" else None


def _entry_fault(status: os.stat_result) -> str:
    fault = kind_fault(status)
    if fault or stat.S_ISDIR(status.st_mode):
        return fault
    return HARD_LINK if status.st_nlink > 1 else ""


def _plain_size(status: os.stat_result) -> int:
    return status.st_size if stat.S_ISREG(status.st_mode) else 0
