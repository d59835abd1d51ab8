"""Privacy accounts and ledgers as frozen values: every report about them is rendered from these alone."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeAlias

from policy_gate.frozen import dataclass

ACCOUNT_SCHEMA = "policy-gate/privacy-account/v1alpha1"
LEDGER_SCHEMA = "policy-gate/privacy-ledger/v1alpha1"
CHECK_SCHEMA = "policy-gate/privacy-ledger-check/v1alpha1"


class Verdict(StrEnum):
    """What a claimed epsilon is beside the interval."""

    CONFIRMED = "confirmed"
    """It is at or above the upper end: the parameters prove it."""
    REFUTED = "refuted"
    """It is below the lower end: no accountant can prove it for these parameters."""
    NOT_RESOLVED = "not resolved"
    """It lies between the ends, or there is no interval."""
    NOTHING_CLAIMED = "nothing claimed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Epsilon lies within [lower, upper]; lower is 0 where nothing certifies one. `method` proved the upper end.

    `unresolved` says why the tight accountant could not bring the ends closer; "" where it did, or was not needed.
    """

    lower: float
    upper: float
    method: str
    unresolved: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoInterval:
    """Why epsilon is not bounded at all, and what would help."""

    reason: str
    detail: str
    fix: str = ""


Epsilon: TypeAlias = Interval | NoInterval


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseSpend:
    """One phase on its own: what it was accounted for as, and its epsilon at the same delta."""

    id: str
    accounted_as: str
    epsilon: Epsilon


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherWay:
    """The figure that the same parameters have under another condition; `stated` marks the one that was stated."""

    words: str
    stated: bool
    epsilon: Epsilon


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """An attacker who wrongly suspects this share of those who took no part finds at most that share of those who did.

    Both are shares from 0 to 1.
    """

    false_alarm_rate: float
    found_rate_upper: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """What the interval means for one unit: how much better than by a coin an attacker tells whether it took part.

    `advantage_upper` is 0 for a coin and 1 for certainty; a guess is right with probability (1 + advantage) / 2.
    """

    advantage_upper: float
    detection: tuple[Detection, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spend:
    """What all releases about one population cost together in the window that ends on `until`.

    `plain_sum` adds what they claimed; None where nothing is counted. `max_epsilon` is what `rule` allows, or, where
    that is "", what is usual. `forecast` are the upper ends with one, two, ... more releases like the newest: those
    that fit, which are `room`, and the first that does not. `leaves` is the day on which the oldest counts no more.
    """

    population: str
    releases: int
    since: str
    until: str
    delta: float
    epsilon: Epsilon
    plain_sum: float | None
    max_epsilon: float
    rule: str
    room: int
    forecast: tuple[float, ...]
    leaves: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseToUse:
    """The noise multiplier of one phase at which the claim would be proven, rounded up."""

    phase: str
    noise_multiplier: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What would confirm a claim: the epsilon to claim instead, or the noise to train with if that is known."""

    epsilon_to_claim: float
    noise: tuple[NoiseToUse, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One release, or one set of parameters, accounted for; `path` is "" for parameters.

    `protects` says whom: the unit, how many records of it, and which neighbours. `window` is what the ledger says of
    the same population; None where no ledger was asked.
    """

    path: str
    delta: float
    protects: str
    claimed_epsilon: float | None
    verdict: Verdict
    epsilon: Epsilon
    phases: tuple[PhaseSpend, ...]
    other_ways: tuple[OtherWay, ...] = ()
    exposure: Exposure | None = None
    advice: Advice | None = None
    notes: tuple[str, ...] = ()
    window: Spend | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerLine:
    """One line of a ledger: a release, the population it was about, and what it claimed; `source` names the file."""

    source: str
    line: int
    release: str
    sequence: int
    date: str
    population: str
    claimed_epsilon: float
    delta: float
    phases: int
    in_window: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerSheet:
    """All lines of a repository's ledger and of those it names, and the spend of every population in the window."""

    path: str
    window_days: int
    lines: tuple[LedgerLine, ...]
    spends: tuple[Spend, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerFault:
    """One thing that is wrong with a ledger, at one line; 0 means the whole file."""

    path: str
    line: int
    message: str
    fix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerVerified:
    """Whether a ledger's chain holds, and whether it is its base and new lines; `base` is "" where none was asked."""

    path: str
    lines: int
    base: str
    base_lines: int
    faults: tuple[LedgerFault, ...]
