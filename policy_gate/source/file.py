"""An opened file of a tree: read-only, always seekable, wherever its bytes live."""

from __future__ import annotations

import io
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, Protocol, Self, cast

from policy_gate.errors import EvidenceError, Reason
from policy_gate.source.lfs import MAX_POINTER_BYTES, is_pointer, pointer_error
from policy_gate.source.paths import shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from threading import Lock
    from types import TracebackType

MAX_IN_MEMORY_BYTES = 8 << 20  # a bigger blob or member is spooled to a temporary file
MAX_SPOOLED_BYTES = 16 << 30  # what one opened blob or member may take of the temporary directory
_CHUNK_BYTES = 256 << 10

WritableBuffer = bytearray | memoryview


class BinaryFile(Protocol):
    """What a reader of evidence may do with a file; `size` is in bytes."""

    @property
    def path(self) -> str:
        """Path inside the tree, with `/` between names."""

    @property
    def size(self) -> int:
        """Length in bytes when it was opened."""

    def read(self, size: int = -1, /) -> bytes:
        """Read up to `size` bytes, fewer only at the end of the file; EvidenceError(UNREADABLE)."""

    def readinto(self, buffer: WritableBuffer, /) -> int:
        """Fill `buffer`, less only at the end of the file, and return the number of bytes read."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Move as `io.IOBase.seek` does."""

    def tell(self) -> int:
        """Return the position in bytes."""

    def close(self) -> None:
        """Release it; twice is fine."""

    def __enter__(self) -> Self:
        """Enter a block that closes the file at its end."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""


class OpenFile:
    """A `BinaryFile` over any buffered stream; the stream's operating-system errors become EvidenceError."""

    __slots__ = ("_stream", "path", "size")

    def __init__(self, path: str, stream: io.BufferedIOBase, size: int) -> None:
        """Take over `stream`, which holds `size` bytes; closing this closes it."""
        self.path = path
        self.size = size
        self._stream = stream

    def read(self, size: int = -1, /) -> bytes:
        """Read up to `size` bytes."""
        with reading(self.path):
            return self._stream.read(size)

    def readinto(self, buffer: WritableBuffer, /) -> int:
        """Fill `buffer` and return the number of bytes read."""
        with reading(self.path):
            return self._stream.readinto(buffer)

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Move to `offset`."""
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        """Return the position in bytes."""
        return self._stream.tell()

    def close(self) -> None:
        """Close the stream."""
        self._stream.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the stream."""
        self.close()


class Window(io.RawIOBase):
    """`size` bytes at `offset` of a file that several windows share, also across threads."""

    def __init__(self, stream: IO[bytes], lock: Lock, offset: int, size: int) -> None:
        """Look at `stream`, which stays open when this closes."""
        super().__init__()
        self._stream, self._lock, self._offset, self._size = stream, lock, offset, size
        self._position = 0

    def readinto(self, buffer: WritableBuffer, /) -> int:  # type: ignore[override]  # typeshed wants 3.12's Buffer
        """Read what lies between the position and the end of the window."""
        view = memoryview(buffer)
        wanted = max(0, min(len(view), self._size - self._position))
        with self._lock:
            self._stream.seek(self._offset + self._position)
            # typeshed's IO has no readinto; every stream given here is a buffered one
            count = cast("io.BufferedReader", self._stream).readinto(view[:wanted])
        self._position += count
        return count

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Move within the window."""
        start = (0, self._position, self._size)[whence]
        if start + offset < 0:
            raise OSError("seek before the start of the file")
        self._position = start + offset
        return self._position

    def readable(self) -> bool:
        """It can be read."""
        return True

    def seekable(self) -> bool:
        """It can be moved."""
        return True


@contextmanager
def reading(path: str) -> Iterator[None]:
    """Turn an operating-system error while `path` is read into EvidenceError(UNREADABLE)."""
    try:
        yield
    except OSError as error:
        raise unreadable(path, error.strerror or str(error)) from error


def unreadable(path: str, why: str) -> EvidenceError:
    """Say that a file is there but its bytes cannot be had."""
    return EvidenceError(Reason.UNREADABLE, f"'{shown(path)}': {why}")


def spooled(source: BinaryFile) -> OpenFile:
    """Copy a stream that cannot seek into memory, or into a temporary file when it is big, and close it."""
    with source:
        if source.size > MAX_SPOOLED_BYTES:
            raise EvidenceError(
                Reason.TOO_LARGE, f"'{shown(source.path)}' has {source.size} bytes; at most {MAX_SPOOLED_BYTES}"
            )
        if source.size <= MAX_IN_MEMORY_BYTES:
            content = source.read(source.size)
            _check_complete(source, len(content))
            return OpenFile(source.path, io.BytesIO(content), source.size)
        with reading(source.path):
            target = temporary_file()
            _copy(source, target)
            return OpenFile(source.path, target, source.size)


def temporary_file() -> io.BufferedRandom:
    """Open a file without a name that is gone when it is closed; OSError when there is no room."""
    from tempfile import TemporaryFile

    make: Any = TemporaryFile  # on Windows it gives a wrapper that delegates everything, typed otherwise
    file: io.BufferedRandom = make(prefix="policy-gate-")
    return file


def without_pointer(file: OpenFile) -> OpenFile:
    """Return `file` at its start, unless it is an LFS pointer: then close it and raise EvidenceError."""
    if file.size >= MAX_POINTER_BYTES:
        return file
    head = file.read(64)
    file.seek(0)
    if is_pointer(head, file.size):
        file.close()
        raise pointer_error(file.path)
    return file


def _copy(source: BinaryFile, target: io.BufferedRandom) -> None:
    view = memoryview(bytearray(_CHUNK_BYTES))
    copied = 0
    while count := source.readinto(view):
        target.write(view[:count])
        copied += count
    _check_complete(source, copied)
    target.seek(0)


def _check_complete(source: BinaryFile, copied: int) -> None:
    if copied != source.size:
        raise unreadable(source.path, f"{copied} bytes came where {source.size} were announced")
