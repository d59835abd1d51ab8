"""What tar and zip bundles have in common: limits, and files read out of the archive without unpacking it."""

from __future__ import annotations

import io
from abc import abstractmethod
from threading import Lock
from typing import IO, TYPE_CHECKING

from policy_gate.errors import Problem, SourceError
from policy_gate.frozen import dataclass
from policy_gate.source.file import BinaryFile, OpenFile, Window, spooled
from policy_gate.source.paths import colliding, nfc, path_fault, shown
from policy_gate.source.tree import Entry, ListedTree

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import NoReturn

MAX_MEMBERS = 20_000
MAX_CONTENT_BYTES = 64 << 30
MAX_RATIO = 200  # deflate reaches 1032; weights and text stay below 20
MIN_BOMB_BYTES = 16 << 20  # below this no ratio hurts: a small file of zeros is no bomb


@dataclass(frozen=True, slots=True)
class Member:
    """One entry of an archive; sizes and offsets in bytes; `is_packed` means it cannot be read in place."""

    path: str
    size: int
    offset: int
    refusal: str = ""
    is_folder: bool = False
    is_packed: bool = False


class ArchiveTree(ListedTree):
    """Files inside one open archive."""

    def __init__(self, label: str, stream: IO[bytes], members: Iterable[Member]) -> None:
        """Take over `stream`; SourceError when a name is unsafe, given twice or a file is also a folder."""
        self._stream = stream
        self._lock = Lock()
        listed = _checked(label, members)
        self._members: Mapping[str, Member] = {member.path: member for member in listed if not member.is_folder}
        entries = (Entry(member.path, member.size, member.refusal) for member in self._members.values())
        super().__init__("bundle", label, entries)

    def stream(self, path: str) -> BinaryFile:
        """Open a member for one pass."""
        return self._open(path)

    def seekable(self, path: str) -> OpenFile:
        """Open a member, spooled when it is packed."""
        file = self._open(path)
        return spooled(file) if self._members[file.path].is_packed else file

    def close(self) -> None:
        """Close the archive."""
        self._stream.close()

    @abstractmethod
    def unpacked(self, member: Member) -> io.BufferedIOBase:
        """Open a packed member for one pass."""

    @abstractmethod
    def start_of(self, member: Member) -> int:
        """Return where the bytes of a member that is not packed start in the archive."""

    def _open(self, path: str) -> OpenFile:
        member = self._members[self.entry(path).path]
        if member.is_packed:
            return OpenFile(member.path, self.unpacked(member), member.size)
        window = Window(self._stream, self._lock, self.start_of(member), member.size)
        return OpenFile(member.path, io.BufferedReader(window, 64 << 10), member.size)


def reject(label: str, why: str) -> NoReturn:
    """Refuse an archive as a whole."""
    raise SourceError(Problem(f"the bundle is refused: {why}", path=label))


def check_content_size(label: str, content_bytes: int, packed_bytes: int) -> None:
    """Refuse an archive that unpacks to too much, or to suspiciously more than it weighs."""
    if content_bytes > MAX_CONTENT_BYTES:
        reject(label, f"it unpacks to more than {MAX_CONTENT_BYTES} bytes")
    if content_bytes > MIN_BOMB_BYTES and content_bytes > packed_bytes * MAX_RATIO:
        reject(label, f"it unpacks to more than {MAX_RATIO} times its size")


def _checked(label: str, members: Iterable[Member]) -> list[Member]:
    listed: list[Member] = []
    files: set[str] = set()
    folders: set[str] = set()
    for member in members:
        listed.append(member)
        if len(listed) > MAX_MEMBERS:
            reject(label, f"it has more than {MAX_MEMBERS} members")
        fault = path_fault(member.path)
        if fault:
            reject(label, f"the member '{shown(member.path)}' {fault}")
        if nfc(member.path) != member.path:
            reject(label, f"the name of the member '{shown(member.path)}' is not in Unicode form NFC")
        if member.path in files or (member.path in folders and not member.is_folder):
            reject(label, f"the member '{shown(member.path)}' is given twice")
        (folders if member.is_folder else files).add(member.path)
    for folder, other in colliding(folders).items():
        if folder.rstrip("/") != other.rstrip("/"):
            reject(label, f"the folders '{shown(folder)}' and '{shown(other)}' differ only in case or Unicode form")
    return listed
