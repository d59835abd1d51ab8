"""One step of each mechanism: its curve lies between the masses rounded down and rounded up, wherever one looks."""

from __future__ import annotations

import math
from contextlib import suppress
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_gate.areas.privacy.accounting.cells import Window
from policy_gate.areas.privacy.accounting.discretise import centred, rounded_down, rounded_up
from policy_gate.areas.privacy.accounting.mechanisms import Laplace, RandomizedResponse, SubsampledGaussian
from policy_gate.areas.privacy.accounting.pairs import Direction, parts_of
from policy_gate.errors import EvidenceError


def upper_tail(x):
    return 0.5 * math.erfc(x / math.sqrt(2.0))


def mixture_tail(x, rate, noise, records):
    weights = [math.comb(records, j) * rate**j * (1.0 - rate) ** (records - j) for j in range(records + 1)]
    return math.fsum([weight * upper_tail(x - j / noise) for j, weight in enumerate(weights)])


def exact_delta(mechanism, direction, epsilon):
    """The hockey-stick divergence of one step, from tails alone: its best event is a half-line, found by bisection."""
    rate, noise, records = mechanism.rate, mechanism.noise_multiplier, mechanism.records

    def over(x):
        """P(> x) - exp(epsilon) Q(> x), with P and Q as the issue of the pairs says."""
        mixed, plain = mixture_tail(x, rate, noise, records), upper_tail(x)
        mirrored = 1.0 - mixture_tail(-x, rate, noise, records)
        if mechanism.replaced:
            return mixed - math.exp(epsilon) * mirrored
        if direction is Direction.REMOVED:
            return mixed - math.exp(epsilon) * plain
        return plain - math.exp(epsilon) * mirrored

    points = np.linspace(-12.0, 12.0 + records / noise, 3001)
    best = max(range(len(points)), key=lambda at: over(points[at]))
    low, high = points[max(best - 1, 0)], points[min(best + 1, len(points) - 1)]
    for _ in range(80):
        left, right = low + (high - low) / 3.0, high - (high - low) / 3.0
        low, high = (low, right) if over(left) >= over(right) else (left, high)
    return max(0.0, over(0.5 * (low + high)), over(-40.0))


def knots_of(pair, window):
    cells, moved = centred(pair, window)
    with suppress(EvidenceError):
        return rounded_down(cells, moved), rounded_up(cells, moved)
    return None, rounded_up(cells, moved)


def delta_of(knots, width, epsilon):
    losses = knots.offset + (knots.first + np.arange(len(knots.mass))) * width
    gain = np.maximum(-np.expm1(np.minimum(epsilon - losses, 0.0)), 0.0)
    return float(np.dot(knots.mass, gain)) + knots.certain


STEPS = [
    SubsampledGaussian(0.01, 1.0, 1),
    SubsampledGaussian(0.3, 2.0, 1),
    SubsampledGaussian(0.9, 0.7, 1),
    SubsampledGaussian(1e-5, 0.5, 1),
    SubsampledGaussian(0.05, 1.0, 1, records=4),
    SubsampledGaussian(0.2, 3.0, 1, replaced=True),
    SubsampledGaussian(0.02, 1.5, 1, records=3, replaced=True),
]


@pytest.mark.parametrize("mechanism", STEPS, ids=repr)
@pytest.mark.parametrize("direction", list(Direction))
@pytest.mark.parametrize(("width", "offset"), [(1e-3, 0.0), (0.02, 0.007), (0.2, -0.05)])
def test_a_step_lies_between_its_masses_rounded_down_and_up(mechanism, direction, width, offset):
    pair = parts_of([mechanism], direction, 1e-30)[0].pair
    below, above = knots_of(pair, Window(width, offset, -math.ceil(40 / width), math.ceil(40 / width), 1e-18))
    for epsilon in (-1.0, -0.1, -1e-3, -1e-5, 0.0, 1e-5, 1e-3, 0.02, 0.1, 0.5, 1.3, 3.0, 6.0):
        exact = exact_delta(mechanism, direction, epsilon)
        room = 1e-12 * exact + 2e-15
        assert delta_of(above, width, epsilon) >= exact - room
        if below is not None:
            assert delta_of(below, width, epsilon) <= exact + room


