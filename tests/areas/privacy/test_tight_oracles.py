"""The tight accountant against two others, published settings and the extremes that others fail at."""

from __future__ import annotations

import csv
import importlib
import math
import warnings
from pathlib import Path

import pytest

from policy_gate.areas.privacy.accounting.accountant import FLOOR, account
from policy_gate.areas.privacy.accounting.mechanisms import (
    Gaussian,
    Laplace,
    Pure,
    RandomizedResponse,
    SubsampledGaussian,
    ZeroConcentrated,
)
from policy_gate.areas.privacy.accounting.tight import curve, enclose
from policy_gate.errors import EvidenceError

GRID = [
    (0.0042666667, 1.1, 14062, 1e-5),
    (0.04, 1.5, 2250, 1e-5),
    (0.01, 0.7, 120, 1e-5),
    (0.01, 0.35, 120, 1e-5),
    (0.3, 2.0, 50, 1e-6),
    (0.7, 5.0, 200, 1e-7),
    (0.05, 10.0, 400, 1e-8),
    (0.95, 4.0, 30, 1e-4),
    (0.001, 0.8, 3000, 1e-3),
]
HARD = [
    # rate, noise, steps, delta, and what others make of it
    (4.08e-5, 0.614, 100_000, 1.1e-10, 1.7, 1.72),
    (4.08e-5, 0.614, 100_000, 1e-12, 2.6, 2.7),
    (0.01, 1.0, 1000, 1e-30, 9.3, 9.4),
    (1e-4, 2.0, 10**7, 1e-8, 0.85, 0.86),
    (1e-9, 1.0, 10**6, 1e-10, 4.4e-6, 4.6e-6),
    (1e-7, 0.5, 10**5, 1e-9, 0.014, 0.0152),
    (1e-5, 0.1, 976_563, 1e-7, 1181.0, 1182.0),
]


@pytest.fixture(scope="module")
def pld():
    pytest.importorskip("dp_accounting")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module("dp_accounting"), importlib.import_module("dp_accounting.pld")


def theirs(pld, events, delta, neighbours="ADD_OR_REMOVE_ONE", interval=1e-4):
    base, module = pld
    relation = getattr(base.NeighboringRelation, neighbours)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        accountant = module.PLDAccountant(relation, interval)
        for event, count in events:
            accountant.compose(event, count)
        return float(accountant.get_epsilon(delta))


def sampled(pld, rate, noise):
    return pld[0].PoissonSampledDpEvent(rate, pld[0].GaussianDpEvent(noise))


@pytest.mark.parametrize(("rate", "noise", "steps", "delta"), GRID)
def test_the_interval_holds_the_estimate_of_a_pessimistic_accountant(pld, rate, noise, steps, delta):
    found = enclose([SubsampledGaussian(rate, noise, steps)], delta)
    expected = theirs(pld, [(sampled(pld, rate, noise), steps)], delta)
    assert found.lower <= expected
    assert found.upper <= expected * 1.002
    assert found.upper >= expected * 0.997
    assert found.upper - found.lower <= 0.004 * found.upper


@pytest.mark.parametrize(("rate", "noise", "steps", "delta"), GRID[:6])
def test_the_interval_overlaps_the_bracket_of_another_accountant(rate, noise, steps, delta):
    prv = pytest.importorskip("prv_accountant")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mechanism = prv.PoissonSubsampledGaussianMechanism(noise_multiplier=noise, sampling_probability=rate)
        accountant = prv.PRVAccountant(
            prvs=mechanism, max_self_compositions=steps, eps_error=0.05, delta_error=delta / 1000
        )
        low, _, high = accountant.compute_epsilon(delta=delta, num_self_compositions=steps)
    found = enclose([SubsampledGaussian(rate, noise, steps)], delta)
    assert low <= found.upper
    assert found.lower <= high


