"""What an epsilon means to a person: bounds that hold for the best attacker there is."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_gate.areas.privacy.accounting.accountant import EpsilonInterval, account
from policy_gate.areas.privacy.accounting.mechanisms import (
    Gaussian,
    Laplace,
    Pure,
    RandomizedResponse,
    SubsampledGaussian,
    ZeroConcentrated,
)
from policy_gate.areas.privacy.accounting.readable import FALSE_ALARM_RATES, readable
from policy_gate.areas.privacy.accounting.tails import upper_tail


def of(mechanisms, delta=1e-6):
    return readable(mechanisms, delta, account(mechanisms, delta))


def test_a_gaussian_has_the_closed_form():
    found = of([Gaussian(2.0, 4)])  # mu = 1
    assert found.advantage == pytest.approx(1 - 2 * upper_tail(0.5))
    assert found.accuracy == pytest.approx(1 - upper_tail(0.5))
    # Phi(Phi^-1(0.01) + 1), from a table: Phi^-1(0.01) = -2.32635
    assert found.found_rates[2] == pytest.approx(upper_tail(2.3263478740408408 - 1), rel=1e-6)


def test_one_coin_is_found_out_exactly_as_often_as_it_tells_the_truth():
    keep = 0.75
    found = of([RandomizedResponse(keep, 2, 1)])
    exact = 2 * keep - 1  # the best guess is to believe the answer
    assert exact <= found.advantage <= exact * (1 + 1e-6)


def test_a_laplace_mechanism_is_bounded_by_its_pure_loss():
    found = of([Laplace(1.0, 1)])
    assert 1 - math.exp(-0.5) <= found.advantage <= math.tanh(0.5) * (1 + 1e-6)


def test_a_huge_loss_says_nothing_and_never_more_than_everything():
    found = of([Gaussian(0.001, 100)])
    assert found.advantage == 1.0
    assert found.accuracy == 1.0
    assert all(rate <= 1.0 for rate in found.found_rates)


def test_the_best_attacker_on_a_sampled_gaussian_stays_below_the_bound():
    # one step: the likelihood ratio test at threshold x has false alarms Q(x) and finds (1-q) Q(x) + q Q(x - 1/s)
    rate, noise = 0.3, 1.0
    found = of([SubsampledGaussian(rate, noise, 1)])
    for position, alarms in enumerate(FALSE_ALARM_RATES):
        low, high = 0.0, 40.0
        for _ in range(80):
            middle = (low + high) / 2
            low, high = (middle, high) if upper_tail(middle) > alarms else (low, middle)
        best = (1 - rate) * alarms + rate * upper_tail(low - 1 / noise)
        assert best <= found.found_rates[position]
    assert found.advantage >= rate * (1 - 2 * upper_tail(0.5 / noise))


@settings(max_examples=30, deadline=None)
@given(
    rate=st.floats(1e-4, 0.9),
    noise=st.floats(0.3, 20),
    steps=st.integers(1, 10**6),
    delta=st.floats(1e-12, 1e-2),
    more=st.integers(2, 10),
)
def test_rates_are_shares_that_rise_with_the_alarms_and_with_what_was_spent(rate, noise, steps, delta, more):
    once, often = (of([SubsampledGaussian(rate, noise, one)], delta) for one in (steps, steps * more))
    assert 0.0 < once.advantage <= 1.0
    for found in (once, often):
        assert list(found.found_rates) == sorted(found.found_rates)
        for alarms, share in zip(FALSE_ALARM_RATES, found.found_rates, strict=True):
            assert alarms <= share <= min(1.0, (alarms + found.advantage) * (1 + 1e-6))
    assert once.advantage <= often.advantage * (1 + 1e-6)


@pytest.mark.parametrize("mechanism", [ZeroConcentrated(0.02), Pure(0.3), RandomizedResponse(0.22, 5, 3)])
def test_every_kind_of_mechanism_can_be_read(mechanism):
    assert 0.0 < of([mechanism]).advantage < 0.5


def test_the_given_interval_counts_among_the_pairs():
    mechanism = [SubsampledGaussian(0.01, 1.0, 10**5)]
    tighter = EpsilonInterval(0.0, 0.1, "a better proof")
    assert readable(mechanism, 1e-6, tighter).advantage <= math.tanh(0.05) + 1e-5 < of(mechanism).advantage
