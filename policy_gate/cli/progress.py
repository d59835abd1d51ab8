"""Shows on a terminal how many bytes were hashed, when hashing takes long."""

from __future__ import annotations

from typing import TextIO

QUIET_BYTES = 512 * 1024**2
STEP_BYTES = 256 * 1024**2


class Progress:
    """Counts bytes; writes one line over itself, from half a gigabyte on."""

    def __init__(self, stream: TextIO) -> None:
        """Write to a stream that is a terminal."""
        self._stream = stream
        self._hashed = 0
        self._shown = QUIET_BYTES

    def advance(self, hashed_bytes: int) -> None:
        """Take in how many more bytes were hashed."""
        self._hashed += hashed_bytes
        if self._hashed - self._shown >= STEP_BYTES:
            self._shown = self._hashed
            self._stream.write(f"\rhashed {self._hashed / 1e9:.1f} GB \r")
            self._stream.flush()
