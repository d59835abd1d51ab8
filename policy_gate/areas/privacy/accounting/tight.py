"""Stage 2: the certified tight accountant. Both ends of the exact privacy curve, by numeric composition (numpy).

A mechanism becomes a dominating pair (pairs.py), its loss masses on knots that bound it from above and from below
(discretise.py), which are composed by a tilted FFT whose every error is bounded (convolve.py) and read off (ends.py).
What it cannot resolve it does not answer: an end it cannot give is 0 or infinity, and without both it refuses.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from policy_gate.areas.privacy.accounting.accountant import FLOOR, MIN_DELTA, EpsilonInterval
from policy_gate.areas.privacy.accounting.mechanisms import MAX_EPSILON, Mechanism, require_number
from policy_gate.areas.privacy.accounting.pairs import Direction, has_pair, parts_of
from policy_gate.areas.privacy.accounting.sides import Side
from policy_gate.errors import EvidenceError, Reason

METHOD = "composition of exact privacy losses"
_CLOSE, _NEAR = 1e-3, 4e-3
"""Ends closer than this share of epsilon are close enough where nothing is claimed; the second where more is costly."""
_EXACT = 1e-8
_MOST_WORK = 13 << 18
"""Knots of all transforms together: about a second and a half."""
_CONTRADICTION = 1e-9
_LOST = 1e-18
"""Share of delta that the rarest numbers of drawn records may make up in one step."""
_LEAST_LOST = 1e-290
_DELTA_OF_CURVES = 1e-30


def enclose(mechanisms: Sequence[Mechanism], delta: float, claimed_epsilon: float = math.nan) -> EpsilonInterval:
    """Enclose epsilon of the joint release of all mechanisms at `delta`, 0 < delta < 1.

    With a claim, as closely as it takes to put it outside (or as can be); without, to a few thousandths.
    upper is infinite where a mechanism has no dominating pair; lower is 0 where none of them is attained, or where no
    lower end could be certified. Raises EvidenceError when neither end can be given.
    """
    require_number("delta", delta, MIN_DELTA, 1.0 - 2.0**-53)
    sides = _sides(mechanisms, max(delta * _LOST, _LEAST_LOST))
    work = _MOST_WORK
    while (side := _next(sides, claimed_epsilon, work)) is not None:
        work -= side.refine(delta, claimed_epsilon)
    return _interval(sides)


def _next(sides: Sequence[Side], claim: float, work: int) -> Side | None:
    """The direction whose epsilon is largest as far as is known, of those that can still be known better."""
    for group in ([side for side in sides if side.gives_upper], [side for side in sides if side.gives_lower]):
        lower, upper = (
            max((side.lower for side in group), default=0.0),
            max((side.upper for side in group), default=0.0),
        )
        worst = max(group, key=lambda side: side.upper, default=None)
        if worst is None or not worst.can_refine(work):
            continue
        if worst.is_fresh and worst.upper > lower:
            return worst
        close = _NEAR if worst.is_costly else _CLOSE
        if not any(_is_settled(*ends, claim, close) for ends in ((lower, upper), (worst.lower, worst.upper))):
            return worst
    return None


def _is_settled(lower: float, upper: float, claim: float, close: float) -> bool:
    """Whether smaller cells would tell nothing."""
    if claim >= upper or claim < lower:
        return True
    return math.isfinite(upper) and upper - lower <= (close if math.isnan(claim) else _EXACT) * upper


def curve(mechanisms: Sequence[Mechanism], epsilons: Sequence[float]) -> list[tuple[float, float]]:
    """Enclose delta at each epsilon >= 0; at 0 it is the advantage of the best distinguisher.

    An end that cannot be given is 0 or 1. Raises EvidenceError for parameters that stage 2 does not take.
    """
    for epsilon in epsilons:
        require_number("epsilon", epsilon, 0.0, MAX_EPSILON)
    sides = _sides(mechanisms, _DELTA_OF_CURVES * _LOST)
    return [_deltas(sides, epsilon) for epsilon in epsilons]


def _deltas(sides: Sequence[Side], epsilon: float) -> tuple[float, float]:
    found = [(side, *side.deltas(epsilon)) for side in sides]
    upper = max((high for side, _, high in found if side.gives_upper), default=1.0)
    return min(max((low for side, low, _ in found if side.gives_lower), default=0.0), upper), upper


def _sides(mechanisms: Sequence[Mechanism], lost: float) -> list[Side]:
    """Both directions; the lower end apart where it rests on a part of the mechanisms alone."""
    if not mechanisms:
        raise EvidenceError(Reason.NOT_PROVEN, "no phase to account for")
    attained = [one for one in mechanisms if one.attained and has_pair(one)]
    bounded = all(has_pair(one) for one in mechanisms)
    if bounded and len(attained) == len(mechanisms):
        return _both_directions(mechanisms, lost, gives_lower=True, gives_upper=True)
    above = _both_directions(mechanisms, lost, gives_lower=False, gives_upper=True) if bounded else []
    below = _both_directions(attained, lost, gives_lower=True, gives_upper=False) if attained else []
    if not above and not below:
        raise EvidenceError(Reason.NOT_PROVEN, "no pair of distributions is known that dominates these mechanisms")
    return [*above, *below]


def _both_directions(
    mechanisms: Sequence[Mechanism], lost: float, *, gives_lower: bool, gives_upper: bool
) -> list[Side]:
    found = [parts_of(mechanisms, direction, lost) for direction in Direction]
    different = found[:1] if found[0] == found[1] else found
    return [Side(parts, gives_lower=gives_lower, gives_upper=gives_upper) for parts in different]


def _interval(sides: Sequence[Side]) -> EpsilonInterval:
    lower = max((side.lower for side in sides if side.gives_lower), default=0.0)
    upper = max((side.upper for side in sides if side.gives_upper), default=math.inf)
    lower, upper = max(lower, 0.0), max(upper, FLOOR)
    if lower > upper * (1.0 + _CONTRADICTION):
        raise EvidenceError(Reason.NOT_PROVEN, f"the certified ends contradict each other: {lower:g} and {upper:g}")
    if lower == 0.0 and math.isinf(upper):
        why = next((side.refusal for side in sides if side.refusal), "below the resolution of the tight accountant")
        raise EvidenceError(Reason.NOT_PROVEN, why)
    return EpsilonInterval(min(lower, upper), upper, METHOD, stage=2)
