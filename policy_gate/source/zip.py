"""Zip bundles: stored members are read in place, deflated ones streamed; nothing is unpacked to a path."""

from __future__ import annotations

import io
import stat
import struct
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, cast

from policy_gate.errors import SourceError
from policy_gate.source.archive import MAX_MEMBERS, ArchiveTree, Member, check_content_size, reject
from policy_gate.source.file import WritableBuffer, unreadable
from policy_gate.source.tree import SYMBOLIC_LINK

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zipfile import ZipFile, ZipInfo

# APPNOTE.TXT 6.3: 4.4.4 general purpose bits, 4.3.7 local file header
_ENCRYPTED_BITS = 0x1 | 0x40 | 0x2000
_UTF8_BIT = 0x800
_LOCAL_HEADER = struct.Struct("<4s5H3L2H")
_LOCAL_MAGIC = b"PK\x03\x04"
_MAX_ONE_READ_BYTES = 8 << 20  # the directory of 20,000 members fits; a bigger one is not read into memory


class ZipTree(ArchiveTree):
    """Files inside a zip."""

    def __init__(self, label: str, stream: IO[bytes], size: int) -> None:
        """Read the directory of `stream`, which holds `size` bytes; SourceError when it is unsafe."""
        from zipfile import ZipFile

        self._label = label
        with _damage(label):
            # typeshed wants a full IO; zipfile needs read, seek and tell
            self._zip: ZipFile = ZipFile(cast("IO[bytes]", _BoundedReads(label, stream)))
        self._infos: dict[str, ZipInfo] = {}
        super().__init__(label, stream, list(self._members_of(size)))

    def unpacked(self, member: Member) -> io.BufferedIOBase:
        """Open a deflated member."""
        self.start_of(member)
        with _damage_of(member.path):
            return _Inflated(member.path, cast("io.BufferedIOBase", self._zip.open(self._infos[member.path])))

    def start_of(self, member: Member) -> int:
        """Read the local header, which must name the same file as the directory does."""
        info = self._infos[member.path]
        with self._lock:
            self._stream.seek(info.header_offset)
            raw = self._stream.read(_LOCAL_HEADER.size)
            if len(raw) != _LOCAL_HEADER.size:
                raise unreadable(member.path, "its header is cut off")
            magic, _, flags, *_, name_length, extra_length = _LOCAL_HEADER.unpack(raw)
            name = self._stream.read(name_length)
        expected = info.orig_filename.encode("utf-8" if flags & _UTF8_BIT else "cp437", "replace")
        if magic != _LOCAL_MAGIC or name != expected:
            raise unreadable(member.path, "its header and the archive's directory disagree")
        start: int = info.header_offset + _LOCAL_HEADER.size + name_length + extra_length
        return start

    def close(self) -> None:
        """Close the archive."""
        self._zip.close()
        super().close()

    def _members_of(self, size: int) -> Iterator[Member]:
        from zipfile import ZIP_DEFLATED

        infos = self._zip.infolist()
        if len(infos) > MAX_MEMBERS:
            reject(self._label, f"it has more than {MAX_MEMBERS} members")
        self._check_layout(infos, size)
        for info in infos:
            self._check_readable(info)
            name = info.orig_filename
            self._infos[name] = info
            is_folder = name.endswith("/")
            packed = info.compress_type == ZIP_DEFLATED
            yield Member(name.removesuffix("/"), info.file_size, 0, _refusal(info, is_folder), is_folder, packed)

    def _check_readable(self, info: ZipInfo) -> None:
        from zipfile import ZIP_DEFLATED, ZIP_STORED

        if info.flag_bits & _ENCRYPTED_BITS:
            reject(self._label, "it is encrypted")
        if info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            reject(self._label, f"it uses compression method {info.compress_type}; stored and deflate are read")
        if info.compress_type == ZIP_STORED and info.compress_size != info.file_size:
            reject(self._label, "a stored member has two sizes")
        check_content_size(self._label, info.file_size, info.compress_size)

    def _check_layout(self, infos: list[ZipInfo], size: int) -> None:
        """Refuse members that share bytes (Fifield, "A better zip bomb", 2019) or lie outside the file."""
        check_content_size(self._label, sum(info.file_size for info in infos), size)
        end = 0
        for info in sorted(infos, key=lambda info: info.header_offset):
            if info.header_offset < end:
                reject(self._label, "two members share the same bytes")
            end = info.header_offset + _LOCAL_HEADER.size + len(info.orig_filename) + info.compress_size
        if end > size:
            reject(self._label, "it is cut off")


class _BoundedReads:
    """A file for zipfile that will not be read into memory whole, whatever sizes the archive claims."""

    def __init__(self, label: str, stream: IO[bytes]) -> None:
        self._label, self._stream = label, stream
        self.seek, self.tell = stream.seek, stream.tell

    def read(self, size: int = -1) -> bytes:
        """Read as asked, within the limit."""
        content = self._stream.read(_MAX_ONE_READ_BYTES + 1 if size < 0 else min(size, _MAX_ONE_READ_BYTES + 1))
        if len(content) > _MAX_ONE_READ_BYTES:
            reject(self._label, f"its directory is bigger than {_MAX_ONE_READ_BYTES} bytes")
        return content

    def seekable(self) -> bool:
        """It can be moved."""
        return True


class _Inflated(io.BufferedIOBase):
    """A deflated member whose damage is an EvidenceError."""

    def __init__(self, path: str, stream: io.BufferedIOBase) -> None:
        super().__init__()
        self._path, self._stream = path, stream

    def readable(self) -> bool:
        """It can be read, once."""
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        """Read up to `size` bytes."""
        with _damage_of(self._path):
            return self._stream.read(size)

    def readinto(self, buffer: WritableBuffer, /) -> int:  # type: ignore[override]  # typeshed wants 3.12's Buffer
        """Fill `buffer` with what comes next."""
        with _damage_of(self._path):
            return self._stream.readinto(buffer)

    def close(self) -> None:
        """Close the member."""
        self._stream.close()
        super().close()


def _refusal(info: ZipInfo, is_folder: bool) -> str:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind == stat.S_IFLNK:
        return SYMBOLIC_LINK
    return "" if kind in (0, stat.S_IFREG) or (is_folder and kind == stat.S_IFDIR) else "device"


@contextmanager
def _damage(label: str) -> Iterator[None]:
    from zipfile import BadZipFile

    try:
        yield
    except (BadZipFile, NotImplementedError, ValueError, OverflowError, EOFError, struct.error, OSError) as error:
        raise SourceError(f"{label}: the bundle is refused: {error}") from error


@contextmanager
def _damage_of(path: str) -> Iterator[None]:
    import zlib
    from zipfile import BadZipFile

    try:
        yield
    except (BadZipFile, NotImplementedError, zlib.error, EOFError, ValueError, OSError) as error:
        raise unreadable(path, f"its compressed content is damaged: {error}") from error
