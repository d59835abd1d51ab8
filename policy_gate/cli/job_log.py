"""What a command prints inside a job of GitHub: the runner reads every line for commands, and none of ours is one."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from typing import TextIO

from policy_gate.report.escaping import neutral_log_line


class PlainText(TextIOWrapper):
    """A stream no line of which is a command; bytes, which machines read, go past it to its buffer."""

    def write(self, text: str, /) -> int:
        """Write text, each of its lines made harmless."""
        super().write("\n".join(map(neutral_log_line, text.split("\n"))))
        return len(text)


@contextmanager
def plain_streams() -> Iterator[None]:
    """Until the end, what is printed as text to standard output and error holds no command for a runner."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _plain(sys.stdout), _plain(sys.stderr)
    try:
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, PlainText):
                with suppress(OSError):  # nobody reads any more; the exit code says so already
                    stream.detach()
        sys.stdout, sys.stderr = before


def _plain(stream: TextIO) -> TextIO:
    if not isinstance(stream, TextIOWrapper):
        return stream
    stream.flush()
    return PlainText(stream.buffer, encoding=stream.encoding, errors="backslashreplace", write_through=True)
