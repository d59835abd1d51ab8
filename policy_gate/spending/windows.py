"""What every population of a ledger has spent in the window that ends today, and how many more releases fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from policy_gate.areas.privacy.ledger.spend import Joint, joint, merged
from policy_gate.areas.privacy.ledger.window import counted, same_people
from policy_gate.errors import EvidenceError
from policy_gate.model import round_up
from policy_gate.spending.accounts import epsilon_of
from policy_gate.spent import Epsilon, Interval, NoInterval, Spend

if TYPE_CHECKING:
    from policy_gate.areas.privacy.ledger.chain import Line
    from policy_gate.areas.privacy.ledger.entry import LedgerEntry
    from policy_gate.spending.limits import Budget

MAX_FORECAST = 4
"""So many more releases are tried; each costs the accountant one composition."""


def spends(lines: Sequence[Line], own_path: str, budget: Budget) -> Iterator[Spend]:
    """One spend for every group of lines about the same people, as its newest line sees it; the newest group first."""
    left = list(lines)
    while left:
        newest = max(left, key=lambda line: (line.entry.day, line.path == own_path, line.number))
        related = same_people(newest.entry, left, own_path)
        yield spend_of(newest.entry, related, budget, landed=True)
        left = [line for line in left if line not in related]


def spend_of(newest: LedgerEntry, related: Sequence[Line], budget: Budget, *, landed: bool) -> Spend:
    """What the lines about the people of one release cost them together with it."""
    try:
        found = counted(newest, related, budget.window, landed=landed)
        together = joint(newest, [line.entry for line in found.lines], own_counts=found.own_counts)
    except EvidenceError as error:
        refused = NoInterval(reason=error.reason.value, detail=error.detail, fix=error.fix)
        return _spend(newest, (newest,), budget, refused)
    entries = (*(line.entry for line in found.lines), *((newest,) if found.own_counts else ()))
    epsilon = epsilon_of(together.everything, together.delta)
    forecast = tuple(_forecast(newest, together, budget.max_epsilon)) if isinstance(epsilon, Interval) else ()
    note = f"{newest.words} ships the bytes of {found.repeats} again, and spends nothing more" if found.repeats else ""
    return _spend(newest, entries, budget, epsilon, delta=together.delta, forecast=forecast, note=note)


def _spend(
    newest: LedgerEntry,
    entries: Sequence[LedgerEntry],
    budget: Budget,
    epsilon: Epsilon,
    *,
    delta: float = 0.0,
    forecast: tuple[float, ...] = (),
    note: str = "",
) -> Spend:
    days = sorted(one.day for one in entries)
    return Spend(
        population=newest.population.id,
        releases=len(entries),
        since=days[0].isoformat() if days else "",
        until=budget.window.until.isoformat(),
        delta=delta or newest.claim.delta,
        epsilon=epsilon,
        plain_sum=_plain_sum(entries),
        max_epsilon=budget.max_epsilon,
        rule=budget.rule,
        room=sum(one <= budget.max_epsilon for one in forecast),
        forecast=forecast,
        leaves=budget.window.leaves(days[0]).isoformat() if days else "",
        note=note,
    )


def _plain_sum(entries: Sequence[LedgerEntry]) -> float | None:
    """The claims of all, added: what a reader without an accountant would have to assume."""
    return round_up(sum(one.claim.epsilon for one in entries)) if entries else None


def _forecast(newest: LedgerEntry, together: Joint, max_epsilon: float) -> Iterator[float]:
    """Upper ends with one more release like the newest, two more, ... until one does not fit."""
    like = together.own or joint(newest, (), own_counts=True).own
    mechanisms = together.everything
    for _ in range(MAX_FORECAST):
        mechanisms = merged((*mechanisms, *like))
        epsilon = epsilon_of(mechanisms, together.delta)
        if not isinstance(epsilon, Interval):
            return
        yield epsilon.upper
        if epsilon.upper > max_epsilon:
            return
