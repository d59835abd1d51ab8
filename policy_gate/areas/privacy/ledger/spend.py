"""What several releases cost one population together: their mechanisms composed under one unit and one adjacency."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from policy_gate.areas.privacy.accounting.accountant import account
from policy_gate.areas.privacy.accounting.mechanisms import MAX_STEPS, Gaussian, Laplace, SubsampledGaussian
from policy_gate.areas.privacy.accounting.proving import prove
from policy_gate.areas.privacy.accounting.schemes import Refusal, Setting
from policy_gate.areas.privacy.accounting.spending import spent_by
from policy_gate.areas.privacy.accounting.tuning import Selected, Spending
from policy_gate.areas.privacy.ledger.entry import LedgerEntry
from policy_gate.errors import EvidenceError, Reason
from policy_gate.frozen import dataclass
from policy_gate.model import round_up

_LARGER = {
    "example": ("example", "user-day", "device", "user", "household"),
    "user-day": ("user-day", "user", "household"),
    "device": ("device", "household"),
    "user": ("user", "household"),
    "household": ("household",),
}
"""Units that hold all records of one of this kind, so that a bound on theirs bounds its own too."""
MAX_DIFFERENT = 128
"""Different mechanisms that are composed; a pull request may bring a ledger that would keep the accountant busy."""
_SELECTED_COUNTS = 32
"""A random number of trials takes the accountant as long as so many other mechanisms."""
MAX_FORECAST = 4
"""So many more releases are tried; each costs the accountant one composition."""
_STATED = frozenset({"zcdp", "declared"})
"""Mechanisms known by a loss that was stated for the unit and the neighbours of their own release alone."""


@dataclass(frozen=True, slots=True)
class Joint:
    """Everything composed: mechanisms of the earlier releases and of the release itself, and the least delta."""

    earlier: tuple[Spending, ...]
    own: tuple[Spending, ...]
    delta: float

    @property
    def everything(self) -> tuple[Spending, ...]:
        """All mechanisms, those that are alike as one with more steps."""
        return merged((*self.earlier, *self.own))


def joint(judged: LedgerEntry, earlier: Sequence[LedgerEntry], *, own_counts: bool) -> Joint:
    """Compose releases for the unit and the neighbours of `judged`; raises EvidenceError naming what cannot be.

    The records of one unit are the most that any of them allows, delta is the least that any of them claims.
    """
    everyone = (*earlier, judged)
    for entry in earlier:
        _refuse_smaller_unit(judged, entry)
    setting = Setting(judged.adjacency, max(_records(entry) for entry in everyone))
    before = [_spending(entry, setting) for entry in earlier]
    own = _spending(judged, setting) if own_counts else ()
    counting = (*earlier, judged) if own_counts else earlier
    composed = Joint(
        tuple(one for part in before for one in part), tuple(own), min(one.claim.delta for one in counting)
    )
    _require_few(composed.everything)
    return composed


def _require_few(mechanisms: Sequence[Spending]) -> None:
    different = sum(_SELECTED_COUNTS if isinstance(one, Selected) else 1 for one in mechanisms)
    if different > MAX_DIFFERENT:
        what = f"the releases of the window have {different} different mechanisms; at most {MAX_DIFFERENT} are composed"
        counted = f" (a random number of trials counts {_SELECTED_COUNTS})"
        raise EvidenceError(Reason.TOO_LARGE, f"{what}{counted}")


def _refuse_smaller_unit(judged: LedgerEntry, entry: LedgerEntry) -> None:
    kind, other = judged.unit.kind, entry.unit.kind
    if other not in _LARGER[kind]:
        what = f"{entry.words} bounds what it learnt of one {other}, which says nothing of one {kind}"
        raise EvidenceError(Reason.NOT_PROVEN, what, fix=f"account for every release of this population per {kind}")


def _records(entry: LedgerEntry) -> int:
    if entry.unit.kind == "example":
        return 1
    if entry.unit.max_records_per_unit is None:
        what = f"{entry.words} does not say how many records one {entry.unit.kind} may hold"
        raise EvidenceError(Reason.NOT_DECLARED, what)
    return entry.unit.max_records_per_unit


def _spending(entry: LedgerEntry, setting: Setting) -> tuple[Spending, ...]:
    at_home = setting == Setting(entry.adjacency, _records(entry))
    stated = [phase for phase in entry.phases if phase.mechanism in _STATED]
    if stated and not at_home:
        what = (
            f"{entry.words} states the loss of its phase {stated[0].id} for {entry.adjacency} and {_records(entry)} "
            f"records, not for {setting.adjacency} and {setting.records_per_unit}"
        )
        raise EvidenceError(Reason.NOT_PROVEN, what)
    found = spent_by(entry.phases, entry.tuning, setting)
    if isinstance(found, Refusal):
        raise EvidenceError(found.reason, f"{entry.words}: {found.detail}", fix=found.fix)
    return found.spending


def merged(mechanisms: Iterable[Spending]) -> tuple[Spending, ...]:
    """The same mechanisms, where those alike but for their steps are one; exact, and far less work to compose."""
    steps: Counter[Gaussian | SubsampledGaussian | Laplace] = Counter()
    rest: list[Spending] = []
    for one in mechanisms:
        if not isinstance(one, (Gaussian, SubsampledGaussian, Laplace)):
            rest.append(one)
            continue
        single = replace(one, steps=1)
        if steps[single] + one.steps > MAX_STEPS:
            rest.append(one)
        else:
            steps[single] += one.steps
    return (*(replace(one, steps=count) for one, count in steps.items()), *rest)


def with_more(own: LedgerEntry, composed: Joint, aim: float) -> list[float]:
    """Upper ends with one, two, ... releases more like `own`; it ends with the first above `aim`.

    Only the next one is worth the tight accountant's time. A release that repeats the bytes of another would, trained
    again, spend what it claims. Raises EvidenceError.
    """
    alone = joint(own, (), own_counts=True) if not composed.own else composed
    uppers: list[float] = []
    for more in range(1, MAX_FORECAST + 1):
        spending = merged((*composed.everything, *(alone.own * more)))
        found = prove(spending, composed.delta, aim) if more == 1 else account(spending, composed.delta)
        uppers.append(round_up(found.upper))
        if uppers[-1] > aim:
            break
    return uppers
