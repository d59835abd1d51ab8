"""Whatever the phases of a manifest hold, proving answers with an interval or refuses: no crash, and never nothing."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from policy_gate.areas.privacy.accounting.accountant import FLOOR, MIN_DELTA, account
from policy_gate.areas.privacy.accounting.mechanisms import (
    MAX_EPSILON,
    MAX_NOISE,
    MAX_RECORDS,
    MAX_STEPS,
    MIN_NOISE,
    Gaussian,
    Laplace,
    Pure,
    RandomizedResponse,
    SubsampledGaussian,
    ZeroConcentrated,
)
from policy_gate.areas.privacy.accounting.proving import prove
from policy_gate.areas.privacy.accounting.readable import readable
from policy_gate.errors import EvidenceError


def powers(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(math.log(low), math.log(high)).map(lambda power: min(max(math.exp(power), low), high))


def whole(high: int) -> st.SearchStrategy[int]:
    return powers(1, high).map(round)


noises = st.one_of(powers(MIN_NOISE, MAX_NOISE), powers(0.05, 50))
rates = st.one_of(powers(1e-30, 1 - 2.0**-40), powers(1e-6, 0.5))
mechanisms = st.one_of(
    st.builds(SubsampledGaussian, rates, noises, whole(MAX_STEPS), whole(MAX_RECORDS), st.booleans()),
    st.builds(SubsampledGaussian, rates, noises, whole(MAX_STEPS)),
    st.builds(Gaussian, noises, whole(MAX_STEPS)),
    st.builds(Laplace, noises, whole(MAX_STEPS)),
    st.builds(RandomizedResponse, powers(1e-12, 1 - 2.0**-40), st.integers(2, 10**9), whole(MAX_STEPS)),
    st.builds(Pure, powers(1e-18, MAX_EPSILON)),
    st.builds(ZeroConcentrated, powers(1e-18, MAX_EPSILON)),
)
deltas = st.one_of(powers(MIN_DELTA, 0.999), powers(1e-12, 1e-3))
SAMPLED = SubsampledGaussian(512 / 85_000, 0.9, 6640)


@given(phases=st.lists(mechanisms, min_size=1, max_size=3), delta=deltas, claim=powers(1e-300, 1e9))
@example(phases=[Laplace(1e-4, 10**9)], delta=1e-6, claim=1.0)
@example(phases=[Pure(1e12)], delta=1e-6, claim=1.0)
@example(phases=[Pure(800.0), SAMPLED], delta=1e-6, claim=1.0)
@example(phases=[RandomizedResponse(1e-12, 2, 10)], delta=1e-6, claim=1.0)
@example(phases=[RandomizedResponse(0.5, 10**9, 10)], delta=1e-6, claim=1.0)
@example(phases=[SubsampledGaussian(1.024e-05, 0.1, 976563)], delta=1e-7, claim=5.0)
@example(phases=[SubsampledGaussian(1e-9, 0.9, 10**9)], delta=1e-6, claim=1e-8)
@example(phases=[SubsampledGaussian(0.5, 0.5, 1)], delta=1e-200, claim=1.0)
@example(phases=[SubsampledGaussian(0.006, 0.9, 6640, 10**6)], delta=1e-6, claim=4.3)
@example(phases=[SubsampledGaussian(0.006, 20.0, 6640, 50, replaced=True)], delta=1e-6, claim=0.1)
@example(phases=[SAMPLED, Gaussian(20, 40), Laplace(10, 20), Pure(0.1), ZeroConcentrated(0.01)], delta=1e-6, claim=0.3)
@settings(max_examples=60, deadline=None)
def test_any_phases_get_an_interval_or_a_refusal(phases, delta, claim):
    try:
        found = prove(phases, delta, claim)
    except EvidenceError:
        return
    assert math.isfinite(found.upper)
    assert 0.0 <= found.lower <= found.upper
    assert found.upper >= FLOOR
    assert found.upper <= account(phases, delta).upper
    assert found.method


@given(phases=st.lists(mechanisms, min_size=1, max_size=2), delta=deltas)
@example(phases=[SubsampledGaussian(1e-9, 0.9, 10**9)], delta=1e-6)
@example(phases=[SubsampledGaussian(1e-5, 0.1, 976563)], delta=1e-6)
@settings(max_examples=30, deadline=None)
def test_what_an_attacker_finds_is_a_share_for_any_phases(phases, delta):
    try:
        interval = prove(phases, delta, FLOOR)
    except EvidenceError:
        return
    found = readable(phases, delta, interval)
    assert 0.0 < found.advantage <= 1.0
    assert all(0.0 <= one <= 1.0 for one in found.found_rates)
    assert list(found.found_rates) == sorted(found.found_rates)


@pytest.mark.parametrize("count", [16, 64, 100])
def test_many_different_phases_get_an_interval(count):
    phases = [SubsampledGaussian(0.006 * (1 + i / 99), 1 + i / 70, 1000 + i) for i in range(count)]
    found = prove(phases, 1e-6, 0.3)
    assert found.lower < found.upper < account(phases[:1], 1e-6).upper * count
