"""What the privacy area knows of the ledger: whether it is kept, what a window has spent, and what may follow."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from policy_gate.areas.privacy.facts import NoiseAdvice
from policy_gate.frozen import dataclass
from policy_gate.model import Fact


class LedgerFault(StrEnum):
    """What is wrong with a ledger."""

    NONE = "none"
    OTHER_PATH = "the manifest names another ledger"
    GONE = "there is no ledger"
    BROKEN = "a line cannot be read or does not follow the one before it"
    CHANGED = "earlier lines are not those of the base"
    NO_LINE = "the release has no line"
    OTHER_MANIFEST = "the line of the release is of another manifest"
    DIFFERS = "the line of the release says something else"
    NOT_NEWEST = "the newest line of this name is of another release"
    DATED = "a new line has a day that cannot be"


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerKept(Fact):
    """Whether the ledger is that of the base and well-formed new lines, one of them this release's own.

    `line` is where the fault is, 0 for the whole file. `new_lines` are those the base does not have; the oldest of them
    was written `oldest_new_days` ago.
    """

    name: ClassVar[str] = "privacy.ledger_kept"
    path: str
    lines: int
    new_lines: int
    fault: LedgerFault = LedgerFault.NONE
    line: int = 0
    detail: str = ""
    oldest_new_days: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowSpend(Fact):
    """Certified interval of epsilon of all releases about one population in the window, this one included.

    `counted` names each line and place; `claims_sum` is what their claims add up to. `also_called` are other ids of
    the same people, `repeats` the release whose bytes this one ships again. `leaves` is the day on which the oldest
    line counts no more, "" where none does now. The noise of this release that would have fit is `noise_advice`.
    """

    name: ClassVar[str] = "privacy.window_spend"
    population: str
    window_days: int
    releases: int
    counted: tuple[str, ...]
    delta: float
    epsilon_lower: float
    epsilon_upper: float
    method: str
    claims_sum: float
    also_called: tuple[str, ...] = ()
    repeats: str = ""
    leaves: str = ""
    noise_advice: tuple[NoiseAdvice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowForecast(Fact):
    """Epsilon of the window, at most, with one, two, ... more releases like this one.

    It ends with the first above what policy allows, or after four.
    """

    name: ClassVar[str] = "privacy.window_forecast"
    population: str
    window_days: int
    releases: int
    with_more: tuple[float, ...]
    leaves: str = ""
