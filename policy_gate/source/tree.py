"""A tree of files, whether on disk, in git or in an archive: what every reader of evidence is given."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Self, TypeVar, cast

from policy_gate.errors import EvidenceError, Reason
from policy_gate.frozen import dataclass
from policy_gate.source.file import BinaryFile, OpenFile, without_pointer
from policy_gate.source.paths import check_path, colliding, nfc, path_fault, shell_quoted, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from types import TracebackType

    from policy_gate.source.past import Past

T = TypeVar("T")

MAX_ENTRIES = 500_000

SYMBOLIC_LINK = "symbolic link"
HARD_LINK = "more than one hard link"
NOT_FETCHED = "its content is not in this clone"
SURVEY = "source.listing"


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a tree, size in bytes; `refusal` says why one that exists may not be opened."""

    path: str
    size: int
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Digest:
    """What a file's bytes are: `sha256:` and 64 lower-case hex digits, and their number."""

    sha256: str
    size: int


class Tree(ABC):
    """Files by path; `source` is what a Place says (head, index, base:<oid> …), `label` is for people."""

    def __init__(self, source: str, label: str) -> None:
        """Name the tree."""
        self.source = source
        self.label = label
        self._memory: dict[str, object] = {}

    @abstractmethod
    def list(self, under: str = "") -> Sequence[Entry]:
        """Return every file below `under`, sorted by path; nothing when there is no such folder.

        SourceError when git fails, EvidenceError when `under` is refused or holds too many files.
        """

    @abstractmethod
    def exists(self, path: str) -> bool:
        """Tell whether a file of that name is there, also one that may not be opened."""

    @abstractmethod
    def stream(self, path: str) -> BinaryFile:
        """Open a file for one pass from start to end (it may be unable to seek); errors as for `open`."""

    @abstractmethod
    def size_hint(self, path: str) -> int:
        """Return the size in bytes for planning work, 0 when unknown; never an error."""

    def open(self, path: str) -> BinaryFile:
        """Open a file; EvidenceError(PATH_REFUSED | NOT_IN_TREE | HARD_LINKED | LFS_POINTER | UNREADABLE | TOO_LARGE).

        Refused are symbolic links (the file or a folder above it), devices, pipes, sockets, names that another
        platform would confuse with a sibling, files with more than one hard link, and LFS pointers.
        """
        return without_pointer(self.seekable(path))

    @abstractmethod
    def seekable(self, path: str) -> OpenFile:
        """Open a file as `open` does, whatever it holds: an LFS pointer is not recognised here."""

    def read(self, path: str, limit_bytes: int) -> bytes:
        """Return the content of a small file; EvidenceError(TOO_LARGE) beyond `limit_bytes`, else as `open`."""
        with self.open(path) as file:
            content = file.read(limit_bytes + 1) if file.size <= limit_bytes else b""
            if file.size > limit_bytes or len(content) > limit_bytes:
                size = max(file.size, len(content))
                raise EvidenceError(
                    Reason.TOO_LARGE, f"'{shown(path)}' has {size} bytes; at most {limit_bytes} are read"
                )
            return content

    def digests(
        self, paths: Iterable[str], progress: Callable[[int], None] | None = None
    ) -> dict[str, Digest | EvidenceError]:
        """Hash files on all cores, largest first; each given path gets its digest or the reason there is none.

        `progress` receives the number of further bytes hashed; it is called by one thread at a time.
        """
        from policy_gate.source.digest import hash_files

        sizes = {path: self.size_hint(path) for path in paths}
        return hash_files(sizes, self.stream, progress)

    def at_commit(self, commit: str) -> Past:
        """The files of a commit that this tree comes from.

        EvidenceError(NOT_PROVEN) for a tree without history and for another commit, EvidenceError(NOT_IN_TREE) for one
        that this clone has not got.
        """
        what = f"the {self.label} has no history to find the commit {commit[:12]} in"
        raise EvidenceError(Reason.NOT_PROVEN, what, fix="judge a checkout of the repository")

    def memo(self, key: str, make: Callable[[], T]) -> T:
        """Return what `make` gave for `key` the first time; for surveys of a tree that several areas share."""
        if key not in self._memory:
            self._memory[key] = make()
        return cast("T", self._memory[key])  # a key belongs to one caller, hence to one type

    def close(self) -> None:  # noqa: B027  # a tree on disk has nothing to release
        """Release processes and files; twice is fine."""

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()


