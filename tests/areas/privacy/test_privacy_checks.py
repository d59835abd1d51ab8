"""Each privacy check: what passes, what fails, what stays unknown, and what a reader is told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from policy_gate.areas.privacy import checks, checks_bound
from policy_gate.areas.privacy.checks_evidence import EvidenceLimits, evidence_agrees
from policy_gate.areas.privacy.facts import (
    DeltaClaim,
    DetectionRate,
    Neighbours,
    NoiseAdvice,
    PhaseAccounting,
    PhaseEvidence,
    PhaseParameters,
    PrivacyBound,
    ProtectedUnit,
    TuningRuns,
)
from policy_gate.errors import Reason
from policy_gate.model import RELEASE, Outcome, Subject

TRAIN = Subject("phase", ("train",))
BOUND = PrivacyBound(
    subject=RELEASE,
    pointer="/privacy/claim/epsilon",
    claimed_epsilon=4.23,
    delta=1e-6,
    epsilon_lower=0.0,
    epsilon_upper=4.22711,
    method="Renyi composition, order 7.3",
    rests_on=("train: Gaussian noise 0.9",),
    epsilon_to_claim=4.23,
)


def test_a_claim_below_the_bound_is_not_proven_and_never_refuted_by_an_upper_bound():
    answer = checks_bound.claim_confirmed(replace(BOUND, claimed_epsilon=4.2271))
    assert (answer.outcome, answer.reason) == (Outcome.UNKNOWN, Reason.NOT_PROVEN)
    assert answer.fixes[0].text == "set claim.epsilon to 4.23"
    assert answer.fixes[0].replacement is None
    assert answer.fixes[0].pointer == "/privacy/claim/epsilon"


def test_a_claim_below_the_certified_lower_bound_fails():
    answer = checks_bound.claim_confirmed(replace(BOUND, claimed_epsilon=4.0, epsilon_lower=4.2271))
    assert (answer.outcome, answer.reason) == (Outcome.FAIL, None)


def test_a_claim_equal_to_the_bound_passes_without_tolerance():
    assert checks_bound.claim_confirmed(replace(BOUND, claimed_epsilon=4.22711)).outcome is Outcome.PASS
    assert checks_bound.claim_confirmed(replace(BOUND, claimed_epsilon=4.227109999)).outcome is Outcome.UNKNOWN


def test_the_noise_that_would_have_met_the_claim_is_named():
    advice = (NoiseAdvice(phase="train", noise_multiplier=1.02), NoiseAdvice(phase="tune", noise_multiplier=2.04))
    answer = checks_bound.claim_confirmed(replace(BOUND, claimed_epsilon=3.0, noise_advice=advice))
    assert answer.fixes[1].text == (
        "raise noise_multiplier of train to 1.02 and noise_multiplier of tune to 2.04, and train again"
    )
    assert answer.fixes[1].replacement is None


@pytest.mark.parametrize(
    ("upper", "lower", "claimed", "outcome"),
    [
        (10.0, 0.0, 10.0, Outcome.PASS),
        (9.0, 0.0, 20.0, Outcome.PASS),
        (10.0001, 0.0, 9.0, Outcome.UNKNOWN),
        (10.0001, 0.0, 10.1, Outcome.FAIL),
        (12.0, 11.0, 9.0, Outcome.FAIL),
    ],
)
def test_epsilon_is_judged_by_the_recomputed_bound(upper, lower, claimed, outcome):
    bound = replace(BOUND, epsilon_upper=upper, epsilon_lower=lower, claimed_epsilon=claimed)
    answer = checks_bound.epsilon_within(bound, limits=checks_bound.EpsilonLimits())
    assert answer.outcome is outcome
    assert (answer.reason is Reason.INTERVAL_STRADDLES) == (outcome is Outcome.UNKNOWN)


def test_a_claim_above_policy_is_not_said_to_be_a_measured_epsilon():
    """Stage 1 proves a high claim and stops: its bound is no measurement of what was spent."""
    bound = replace(BOUND, epsilon_upper=12.0, epsilon_lower=0.0, claimed_epsilon=15.0)
    answer = checks_bound.epsilon_within(bound, limits=checks_bound.EpsilonLimits())
    assert answer.outcome is Outcome.FAIL
    assert answer.message.startswith("claimed epsilon 15 is above 10")


@pytest.mark.parametrize(
    ("delta", "below", "margin"),
    [
        (1e-3, Outcome.FAIL, Outcome.FAIL),
        (1.17647e-05, Outcome.FAIL, Outcome.FAIL),
        (1.1e-5, Outcome.PASS, Outcome.FAIL),
        (1e-6, Outcome.PASS, Outcome.PASS),
    ],
)
def test_delta_is_judged_by_the_population(delta, below, margin):
    claim = DeltaClaim(
        subject=RELEASE, pointer="", delta=delta, population=85000, inverse=1.17647e-05, margin=3.78051e-06
    )
    assert checks.delta_below_inverse(claim, limits=checks.DeltaLimits()).outcome is below
    assert checks.delta_with_margin(claim).outcome is margin


@pytest.mark.parametrize(
    ("delta", "limit", "outcome"),
    [
        (0.99, 1e-4, Outcome.FAIL),
        (1.01e-4, 1e-4, Outcome.FAIL),
        (1e-4, 1e-4, Outcome.PASS),
        (1e-4, 1e-5, Outcome.FAIL),
    ],
)
def test_a_delta_that_is_small_for_few_people_only_is_too_large(delta, limit, outcome):
    claim = DeltaClaim(subject=RELEASE, pointer="", delta=delta, population=1, inverse=1.0, margin=1.0)
    answer = checks.delta_below_inverse(claim, limits=checks.DeltaLimits(max_delta=limit))
    assert (answer.outcome, "policy allows" in answer.message) == (outcome, outcome is Outcome.FAIL)


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        ("user", Outcome.PASS),
        ("device", Outcome.PASS),
        ("household", Outcome.PASS),
        ("user-day", Outcome.FAIL),
        ("example", Outcome.FAIL),
    ],
)
def test_a_unit_smaller_than_a_device_is_not_enough(kind, outcome):
    unit = ProtectedUnit(subject=RELEASE, pointer="", kind=kind, max_records=1)
    assert checks.unit_sufficient(unit, limits=checks.UnitLimits()).outcome is outcome


def test_a_unit_with_more_records_than_policy_allows_fails_at_that_number():
    unit = ProtectedUnit(subject=RELEASE, pointer="", kind="user", max_records=20)
    answer = checks.unit_sufficient(unit, limits=checks.UnitLimits(max_records=10))
    assert (answer.outcome, answer.pointer) == (Outcome.FAIL, "/privacy/unit/max_records_per_unit")


def test_neighbours_that_policy_does_not_accept_fail():
    neighbours = Neighbours(subject=RELEASE, pointer="", adjacency="replace-special")
    strict = checks.NeighbourLimits(adjacencies=("add-or-remove-one",))
    assert checks.adjacency_accepted(neighbours, limits=strict).outcome is Outcome.FAIL
    assert checks.adjacency_accepted(neighbours, limits=checks.NeighbourLimits()).outcome is Outcome.PASS


def test_evidence_that_differs_fails_with_file_and_line():
    evidence = PhaseEvidence(
        subject=TRAIN,
        pointer="/privacy/phases/0/sampling/batch_size",
        parameter="sampling.batch_size",
        claimed="512",
        found="1024",
        file="configs/train.yaml",
        line=3,
        locator="/batch_size",
        agrees=False,
    )
    answer = evidence_agrees(evidence, limits=EvidenceLimits())
    assert answer.outcome is Outcome.FAIL
    assert answer.message == "sampling.batch_size is 512 here, 1024 in configs/train.yaml:3"
    assert evidence_agrees(replace(evidence, agrees=True), limits=EvidenceLimits()).outcome is Outcome.PASS


def test_tuning_on_private_data_passes_with_the_number_of_trials_that_is_in_the_epsilon():
    private = TuningRuns(subject=RELEASE, pointer="", data="private", trials=20, spends_budget=True)
    answer = checks_bound.tuning_accounted(private)
    assert (answer.outcome, answer.measured) == (Outcome.PASS, 20)
    drawn = checks_bound.tuning_accounted(replace(private, trials=0, mean_trials=7.5, selection="poisson"))
    assert drawn.message == "7.5 trials on average (poisson) on private data are part of the recomputed epsilon"
    assert checks_bound.tuning_accounted(replace(private, spends_budget=False)).outcome is Outcome.PASS


def test_a_claim_between_the_ends_is_said_to_be_not_resolved_with_both_ends():
    answer = checks_bound.claim_confirmed(replace(BOUND, claimed_epsilon=3.88, epsilon_lower=3.87, epsilon_upper=3.89))
    assert (answer.outcome, answer.reason) == (Outcome.UNKNOWN, Reason.NOT_PROVEN)
    assert answer.message == (
        "claimed epsilon 3.88 is not resolved; provable is 3.89 at delta 1e-06, and nothing below 3.87"
    )


def test_what_an_epsilon_means_is_said_in_words_that_never_round_down():
    detection = (DetectionRate(false_alarm_rate=0.01, found_rate_upper=0.12341),)
    causes = checks_bound.claim_confirmed(replace(BOUND, advantage_upper=0.60002, detection=detection)).causes
    assert (
        "an attacker who guesses whether one unit took part is right at most 80.1 % of the time; by chance, 50 %"
        in (causes)
    )
    assert causes[-1].endswith("at most 12.4 % of the units are found")
    assert not any("attacker" in one for one in checks_bound.claim_confirmed(BOUND).causes)


def test_what_the_accountant_could_not_resolve_is_unknown_and_never_refuted():
    blind = replace(BOUND, stage=1, unresolved="float noise exceeds delta", claimed_epsilon=4.0)
    answer = checks_bound.within_resolution(blind)
    assert (answer.outcome, answer.reason) == (Outcome.UNKNOWN, Reason.NOT_PROVEN)
    assert "4.22711" in answer.message
    assert checks_bound.claim_confirmed(blind).outcome is Outcome.UNKNOWN
    assert checks_bound.within_resolution(BOUND).outcome is Outcome.PASS


@pytest.mark.parametrize(("size", "outcome"), [(4, Outcome.FAIL), (1, Outcome.PASS), (0, Outcome.NOT_APPLICABLE)])
def test_records_clipped_together_fail(size, outcome):
    phase = PhaseParameters(subject=TRAIN, pointer="", mechanism="dp-sgd", microbatch=size)
    assert checks.microbatch_within(phase, limits=checks.MicrobatchLimits()).outcome is outcome


def test_a_supported_scheme_passes_and_names_the_figure_that_does_not_hold():
    phase = PhaseAccounting(
        subject=TRAIN, pointer="", scheme="shuffled", accounted_as="…", epsilon_upper=57.33, poisson_epsilon=4.22711
    )
    answer = checks_bound.scheme_supported(phase)
    assert answer.outcome is Outcome.PASS
    assert answer.causes[1] == "the Poisson figure 4.22711 is not proven for shuffled batches"


def test_complete_parameters_pass():
    phase = PhaseParameters(subject=TRAIN, pointer="", mechanism="dp-sgd", microbatch=1)
    assert checks.parameters_complete(phase).outcome is Outcome.PASS
