"""Shares a fleet of manifests among processes; each judges its share and knows what the others list."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Generic, NamedTuple, Protocol, TypeVar

from policy_gate.errors import InternalError, Problem

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkProcess

    from policy_gate.model import Preview, Record

T = TypeVar("T")
P_co = TypeVar("P_co", covariant=True)

FLEET = 200
"""From this many manifests on, a second process is worth what it costs to start."""


class Present(Protocol[P_co]):
    """Makes of a record what is kept of it, knowing how many releases are judged."""

    def __call__(self, record: Record, total: int, /) -> P_co:
        """Present one record."""


class NamedRelease(NamedTuple):
    """A release's name and where it stands."""

    path: str
    name: str
    line: int
    column: int


class Known(NamedTuple):
    """What every process must know of all manifests: their names, the files they list, the targets they have."""

    names: tuple[NamedRelease, ...]
    listed: frozenset[str]
    targets: frozenset[str] = frozenset()


class Judged(NamedTuple, Generic[T]):
    """One release: its position among all manifests, what is kept of its record, its exit code, its preview."""

    position: int
    presented: T
    exit_code: int
    name: str = ""
    preview: Preview | None = None


class Share(NamedTuple, Generic[T]):
    """What one process found."""

    judged: tuple[Judged[T], ...]
    problems: tuple[Problem, ...]


class Desk(Protocol):
    """The place of one process among those that judge."""

    first: bool

    def mine(self, paths: Sequence[str]) -> Iterator[tuple[int, str]]:
        """The manifests of this share with their positions."""

    def exchange(self, mine: Known) -> Known:
        """Tell the others what is known here, and learn what they know."""


class Alone:
    """The only process."""

    first = True

    def mine(self, paths: Sequence[str]) -> Iterator[tuple[int, str]]:
        """All manifests."""
        yield from enumerate(paths)

    def exchange(self, mine: Known) -> Known:
        """There is nobody to tell."""
        return mine


class _Seat:
    """One of several processes; the first collects what all know and hands it out."""

    def __init__(self, number: int, of: int, lines: Sequence[Connection]) -> None:
        self.first = number == 0
        self._number, self._of, self._lines = number, of, lines

    def mine(self, paths: Sequence[str]) -> Iterator[tuple[int, str]]:
        for position in range(self._number, len(paths), self._of):
            yield position, paths[position]

    def exchange(self, mine: Known) -> Known:
        if not self.first:
            self._lines[0].send(mine)
            known: Known = self._lines[0].recv()
            return known
        parts = [mine, *(_answer(line) for line in self._lines)]
        names = sorted(name for part in parts for name in part.names)
        listed = frozenset().union(*(part.listed for part in parts))
        everywhere = Known(tuple(names), listed, frozenset().union(*(part.targets for part in parts)))
        for line in self._lines:
            line.send(everywhere)
        return everywhere


def can_fork() -> bool:
    """Whether a second process can start from this one's memory; elsewhere it would cost more than it saves."""
    return sys.platform == "linux" and (os.cpu_count() or 1) > 1


def judge_in_shares(judge_share: Callable[[Desk], Share[T]], manifests: int) -> list[Share[T]]:
    """Run one share a core, the first in this process; raises InternalError when a process is lost."""
    import multiprocessing

    context = multiprocessing.get_context("fork")
    count = min(os.cpu_count() or 1, max(2, manifests // FLEET))

    def work(number: int, line: Connection) -> None:
        line.send(judge_share(_Seat(number, count, [line])))

    workers: list[ForkProcess] = []
    lines: list[Connection] = []
    for number in range(1, count):
        ours, theirs = context.Pipe()
        workers.append(context.Process(target=work, args=(number, theirs), daemon=True))
        workers[-1].start()
        theirs.close()  # the worker's end lives in that worker alone, so that losing it is seen here
        lines.append(ours)
    shares = [judge_share(_Seat(0, count, lines)), *(_answer(line) for line in lines)]
    for worker in workers:
        worker.join()
    return shares


def _answer(line: Connection) -> T:  # type: ignore[type-var]  # what comes over a line is what the other side sent
    try:
        answer: T = line.recv()
    except EOFError:
        raise InternalError("a process that judged a share of the manifests was lost") from None
    return answer
