"""Shares work among processes that start from this one's memory, and gathers what each of them made of its part."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from policy_gate.errors import GateError, InternalError, Problem, UsageError
from policy_gate.gate.fleet import can_fork

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

T = TypeVar("T")

ENOUGH_BYTES = 2 * 1024**2
"""From this much work on, a further process is worth what it costs to start: some 25 records."""


class Part(NamedTuple):
    """Which part of the work: every `of`-th piece from `number` on."""

    number: int
    of: int

    def has(self, position: int) -> bool:
        """Whether the piece at a position belongs to it."""
        return position % self.of == self.number


class _Refused(NamedTuple):
    """What another process refused, to be raised here."""

    is_internal: bool
    problems: tuple[Problem, ...]


def useful_jobs(wanted: int, work_bytes: int) -> int:
    """How many processes to use: the wanted number, with 0 one for each core that has enough to do.

    1 where a process cannot start from this one's memory.
    """
    if not can_fork():
        return 1
    import os

    return wanted or min(os.cpu_count() or 1, 1 + work_bytes // ENOUGH_BYTES)


def in_parts(work: Callable[[Part], T], jobs: int) -> list[T]:
    """Do all parts, the first in this process; raises GateError as `work` does, InternalError for a lost process."""
    if jobs == 1:
        return [work(Part(0, 1))]
    import multiprocessing

    context = multiprocessing.get_context("fork")

    def send(part: Part, line: Connection) -> None:
        try:
            line.send(work(part))
        except GateError as error:
            line.send(_Refused(error.exit_code == InternalError.exit_code, error.problems))

    workers, lines = [], []
    for number in range(1, jobs):
        ours, theirs = context.Pipe(duplex=False)
        workers.append(context.Process(target=send, args=(Part(number, jobs), theirs), daemon=True))
        workers[-1].start()
        theirs.close()  # the worker's end lives in that worker alone, so that losing it is seen here
        lines.append(ours)
    done = [work(Part(0, jobs)), *(_received(line) for line in lines)]
    for worker in workers:
        worker.join()
    return done


def _received(line: Connection) -> T:  # type: ignore[type-var]  # what comes over a line is what the other side sent
    try:
        answer: T | _Refused = line.recv()
    except EOFError:
        raise InternalError("a process that judged a part of the records was lost") from None
    if isinstance(answer, _Refused):
        raise (InternalError if answer.is_internal else UsageError)(answer.problems)
    return answer
