"""From a mechanism to a pair of distributions on a line that dominates every pair of neighbouring data sets.

A pair (P, Q) is all that composition needs: delta(epsilon) = E_P[(1 - exp(epsilon - L))_+] with the loss
L = log dP/dQ, and what dominates step by step dominates the adaptive composition (Zhu, Dong, Wang, "Optimal
Accounting of Differential Privacy via Characteristic Function" (2022), theorem 10). Directions (from the larger data
set to the smaller, and back) compose separately; the worse one is the answer.

Poisson-subsampled Gaussian, a unit of k records, m = 1/noise. Both worlds share the coins, and given the other
records' coins what they add only moves both worlds alike; mixing over those coins never raises a hockey-stick
divergence (joint convexity). Given that j of the unit's records are drawn, their sum moves the mean by c with
|c| <= j m. For any event S of probability a under N(0, 1), Neyman & Pearson give N(c)(S) <= Phi(Phi^-1(a) + |c|) and
>= Phi(Phi^-1(a) - |c|). A half-space across one common direction attains all of these at once, for every a, so that
for no event and no exp(epsilon) does P(S) - exp(epsilon) Q(S) exceed its value for the pair on a line:

    removed:  P = sum_j w_j N(j m, 1),  Q = N(0, 1),                  w_j = Binomial(k, rate)(j)
    added:    P = N(0, 1),              Q = sum_j w_j N(-j m, 1)      (reflected, so that L rises with x)
    replaced: P = sum_j w_j N(j m, 1),  Q = sum_j w_j N(-j m, 1)      (both directions alike)

These pairs are themselves attained, so the same curve serves the lower end. Plain steps of Gaussian noise are one
step of the mean sqrt(steps)/noise (w_1 = 1). Other mechanisms need their own proof: Lebeda, Regehr, Kamath,
Steinke, "Avoiding Pitfalls for Privacy Accounting of Subsampled Mechanisms under Composition" (2024).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from typing import TypeAlias

from policy_gate.areas.privacy.accounting.atoms import AtomPair, LaplacePair
from policy_gate.areas.privacy.accounting.mechanisms import (
    Gaussian,
    Laplace,
    Mechanism,
    Pure,
    RandomizedResponse,
    SubsampledGaussian,
)
from policy_gate.areas.privacy.accounting.normals import NormalPair, Shape
from policy_gate.errors import EvidenceError, Reason
from policy_gate.frozen import dataclass

Pair: TypeAlias = NormalPair | LaplacePair | AtomPair
_MOST_TERMS = 400
_LARGEST_MEAN = 60.0
"""Of a component, in standard deviations of the noise: beyond it the loss of one step is in the thousands."""


class Direction(StrEnum):
    """Which of two neighbouring data sets the output came from."""

    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class Part:
    """Some steps of one pair."""

    pair: Pair
    steps: int


def has_pair(one: Mechanism) -> bool:
    """Whether a pair of distributions dominates it: not known for a zero-concentrated loss."""
    return isinstance(one, (Gaussian, SubsampledGaussian, Laplace, RandomizedResponse, Pure))


def parts_of(mechanisms: Sequence[Mechanism], direction: Direction, lost: float) -> list[Part]:
    """Give the pairs of all mechanisms in one direction, equal ones together.

    `lost` is the probability of a step that may be cut off. Raises EvidenceError for a mechanism without a pair and for
    parameters beyond what a grid can hold.
    """
    normal = math.fsum([one.mu * one.mu for one in mechanisms if isinstance(one, Gaussian)])
    counts = Counter(one for one in mechanisms if not isinstance(one, Gaussian))
    rest = [_part(one, count, direction, lost) for one, count in counts.items()]
    return [Part(_plain(math.sqrt(normal)), 1), *rest] if normal > 0.0 else rest


def _part(one: Mechanism, count: int, direction: Direction, lost: float) -> Part:
    if isinstance(one, SubsampledGaussian):
        return Part(_subsampled(one, direction, lost), one.steps * count)
    if isinstance(one, Laplace):
        return Part(LaplacePair(1.0 / one.scale), one.steps * count)
    if isinstance(one, RandomizedResponse):
        return Part(_randomized_response(one), one.reports * count)
    if isinstance(one, Pure):
        # Randomized response on one bit dominates everything with that loss (Kairouz, Oh, Viswanath 2015, section 4).
        high = 1.0 / (1.0 + math.exp(-one.pure_epsilon))
        return Part(
            AtomPair(((one.pure_epsilon, high), (-one.pure_epsilon, 1.0 / (1.0 + _exp(one.pure_epsilon))))), count
        )
    raise EvidenceError(Reason.NOT_PROVEN, f"no pair of distributions is known that dominates {type(one).__name__}")


def _exp(x: float) -> float:
    return math.exp(x) if x < 700.0 else math.inf


def _plain(mu: float) -> NormalPair:
    if mu > _LARGEST_MEAN:
        raise EvidenceError(Reason.NOT_PROVEN, f"sensitivity over noise is {mu:g}; the grid takes {_LARGEST_MEAN:g}")
    return NormalPair(mu, (1.0,), (-0.5 * mu * mu,), Shape.ADDED)


def _subsampled(one: SubsampledGaussian, direction: Direction, lost: float) -> NormalPair:
    mean = 1.0 / one.noise_multiplier
    weights, cut_off = _binomial(one.records, one.rate, lost)
    if (len(weights) - 1) * mean > _LARGEST_MEAN:
        raise EvidenceError(
            Reason.NOT_PROVEN,
            f"{len(weights) - 1} records over noise {one.noise_multiplier:g} move the mean by more than the grid takes",
        )
    rounding = (one.records * -math.log1p(-one.rate) + 8.0 + 3.0 * len(weights)) * 2.0**-52
    return NormalPair(
        mean,
        tuple(float(j) for j in range(len(weights))),
        tuple(math.log(weight) - 0.5 * (j * mean) ** 2 for j, weight in enumerate(weights)),
        Shape.REPLACED if one.replaced else Shape(direction.value),
        cut_off=cut_off,
        weight_error=rounding + cut_off / weights[0],
    )


def _binomial(count: int, rate: float, lost: float) -> tuple[list[float], float]:
    """Give the probabilities of 0, 1, ... records drawn, and a bound on those of the many that are cut off.

    What is cut off counts as no record drawn, which moves both distributions towards each other: the lower end stays
    valid. For the upper end it is an infinite loss (`cut_off`), and a relative error of Q of at most cut_off / w_0.
    """
    none = math.exp(count * math.log1p(-rate))
    weights = [none]
    # From each weight to the next, five roundings: neither a coefficient nor a power leaves the range of a double.
    ratio = rate / (1.0 - rate)
    for j in range(1, count + 1):
        weight = weights[-1] * ((count - j + 1.0) / j * ratio)
        odds = (count - j) / (j + 1.0) * ratio
        weights.append(weight)
        rest = weight * odds / (1.0 - odds) if odds < 1.0 else math.inf
        if rest <= min(lost, 1e-18 * none):
            return weights, 2.0 * rest
        if j >= _MOST_TERMS or not weight > 0.0:
            raise EvidenceError(Reason.NOT_PROVEN, f"{count} records of one unit at rate {rate:g} need too many terms")
    return weights, 0.0


def _randomized_response(one: RandomizedResponse) -> AtomPair:
    """The true answer against another's: their likelihoods differ for these two outcomes and for no other."""
    kept = one.keep_probability
    other = (1.0 - kept) / (one.categories - 1)
    loss = math.log(kept) - math.log1p(-kept) + math.log(one.categories - 1)
    return AtomPair(((loss, kept), (-loss, other), (0.0, (1.0 - kept) * (one.categories - 2) / (one.categories - 1))))
