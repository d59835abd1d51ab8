"""Trials on private data, against the oracle and the ways to make them look free."""

from __future__ import annotations

import importlib
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from privacy_world import decoded, phase_of, privacy_of

from policy_gate.areas.privacy.accounting.accountant import account
from policy_gate.areas.privacy.accounting.mechanisms import (
    MAX_STEPS,
    Gaussian,
    Laplace,
    Pure,
    RandomizedResponse,
    SubsampledGaussian,
    ZeroConcentrated,
)
from policy_gate.areas.privacy.accounting.proving import certainly_spent, prove
from policy_gate.areas.privacy.accounting.schemes import Refusal, setting_of
from policy_gate.areas.privacy.accounting.spending import Spent, spent_by
from policy_gate.areas.privacy.accounting.tuning import Selected, repeated
from policy_gate.errors import EvidenceError, Reason

RUN = SubsampledGaussian(512 / 85000, 0.9, 6640)
PUBLIC = {"data": "private", "scored_on": "public"}


def spent(tuning: dict, *phases: dict) -> Spent | Refusal:
    claims = decoded(privacy_of(tuning=tuning, phases=list(phases) or [phase_of()])).sections["privacy"]
    return spent_by(claims.phases, claims.tuning, setting_of(claims))


def upper(tuning: dict) -> float:
    found = spent(tuning)
    assert isinstance(found, Spent), found
    return account(found.spending, 1e-6).upper


@pytest.mark.parametrize(("distribution", "shape"), [("geometric", 1.0), ("poisson", float("inf"))])
@pytest.mark.parametrize("mean", [1.0, 3.0, 20.0, 1000.0])
def test_a_random_number_of_trials_costs_what_the_oracle_says(distribution, shape, mean):
    base = pytest.importorskip("dp_accounting")
    rdp = importlib.import_module("dp_accounting.rdp")
    event = base.SelfComposedDpEvent(base.PoissonSampledDpEvent(512 / 85000, base.GaussianDpEvent(0.9)), 6640)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        accountant = rdp.RdpAccountant().compose(base.dp_event.RepeatAndSelectDpEvent(event, mean, shape))
        expected = float(accountant.get_epsilon(1e-6))
    # the oracle's orders are coarser close to 1, and finer above
    assert 0.98 * expected <= account([Selected((RUN,), distribution, mean)], 1e-6).upper <= 1.03 * expected


def test_the_figures_of_twenty_trials_are_reproduced():
    # privacy-lineage facts: 22.95 for twenty fixed trials, 7.99 for twenty on average
    assert upper({**PUBLIC, "trials": 20}) == pytest.approx(22.95, abs=0.02)
    assert upper({**PUBLIC, "selection": "geometric", "mean_trials": 20.0}) == pytest.approx(7.99, abs=0.005)


def test_fixed_trials_are_composed_as_if_each_was_released():
    assert account(repeated([Gaussian(3.0, 10)], 5), 1e-5).upper == account([Gaussian(3.0, 50)], 1e-5).upper
    several = [ZeroConcentrated(0.1), Pure(0.5), Laplace(2.0, 3), RandomizedResponse(0.75, 4, 2)]
    once, thrice = (account(repeated(several, trials), 1e-5).upper for trials in (1, 3))
    assert once == account(several, 1e-5).upper < thrice <= 3 * once


def test_what_was_not_released_refutes_nothing():
    assert certainly_spent(repeated([RUN], 20)) == [RUN]
    assert certainly_spent([Selected((RUN,), "geometric", 20.0)]) == [RUN]
    assert certainly_spent([Selected((RUN,), "poisson", 20.0)]) == []
    found = prove(repeated([Gaussian(1.0, 1)], 20), 1e-5, 5.0)
    assert found.lower == pytest.approx(account([Gaussian(1.0, 1)], 1e-5).upper, rel=1e-6)
    assert found.upper > found.lower


@pytest.mark.parametrize(
    ("tuning", "pointer"),
    [
        ({"data": "private"}, "/privacy/tuning"),
        ({"data": "private", "trials": 20}, "/privacy/tuning/scored_on"),
        ({"data": "private", "trials": 1}, "/privacy/tuning/scored_on"),
        ({"data": "private", "scored_on": "phases"}, "/privacy/tuning"),
    ],
)
def test_trials_of_which_something_is_not_stated_are_not_accounted_for(tuning, pointer):
    refusal = spent(tuning)
    assert isinstance(refusal, Refusal)
    assert (refusal.reason, refusal.pointer) == (Reason.NOT_DECLARED, pointer)
    assert refusal.fix


@pytest.mark.parametrize(
    "tuning",
    [
        {"data": "private", "mean_trials": 20.0},
        {"data": "private", "mean_trials": 20.0, "selection": "fixed"},
        {"data": "private", "trials": 20, "selection": "geometric"},
        {"data": "private", "trials": 20, "mean_trials": 1.0, "selection": "geometric"},
        {"data": "private", "mean_trials": 0.5, "selection": "geometric"},
        {"data": "private", "mean_trials": float("nan"), "selection": "poisson"},
        {"data": "private", "mean_trials": True, "selection": "poisson"},
        {"data": "private", "trials": -1},
        {"data": "private", "trials": 2.0},
        {"data": "private", "trials": 1, "scored_on": "private"},
    ],
    ids=str,
)
def test_contradictions_about_trials_are_no_manifest(tuning):
    from policy_gate.errors import GateError

    with pytest.raises(GateError):
        decoded(privacy_of(tuning=tuning))


def test_more_trials_than_the_accountant_counts_are_refused():
    refusal = spent({**PUBLIC, "trials": 10**9})
    assert isinstance(refusal, Refusal)
    assert (refusal.reason, refusal.pointer) == (Reason.NOT_PROVEN, "/privacy/tuning")
    with pytest.raises(EvidenceError):
        repeated([RUN], MAX_STEPS + 1)


@pytest.mark.parametrize("mean", [0.0, 0.999, float("nan"), float("inf"), True, "20", 1e10])
def test_a_mean_number_of_trials_that_no_theorem_holds_for_is_refused(mean):
    with pytest.raises(EvidenceError):
        Selected((RUN,), "geometric", mean)


def test_selecting_among_nothing_is_refused():
    with pytest.raises(EvidenceError):
        Selected((), "geometric", 2.0)


def test_all_phases_of_a_run_are_in_its_trials():
    one, two = phase_of(), phase_of(id="tune", steps=1000)
    together = spent({**PUBLIC, "selection": "geometric", "mean_trials": 5.0}, one, two)
    assert len(together.spending) == 1
    assert len(together.spending[0].runs) == 2
    assert len(spent({**PUBLIC, "trials": 5}, one, two).spending) == 4


def test_a_release_after_public_tuning_spends_nothing_for_it():
    for tuning in ({"data": "public"}, {"data": "public", "trials": 500}, {"data": "private", "trials": 0}):
        assert spent(tuning).spending == spent({"data": "public", "trials": 0}).spending


@settings(max_examples=25, deadline=None)
@given(
    noise=st.floats(0.7, 20),
    mean=st.floats(1, 1e6),
    more=st.floats(1, 100),
    distribution=st.sampled_from(["geometric", "poisson"]),
)
def test_more_trials_never_cost_less_and_never_less_than_one_run(noise, mean, more, distribution):
    run = SubsampledGaussian(0.01, noise, 500)
    few, many = (account([Selected((run,), distribution, one)], 1e-6).upper for one in (mean, mean * more))
    assert account([run], 1e-6).upper <= few * (1 + 1e-9) <= many * (1 + 2e-9)
