"""Sampling, neighbours, units and microbatches: what decides more than the noise does."""

from __future__ import annotations

import pytest
from privacy_world import decoded, phase_of, privacy_of

from policy_gate.areas.privacy.accounting.accountant import account
from policy_gate.areas.privacy.accounting.mechanisms import Gaussian, Laplace, SubsampledGaussian
from policy_gate.areas.privacy.accounting.schemes import Accounted, Refusal, account_for, setting_of
from policy_gate.errors import Reason


def outcome(phase: dict, **changes):
    claims = decoded(privacy_of(phases=[phase], **changes)).sections["privacy"]
    setting = setting_of(claims)
    return setting if isinstance(setting, Refusal) else account_for(claims.phases[0], "/privacy/phases/0", setting)


def mechanism(phase: dict, **changes):
    found = outcome(phase, **changes)
    assert isinstance(found, Accounted), found
    return found.mechanism


def scheme(name: str) -> dict:
    return {"scheme": name, "batch_size": 512, "dataset_size": 85000}


def any_order(noise: float, epochs: int) -> Gaussian:
    """A bound for whatever the shuffle was: it proves, and refutes nothing."""
    return Gaussian(noise, epochs, attained=False)


MANY = {"kind": "user", "max_records_per_unit": 3}


@pytest.mark.parametrize("name", ["balls-in-bins", "other"])
def test_a_scheme_that_is_not_accounted_for_is_not_proven(name):
    refusal = outcome(phase_of(sampling=scheme(name)))
    assert refusal.reason is Reason.NOT_PROVEN
    assert refusal.pointer == "/privacy/phases/0/sampling/scheme"


def test_a_mechanism_that_is_only_declared_is_not_proven_however_small_its_epsilon():
    assert outcome({"id": "train", "mechanism": "declared", "epsilon": 0.1}).reason is Reason.NOT_PROVEN


@pytest.mark.parametrize("missing", ["microbatch", "clip_norm"])
def test_what_decides_the_sensitivity_has_no_default(missing):
    refusal = outcome(phase_of(**{missing: None}))
    assert (refusal.reason, refusal.pointer) == (Reason.NOT_DECLARED, f"/privacy/phases/0/{missing}")


def test_a_guarantee_per_user_needs_a_bound_on_the_records_of_one():
    refusal = outcome(phase_of(), unit={"kind": "user"})
    assert (refusal.reason, refusal.pointer) == (Reason.NOT_DECLARED, "/privacy/unit/max_records_per_unit")


def test_parameters_beyond_the_accountant_are_not_proven_and_no_crash():
    tiny = {"scheme": "poisson", "rate": 1e-300}
    assert outcome(phase_of(sampling=tiny)).reason is Reason.NOT_PROVEN
    assert outcome(phase_of(steps=None, epochs=1e6, sampling={"scheme": "poisson", "rate": 1e-9})).reason
    assert outcome(phase_of(noise_multiplier=1e-9)).reason is Reason.NOT_PROVEN
    assert outcome(phase_of(sampling={"scheme": "shuffled", "rate": 5e-324})).mechanism == any_order(0.9, 1)


def test_poisson_is_subsampled():
    found = mechanism(phase_of())
    assert isinstance(found, SubsampledGaussian)
    assert found.rate == pytest.approx(512 / 85000)
    assert found.rate >= 512 / 85000
    assert account([found], 1e-6).upper == pytest.approx(4.2271, abs=0.0001)


@pytest.mark.parametrize("name", ["shuffled", "fixed-order"])
def test_shuffled_batches_gain_nothing_by_sampling(name):
    found = mechanism(phase_of(sampling=scheme(name)))
    assert (found.noise_multiplier, found.steps) == (0.9, 40)
    assert account([found], 1e-6).upper == pytest.approx(57.33, abs=0.005)


def test_a_dropped_last_batch_makes_more_epochs_of_the_same_steps():
    # 10 records in batches of 4: two full batches an epoch when the last is dropped, so 5 steps are 3 epochs
    sampling = {"scheme": "shuffled", "batch_size": 4, "dataset_size": 10}
    assert mechanism(phase_of(steps=5, sampling=sampling)) == any_order(0.9, 3)


def test_epochs_are_rounded_up_to_whole_steps():
    assert mechanism(phase_of(steps=None, epochs=40)).steps == 6641
    assert mechanism(phase_of(steps=None, epochs=0.1, sampling={"scheme": "poisson", "rate": 0.1})).steps == 1
    assert mechanism(phase_of(steps=None, epochs=1.5, sampling=scheme("shuffled"))).steps == 2


def test_replacing_a_record_costs_twice_what_leaving_it_out_does():
    shuffled = phase_of(sampling=scheme("shuffled"))
    assert mechanism(shuffled, adjacency="replace-one") == any_order(0.45, 40)
    assert mechanism(shuffled, adjacency="replace-special") == any_order(0.9, 40)


def test_records_clipped_together_double_the_sensitivity_once():
    assert mechanism(phase_of(microbatch=4)).noise_multiplier == 0.45
    shuffled = phase_of(microbatch=4, sampling=scheme("shuffled"))
    assert mechanism(shuffled, adjacency="replace-one") == any_order(0.45, 40)


def test_the_microbatch_figure_of_the_facts_is_reproduced():
    assert account([mechanism(phase_of(microbatch=4))], 1e-6).upper == pytest.approx(33.5, rel=0.15)


def test_three_records_of_a_unit_move_a_sum_three_times_as_far():
    assert mechanism(phase_of(sampling=scheme("shuffled")), unit=MANY) == any_order(0.9 / 3, 40)


def test_full_batches_take_part_in_every_step():
    assert mechanism(phase_of(steps=60, sampling={"scheme": "full-batch"})) == Gaussian(0.9, 60)
    everyone = {"scheme": "poisson", "batch_size": 100, "dataset_size": 100}
    assert mechanism(phase_of(steps=60, sampling=everyone)) == Gaussian(0.9, 60)


def test_a_gaussian_phase_without_sampling_counts_every_step():
    phase = {"id": "train", "mechanism": "gaussian", "noise_multiplier": 2.0, "clip_norm": 1.0, "steps": 7}
    assert mechanism(phase) == Gaussian(2.0, 7)


def test_laplace_and_randomized_response_have_a_pure_loss():
    phase = {"id": "train", "mechanism": "laplace", "noise_multiplier": 2.0, "clip_norm": 1.0, "steps": 3}
    assert mechanism(phase) == Laplace(2.0, 3)
    # log(0.75 * 3 / 0.25) = log 9 a report
    reports = {"id": "r", "mechanism": "krr", "keep_probability": 0.75, "categories": 4, "steps": 30}
    assert mechanism(reports).pure_epsilon == pytest.approx(30 * 2.197225)
    assert mechanism(reports, unit=MANY).pure_epsilon == pytest.approx(90 * 2.197225)
    uniform = {"id": "r", "mechanism": "krr", "keep_probability": 0.5, "categories": 2, "steps": 30}
    assert isinstance(outcome(uniform), Refusal)
