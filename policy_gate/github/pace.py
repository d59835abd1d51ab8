"""How fast and how much one run may ask of GitHub: writes apart and counted, and one budget for all waiting."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from policy_gate.github.failure import GithubError, Kind

MAX_WAIT_SECONDS = 120.0
MAX_WRITES = 25
BETWEEN_WRITES_SECONDS = 1.0
"""GitHub, `Best practices for using the REST API`: at least one second between requests that write."""
UNTOLD_WAIT_SECONDS = 60.0
"""As above: where no header says how long, at least a minute, and longer each time."""


class Pace:
    """The budgets of one run; clock (seconds since 1970) and sleep are given, so that a test waits for nothing."""

    def __init__(
        self,
        *,
        max_wait_seconds: float = MAX_WAIT_SECONDS,
        max_writes: int = MAX_WRITES,
        between_writes_seconds: float = BETWEEN_WRITES_SECONDS,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Start with nothing spent."""
        self._wait_left = max_wait_seconds
        self._max_wait = max_wait_seconds
        self._max_writes = max_writes
        self._between_writes = between_writes_seconds
        self._clock = clock
        self._sleep = sleep
        self._writes = 0
        self._last_write = float("-inf")

    def now(self) -> float:
        """Seconds since 1970."""
        return self._clock()

    def wait(self, seconds: float) -> bool:
        """Wait, where the budget still holds it; otherwise do not, and say so."""
        if seconds > self._wait_left:
            return False
        if seconds > 0:
            self._wait_left -= seconds
            self._sleep(seconds)
        return True

    def begin_write(self) -> None:
        """Count one write and keep it apart from the last; GithubError when the run has spent its budget."""
        if self._writes >= self._max_writes:
            raise GithubError(Kind.BUDGET, f"one run writes {self._max_writes} times at most")
        gap = self._last_write + self._between_writes - self._clock()
        if not self.wait(min(max(gap, 0.0), self._between_writes)):
            raise GithubError(Kind.BUDGET, f"one run waits {self._max_wait:g} s at most")
        self._writes += 1

    def end_write(self) -> None:
        """The next write is counted from here."""
        self._last_write = self._clock()

    def limit_seconds(self, headers: Mapping[str, str], attempt: int) -> float:
        """How long a rate limit is to be waited for: what its headers say, else a minute, doubled each attempt from 0.

        The reset is that of the primary limit, so it says nothing while requests remain of it.
        """
        told = _seconds(headers.get("retry-after", ""))
        if told is not None:
            return max(told, 1.0)
        reset = _seconds(headers.get("x-ratelimit-reset", ""))
        if reset is not None and headers.get("x-ratelimit-remaining", "0") == "0":
            return max(reset - self._clock(), 1.0)
        return UNTOLD_WAIT_SECONDS * 2.0**attempt


def _seconds(text: str) -> float | None:
    """Plain seconds as GitHub writes them; None for anything else."""
    return float(text) if text.isascii() and text.isdigit() and len(text) < 13 else None
