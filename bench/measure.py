"""Runs commands in turn, in one call, and compares them by the medians of pair-wise ratios."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter


@dataclass(frozen=True, slots=True)
class Command:
    """One command to time; `cwd` is where it runs, `expect` the exit codes it may end with."""

    name: str
    argv: Sequence[str]
    cwd: Path | None = None
    expect: tuple[int, ...] = (0,)


@dataclass(frozen=True, slots=True)
class Sample:
    """One run: wall and processor time in seconds, peak memory in MiB."""

    wall: float
    cpu: float
    peak_mib: float


def run_once(command: Command) -> Sample:
    """Run a command once; a wrong exit code ends the benchmark, since a broken run is fast."""
    with Path(os.devnull).open("wb") as nowhere:
        started = perf_counter()
        process = subprocess.Popen(command.argv, cwd=command.cwd, stdout=nowhere, stderr=nowhere)
        _, status, usage = os.wait4(process.pid, 0)
        wall = perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in command.expect:
        sys.exit(f"{command.name}: exit {process.returncode}, expected {command.expect}: {' '.join(command.argv)}")
    scale = 1024 if sys.platform != "darwin" else 1024**2
    return Sample(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / scale)


def in_turn(commands: Sequence[Command], rounds: int) -> Mapping[str, list[Sample]]:
    """Run all commands round-robin, after one round that only warms caches."""
    for command in commands:
        run_once(command)
    samples: dict[str, list[Sample]] = {command.name: [] for command in commands}
    for _ in range(rounds):
        for command in commands:
            samples[command.name].append(run_once(command))
    return samples


def ratio(samples: Mapping[str, list[Sample]], ours: str, other: str, *, wall: bool = False) -> float:
    """Median over rounds of ours divided by the other; by processor time unless `wall` is asked for."""
    pairs = zip(samples[ours], samples[other], strict=True)
    return statistics.median((a.wall / b.wall) if wall else (a.cpu / b.cpu) for a, b in pairs)


def median_ms(samples: Sequence[Sample], *, wall: bool = False) -> float:
    """Median time in milliseconds."""
    return 1000 * statistics.median(one.wall if wall else one.cpu for one in samples)


def peak_mib(samples: Sequence[Sample]) -> float:
    """Largest peak memory of any run, in MiB."""
    return max(one.peak_mib for one in samples)
