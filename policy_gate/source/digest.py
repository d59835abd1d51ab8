"""Streamed SHA-256 over many files: one reused buffer a thread, all cores, largest file first."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from policy_gate.errors import EvidenceError, InternalError, Reason
from policy_gate.source.file import BinaryFile, unreadable
from policy_gate.source.lfs import is_pointer, pointer_error
from policy_gate.source.paths import shown
from policy_gate.source.tree import Digest

if TYPE_CHECKING:
    from threading import Event

BUFFER_BYTES = 256 << 10  # 64 KiB to 1 MiB reach the serial bound; smaller and bigger ones do not
MAX_HASHED_BYTES = 1 << 40
_TICK_BYTES = 16 << 20
_ONE_THREAD_BYTES = 32 << 20  # below this, importing and starting a thread pool costs more than it gives

Opener = Callable[[str], BinaryFile]
Outcome = Digest | EvidenceError


def hash_files(
    sizes: Mapping[str, int], open_stream: Opener, progress: Callable[[int], None] | None = None
) -> dict[str, Outcome]:
    """Hash every path of `sizes` (path -> bytes, for planning only) and keep the given order."""
    queue = sorted(sizes, key=lambda path: (-sizes[path], path))
    threads = min(_cores(), len(queue)) if sum(sizes.values()) > _ONE_THREAD_BYTES else 1
    work = _Work(queue, open_stream, progress)
    if threads <= 1:
        work.run()
    else:
        _run_in_threads(work, threads)
    return {path: work.outcomes[path] for path in sizes}


def hash_stream(file: BinaryFile, buffer: memoryview, tick: Callable[[int], None]) -> Digest:
    """Hash one file from where it stands; EvidenceError when it is an LFS pointer or changes length meanwhile."""
    import hashlib

    if file.size > MAX_HASHED_BYTES:
        raise EvidenceError(Reason.TOO_LARGE, f"'{shown(file.path)}' has {file.size} bytes")
    digest = hashlib.sha256()
    update, readinto = digest.update, file.readinto
    total = unreported = 0
    while count := readinto(buffer):
        if not total and is_pointer(bytes(buffer[: min(count, 64)]), file.size):
            raise pointer_error(file.path)
        update(buffer[:count])
        total += count
        unreported += count
        if total > file.size:
            break
        if unreported >= _TICK_BYTES:
            tick(unreported)
            unreported = 0
    if total != file.size:
        raise unreadable(file.path, f"its length changed from {file.size} bytes while it was hashed")
    tick(unreported)
    return Digest(f"sha256:{digest.hexdigest()}", total)


class _Work:
    """A queue of paths that any number of threads drain; list.pop and dict item assignment are atomic."""

    def __init__(self, queue: list[str], open_stream: Opener, progress: Callable[[int], None] | None) -> None:
        from threading import Event, Lock

        self.outcomes: dict[str, Outcome] = {}
        self.stop: Event = Event()
        self._queue = queue[::-1]
        self._open_stream = open_stream
        self._progress = progress
        self._lock = Lock()

    def run(self) -> None:
        """Hash until the queue is empty."""
        buffer = memoryview(bytearray(BUFFER_BYTES))
        while self._queue and not self.stop.is_set():
            try:
                path = self._queue.pop()
            except IndexError:  # another thread took the last one
                return
            self.outcomes[path] = self._hash(path, buffer)

    def _hash(self, path: str, buffer: memoryview) -> Outcome:
        try:
            with self._open_stream(path) as file:
                return hash_stream(file, buffer, self._tick)
        except EvidenceError as error:
            return error

    def _tick(self, count: int) -> None:
        if self.stop.is_set():
            raise InternalError("hashing was stopped")
        if self._progress and count:
            with self._lock:
                self._progress(count)


def _run_in_threads(work: _Work, count: int) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(count) as pool:
        futures = [pool.submit(work.run) for _ in range(count)]
        try:
            for future in futures:
                future.result()
        finally:
            work.stop.set()  # an interrupt or a failing thread ends the others within one tick


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
