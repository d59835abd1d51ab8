"""How much more noise would have met a claim: the number a fix can name."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from policy_gate.areas.privacy.accounting.accountant import account
from policy_gate.areas.privacy.accounting.proving import is_quick, prove
from policy_gate.areas.privacy.accounting.tuning import Spending
from policy_gate.errors import EvidenceError

_MOST = 64.0
_HALVINGS = 12
_TIGHT_CALLS = 4
"""The tight accountant may take half a second a call; three mostly meet the least factor to about 0.2 %."""
_LAST_STEP = 1.01
"""Secants through a bent curve close in from the side that proves nothing: the last one goes this much further."""
_SHOWN = 1e-5
"""What a verdict may round an epsilon up by."""
_ANY_CLAIM = 0.0
"""No claim is this low: the tight accountant answers once, to a thousandth, and looks no closer."""
_MARGIN = 1e-3
"""The advice is aimed this far below the claim, so that rounding it up cannot miss by a last digit."""


def noise_factor(mechanisms: Sequence[Spending], delta: float, epsilon: float, fixed: Sequence[Spending] = ()) -> float:
    """Find a factor on the noise of `mechanisms` that proves `epsilon` together with `fixed`, as `prove` sees it.

    Within about 1 % of the least one where the tight accountant answers; inf when 64 is too little; 1 where nothing is
    missing.
    """
    claim = epsilon
    epsilon *= 1.0 - _SHOWN

    def at(factor: float) -> list[Spending]:
        return [*fixed, *(one.quieter(factor) for one in mechanisms)]

    coarse = _least(lambda factor: _upper_by_stage_one(at(factor), delta), epsilon)
    now = _upper(at(1.0), delta, claim)
    if now <= epsilon:
        return 1.0
    return min(coarse, _least_tight(at, delta, epsilon, now)) if is_quick(mechanisms, delta) else coarse


def _least_tight(at: Callable[[float], list[Spending]], delta: float, epsilon: float, now: float) -> float:
    """Guess by the ratio of both stages, then by secants through log factor and log epsilon; inf if none proves."""
    first = _upper_by_stage_one(at(1.0), delta)
    if not now < first < math.inf:
        return math.inf
    aim = epsilon * (1.0 - _MARGIN)
    factor = _least(lambda one: _upper_by_stage_one(at(one), delta), aim * first / now)
    proven, below = math.inf, (0.0, math.log(now))
    for calls in range(1, _TIGHT_CALLS + 1):
        if not 1.0 < factor < proven:
            return proven
        found = _upper(at(factor), delta, _ANY_CLAIM)
        if found <= epsilon:
            proven = factor
        if abs(math.log(found / aim)) < _MARGIN:
            return proven
        slope = (math.log(found) - below[1]) / (math.log(factor) - below[0])
        if slope >= 0.0:
            return proven
        below = below if found <= epsilon else (math.log(factor), math.log(found))
        factor *= math.exp((math.log(aim) - math.log(found)) / slope)
        if calls == _TIGHT_CALLS - 1 and math.isinf(proven):
            factor *= _LAST_STEP
    return proven


def _least(upper: Callable[[float], float], epsilon: float) -> float:
    """Least factor from 1 on (within 0.1 %, from above) at which a falling bound is at most epsilon."""
    high = 1.0
    while upper(high) > epsilon:
        if high >= _MOST:
            return math.inf
        high *= 2.0
    low = high / 2.0
    for _ in range(_HALVINGS if high > 1.0 else 0):
        middle = math.sqrt(low * high)
        low, high = (low, middle) if upper(middle) <= epsilon else (middle, high)
    return high


def _upper_by_stage_one(mechanisms: Sequence[Spending], delta: float) -> float:
    try:
        return account(mechanisms, delta).upper
    except EvidenceError:
        return math.inf


def _upper(mechanisms: Sequence[Spending], delta: float, epsilon: float) -> float:
    try:
        return prove(mechanisms, delta, epsilon).upper
    except EvidenceError:
        return math.inf
