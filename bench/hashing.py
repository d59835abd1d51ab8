"""How close hashing comes to what reading and SHA-256 cost apart, in one process and with warm files."""

from __future__ import annotations

import hashlib
import statistics
from pathlib import Path
from time import perf_counter

from policy_gate.source import open_working_tree

FILES = 8
FILE_BYTES = 64 * 1024**2
BLOCK = bytes(256 * 1024)
ROUNDS = 7


def measure_hashing(folder: Path) -> tuple[float, float, float]:
    """The serial bound 1 / (1/compute + 1/read), and our rate on one file and on many, in GB/s."""
    for number in range(FILES):
        (folder / f"{number}.bin").write_bytes(bytes([number]) * FILE_BYTES)
    names = [f"{number}.bin" for number in range(FILES)]
    bounds, singles, pairs = [], [], []
    for _ in range(ROUNDS):
        compute, read = _compute_rate(), _read_rate(folder / names[0])
        bounds.append(1 / (1 / compute + 1 / read))
        singles.append(_our_rate(folder, names[:1]))
        pairs.append(_our_rate(folder, names))
    return statistics.median(bounds), statistics.median(singles), statistics.median(pairs)


def _compute_rate() -> float:
    digest, started = hashlib.sha256(), perf_counter()
    for _ in range(FILE_BYTES // len(BLOCK)):
        digest.update(BLOCK)
    return FILE_BYTES / (perf_counter() - started) / 1e9


def _read_rate(path: Path) -> float:
    buffer, started = memoryview(bytearray(len(BLOCK))), perf_counter()
    with path.open("rb", buffering=0) as stream:
        while stream.readinto(buffer):
            pass
    return FILE_BYTES / (perf_counter() - started) / 1e9


def _our_rate(folder: Path, names: list[str]) -> float:
    with open_working_tree(folder) as tree:
        started = perf_counter()
        tree.digests(names)
        return len(names) * FILE_BYTES / (perf_counter() - started) / 1e9
