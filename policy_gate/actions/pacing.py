"""How fast the posting step goes: GitHub's own advice, or what an operator of another server says."""

from __future__ import annotations

from collections.abc import Mapping

from policy_gate.errors import UsageError
from policy_gate.github.pace import BETWEEN_WRITES_SECONDS, MAX_WAIT_SECONDS, Pace

MAX_SECONDS = 120.0


def pace_of(environment: Mapping[str, str]) -> Pace:
    """Seconds between two writes, and of waiting in all; UsageError for what is no such number."""
    return Pace(
        between_writes_seconds=_seconds(environment, "POLICY_GATE_SECONDS_BETWEEN_WRITES", BETWEEN_WRITES_SECONDS),
        max_wait_seconds=_seconds(environment, "POLICY_GATE_MAX_WAIT_SECONDS", MAX_WAIT_SECONDS),
    )


def _seconds(environment: Mapping[str, str], name: str, usual: float) -> float:
    text = environment.get(name, "")
    if not text:
        return usual
    is_number = text.isascii() and text.replace(".", "", 1).isdigit()
    if not is_number or len(text) > 20 or float(text) > MAX_SECONDS:
        raise UsageError(f"{name} is a number of seconds from 0 to {MAX_SECONDS:g}")
    return float(text)