@pytest.mark.parametrize("mechanism", STEPS, ids=repr)
def test_cells_of_half_the_width_bring_the_two_ends_closer(mechanism):
    pair = parts_of([mechanism], Direction.REMOVED, 1e-30)[0].pair

    def apart(width):
        below, above = knots_of(pair, Window(width, 0.0, -math.ceil(40 / width), math.ceil(40 / width), 1e-18))
        return delta_of(above, width, 0.05) - delta_of(below, width, 0.05)

    # About a quarter each time; where the knots fall decides the rest.
    assert 0.0 <= apart(2.5e-4) <= 0.3 * apart(1e-3) + 1e-15


@given(
    reach=st.floats(0.01, 8.0),
    width=st.floats(1e-3, 0.5),
    offset=st.floats(-0.4, 0.4),
    epsilon=st.floats(-1.0, 9.0),
)
@settings(max_examples=60, deadline=None)
def test_a_laplace_step_lies_between_its_masses_wherever_the_knots_fall(reach, width, offset, epsilon):
    pair = parts_of([Laplace(1.0 / reach, 1)], Direction.REMOVED, 1e-30)[0].pair
    window = Window(width, offset, -math.ceil(20 / width), math.ceil(20 / width), 1e-18)
    below, above = knots_of(pair, window)
    reach = pair.reach
    # Balle & Wang 2018: 1 - exp((epsilon - reach) / 2) between the two atoms.
    exact = -math.expm1(min(0.5 * (epsilon - reach), 0.0)) if epsilon > -reach else -math.expm1(epsilon)
    assert delta_of(above, width, epsilon) >= exact - 1e-11
    assert below is None or delta_of(below, width, epsilon) <= exact + 1e-11


@given(
    kept=st.floats(0.01, 0.99),
    categories=st.integers(2, 50),
    width=st.floats(1e-3, 0.7),
    offset=st.floats(-0.3, 0.3),
    epsilon=st.floats(-3.0, 8.0),
)
@settings(max_examples=60, deadline=None)
def test_randomized_response_lies_between_its_masses_wherever_the_knots_fall(kept, categories, width, offset, epsilon):
    pair = parts_of([RandomizedResponse(kept, categories, 1)], Direction.REMOVED, 1e-30)[0].pair
    window = Window(width, offset, -math.ceil(20 / width), math.ceil(20 / width), 1e-18)
    below, above = knots_of(pair, window)
    other = Fraction(1 - Fraction(kept)) / (categories - 1)
    outcomes = [(Fraction(kept), other), (other, Fraction(kept)), *[(other, other)] * (categories - 2)]
    exact = sum(max(0.0, float(p) - math.exp(epsilon) * float(q)) for p, q in outcomes)
    assert delta_of(above, width, epsilon) >= exact - 1e-11
    assert below is None or delta_of(below, width, epsilon) <= exact + 1e-11


@pytest.mark.parametrize("records", [1, 2, 5])
def test_the_chances_of_drawn_records_are_those_of_the_binomial_law(records):
    pair = parts_of([SubsampledGaussian(0.3, 2.0, 1, records=records)], Direction.REMOVED, 1e-30)[0].pair
    weights = [math.exp(term + 0.5 * (j * pair.mean) ** 2) for j, term in enumerate(pair.log_terms)]
    exact = [math.comb(records, j) * 0.3**j * 0.7 ** (records - j) for j in range(records + 1)]
    assert weights == pytest.approx(exact, rel=1e-13)


def test_what_is_cut_off_of_many_records_is_counted_as_infinite_and_is_not_more_than_asked_for():
    pair = parts_of([SubsampledGaussian(1e-4, 5.0, 1, records=10_000)], Direction.REMOVED, 1e-25)[0].pair
    assert len(pair.counts) < 60
    assert 0.0 < pair.cut_off <= 2e-25
