"""Laws every certified interval obeys, on parameters nobody chose: oracles, exact figures and the order of risks."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from privacy_oracles import one_step_epsilon, pld_epsilon, prv_bracket, rdp_epsilon

from policy_gate.areas.privacy.accounting.accountant import FLOOR, account
from policy_gate.areas.privacy.accounting.mechanisms import Gaussian, Laplace, SubsampledGaussian
from policy_gate.areas.privacy.accounting.proving import prove

RESOLUTION = 1.01
"""How far apart two upper ends may stand the wrong way round: each is within this of the truth."""


def powers(low: float, high: float) -> st.SearchStrategy[float]:
    """Numbers from `low` to `high`, every power of ten as likely as the next."""
    return st.floats(math.log(low), math.log(high)).map(math.exp)


def tightest(mechanisms, delta):
    """The interval with everything that ours has: no claim is above the bound of stage 1, so stage 2 is asked."""
    return prove(mechanisms, delta, FLOOR)


def runs(rate: float, noise: float, steps: int) -> st.SearchStrategy[SubsampledGaussian]:
    """Runs somebody might claim: at hundreds, an oracle's grid over losses takes minutes and gigabytes."""
    built = st.builds(SubsampledGaussian, powers(1e-5, rate), powers(noise, 20.0), powers(1, steps).map(round))
    return built.filter(lambda one: account([one], 1e-5).upper < 40.0)


sampled = runs(0.9, 0.4, 20_000)
shorter = runs(0.5, 0.6, 300)
unsampled = st.builds(Gaussian, powers(0.5, 100.0), powers(1, 1000).map(round))
noisy_counts = st.builds(Laplace, powers(0.5, 50.0), powers(1, 50).map(round))
deltas = powers(1e-10, 1e-3)


@given(
    rate=powers(1e-6, 0.9),
    noise=powers(0.2, 20.0),
    records=st.integers(1, 5),
    replaced=st.booleans(),
    delta=powers(1e-25, 1e-2),
)
@example(rate=1e-6, noise=0.2, records=1, replaced=False, delta=1e-9)
@example(rate=0.9, noise=0.25, records=5, replaced=True, delta=1e-20)
@settings(max_examples=30, deadline=None)
def test_the_exact_epsilon_of_one_step_is_within_the_interval(rate, noise, records, replaced, delta):
    pytest.importorskip("mpmath")
    one = SubsampledGaussian(rate, noise, 1, records, replaced)
    exact, found = one_step_epsilon(one, delta), tightest([one], delta)
    assert found.lower <= exact * (1 + 1e-12)
    assert exact <= found.upper


@given(one=sampled, delta=deltas)
@example(one=SubsampledGaussian(0.01, 0.7, 120), delta=1e-5)
@settings(max_examples=10, deadline=None)
def test_the_interval_and_both_oracles_enclose_one_truth(one, delta):
    pytest.importorskip("dp_accounting")
    found = tightest([one], delta)
    assert found.lower <= pld_epsilon([one], delta) * (1 + 1e-9)
    assert found.lower <= rdp_epsilon([one], delta) * (1 + 1e-9)
    pytest.importorskip("prv_accountant")
    try:
        theirs = prv_bracket([one], delta)
    except (ValueError, RuntimeError, MemoryError):
        return
    assert found.lower <= theirs.upper
    assert theirs.lower <= found.upper


@given(one=sampled, delta=deltas)
@example(one=SubsampledGaussian(0.04, 1.5, 2249), delta=1e-5)
@settings(max_examples=10, deadline=None)
def test_the_upper_end_is_hardly_above_the_best_figure_an_oracle_proves(one, delta):
    pytest.importorskip("dp_accounting")
    best = min(pld_epsilon([one], delta), rdp_epsilon([one], delta))
    assert tightest([one], delta).upper <= best * RESOLUTION + 1e-6


@given(one=shorter, records=st.integers(2, 4), delta=deltas)
@settings(max_examples=5, deadline=None)
def test_several_records_of_one_unit_are_never_below_what_an_oracle_proves(one, records, delta):
    pytest.importorskip("dp_accounting")
    unit = replace(one, records=records)
    theirs = pld_epsilon([unit], delta, 5e-3)
    found = tightest([unit], delta)
    assert found.lower <= theirs * (1 + 1e-9)
    # The oracle rounds upwards alone, by more than small figures hold: ours may be below it, but not by more.
    assert theirs < 0.5 or found.upper >= theirs * 0.97


