"""What exceptions from a policy are held to: how many, for how long, how approved, and for which rules never."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from policy_gate.policy.config import ConfigLimits
from policy_gate.policy.exceptions import Approval, WaiverLimits
from policy_gate.policy.pack import Exceptions
from policy_gate.policy.packs import Offer, PackReader, Taken

WAIVERS_MAX, WAIVER_DAYS_MAX = 10, 90
"""What exceptions are held to where no pack says: few, and for one quarter."""


def held_to(
    reader: PackReader,
    taken: Iterable[Taken | Offer],
    *,
    floors: Sequence[str],
    names: Sequence[str],
    added: Sequence[str],
    limits: ConfigLimits,
) -> WaiverLimits:
    """The strictest demand of all packs and of the configuration; where no pack says, what holds by itself.

    A pack may allow more than that: a floor, or any pack of the policy where there is no floor. Configuration, and
    packs `added` by the command line, only allow less.
    """
    packs = _demands(reader, (*floors, *names))
    first = _demands(reader, floors) if floors else packs
    demands = [*packs, limits, *_demands(reader, added)]
    most = [one.waivers_max for one in demands if one.waivers_max is not None]
    days = [one.waiver_days_max for one in demands if one.waiver_days_max is not None]
    approvals = [Approval(one.approval) for one in demands]
    return WaiverLimits(
        waivers_max=min(most if _any(one.waivers_max for one in first) else [*most, WAIVERS_MAX]),
        waiver_days_max=min(days if _any(one.waiver_days_max for one in first) else [*days, WAIVER_DAYS_MAX]),
        approval=Approval.PROVEN if Approval.PROVEN in approvals else Approval.DECLARED,
        protected=_protected(reader, taken, floors),
    )


def _any(said: Iterable[int | None]) -> bool:
    return any(one is not None for one in said)


def _demands(reader: PackReader, names: Iterable[str]) -> list[Exceptions | ConfigLimits]:
    return [reader.packs[name].content.spec.exceptions for name in sorted(reader.reached(names))]


def _protected(reader: PackReader, taken: Iterable[Taken | Offer], floors: Iterable[str]) -> frozenset[str]:
    """Rules of a floor that its own packs do not list as waivable; what other packs list counts for nothing."""
    held: set[str] = set()
    rules = [one for one in taken if isinstance(one, Taken) and one.floor]
    for floor in floors:
        inside = reader.reached((floor,))
        waivable = {one for name in inside for one in reader.packs[name].content.spec.exceptions.waivable}
        held |= {one.rule.id for one in rules if one.pack.name in inside} - waivable
    return frozenset(held)
