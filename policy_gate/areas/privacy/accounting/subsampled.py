"""Renyi divergence of the Poisson-subsampled Gaussian mechanism: an upper bound at every order above 1.

Method: Mironov, Talwar, Zhang, "Renyi Differential Privacy of the Sampled Gaussian Mechanism" (2019),
sections 3.3 (fractional orders) and 3.4 (integer orders).
"""

from __future__ import annotations

import math
from functools import lru_cache

from policy_gate.areas.privacy.accounting.tails import log_expm1, log_sum, log_upper_tail

_NEGLIGIBLE = -36.0
"""A share of exp(-36) is below the last bit of a double."""
_MAX_SERIES_TERMS = 100
_MAX_SUM_TERMS = 4096
_ULPS = 2.0**-50


@lru_cache(maxsize=4096)  # a phase is accounted for alone and in the sum
def subsampled_gaussian_rdp(rate: float, noise_multiplier: float, order: float) -> float:
    """Bound the divergence of one step, for add-or-remove-one neighbours; `order` > 1, 0 < `rate` < 1."""
    if order == int(order):
        log_moment = _log_moment_integer(rate, noise_multiplier, int(order))
    else:
        log_moment = _log_moment_fractional(rate, noise_multiplier, order)
    # Sampling never costs privacy: the whole Gaussian mechanism is always a bound.
    return min(log_moment / (order - 1.0), order / (2.0 * noise_multiplier * noise_multiplier))


@lru_cache(maxsize=4096)  # fractional orders interpolate between the same whole ones
def _log_moment_integer(rate: float, noise_multiplier: float, order: int) -> float:
    """Bound log E[(1 - q + q r)^order] through the excess over 1, whose terms are all positive: nothing cancels."""
    if order < 2:
        return 0.0
    return _log1p_exp(_log_excess(rate, noise_multiplier, order))


def _log_excess(rate: float, noise_multiplier: float, order: int) -> float:
    """Bound log of sum over k >= 2 of C(order, k) (1-q)^(order-k) q^k (exp(k(k-1)/2s^2) - 1)."""
    half_precision = 0.5 / (noise_multiplier * noise_multiplier)
    log_odds = math.log(rate) - math.log1p(-rate)
    log_start = order * math.log1p(-rate)
    log_tail = log_start + _log_far_tail(log_odds, half_precision, order)
    log_weight = log_start + math.log(order) + log_odds
    logs: list[float] = []
    highest = -math.inf
    for k in range(2, min(order, _MAX_SUM_TERMS) + 1):
        log_weight += math.log((order - k + 1) / k) + log_odds
        exponent = k * (k - 1.0) * half_precision
        logs.append(log_weight + log_expm1(exponent))
        highest = max(highest, logs[-1])
        # Terms up to the middle at least halve from here: together they are at most this one with exp for exp - 1.
        rest = max(log_weight + exponent, log_tail)
        if rest < highest + _NEGLIGIBLE and _halves_to_middle(order, k, log_odds, half_precision):
            return log_sum([*logs, log_weight + exponent, log_tail])
    if order > _MAX_SUM_TERMS:
        # Convexity of x^order: the moment is at most (1 - q) + q times the moment without sampling.
        return math.log(rate) + log_expm1(order * (order - 1.0) * half_precision)
    return log_sum(logs)


def _halves_to_middle(order: int, k: int, log_odds: float, half_precision: float) -> bool:
    """Whether each term C(order, k) q^k exp(k(k-1)/2s^2) from k to the middle is at most half of the one before it.

    The log ratio of neighbours, log((order-k)/(k+1)) + log_odds + k/s^2, is convex up to the middle, so its ends
    bound it; in the middle its first part is below 0.
    """
    middle = order // 2
    if k >= middle:
        return False
    ratio_here = math.log((order - k) / (k + 1)) + log_odds + 2.0 * k * half_precision
    ratio_middle = log_odds + order * half_precision
    return max(ratio_here, ratio_middle) < -1.0


def _log_far_tail(log_odds: float, half_precision: float, order: int) -> float:
    """Bound the log of the sum over the upper half of k (without its factor (1-q)^order); inf where it is useless.

    All binomial coefficients together are 2^order, and the exponent k log_odds + k^2/2s^2 is convex in k.
    """
    middle = order // 2

    def exponent(k: int) -> float:
        return k * log_odds + k * k * half_precision

    bound = order * math.log(2.0) + max(exponent(middle), exponent(order))
    return bound if bound < 0.0 else math.inf


def _log_moment_fractional(rate: float, noise_multiplier: float, order: float) -> float:
    """The better of the series and of interpolation between integers (the log moment is convex in the order)."""
    below = math.floor(order)
    share = order - below
    low = _log_moment_integer(rate, noise_multiplier, below)
    high = _log_moment_integer(rate, noise_multiplier, below + 1)
    interpolated = (1.0 - share) * low + share * high
    return min(interpolated, _log_moment_series(rate, noise_multiplier, order))


def _log_moment_series(rate: float, noise_multiplier: float, order: float) -> float:
    """Two binomial series, split where q r = 1 - q; past `order` they alternate, so the next term bounds the rest."""
    log_rate, log_rest = math.log(rate), math.log1p(-rate)
    half_precision = 0.5 / (noise_multiplier * noise_multiplier)
    split = noise_multiplier * noise_multiplier * (log_rest - log_rate) + 0.5
    log_coefficient, sign = 0.0, 1.0
    terms: list[tuple[float, float]] = []
    highest = largest_exponent = 0.0
    for i in range(_MAX_SERIES_TERMS):
        j = order - i
        low = log_coefficient + i * log_rate + j * log_rest + i * (i - 1.0) * half_precision
        low_tail = log_upper_tail((i - split) / noise_multiplier)
        high = log_coefficient + j * log_rate + i * log_rest + j * (j - 1.0) * half_precision
        high_tail = log_upper_tail((split - j) / noise_multiplier)
        parts = (i * i + j * j) * half_precision - (i + abs(j)) * (log_rate + log_rest) - low_tail - high_tail
        largest_exponent = max(largest_exponent, parts)
        pair = (low + low_tail, high + high_tail)
        highest = max(highest, *pair)
        ended = i > order and (max(pair) < highest + _NEGLIGIBLE or i == _MAX_SERIES_TERMS - 1)
        # A positive last term is above the rest of its series; a negative one is left out, which is above it too.
        if not ended or sign > 0.0:
            terms.extend((sign, one) for one in pair)
        if ended:
            break
        log_coefficient += math.log(abs(j) / (i + 1))
        sign = sign if j > 0.0 else -sign
    else:
        return math.inf
    return _log_signed_sum(terms, highest, largest_exponent)


def _log_signed_sum(terms: list[tuple[float, float]], highest: float, largest_exponent: float) -> float:
    """Bound the log of a signed sum from above, with room for the rounding of every exponent."""
    scaled = [(sign, math.exp(one - highest)) for sign, one in terms]
    total = math.fsum([sign * size for sign, size in scaled])
    room = math.fsum([size for _, size in scaled]) * (largest_exponent + 16.0) * _ULPS
    if total <= 0.0:
        return math.inf
    return highest + math.log(total + room)


def _log1p_exp(x: float) -> float:
    """log(1 + exp(x)) without overflow; keeps full precision where exp(x) is tiny."""
    return x + math.log1p(math.exp(-x)) if x > 0.0 else math.log1p(math.exp(x))