@given(one=runs(0.5, 0.6, 3000), delta=deltas)
@settings(max_examples=6, deadline=None)
def test_replacing_a_record_is_never_below_what_an_oracle_proves(one, delta):
    pytest.importorskip("dp_accounting")
    other = replace(one, replaced=True)
    theirs = pld_epsilon([other], delta)
    found = tightest([other], delta)
    assert found.lower <= theirs * (1 + 1e-9)
    assert theirs < 0.5 or found.upper >= theirs * 0.97


@given(one=st.one_of(sampled, unsampled), delta=deltas, factor=st.floats(1.0, 2.0), change=st.integers(0, 4))
@example(one=SubsampledGaussian(0.00427, 1.1, 14062), delta=1e-5, factor=1.01, change=0)
@settings(max_examples=24, deadline=None)
def test_more_noise_fewer_steps_a_lower_rate_or_a_larger_delta_never_cost_more(one, delta, factor, change):
    riskier, safer = one, one
    if change == 0:
        safer = one.quieter(factor)
    elif change == 1:
        riskier = replace(one, steps=math.ceil(one.steps * factor))
    elif isinstance(one, SubsampledGaussian) and change == 2:
        riskier = replace(one, rate=min(one.rate * factor, 0.95))
    elif isinstance(one, SubsampledGaussian) and change == 3:
        riskier = replace(one, records=2)
    larger = min(delta * factor, 0.5) if change == 4 else delta
    low, high = tightest([safer], larger), tightest([riskier], delta)
    assert low.lower <= high.upper
    assert low.upper <= high.upper * RESOLUTION + 1e-6
    assert low.lower <= high.lower * RESOLUTION + 1e-6 or high.lower == 0.0


@given(first=sampled, second=st.one_of(sampled, unsampled, noisy_counts), delta=deltas)
@example(first=SubsampledGaussian(0.006, 0.9, 6640), second=SubsampledGaussian(0.006, 0.9, 6640), delta=1e-6)
@settings(max_examples=12, deadline=None)
def test_a_joint_release_costs_at_least_each_part_and_at_most_their_sum(first, second, delta):
    joint = tightest([first, second], delta)
    parts = [tightest([one], delta) for one in (first, second)]
    assert all(one.lower <= joint.upper for one in parts)
    assert all(one.upper <= joint.upper * RESOLUTION + 1e-6 for one in parts)
    # Basic composition (Dwork & Roth 2014, theorem 3.16): the deltas add up as well.
    halves = [tightest([one], delta / 2) for one in (first, second)]
    assert joint.lower <= sum(one.upper for one in halves)
    assert joint.upper <= sum(one.upper for one in halves) * RESOLUTION + 1e-6


@given(first=sampled, second=st.one_of(unsampled, noisy_counts), delta=deltas)
@settings(max_examples=8, deadline=None)
def test_the_order_of_phases_does_not_matter(first, second, delta):
    assert tightest([first, second], delta) == tightest([second, first], delta)


@given(one=sampled.filter(lambda one: one.steps > 1), delta=deltas)
@settings(max_examples=8, deadline=None)
def test_two_halves_of_a_run_cost_what_the_whole_run_costs(one, delta):
    half = one.steps // 2
    halves = tightest([replace(one, steps=half), replace(one, steps=one.steps - half)], delta)
    whole = tightest([one], delta)
    assert halves.lower <= whole.upper
    assert whole.lower <= halves.upper
    assert halves.upper <= whole.upper * RESOLUTION + 1e-6


@given(mechanisms=st.lists(st.one_of(sampled, unsampled, noisy_counts), min_size=1, max_size=3), delta=deltas)
@settings(max_examples=12, deadline=None)
def test_a_claim_two_percent_below_the_lower_end_is_never_confirmed(mechanisms, delta):
    low = tightest(mechanisms, delta).lower
    assume(low > 1e-6)
    claim = 0.98 * low
    found = prove(mechanisms, delta, claim)
    assert claim < found.upper
    assert claim < found.lower


@given(one=sampled, delta=deltas, share=st.floats(0.5, 1.5))
@settings(max_examples=12, deadline=None)
def test_whatever_the_claim_is_the_interval_still_encloses_the_same_truth(one, delta, share):
    best = tightest([one], delta)
    asked = prove([one], delta, best.upper * share)
    assert asked.lower <= best.upper
    assert best.lower <= asked.upper
    assert asked.upper >= best.upper * (1 - 1e-9)
    # A claim that the best interval confirms is confirmed when it is the claim.
    assert share < 1.0 or asked.upper <= best.upper * share