def test_joint_phases_are_those_of_another_accountant(pld):
    base = pld[0]
    found = enclose([SubsampledGaussian(0.01, 0.9, 800), SubsampledGaussian(0.05, 2.0, 300), Gaussian(6.0, 3)], 1e-6)
    events = [(sampled(pld, 0.01, 0.9), 800), (sampled(pld, 0.05, 2.0), 300), (base.GaussianDpEvent(6.0), 3)]
    expected = theirs(pld, events, 1e-6)
    assert found.lower <= expected <= found.upper * 1.002
    assert found.upper <= expected * 1.003


def test_laplace_steps_beside_sampled_ones_are_those_of_another_accountant(pld):
    base = pld[0]
    found = enclose([Laplace(15.0, 60), SubsampledGaussian(0.02, 1.1, 500)], 1e-5)
    expected = theirs(pld, [(base.LaplaceDpEvent(15.0), 60), (sampled(pld, 0.02, 1.1), 500)], 1e-5)
    assert found.lower <= expected
    assert found.upper == pytest.approx(expected, rel=3e-3)


def test_replaced_records_are_those_of_another_accountant(pld):
    found = enclose([SubsampledGaussian(0.02, 1.0, 500, replaced=True)], 1e-5)
    expected = theirs(pld, [(sampled(pld, 0.02, 1.0), 500)], 1e-5, "REPLACE_ONE")
    # Theirs bounds each world by the sum of both directions; ours is the pair that is attained.
    assert found.lower <= expected * 1.001


@pytest.mark.parametrize("records", [2, 5])
def test_several_records_of_one_unit_are_those_of_another_accountant(pld, records):
    weights = [math.comb(records, j) * 0.02**j * 0.98 ** (records - j) for j in range(records + 1)]
    event = importlib.import_module("dp_accounting.dp_event").MixtureOfGaussiansDpEvent(
        2.0, [float(j) for j in range(records + 1)], weights
    )
    expected = theirs(pld, [(event, 400)], 1e-5)
    found = enclose([SubsampledGaussian(0.02, 2.0, 400, records=records)], 1e-5)
    assert found.lower <= expected
    assert found.upper == pytest.approx(expected, rel=3e-3)


@pytest.mark.parametrize("setting", HARD, ids=str)
def test_settings_below_the_resolution_of_others_are_resolved(setting):
    rate, noise, steps, delta, low, high = setting
    found = enclose([SubsampledGaussian(rate, noise, steps)], delta)
    assert low <= found.lower <= found.upper <= high
    assert found.upper <= account([SubsampledGaussian(rate, noise, steps)], delta).upper


def published():
    path = Path(__file__).resolve().parents[4] / "shared" / "data" / "privacy_dev.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("row", published(), ids=lambda row: row["id"])
def test_every_published_claim_gets_the_verdict_it_deserves(row):
    mechanism = SubsampledGaussian(float(row["sampling_rate"]), float(row["noise_multiplier"]), int(row["steps"]))
    claim = float(row["published_eps"])
    found = enclose([mechanism], float(row["delta"]), claim)
    if row["verdict_of_published_claim"] == "confirmed":
        assert claim >= found.upper
    else:
        assert claim < found.lower
    without_claim = enclose([mechanism], float(row["delta"]))
    assert without_claim.upper - without_claim.lower <= 0.005 * without_claim.upper


@pytest.mark.parametrize("share", [0.999, 0.9999])
def test_a_claim_just_below_the_truth_is_refuted_and_just_above_it_confirmed(share):
    mechanism = SubsampledGaussian(0.01, 1.0, 1000)
    truth = enclose([mechanism], 1e-5, 1.8283)
    assert truth.upper - truth.lower < 1e-3
    assert enclose([mechanism], 1e-5, truth.lower * share).lower > truth.lower * share
    assert enclose([mechanism], 1e-5, truth.upper / share).upper <= truth.upper / share


