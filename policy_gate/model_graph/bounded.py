"""A model file being read: what readers need of an open file, and the bounds on what they read and keep of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from policy_gate.errors import EvidenceError, Reason

MAX_TEXT_BYTES = 64 * 1024
MAX_KEPT_BYTES = 192 * 1024 * 1024
MAX_LOADED_BYTES = 1024 * 1024 * 1024

ExternalSize = Callable[[str], int]
"""Gives the size in bytes of a file beside the model, by its path relative to the model's directory."""


class BinaryFile(Protocol):
    """A seekable stream of bytes: what the readers need of an open file."""

    def read(self, size: int = -1, /) -> bytes:
        """Return at most `size` bytes, b"" at the end."""
        ...

    def readinto(self, buffer: bytearray | memoryview, /) -> int:
        """Fill the buffer as far as the file goes and return the number of bytes, 0 at the end."""
        ...

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Move to an offset and return it."""
        ...


def unreadable(detail: str, at: int) -> EvidenceError:
    """Return the refusal of malformed bytes at a file offset."""
    return EvidenceError(Reason.UNREADABLE, f"{detail} (byte {at})")


def decoded_name(raw: bytes, at: int) -> str:
    """Decode a name that stands at a file offset; EvidenceError unless it is UTF-8 without NUL."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise unreadable("a name is not UTF-8", at) from None
    if "\0" in text:
        raise unreadable("a name holds NUL", at)
    return text


class Bounded:
    """One file, and what may still be spent on it; `size` in bytes."""

    def __init__(self, stream: BinaryFile) -> None:
        self.size = stream.seek(0, 2)
        self._stream = stream
        self._kept = 0
        self._loaded = 0

    def spend(self, size: int) -> None:
        """Account for `size` bytes of memory that a decoded object will hold."""
        self._kept += size
        if self._kept > MAX_KEPT_BYTES:
            raise EvidenceError(Reason.TOO_LARGE, f"the structure takes more than {MAX_KEPT_BYTES >> 20} MiB")

    def fetch(self, at: int, size: int) -> bytes:
        """Read exactly `size` bytes at an offset.

        Raises:
            EvidenceError: too much was read in all, or the file has shrunk.
        """
        self._loaded += size
        if self._loaded > MAX_LOADED_BYTES:
            raise EvidenceError(Reason.TOO_LARGE, f"more than {MAX_LOADED_BYTES >> 20} MiB of structure to read")
        self._stream.seek(at)
        whole = self._stream.read(size)
        while len(whole) < size:
            more = self._stream.read(size - len(whole))
            if not more:
                raise unreadable(f"the file ends, {size - len(whole)} bytes are missing", at + len(whole))
            whole += more
        return whole
