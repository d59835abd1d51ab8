"""Blobs by object id out of `git cat-file --batch`: streamed, from as many processes as threads ask."""

from __future__ import annotations

import io
from threading import Lock, Timer
from typing import IO, TYPE_CHECKING

from policy_gate.errors import EvidenceError
from policy_gate.source.file import OpenFile, WritableBuffer, unreadable
from policy_gate.source.git import Git, end
from policy_gate.source.tree import NOT_FETCHED, refused

if TYPE_CHECKING:
    import subprocess

# A damaged object can be shorter than git announces; git then waits for the next request and sends nothing more.
_ANSWER_SECONDS = 20.0
_SLOWEST_BYTES_PER_SECOND = 4 << 20


class Blobs:
    """The blobs of one repository."""

    def __init__(self, git: Git) -> None:
        """Start nothing yet."""
        self._git = git
        self._idle: list[subprocess.Popen[bytes]] = []
        self._lock = Lock()
        self._closed = False

    def sizes(self, oids: list[str]) -> dict[str, int]:
        """Return the size in bytes of each object that is a blob in this clone."""
        wanted = set(oids)
        request = "".join(f"{oid}\n" for oid in oids).encode("ascii")
        code, answer = self._git.exchange("cat-file", "--batch-check", text=request)
        if code != 0:  # in a partial clone git gives up at the first absent object; then ask what is present
            answer = self._git.output("cat-file", "--batch-all-objects", "--unordered", "--batch-check")
        sizes = {}
        for line in answer.decode("ascii", "replace").split("\n"):
            words = line.split(" ")
            if len(words) == 3 and words[0] in wanted and words[1] == "blob" and words[2].isdigit():
                sizes[words[0]] = int(words[2])
        return sizes

    def stream(self, oid: str, path: str, size: int) -> OpenFile:
        """Open a blob for one pass; EvidenceError(NOT_IN_TREE) when a partial clone lacks it."""
        process = self._take()
        try:
            stream = _BlobStream(self, process, oid, path, size)
        except EvidenceError:
            end(process)
            raise
        return OpenFile(path, stream, size)

    def give_back(self, process: subprocess.Popen[bytes]) -> None:
        """Keep a process that is ready for another request."""
        with self._lock:
            if not self._closed:
                self._idle.append(process)
                return
        end(process)

    def close(self) -> None:
        """End every idle process; a stream still open ends its own."""
        with self._lock:
            self._closed = True
            processes, self._idle = self._idle, []
        for process in processes:
            end(process)

    def _take(self) -> subprocess.Popen[bytes]:
        with self._lock:
            self._closed = False
            if self._idle:
                return self._idle.pop()
        return self._git.start("cat-file", "--batch", reads_input=True)


class _BlobStream(io.BufferedIOBase):
    """The content of one blob as git writes it; the process is returned once all was read, else ended."""

    def __init__(self, blobs: Blobs, process: subprocess.Popen[bytes], oid: str, path: str, size: int) -> None:
        super().__init__()
        self._blobs, self._process, self._path = blobs, process, path
        self._left = size
        self._output: IO[bytes] = _request(process, oid, path)
        self._watchdog = Timer(_ANSWER_SECONDS + size / _SLOWEST_BYTES_PER_SECOND, process.kill)
        self._watchdog.daemon = True
        self._watchdog.start()
        try:
            _check_header(self._output.readline(256), oid, path, size)
        except EvidenceError:
            self._watchdog.cancel()
            raise

    def readable(self) -> bool:
        """It can be read, once."""
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        """Read up to `size` bytes."""
        wanted = self._left if size is None or size < 0 else min(size, self._left)
        content = self._output.read(wanted)
        self._advance(wanted, len(content))
        return content

    def readinto(self, buffer: WritableBuffer, /) -> int:  # type: ignore[override]  # typeshed wants 3.12's Buffer
        """Fill `buffer` with what comes next."""
        view = memoryview(buffer)[: self._left]
        count: int = self._output.readinto(view)  # type: ignore[attr-defined]  # a BufferedReader, typed as IO
        self._advance(len(view), count)
        return count

    def close(self) -> None:
        """Return the process if it is ready for the next request, else end it."""
        if self.closed:
            return
        self._watchdog.cancel()
        if self._left == 0 and self._output.read(1) == b"\n":
            self._blobs.give_back(self._process)
        else:
            end(self._process)
        super().close()

    def _advance(self, wanted: int, count: int) -> None:
        self._left -= count
        if count < wanted:
            raise unreadable(self._path, f"git stopped {self._left} bytes before the end of the blob")


def _request(process: subprocess.Popen[bytes], oid: str, path: str) -> IO[bytes]:
    if process.stdin is None or process.stdout is None:
        raise unreadable(path, "git was started without pipes")
    try:
        process.stdin.write(f"{oid}\n".encode("ascii"))
        process.stdin.flush()
    except OSError as error:
        raise unreadable(path, f"git ended: {error.strerror}") from error
    return process.stdout


def _check_header(header: bytes, oid: str, path: str, size: int) -> None:
    if header == f"{oid} missing\n".encode("ascii"):
        raise refused(path, NOT_FETCHED)
    if header != f"{oid} blob {size}\n".encode("ascii"):
        raise unreadable(path, "git does not answer with the blob that was asked for")