@pytest.mark.parametrize(
    ("mechanisms", "delta"),
    [
        ([SubsampledGaussian(0.001, 1.0, 10**8)], 1e-6),
        ([SubsampledGaussian(1e-30, 1.0, 10**9)], 1e-250),
        ([SubsampledGaussian(1.0 - 2.0**-40, 50.0, 10**5)], 1e-9),
        ([SubsampledGaussian(0.5, 1e8, 1)], 1e-9),
        ([SubsampledGaussian(0.5, 1e-4, 1)], 1e-9),
        ([SubsampledGaussian(0.5, 1.0, 10, records=10**6)], 1e-9),
        ([SubsampledGaussian(0.01, 1.0, 1)], 1.0 - 2.0**-53),
        ([Gaussian(1e-4, 10**9)], 1e-9),
        ([Gaussian(1e8, 1)], 1e-9),
        ([Laplace(1e-4, 10**9)], 1e-9),
        ([Laplace(1e8, 10**9)], 1e-9),
        ([Pure(1e12)], 1e-9),
        ([Pure(1e-18)], 1e-9),
        ([RandomizedResponse(1e-12, 10**9, 10**9)], 1e-9),
        ([RandomizedResponse(0.5, 2, 1)], 1e-9),
        ([ZeroConcentrated(1.0)], 1e-9),
        ([Laplace(1e-3, 5), Gaussian(3.0, 7), Pure(1e-9)], 1e-9),
    ],
    ids=str,
)
def test_extremes_get_a_valid_interval_or_a_refusal_and_never_nothing(mechanisms, delta):
    try:
        found = enclose(mechanisms, delta)
    except EvidenceError as refusal:
        assert refusal.detail  # noqa: PT017  # either outcome is right
        return
    assert found.upper >= FLOOR
    assert 0.0 <= found.lower <= found.upper
    other = account(mechanisms, delta)
    assert found.lower <= other.upper
    assert other.lower <= found.upper


@pytest.mark.parametrize("delta", [0.0, -1e-5, 1.0, 2.0, math.nan, math.inf, True, "1e-5"])
def test_a_delta_out_of_range_is_refused(delta):
    with pytest.raises(EvidenceError, match="delta"):
        enclose([Gaussian(1.0, 1)], delta)


def test_no_mechanism_at_all_is_refused():
    with pytest.raises(EvidenceError, match="no phase"):
        enclose([], 1e-5)


@pytest.mark.parametrize("epsilon", [-1.0, math.nan, math.inf, True])
def test_a_curve_at_no_epsilon_is_refused(epsilon):
    with pytest.raises(EvidenceError, match="epsilon"):
        curve([Gaussian(1.0, 1)], [epsilon])


def test_too_many_different_mechanisms_are_refused_before_they_are_composed():
    with pytest.raises(EvidenceError, match="different mechanisms"):
        enclose([SubsampledGaussian(0.01, 1.0 + at / 100, 10) for at in range(100)], 1e-5)


def test_many_phases_of_a_long_ledger_are_composed_together():
    found = enclose([SubsampledGaussian(0.004 + at / 5000, 1.0 + at / 50, 500) for at in range(12)], 1e-6)
    assert found.upper - found.lower <= 0.01 * found.upper
    assert (
        found.upper
        <= account([SubsampledGaussian(0.004 + at / 5000, 1.0 + at / 50, 500) for at in range(12)], 1e-6).upper
    )


def test_the_curve_falls_and_encloses_delta_where_epsilon_was_found():
    mechanism = SubsampledGaussian(0.01, 1.0, 1000)
    epsilons = [0.0, 0.5, 1.0, 1.5, 2.0, 4.0]
    found = curve([mechanism], epsilons)
    assert all(low <= high for low, high in found)
    assert [high for _, high in found] == sorted([high for _, high in found], reverse=True)
    interval = enclose([mechanism], 1e-5)
    (at_lower, at_upper) = curve([mechanism], [interval.lower, interval.upper])
    assert at_lower[1] >= 1e-5
    assert at_upper[0] <= 1e-5
