"""Files by path and object id, as git lists them, with their content out of the object store."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import finalize

from policy_gate.errors import SourceError
from policy_gate.frozen import dataclass
from policy_gate.source.blobs import Blobs
from policy_gate.source.file import spooled
from policy_gate.source.tree import NOT_FETCHED, SYMBOLIC_LINK, Entry, ListedTree

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from policy_gate.source.file import BinaryFile, OpenFile
    from policy_gate.source.git import Git
    from policy_gate.source.past import Ancestry, Past

_PLAIN_MODES = frozenset({"100644", "100755"})
_REFUSED_MODES = {"120000": SYMBOLIC_LINK, "160000": "another repository (submodule)"}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a git listing; stage 0 means no merge conflict."""

    path: str
    mode: str
    oid: str
    stage: str = "0"


class GitTree(ListedTree):
    """Files by path, their content by object id."""

    def __init__(self, git: Git, source: str, label: str, rows: Iterable[Row], ancestry: Ancestry) -> None:
        """Keep the object id of every file that may be opened."""
        self._ancestry = ancestry
        self._blobs = Blobs(git)
        finalize(self, self._blobs.close)  # a tree that nobody closed leaves no process behind
        self._oids: dict[str, str] = {}
        super().__init__(source, label, self._entries_of(rows))

    def stream(self, path: str) -> BinaryFile:
        """Open a blob for one pass."""
        return self._stream(path)

    def seekable(self, path: str) -> OpenFile:
        """Open a blob, spooled when it is big."""
        return spooled(self._stream(path))

    def at_commit(self, commit: str) -> Past:
        """The files of a commit that this tree comes from; EvidenceError otherwise."""
        return self._ancestry.past(commit)

    def close(self) -> None:
        """End git."""
        self._blobs.close()

    def _stream(self, path: str) -> OpenFile:
        entry = self.entry(path)
        return self._blobs.stream(self._oids[entry.path], entry.path, entry.size)

    def _entries_of(self, rows: Iterable[Row]) -> Iterator[Entry]:
        listed = list(rows)
        sizes = self._blobs.sizes(sorted({row.oid for row in listed if row.mode in _PLAIN_MODES}))
        for row in listed:
            self._oids[row.path] = row.oid
            yield Entry(row.path, sizes.get(row.oid, 0), _row_fault(row, sizes))


def _row_fault(row: Row, sizes: Mapping[str, int]) -> str:
    if row.stage != "0":
        return "an unresolved merge conflict"
    if row.mode not in _PLAIN_MODES:
        return _REFUSED_MODES.get(row.mode, f"git mode {row.mode}")
    return "" if row.oid in sizes else NOT_FETCHED


def tree_rows(listing: bytes) -> Iterator[Row]:
    """Read `git ls-tree -r -z`."""
    for words, path in _lines(listing):
        if len(words) != 3:
            raise SourceError("git ls-tree answers in a form that is not known")
        mode, _, oid = words
        yield Row(path, mode, oid)


def index_rows(listing: bytes) -> Iterator[Row]:
    """Read `git ls-files -z --stage`."""
    seen: set[str] = set()
    for words, path in _lines(listing):
        if len(words) != 3:
            raise SourceError("git ls-files answers in a form that is not known")
        mode, oid, stage = words
        if stage == "0" or path not in seen:  # a conflict has up to three lines
            yield Row(path, mode, oid, stage)
        seen.add(path)


def _lines(listing: bytes) -> Iterator[tuple[list[str], str]]:
    for line in listing.split(b"\0"):
        if line:
            head, _, path = line.partition(b"\t")
            yield head.decode("ascii", "replace").split(), path.decode("utf-8", "backslashreplace")


def below(prefix: str, rows: Iterable[Row]) -> Iterator[Row]:
    """Keep what lies below `prefix` (empty, or ending with `/`), named from there."""
    for row in rows:
        if row.path.startswith(prefix):
            yield Row(row.path[len(prefix) :], row.mode, row.oid, row.stage)
