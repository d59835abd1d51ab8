"""An accountant that answers a small number for nonsense proves any claim: nonsense is refused."""

from __future__ import annotations

import math

import pytest

from policy_gate.areas.privacy.accounting.accountant import account
from policy_gate.areas.privacy.accounting.mechanisms import (
    Gaussian,
    Laplace,
    Pure,
    SubsampledGaussian,
    ZeroConcentrated,
)
from policy_gate.errors import EvidenceError, Reason

NONSENSE = [math.nan, math.inf, -math.inf, -1.0, 0.0, -0.0, True, False, "1.0", None, 1j, 1e308, 5e-324]


@pytest.mark.parametrize("noise", NONSENSE, ids=repr)
@pytest.mark.parametrize(
    "mechanism",
    [lambda n: Gaussian(n, 10), lambda n: SubsampledGaussian(0.01, n, 10), lambda n: Laplace(n, 10)],
    ids=["gaussian", "subsampled", "laplace"],
)
def test_a_noise_that_is_no_number_in_range_is_refused(mechanism, noise):
    if noise is True:
        with pytest.raises(EvidenceError):
            mechanism(noise)
        return
    with pytest.raises(EvidenceError) as refused:
        mechanism(noise)
    assert refused.value.reason is Reason.NOT_PROVEN


@pytest.mark.parametrize("delta", [*NONSENSE[:7], "1e-5", None, 1.0, 2, 1e-320], ids=repr)
def test_a_delta_outside_zero_and_one_is_refused(delta):
    with pytest.raises(EvidenceError):
        account([Gaussian(1.0, 10)], delta)


@pytest.mark.parametrize("rate", [*NONSENSE[:10], 1.0, 1.2, 1e-40], ids=repr)
def test_a_sampling_rate_outside_zero_and_one_is_refused(rate):
    with pytest.raises(EvidenceError):
        SubsampledGaussian(rate, 1.0, 10)


@pytest.mark.parametrize("steps", [0, -1, 10.0, 10.5, True, "10", None, math.nan, 10**9 + 1, 10**400], ids=str)
def test_steps_that_are_no_whole_number_in_range_are_refused(steps):
    for mechanism in (lambda: Gaussian(1.0, steps), lambda: SubsampledGaussian(0.01, 1.0, steps)):
        with pytest.raises(EvidenceError):
            mechanism()


@pytest.mark.parametrize("loss", [*NONSENSE[:10], 1e300], ids=repr)
def test_a_stated_loss_that_is_no_number_in_range_is_refused(loss):
    if loss is True:
        loss = "True"
    for kind in (ZeroConcentrated, Pure):
        with pytest.raises(EvidenceError):
            kind(loss)


def test_no_phase_at_all_proves_nothing():
    with pytest.raises(EvidenceError):
        account([], 1e-5)


def test_a_number_too_big_to_print_is_refused_in_one_short_line():
    with pytest.raises(EvidenceError) as refused:
        Gaussian(10**400, 1)
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize(
    ("rate", "noise", "steps", "delta"),
    [
        (1e-30, 1e8, 1, 0.5),
        (1e-30, 1e-4, 10**9, 1e-250),
        (1 - 2.0**-40, 1e-4, 10**9, 1e-250),
        (1 - 2.0**-40, 1e8, 1, 1e-250),
        (0.999, 1e8, 10**9, 1e-200),
        (0.5, 1e4, 1, 1e-5),
        (0.5, 1e-4, 1, 0.999),
    ],
)
def test_the_corners_of_the_range_end_in_a_finite_number_above_zero(rate, noise, steps, delta):
    interval = account([SubsampledGaussian(rate, noise, steps)], delta)
    assert 0.0 < interval.upper < math.inf
    assert 0.0 <= interval.lower <= interval.upper