class ListedTree(Tree):
    """A tree whose names are all known when it opens: git's and archives'."""

    def __init__(self, source: str, label: str, entries: Iterable[Entry]) -> None:
        """Judge the names once."""
        super().__init__(source, label)
        self._entries = {entry.path: entry for entry in judged(entries)}

    def list(self, under: str = "") -> Sequence[Entry]:
        """Return every file below `under`, sorted by path."""
        everything = self.memo(SURVEY, lambda: tuple(self._entries.values()))
        if not under:
            return everything
        path = check_path(under)
        return tuple(entry for entry in everything if entry.path == path or entry.path.startswith(path + "/"))

    def exists(self, path: str) -> bool:
        """Tell whether the name is listed."""
        return nfc(path) in self._entries

    def size_hint(self, path: str) -> int:
        """Return the listed size."""
        entry = self._entries.get(nfc(path))
        return entry.size if entry else 0

    def entry(self, path: str) -> Entry:
        """Find a file that may be opened; EvidenceError otherwise."""
        name = check_path(path)
        entry = self._entries.get(name)
        if entry is None:
            raise self.absent(name)
        if entry.refusal:
            raise refused(name, entry.refusal)
        return entry

    def absent(self, path: str) -> EvidenceError:
        """Say that no such file is in the tree."""
        if any(known.startswith(path + "/") for known in self._entries):
            return EvidenceError(Reason.PATH_REFUSED, f"'{shown(path)}' is a folder in the {self.label}")
        return not_in_tree(path, self.label)


def judged(entries: Iterable[Entry]) -> list[Entry]:
    """Sort entries by path and refuse those whose name is unsafe, given twice, or collides with another."""
    named: dict[str, Entry] = {}
    for entry in entries:
        fault = "its name is given twice" if entry.path in named else entry.refusal or _listed_name_fault(entry.path)
        named[entry.path] = Entry(entry.path, entry.size, fault) if fault else entry
        if len(named) > MAX_ENTRIES:
            raise EvidenceError(Reason.TOO_LARGE, f"more than {MAX_ENTRIES} files in one tree")
    for path, other in colliding(named).items():
        refusal = named[path].refusal or f"its name differs from '{shown(other)}' only in case or Unicode form"
        named[path] = Entry(path, named[path].size, refusal)
    return [named[path] for path in sorted(named)]


def refused(path: str, refusal: str) -> EvidenceError:
    """Say why an existing file may not be opened, and what would mend it."""
    name, copy = shell_quoted(path), shell_quoted(path + ".copy")
    if refusal.startswith(HARD_LINK):
        fix = f"materialise first: cp {name} {copy} && mv {copy} {name}"
        return EvidenceError(Reason.HARD_LINKED, f"'{shown(path)}' could change under another name", fix=fix)
    if refusal.startswith(NOT_FETCHED):
        fix = "fetch the whole revision: git fetch --refetch --no-filter origin"
        return EvidenceError(Reason.NOT_IN_TREE, f"'{shown(path)}': {refusal}", fix=fix)
    fix = f"materialise first: cp -L {name} {copy} && mv {copy} {name}" if refusal == SYMBOLIC_LINK else ""
    return EvidenceError(Reason.PATH_REFUSED, f"'{shown(path)}': {refusal}", fix=fix)


def not_in_tree(path: str, label: str) -> EvidenceError:
    """Say that no such file is in the tree."""
    return EvidenceError(Reason.NOT_IN_TREE, f"there is no '{shown(path)}' in the {label}")


def _listed_name_fault(path: str) -> str:
    fault = path_fault(path)
    if fault:
        return f"its name {fault}"
    return "" if nfc(path) == path else "its name is not in Unicode form NFC"
