"""The tight accountant against curves integrated in the space of outputs: no losses on a grid, no transform."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from policy_gate.areas.privacy.accounting.mechanisms import (
    Gaussian,
    Laplace,
    Mechanism,
    RandomizedResponse,
    SubsampledGaussian,
)
from policy_gate.areas.privacy.accounting.proving import prove
from policy_gate.areas.privacy.accounting.readable import FALSE_ALARM_RATES, readable
from policy_gate.areas.privacy.accounting.tight import curve, enclose
from policy_gate.errors import EvidenceError

Reals = NDArray[np.float64]
Mixture = tuple[tuple[float, float], ...]
"""Weights and means of normal distributions of variance 1."""
_AGREES = 2e-6
"""How well the rules of integration below have converged, relative to delta."""
_tails = np.vectorize(math.erfc, otypes=[np.float64])


def _density(mixture: Mixture, x: Reals) -> Reals:
    return sum((w * np.exp(-0.5 * (x - c) ** 2) for w, c in mixture), np.zeros_like(x)) / math.sqrt(2 * math.pi)


def _above(mixture: Mixture, x: Reals) -> Reals:
    return sum((0.5 * w * _tails((x - c) / math.sqrt(2.0)) for w, c in mixture), np.zeros_like(x))


def _log_ratio(p: Mixture, q: Mixture, x: Reals) -> Reals:
    def log_sum(mixture: Mixture) -> Reals:
        terms = np.array([math.log(w) + c * x - 0.5 * c * c for w, c in mixture])
        top = np.max(terms, axis=0)
        return np.asarray(top + np.log(np.sum(np.exp(terms - top), axis=0)))

    return log_sum(p) - log_sum(q)


def _one_step(p: Mixture, q: Mixture, losses: Reals) -> Reals:
    """delta(epsilon) of one step: the event is a half-line, found by bisection; epsilon may be negative."""
    low, high = np.full_like(losses, -60.0), np.full_like(losses, 60.0)
    for _ in range(56):
        middle = 0.5 * (low + high)
        before = _log_ratio(p, q, middle) < losses
        low, high = np.where(before, middle, low), np.where(before, high, middle)
    return np.maximum(_above(p, high) - np.exp(losses) * _above(q, high), 0.0)


def _delta(p: Mixture, q: Mixture, steps: int, epsilon: float) -> float:
    """All steps but the last by the trapezoid rule, the last one exactly."""
    width = 0.01 if steps < 3 else 0.04
    x = np.arange(-9.0, 9.0 + max(c for _, c in p), width)
    weights, losses = _density(p, x) * width, _log_ratio(p, q, x)
    mass, total = np.ones(1), np.zeros(1)
    for _ in range(steps - 1):
        mass = np.outer(mass, weights).ravel()
        total = np.add.outer(total, losses).ravel()
    held = mass > 1e-14
    return float(np.dot(mass[held], _one_step(p, q, epsilon - total[held])))


def _pairs(one: SubsampledGaussian) -> list[tuple[Mixture, Mixture]]:
    k, q, m = one.records, one.rate, 1.0 / one.noise_multiplier
    weights = [math.comb(k, j) * q**j * (1.0 - q) ** (k - j) for j in range(k + 1)]
    there: Mixture = tuple((w, j * m) for j, w in enumerate(weights))
    back: Mixture = tuple((w, -j * m) for j, w in enumerate(weights))
    alone: Mixture = ((1.0, 0.0),)
    return [(there, back)] if one.replaced else [(there, alone), (alone, back)]


def _encloses(found: tuple[float, float], delta: float, exact: Callable[[float], float]) -> None:
    lower, upper = found
    assert lower > 0.0
    assert upper <= lower * 1.01
    assert exact(lower) >= delta * (1.0 - _AGREES)
    assert exact(upper) <= delta * (1.0 + _AGREES)


@pytest.mark.parametrize(
    ("one", "delta"),
    [
        (SubsampledGaussian(0.3, 0.8, 1), 1e-5),
        (SubsampledGaussian(0.01, 0.7, 2), 1e-5),
        (SubsampledGaussian(0.2, 1.5, 3), 1e-4),
        (SubsampledGaussian(0.9, 1.0, 2), 1e-6),
        (SubsampledGaussian(0.1, 1.0, 2, records=3), 1e-5),
        (SubsampledGaussian(0.4, 3.0, 3, records=8), 1e-4),
        (SubsampledGaussian(0.1, 1.0, 2, replaced=True), 1e-5),
        (SubsampledGaussian(0.25, 2.0, 3, records=2, replaced=True), 1e-4),
    ],
)
def test_sampled_noise_is_enclosed_as_integrated_over_its_outputs(one: SubsampledGaussian, delta: float) -> None:
    found = enclose([one], delta)
    pairs = _pairs(one)
    _encloses((found.lower, found.upper), delta, lambda at: max(_delta(p, q, one.steps, at) for p, q in pairs))


@pytest.mark.parametrize("epsilon", [0.0, 0.3, 1.0])  # beyond 0.9, one direction is 0
def test_deltas_of_sampled_noise_are_enclosed_as_integrated(epsilon: float) -> None:
    one = SubsampledGaussian(0.2, 1.0, 2, records=2)
    ((lower, upper),) = curve([one], [epsilon])
    exact = max(_delta(p, q, one.steps, epsilon) for p, q in _pairs(one))
    assert lower * (1.0 - _AGREES) <= exact <= upper * (1.0 + _AGREES)
    assert upper <= lower * 1.01


def test_two_different_phases_are_enclosed_as_integrated_in_each_direction() -> None:
    first, second = SubsampledGaussian(0.3, 1.2, 1), SubsampledGaussian(0.05, 0.8, 1)
    delta = 1e-4
    found = enclose([first, second], delta)

    def exact(epsilon: float) -> float:
        deltas = []
        for (p, q), (far, near) in zip(_pairs(first), _pairs(second), strict=True):
            x = np.arange(-10.0, 12.0, 0.02)
            masses = _density(p, x) * 0.02
            deltas.append(float(np.dot(masses, _one_step(far, near, epsilon - _log_ratio(p, q, x)))))
        return max(deltas)

    _encloses((found.lower, found.upper), delta, exact)


@pytest.mark.parametrize(("scale", "steps"), [(1.0, 2), (0.6, 3), (3.0, 4)])
def test_laplace_noise_is_enclosed_as_enumerated_on_fine_slices(scale: float, steps: int) -> None:
    """The density between the atoms is cut into slices whose losses are rounded up, and down, to their ends."""
    reach, delta = 1.0 / scale, 1e-2
    found = enclose([Laplace(scale, steps)], delta)

    def bound(epsilon: float, *, up: bool) -> float:
        count = 4096
        ends = np.linspace(-reach, reach, count + 1)
        law = np.zeros(count + 1)
        slices = 0.5 * np.exp(-0.5 * (reach - ends[1:])) * -np.expm1(-0.5 * np.diff(ends))
        law[1:] += slices if up else 0.0
        law[:-1] += 0.0 if up else slices
        law[-1] += 0.5
        law[0] += 0.5 * math.exp(-reach)
        joint = law
        for _ in range(steps - 1):
            joint = np.convolve(joint, law)
        losses = np.linspace(-steps * reach, steps * reach, len(joint))
        return float(np.dot(joint, np.maximum(-np.expm1(epsilon - losses), 0.0)))

    assert bound(found.lower, up=True) >= delta
    assert bound(found.upper, up=False) <= delta * (1.0 + _AGREES)
    assert found.upper <= found.lower * 1.01


@pytest.mark.parametrize(("keep", "categories", "reports"), [(0.75, 2, 4), (0.4, 5, 3), (0.1, 4, 3)])
def test_randomized_response_is_enclosed_as_enumerated(keep: float, categories: int, reports: int) -> None:
    one = RandomizedResponse(keep, categories, reports)
    other = (1.0 - keep) / (categories - 1)
    # Every outcome by itself: the true answer, the other one, and all the rest.
    outcomes = [(keep, other), (other, keep), *((other, other) for _ in range(categories - 2))]
    joint = [
        (math.prod(p for p, _ in path), math.prod(q for _, q in path))
        for path in itertools.product(outcomes, repeat=reports)
    ]
    delta = 0.03
    found = enclose([one], delta)
    exact = [math.fsum(max(p - math.exp(at) * q, 0.0) for p, q in joint) for at in (found.lower, found.upper)]
    assert exact[0] >= delta * (1.0 - _AGREES)
    assert exact[1] <= delta * (1.0 + _AGREES)


@pytest.mark.parametrize("shifts", [(0.5, 0.5), (0.9, 0.1), (1.2, 0.3), (2.0, 1.0)])
def test_one_coordinate_is_the_worst_way_to_spend_an_l1_sensitivity_on_laplace_noise(
    shifts: tuple[float, float],
) -> None:
    """A sum of coordinates composes their losses; the pair of the whole shift in one lies above it everywhere."""
    whole = sum(shifts)
    for epsilon in np.linspace(0.0, whole, 9)[:-1]:
        apart: list[Mechanism] = [Laplace(1.0 / one, 1) for one in shifts]
        ((lower, _),) = curve(apart, [float(epsilon)])
        ((_, upper),) = curve([Laplace(1.0 / whole, 1)], [float(epsilon)])
        assert lower <= upper * (1.0 + _AGREES)


def test_a_plain_gaussian_beside_sampled_noise_is_enclosed_as_integrated() -> None:
    plain, sampled, delta = Gaussian(4.0, 2), SubsampledGaussian(0.2, 1.0, 1), 1e-4
    found = enclose([plain, sampled], delta)
    mean = plain.mu

    def exact(epsilon: float) -> float:
        x = np.arange(-10.0, 11.0, 0.02)
        deltas = []
        for p, q in _pairs(sampled):
            masses = _density(((1.0, 0.0),), x) * 0.02
            losses = mean * x + 0.5 * mean * mean
            deltas.append(float(np.dot(masses, _one_step(p, q, epsilon - losses))))
        return max(deltas)

    _encloses((found.lower, found.upper), delta, exact)


@pytest.mark.parametrize(("records", "rate", "noise"), [(1_000_000, 1e-4, 1000.0), (100_000, 1e-3, 2000.0)])
def test_binomials_of_a_million_records_are_enclosed_and_overflow_nothing(
    records: int, rate: float, noise: float
) -> None:
    """Most of a mixture of so many means is one normal, of a variance slightly above 1: between two plain Gaussians."""
    one, delta = SubsampledGaussian(rate, noise, 10, records=records), 1e-6
    found = enclose([one], delta)
    drawn = records * rate
    few, many = (drawn + 4.5 * side * math.sqrt(drawn) for side in (-1.0, 1.0))
    assert enclose([Gaussian(noise / few, 10)], delta).lower < found.lower
    assert found.upper < enclose([Gaussian(noise / many, 10)], delta).upper
    assert found.upper <= found.lower * 1.01


@pytest.mark.parametrize("rate", [0.5, 3e-4, 1.0 - 2.0**-40])
def test_units_whose_binomial_has_too_many_terms_are_refused(rate: float) -> None:
    with pytest.raises(EvidenceError, match=r"too many terms|than the grid takes"):
        enclose([SubsampledGaussian(rate, 100.0, 10, records=1_000_000)], 1e-6)


@pytest.mark.parametrize("one", [SubsampledGaussian(0.2, 0.6, 1), SubsampledGaussian(0.02, 0.5, 1, records=4)])
@pytest.mark.parametrize("claim", [0.01, 50.0])
def test_what_a_reader_is_told_of_one_step_is_never_below_the_best_test(one: SubsampledGaussian, claim: float) -> None:
    """By stage 1 alone (a high claim) and with stage 2: the most powerful test is a threshold on the output."""
    told = readable([one], 1e-5, prove([one], 1e-5, claim))
    x = np.linspace(-12.0, 20.0, 200_001)
    for p, q in _pairs(one):
        alarms, found = _above(q, x), _above(p, x)
        assert told.advantage >= float(np.max(found - alarms))
        for rate, upper in zip(FALSE_ALARM_RATES, told.found_rates, strict=True):
            assert upper >= float(np.max(found[alarms <= rate]))
