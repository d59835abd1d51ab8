"""Proves a claim by the cheapest means that suffice: closed forms and Renyi bounds, then the tight accountant."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from policy_gate.areas.privacy.accounting.accountant import FLOOR, EpsilonInterval, account
from policy_gate.areas.privacy.accounting.extra import TruncatedPoisson, upper_by_extra
from policy_gate.areas.privacy.accounting.mechanisms import SubsampledGaussian
from policy_gate.areas.privacy.accounting.tuning import Selected
from policy_gate.areas.privacy.accounting.without_replacement import SubsetGaussian
from policy_gate.errors import EvidenceError

if TYPE_CHECKING:
    from policy_gate.areas.privacy.accounting.mechanisms import Mechanism
    from policy_gate.areas.privacy.accounting.tuning import Spending

_UPPER_ALONE = (Selected, SubsetGaussian, TruncatedPoisson)
"""Stage 2 has no pair of distributions for these."""
_SHOWN = 1e-5
"""A verdict sees the upper end rounded up to six digits: a claim closer than this may still need the tighter one."""
_MOST_QUICK_STEPS = 10**7
_MOST_QUICK_RECORDS = 16
_LEAST_QUICK_DELTA = 1e-60
"""Of one unit, drawn in one step on average: each takes a few terms of a mixture."""
_NEAR = 0.05
"""Share of an end within which a closer look may move it."""
_ROUNDING = 1e-6
"""Two proofs of one number may differ by so much, relative to it."""


def prove(mechanisms: Sequence[Spending], delta: float, claimed_epsilon: float) -> EpsilonInterval:
    """Enclose epsilon of all mechanisms together at `delta`, as tightly as a verdict on the claim needs.

    Stage 1 (standard library) is enough where it proves the claim, or is exact; else the better ends of both stages.
    Where stage 2 cannot resolve, `unresolved` of the result says why. Raises EvidenceError as `account` does.
    """
    return _prove(tuple(mechanisms), delta, claimed_epsilon)


@lru_cache(maxsize=64)  # a phase is proven alone and in the sum, a claim for its verdict and for its advice
def _prove(mechanisms: tuple[Spending, ...], delta: float, claimed_epsilon: float) -> EpsilonInterval:
    if any(isinstance(one, TruncatedPoisson) for one in mechanisms):
        upper = max(upper_by_extra(mechanisms, delta), FLOOR)
        return EpsilonInterval(0.0, upper, "dp-accounting, pessimistic losses", stage=2)
    found = account(mechanisms, delta)
    exact = all(math.isfinite(one.mu) for one in mechanisms)
    if claimed_epsilon >= found.upper * (1.0 + _SHOWN) or exact:
        return found
    return _by_stage_two(found, mechanisms, delta, claimed_epsilon)


def _by_stage_two(
    first: EpsilonInterval, mechanisms: Sequence[Spending], delta: float, claimed_epsilon: float
) -> EpsilonInterval:
    known = [one for one in mechanisms if not isinstance(one, _UPPER_ALONE)]
    whole = len(known) == len(mechanisms)
    parts = known if whole else certainly_spent(mechanisms)
    if not parts:
        return first
    found = _better(first, _enclose(parts, delta, math.nan, whole=whole))
    if found.stage == 2 and _is_close_call(claimed_epsilon, found):
        found = _better(found, _enclose(parts, delta, claimed_epsilon, whole=whole))
    return found


def _is_close_call(claimed_epsilon: float, found: EpsilonInterval) -> bool:
    """Whether a closer look may decide: a claim far from both ends has had all the work there is."""
    is_between = found.lower <= claimed_epsilon < found.upper
    near = claimed_epsilon >= found.upper * (1.0 - _NEAR) or claimed_epsilon <= found.lower * (1.0 + _NEAR)
    return claimed_epsilon > 0.0 and is_between and near


def _better(first: EpsilonInterval, second: EpsilonInterval) -> EpsilonInterval:
    """The tighter of both ends; `method` is that of the upper one. Ends that contradict each other prove nothing."""
    upper, method = min((first.upper, first.method), (second.upper, second.method))
    lower = max(first.lower, second.lower)
    if lower > upper * (1.0 + _ROUNDING):
        return replace(first, unresolved=f"one proof puts epsilon at {lower:g} at least, another at {upper:g} at most")
    stage = max(first.stage, second.stage)
    return EpsilonInterval(min(lower, upper), upper, method, stage, first.unresolved or second.unresolved)


def curve(mechanisms: Sequence[Spending], epsilons: Sequence[float]) -> list[float]:
    """Bound delta at each epsilon by stage 2; empty where it has no answer."""
    bounding = [one for one in mechanisms if not isinstance(one, _UPPER_ALONE)]
    if len(bounding) < len(mechanisms):
        return []
    try:
        from policy_gate.areas.privacy.accounting.tight import curve as tight_curve  # as in _enclose

        return [upper for _, upper in tight_curve(bounding, epsilons)]
    except (EvidenceError, ImportError):
        return []


def is_quick(mechanisms: Sequence[Spending], delta: float = 1.0) -> bool:
    """Whether stage 2 can be asked several times.

    Beyond so many steps or records, or for a delta so small, a call may take half a second and more.
    """
    sampled = [one for one in mechanisms if isinstance(one, SubsampledGaussian)]
    few = all(one.records <= _MOST_QUICK_RECORDS for one in sampled)
    return few and delta >= _LEAST_QUICK_DELTA and sum(one.steps for one in sampled) <= _MOST_QUICK_STEPS


def certainly_spent(mechanisms: Sequence[Spending]) -> list[Mechanism]:
    """What is left without mere upper bounds: leaving a part out never raises epsilon.

    Of several trials, the run that was released: their score may be the same for all, and then nothing was chosen.
    """
    runs = [run for one in mechanisms for run in (one.always if isinstance(one, Selected) else (one,))]
    return [run for run in runs if run.attained and not isinstance(run, _UPPER_ALONE)]


def _enclose(mechanisms: Sequence[Mechanism], delta: float, claim: float, *, whole: bool) -> EpsilonInterval:
    """Stage 2, of which the upper end counts for the `whole` alone; or the interval that says nothing and why."""
    try:
        from policy_gate.areas.privacy.accounting.tight import enclose  # numpy costs 0.2 s; a proven claim never pays

        found = enclose(mechanisms, delta, claim)
    except ImportError:
        return EpsilonInterval(0.0, math.inf, "", 1, "the tight accountant needs numpy, which is not installed")
    except EvidenceError as refusal:
        return EpsilonInterval(0.0, math.inf, "", 1, refusal.detail)
    return replace(found, stage=2, upper=found.upper if whole else math.inf)
