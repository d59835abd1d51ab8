"""Which names a tree may hold: relative, inside the tree, and the same file on every platform."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from policy_gate.errors import EvidenceError, Reason

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_PATH_BYTES = 1024
MAX_NAME_BYTES = 255  # NTFS, APFS and ext4 agree on 255 units a name
_MAX_SHOWN = 200

_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", "conin$", "conout$", "clock$"}
    | {f"{port}{number}" for port in ("com", "lpt") for number in "0123456789¹²³"}
)
_NOT_PORTABLE = frozenset('\\:*?"<>|')  # not allowed in a Windows name; ':' is also a drive or an alternate stream
_GIT_NAMES = frozenset({".git", "git~1"})  # git~1 is the 8.3 alias of .git
_REFUSED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"})  # invisible, bidi, unassigned


def check_path(path: str) -> str:
    """Return `path` in Unicode NFC; EvidenceError(PATH_REFUSED) unless it is a portable path inside a tree."""
    normal = nfc(path)
    fault = path_fault(normal)
    if fault:
        raise EvidenceError(Reason.PATH_REFUSED, f"'{shown(path)}' {fault}")
    return normal


def path_fault(path: str) -> str:
    """Say what is wrong with a path in words that follow the path, or return an empty string."""
    if not path:
        return "is empty"
    if path.startswith("/"):
        return "is absolute; a path is relative to the tree"
    if not path.isascii() and _is_too_odd(path):
        return "is not text that UTF-8 can carry"
    if len(path.encode()) > MAX_PATH_BYTES:
        return f"is longer than {MAX_PATH_BYTES} bytes"
    for name in path.split("/"):
        fault = _name_fault(name)
        if fault:
            return fault
    return ""


def nfc(text: str) -> str:
    """Return `text` in Unicode Normalization Form C (UAX 15)."""
    if text.isascii():
        return text
    import unicodedata  # loads a shared library; only non-ASCII names pay

    return unicodedata.normalize("NFC", text)


def fold(path: str) -> str:
    """Return the key under which a case- and normalisation-insensitive file system finds `path`."""
    if path.isascii():
        return path.lower()
    import unicodedata

    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", path).casefold())


def colliding(paths: Iterable[str]) -> dict[str, str]:
    """Map each path that a case-insensitive file system would confuse with another onto that other one."""
    spelled: dict[str, str] = {}
    clashes: dict[str, str] = {}
    folders: dict[str, str] = {}
    for path in paths:
        first = spelled.setdefault(fold(path), path)
        if first != path:
            clashes[path] = first
            clashes.setdefault(first, path)
        _add_folders(path, folders)
    for key in spelled.keys() & folders.keys():
        clashes.setdefault(spelled[key], folders[key])
    return clashes


def shown(path: str) -> str:
    """Render a hostile path so that a terminal or a report shows it as it is, on one line, at a bounded length."""
    text = path if len(path) <= _MAX_SHOWN else f"{path[:_MAX_SHOWN]}…"
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def shell_quoted(text: str) -> str:
    """Quote `text` for a command that a reader may paste into a shell."""
    import shlex

    return shlex.quote(text)


def _add_folders(path: str, folders: dict[str, str]) -> None:
    folder = path.rpartition("/")[0]
    while folder:
        key = fold(folder)
        if key in folders:
            return
        folders[key] = folder + "/"
        folder = folder.rpartition("/")[0]


def _is_too_odd(path: str) -> bool:
    return any("\ud800" <= char <= "\udfff" for char in path)


@lru_cache(maxsize=4096)
def _name_fault(name: str) -> str:
    if not name:
        return "has an empty segment"
    if name in (".", ".."):
        return f"has the segment '{name}'"
    if len(name.encode()) > MAX_NAME_BYTES:
        return f"has a segment of more than {MAX_NAME_BYTES} bytes"
    odd = _odd_character(name)
    if odd:
        return f"holds the character U+{ord(odd):04X}, which is invisible or not portable"
    if name[-1] in ". ":
        return "has a segment that ends with a dot or a space"
    if name.partition(".")[0].rstrip(" ").lower() in _DEVICES:
        return "names a Windows device"
    if name.lower() in _GIT_NAMES:
        return "reaches into git's own directory"
    return ""


def _odd_character(name: str) -> str:
    if name.isascii():
        return next((char for char in name if char in _NOT_PORTABLE or not char.isprintable()), "")
    import unicodedata

    for char in name:
        if char in _NOT_PORTABLE or (char != " " and unicodedata.category(char) in _REFUSED_CATEGORIES):
            return char
    return ""
