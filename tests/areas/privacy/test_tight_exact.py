"""The tight accountant against answers that are known exactly: enumeration, closed forms, one step."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_gate.areas.privacy.accounting.gaussian import gaussian_epsilon
from policy_gate.areas.privacy.accounting.mechanisms import (
    Gaussian,
    Laplace,
    Pure,
    RandomizedResponse,
    SubsampledGaussian,
    ZeroConcentrated,
)
from policy_gate.areas.privacy.accounting.tight import curve, enclose


def enumerated_delta(kept, reports, epsilon):
    """Randomized response on one bit, by counting true answers in exact fractions."""
    kept = Fraction(kept)
    terms = []
    for true in range(reports + 1):
        p = kept**true * (1 - kept) ** (reports - true)
        q = (1 - kept) ** true * kept ** (reports - true)
        terms.append(math.comb(reports, true) * max(Fraction(0), p - Fraction(math.exp(epsilon)) * q))
    return float(sum(terms))


@pytest.mark.parametrize("kept", [0.6, 0.75, 0.9])
@pytest.mark.parametrize("reports", [1, 2, 7, 20])
def test_composed_randomized_response_is_what_counting_gives(kept, reports):
    for epsilon, (lower, upper) in zip(
        [0.0, 0.3, 1.0, 2.5], curve([RandomizedResponse(kept, 2, reports)], [0.0, 0.3, 1.0, 2.5]), strict=True
    ):
        exact = enumerated_delta(kept, reports, epsilon)
        assert lower <= exact * (1 + 1e-9) + 1e-300
        assert upper >= exact * (1 - 1e-9)
        assert upper - lower <= 1e-6 * exact + 1e-10


@pytest.mark.parametrize("delta", [1e-1, 1e-3, 1e-9])
def test_epsilon_of_randomized_response_is_where_the_counted_delta_crosses(delta):
    found = enclose([RandomizedResponse(0.7, 2, 12)], delta)
    assert enumerated_delta(0.7, 12, found.upper * (1 + 1e-9)) <= delta
    assert enumerated_delta(0.7, 12, found.lower * (1 - 1e-9)) >= delta
    assert found.upper - found.lower < 1e-6


@pytest.mark.parametrize("mu", [0.05, 0.5, 1.0, 3.0, 10.0, 40.0])
@pytest.mark.parametrize("delta", [1e-2, 1e-5, 1e-12, 1e-60])
def test_the_gaussian_mechanism_is_its_closed_form(mu, delta):
    low, high = gaussian_epsilon(mu, delta)
    found = enclose([Gaussian(1.0 / mu, 1)], delta, claimed_epsilon=(low + high) / 2)
    assert found.lower <= high
    assert found.upper >= low
    assert found.upper - found.lower <= 1e-5 * high + 1e-9


@pytest.mark.parametrize("delta", [1e-3, 1e-8])
def test_steps_of_the_gaussian_mechanism_are_one_of_the_root_of_their_number(delta):
    found = enclose([Gaussian(4.0, 5), Gaussian(8.0, 12)], delta, claimed_epsilon=math.inf)
    low, high = gaussian_epsilon(math.hypot(math.sqrt(5) / 4, math.sqrt(12) / 8), delta)
    assert found.lower <= high
    assert low <= found.upper <= high * 1.01


@pytest.mark.parametrize(("rate", "noise"), [(0.01, 1.0), (0.3, 0.6), (0.001, 3.0), (0.9, 2.0)])
def test_one_step_with_sampling_is_amplified_as_the_formula_says(rate, noise):
    """Balle, Barthe, Gaboardi 2018: removed, delta(log(1 + q(e^eps - 1))) = q delta_0(eps)."""
    mu = 1.0 / noise
    whole = 1.4
    below, above = (0.5 * math.erfc(x / math.sqrt(2)) for x in (whole / mu - mu / 2, whole / mu + mu / 2))
    delta = rate * (below - math.exp(whole) * above)
    epsilon = math.log1p(rate * math.expm1(whole))
    found = enclose([SubsampledGaussian(rate, noise, 1)], delta, claimed_epsilon=epsilon)
    assert found.lower <= epsilon * (1 + 1e-9)
    assert found.upper >= epsilon * (1 - 1e-9)
    assert found.upper - found.lower <= 1e-3 * epsilon


@pytest.mark.parametrize("scale", [0.3, 1.0, 7.0])
def test_one_laplace_step_is_its_closed_form(scale):
    epsilon = 0.6 / scale
    (found,) = curve([Laplace(scale, 1)], [epsilon])
    exact = -math.expm1(0.5 * (epsilon - 1.0 / scale))
    assert found[0] <= exact * (1 + 1e-9)
    assert found[1] >= exact * (1 - 1e-9)
    assert found[1] - found[0] <= 1e-4


def test_a_pure_loss_bounds_from_above_alone_and_refutes_nothing():
    found = enclose([Pure(0.7)], 1e-3)
    assert found.lower == 0.0
    # Two outcomes: delta = (e^0.7 - e^eps) / (1 + e^0.7).
    assert found.upper == pytest.approx(math.log(math.exp(0.7) - 1e-3 * (1 + math.exp(0.7))), rel=1e-6)


def test_a_part_without_a_pair_leaves_the_lower_end_of_the_rest():
    alone = enclose([SubsampledGaussian(0.01, 1.0, 1000)], 1e-5)
    both = enclose([SubsampledGaussian(0.01, 1.0, 1000), ZeroConcentrated(0.2)], 1e-5)
    assert both.upper == math.inf
    assert both.lower == pytest.approx(alone.lower, rel=1e-2)


def test_what_is_an_upper_bound_alone_gives_no_lower_end():
    found = enclose([Gaussian(1.0, 4, attained=False)], 1e-5)
    assert found.lower == 0.0
    assert found.upper == pytest.approx(gaussian_epsilon(2.0, 1e-5)[1], rel=1e-3)


def test_equal_phases_are_the_same_as_one_phase_of_all_their_steps():
    split = enclose([SubsampledGaussian(0.02, 1.2, 300), SubsampledGaussian(0.02, 1.2, 700)], 1e-6)
    joint = enclose([SubsampledGaussian(0.02, 1.2, 1000)], 1e-6)
    assert split.lower <= joint.upper
    assert joint.lower <= split.upper
    assert split.upper == pytest.approx(joint.upper, rel=2e-3)


def test_delta_at_zero_of_the_gaussian_mechanism_is_its_total_variation():
    ((lower, upper),) = curve([Gaussian(2.0, 1)], [0.0])
    exact = math.erf(0.25 / math.sqrt(2))
    assert lower <= exact <= upper
    assert upper - lower < 1e-5


def test_the_same_question_has_the_same_answer_to_the_last_bit():
    mechanism = SubsampledGaussian(0.013, 0.9, 321)
    assert enclose([mechanism], 1e-6) == enclose([mechanism], 1e-6)


@given(
    rate=st.floats(1e-4, 0.9),
    noise=st.floats(0.5, 8.0),
    steps=st.integers(1, 3000),
    log_delta=st.floats(-10, -3),
    grown=st.sampled_from(["noise", "steps", "rate", "delta"]),
)
@settings(max_examples=15, deadline=None)
def test_more_noise_fewer_steps_a_lower_rate_or_a_larger_delta_never_cost_more(rate, noise, steps, log_delta, grown):
    delta = 10.0**log_delta
    base = enclose([SubsampledGaussian(rate, noise, steps)], delta)
    easier = {
        "noise": ([SubsampledGaussian(rate, noise * 1.3, steps)], delta),
        "steps": ([SubsampledGaussian(rate, noise, (steps + 1) // 2)], delta),
        "rate": ([SubsampledGaussian(rate * 0.7, noise, steps)], delta),
        "delta": ([SubsampledGaussian(rate, noise, steps)], delta * 3),
    }[grown]
    assert enclose(*easier).lower <= base.upper
