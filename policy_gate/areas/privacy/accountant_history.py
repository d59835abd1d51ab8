"""Reads the history of an Opacus accountant: a list of noise multiplier, sampling rate and number of steps."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from policy_gate.errors import EvidenceError, Reason
from policy_gate.frozen import dataclass

if TYPE_CHECKING:
    from policy_gate.document import Document, Value

MAX_ENTRIES = 4096
"""Opacus adds an entry whenever noise or rate changes; a schedule that changes more often is no set of phases."""
MAX_STEPS = 10**9
MAX_NOISE = 1e6
_KEYS = ("noise_multiplier", "sample_rate", "num_steps")
"""How a history spells an entry that is no plain list, in the order of one that is."""


@dataclass(frozen=True, slots=True)
class AccountedRun:
    """What an accountant counted at one noise and rate, over all its entries; `locator` is that of the first."""

    noise_multiplier: float
    rate: float
    steps: int
    locator: str


@dataclass(frozen=True, slots=True)
class AccountantHistory:
    """Everything an accountant counted, and how it calls itself: "" where the file does not say."""

    runs: tuple[AccountedRun, ...]
    mechanism: str


def read_history(document: Document, pointer: str) -> AccountantHistory:
    """Read a list of entries, or the state of an accountant (`state_dict()` saved as JSON) that holds one.

    EvidenceError where it is neither, where an entry has no three numbers in range, and where there are too many.
    """
    if not document.has(pointer):
        raise EvidenceError(Reason.UNREADABLE, f"{document.path} has no history at '{pointer}'")
    found, mechanism = document.get(pointer), ""
    if isinstance(found, dict):
        named = found.get("mechanism")
        mechanism = named if isinstance(named, str) else ""
        pointer, found = f"{pointer}/history", found.get("history")
    if not isinstance(found, list) or not found:
        what = f"{document.path} has no list of what an accountant counted at '{pointer}'"
        raise EvidenceError(Reason.UNSUPPORTED_FORMAT, what, fix="save `accountant.state_dict()` of Opacus as JSON")
    if len(found) > MAX_ENTRIES:
        what = f"the history in {document.path} has {len(found)} entries; at most {MAX_ENTRIES} are read"
        raise EvidenceError(Reason.TOO_LARGE, what)
    return AccountantHistory(tuple(_merged(_entries(document, found, pointer))), mechanism)


def _entries(document: Document, listed: list[Value], pointer: str) -> Iterator[AccountedRun]:
    for position, entry in enumerate(listed):
        locator = f"{pointer}/{position}"
        noise, rate, steps = _three(document, entry, locator)
        yield AccountedRun(
            noise_multiplier=_in_range(document, noise, locator, _KEYS[0], MAX_NOISE),
            rate=_in_range(document, rate, locator, _KEYS[1], 1.0),
            steps=_whole(document, steps, locator),
            locator=locator,
        )


def _three(document: Document, entry: Value, locator: str) -> tuple[Value, Value, Value]:
    if isinstance(entry, dict) and set(entry) == set(_KEYS):
        return entry[_KEYS[0]], entry[_KEYS[1]], entry[_KEYS[2]]
    if isinstance(entry, list) and len(entry) == len(_KEYS):
        return entry[0], entry[1], entry[2]
    raise _unreadable(document, locator, f"an entry has {', '.join(_KEYS)}, and nothing else")


def _in_range(document: Document, given: Value, locator: str, key: str, most: float) -> float:
    # A bool is an int to Python, and never a number here.
    fits = isinstance(given, (int, float)) and not isinstance(given, bool) and 0 < given <= most
    if not fits or not isinstance(given, (int, float)) or not math.isfinite(given):
        raise _unreadable(document, locator, f"{key} is a number above 0, and at most {most:g}")
    return float(given)


def _whole(document: Document, given: Value, locator: str) -> int:
    if isinstance(given, bool) or not isinstance(given, (int, float)) or not 1 <= given <= MAX_STEPS:
        raise _unreadable(document, locator, f"{_KEYS[2]} is a whole number from 1 to {MAX_STEPS}")
    if int(given) != given:
        raise _unreadable(document, locator, f"{_KEYS[2]} is a whole number")
    return int(given)


def _unreadable(document: Document, locator: str, should: str) -> EvidenceError:
    place = f"{document.path}:{document.span(locator).line}"
    return EvidenceError(Reason.UNREADABLE, f"{place} is no entry of an accountant's history: {should}")


def _merged(entries: Iterator[AccountedRun]) -> Iterator[AccountedRun]:
    """One run for each noise and rate: an accountant starts a new entry when training is resumed."""
    runs: dict[tuple[float, float], list[AccountedRun]] = {}
    for entry in entries:
        runs.setdefault((entry.noise_multiplier, entry.rate), []).append(entry)
    for (noise, rate), parts in runs.items():
        yield AccountedRun(noise, rate, sum(part.steps for part in parts), parts[0].locator)
