"""What every exception to a policy has: an owner, an approval, a last day, and limits on all three."""

from __future__ import annotations

import math
import re
from datetime import date
from enum import StrEnum
from typing import Final, Literal, TypeAlias, TypeGuard

from policy_gate.frozen import dataclass

EVERY_RULE: Final = "every rule"
Waivable: TypeAlias = frozenset[str] | Literal["every rule"]

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SHOWN_CHARS = 80
_LONGEST_WHOLE_NUMBER = 10**20


class Approval(StrEnum):
    """How well a policy wants approvals known: typed into the file, or proven by a signature."""

    DECLARED = "declared"
    PROVEN = "proven"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverLimits:
    """What the policy allows: how many waivers, for how many days, how approved, and for which rules.

    `protected` rules are never waived, such as those of a floor. `waivable` are the only ones that may be waived,
    where the policy lists them.
    """

    waivers_max: int
    waiver_days_max: int
    approval: Approval
    protected: frozenset[str] = frozenset()
    waivable: Waivable = EVERY_RULE


def stricter(one: WaiverLimits, other: WaiverLimits) -> WaiverLimits:
    """Combine the limits of two packs: of each limit the stricter."""
    return WaiverLimits(
        waivers_max=min(one.waivers_max, other.waivers_max),
        waiver_days_max=min(one.waiver_days_max, other.waiver_days_max),
        approval=Approval.DECLARED if one.approval == other.approval == Approval.DECLARED else Approval.PROVEN,
        protected=one.protected | other.protected,
        waivable=_in_both(one.waivable, other.waivable),
    )


def _in_both(one: Waivable, other: Waivable) -> Waivable:
    if isinstance(one, str):
        return other
    return one if isinstance(other, str) else one & other


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """An approval that a signature proves, and the labels of the keys that made it.

    With `reviewed` it is reviews on GitHub that prove it, and `by` says of whom, and as what they were asked.
    """

    by: tuple[str, ...]
    reviewed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NotProven:
    """Why nothing proves an approval."""

    reason: str


Proof: TypeAlias = Proven | NotProven

NO_PROOF = NotProven(reason="no signature was looked at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """An exception's time in whole days: left (0 on the last day), since it was granted, from then to its last."""

    left: int
    since_granted: int
    lifetime: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NoDays:
    """Why an exception's time cannot be told: it counts as expired."""

    words: str


def days_between(granted: str, expires: str, today: date) -> Days | NoDays:
    """Count the days (UTC) of an exception; with "" for `granted` it counts as granted today."""
    try:
        last = read_day(expires)
    except ValueError as error:
        return NoDays(words=f"expires {error}: counts as expired")
    try:
        first = read_day(granted) if granted else today
    except ValueError as error:
        return NoDays(words=f"granted {error}: counts as expired")
    return Days(left=(last - today).days, since_granted=(today - first).days, lifetime=(last - first).days)


def read_day(text: str) -> date:
    """Read a day such as 2027-01-31 and nothing else; ValueError says that it is none."""
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass  # a month 13, a 30th of February
    raise ValueError(f"{short(text)!a} is no day")


def same_person(one: str, other: str) -> bool:
    """Tell whether two names stand for one person, in whatever case, width or surrounding space they are written."""
    return _person(one) == _person(other)


def _person(name: str) -> str:
    from unicodedata import normalize  # loads a shared library; a run without exceptions does not pay

    return normalize("NFKC", normalize("NFKC", name).casefold()).strip().removeprefix("@")


def is_plain_name(name: str) -> bool:
    """Tell whether a name of a person is printable ASCII: two that look alike must not be two people."""
    return name.isascii() and name.isprintable() and bool(name.strip())


def is_number(value: object) -> TypeGuard[float]:
    """Tell whether a value is a finite number; true and false are none."""
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool)


def number_words(number: float) -> str:
    """Write a number for a reader."""
    # Python has no text for whole numbers of thousands of digits, and nobody reads one of thirty.
    if isinstance(number, int) and abs(number) >= _LONGEST_WHOLE_NUMBER:
        return "a number beyond reading"
    return str(number)


def short(text: str) -> str:
    """Cut hostile text to what a message has room for."""
    return text if len(text) <= _SHOWN_CHARS else f"{text[: _SHOWN_CHARS - 1]}…"
