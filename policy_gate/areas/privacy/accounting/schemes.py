"""From a claimed phase to the mechanism that bounds it: sampling, adjacency, unit and microbatches decide."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, TypeAlias

from policy_gate.areas.privacy.accounting.mechanisms import (
    MAX_STEPS,
    Gaussian,
    Laplace,
    Mechanism,
    Pure,
    SubsampledGaussian,
    ZeroConcentrated,
)
from policy_gate.errors import EvidenceError, Reason
from policy_gate.frozen import dataclass

if TYPE_CHECKING:
    from policy_gate.areas.privacy.claims import PrivacyClaims
    from policy_gate.areas.privacy.claims_phases import (
        DpSgdPhase,
        GaussianPhase,
        KrrPhase,
        LaplacePhase,
        Phase,
        Sampling,
    )

_NEARLY_EVERYONE = 1.0 - 2.0**-40
"""At this rate the whole Gaussian is the bound: nothing is gained by sampling."""


@dataclass(frozen=True, slots=True)
class Accounted:
    """A phase that can be accounted for; `words` say as what."""

    mechanism: Mechanism
    words: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a claim cannot be accounted for, and the pointer into the manifest where that stands."""

    pointer: str
    reason: Reason
    detail: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Setting:
    """What all phases share: the neighbours compared, and how many records one unit may hold."""

    adjacency: str
    records_per_unit: int


Outcome: TypeAlias = Accounted | Refusal


def setting_of(claims: PrivacyClaims) -> Setting | Refusal:
    """Read whom the guarantee protects; both parts decide the sensitivity, so neither has a default."""
    if claims.adjacency is None:
        return Refusal("/privacy/adjacency", Reason.NOT_DECLARED, "the manifest does not say which neighbours compare")
    if claims.unit is None:
        return Refusal("/privacy/unit", Reason.NOT_DECLARED, "the manifest does not say whom the guarantee protects")
    if claims.unit.kind == "example":
        return Setting(claims.adjacency, 1)
    if claims.unit.max_records_per_unit is None:
        kind = claims.unit.kind
        return Refusal(
            "/privacy/unit/max_records_per_unit",
            Reason.NOT_DECLARED,
            f"a guarantee per {kind} needs a bound on the records one {kind} may hold",
            "add `max_records_per_unit` as the training pipeline enforces it",
        )
    return Setting(claims.adjacency, claims.unit.max_records_per_unit)


def account_for(phase: Phase, pointer: str, setting: Setting) -> Outcome:
    """Give the mechanism that bounds one phase, or say why there is none; `pointer` is the phase's own."""
    try:
        return _account_for(phase, pointer, setting)
    except EvidenceError as error:
        return Refusal(pointer, error.reason, error.detail, error.fix)


def _account_for(phase: Phase, pointer: str, setting: Setting) -> Outcome:
    # The mechanism is the tag of a closed union: each branch is one of its classes.
    if phase.mechanism == "dp-sgd":
        return _dp_sgd(phase, pointer, setting)
    if phase.mechanism == "gaussian":
        return _gaussian(phase, pointer, setting)
    if phase.mechanism == "laplace":
        return _laplace(phase, pointer, setting)
    if phase.mechanism == "krr":
        return _randomized_response(phase, setting)
    if phase.mechanism == "zcdp":
        return Accounted(ZeroConcentrated(phase.rho), f"zero-concentrated loss rho {phase.rho:g} as stated")
    return Refusal(f"{pointer}/mechanism", Reason.NOT_PROVEN, f"the mechanism {phase.mechanism} is not accounted for")


def poisson_instead(phase: Phase, pointer: str, setting: Setting) -> list[Mechanism]:
    """What a phase with shuffled or fixed batches is often reported as; empty where that does not apply."""
    if phase.mechanism not in ("dp-sgd", "gaussian") or phase.sampling is None:
        return []
    if phase.sampling.scheme not in ("shuffled", "fixed-order"):
        return []
    sampling = phase.sampling.model_copy(update={"scheme": "poisson"})
    found = account_for(phase.model_copy(update={"sampling": sampling}), pointer, setting)
    return [found.mechanism] if isinstance(found, Accounted) else []


def _dp_sgd(phase: DpSgdPhase, pointer: str, setting: Setting) -> Outcome:
    if phase.microbatch is None:
        return Refusal(
            f"{pointer}/microbatch",
            Reason.NOT_DECLARED,
            "the phase does not say how many records are clipped together",
            "add `microbatch: 1` if every record's gradient is clipped on its own",
        )
    if phase.clip_norm is None:
        return _without_clipping(pointer)
    # A record changes its microbatch's clipped mean from any vector of that norm to any other: twice the norm.
    return _noisy_sums(phase, phase.sampling, pointer, setting, doubled=phase.microbatch > 1)


def _gaussian(phase: GaussianPhase, pointer: str, setting: Setting) -> Outcome:
    if phase.clip_norm is None:
        return _without_clipping(pointer)
    if phase.sampling is None or phase.sampling.scheme == "full-batch":
        return _every_step(phase, setting, doubled=False)
    return _noisy_sums(phase, phase.sampling, pointer, setting, doubled=False)


def _without_clipping(pointer: str) -> Refusal:
    return Refusal(
        f"{pointer}/clip_norm",
        Reason.NOT_DECLARED,
        "without a clipping norm one record can move the model without bound",
        "add `clip_norm` as the training configuration has it",
    )


def _noisy_sums(
    phase: DpSgdPhase | GaussianPhase, sampling: Sampling, pointer: str, setting: Setting, *, doubled: bool
) -> Outcome:
    if sampling.scheme == "full-batch":
        return _every_step(phase, setting, doubled=doubled)
    if sampling.scheme in ("shuffled", "fixed-order"):
        return _once_per_epoch(phase, sampling, setting, doubled=doubled)
    if sampling.scheme == "poisson":
        return _poisson(phase, sampling, pointer, setting, doubled=doubled)
    return Refusal(
        f"{pointer}/sampling/scheme",
        Reason.NOT_PROVEN,
        f"the sampling scheme {sampling.scheme} is not accounted for",
        "train with poisson, shuffled, fixed-order or full-batch sampling",
    )


def _every_step(phase: DpSgdPhase | GaussianPhase, setting: Setting, *, doubled: bool) -> Outcome:
    steps = phase.steps if phase.steps is not None else math.ceil(phase.epochs or 0)
    noise = phase.noise_multiplier / _sensitivity(setting, doubled=doubled)
    return Accounted(Gaussian(noise, steps), f"Gaussian noise {noise:g}, {steps} steps on all data")


def _once_per_epoch(
    phase: DpSgdPhase | GaussianPhase, sampling: Sampling, setting: Setting, *, doubled: bool
) -> Outcome:
    """Batches in any order: every record is used once an epoch, and nothing is gained by sampling.

    Chua et al., "How Private are DP-SGD Implementations?" (2024), show that the Poisson figure does not hold here.
    """
    epochs = _epochs(phase, sampling)
    noise = phase.noise_multiplier / _sensitivity(setting, doubled=doubled)
    return Accounted(Gaussian(noise, epochs), f"Gaussian noise {noise:g}, every record once in each of {epochs} epochs")


def _poisson(
    phase: DpSgdPhase | GaussianPhase, sampling: Sampling, pointer: str, setting: Setting, *, doubled: bool
) -> Outcome:
    if setting.adjacency == "replace-one":
        return Refusal(
            "/privacy/adjacency",
            Reason.NOT_PROVEN,
            "Poisson sampling with replace-one neighbours is not accounted for",
            "state the claim for add-or-remove-one neighbours",
        )
    if setting.records_per_unit > 1:
        return Refusal(
            "/privacy/unit/max_records_per_unit",
            Reason.NOT_PROVEN,
            f"Poisson sampling with {setting.records_per_unit} records per unit is not accounted for",
            "sample whole units instead of records, or claim the guarantee per example",
        )
    rate = float(_rate(sampling, pointer))
    steps = phase.steps if phase.steps is not None else math.ceil(_exact(phase.epochs) / _rate(sampling, pointer))
    noise = phase.noise_multiplier / (2.0 if doubled else 1.0)
    if rate >= _NEARLY_EVERYONE:
        return Accounted(Gaussian(noise, steps), f"Gaussian noise {noise:g}, {steps} steps on all data")
    # The nearest double may be just below the exact rate.
    mechanism = SubsampledGaussian(math.nextafter(rate, 1.0), noise, steps)
    return Accounted(mechanism, f"Gaussian noise {noise:g}, Poisson rate {rate:.6g}, {steps} steps")


def _laplace(phase: LaplacePhase, pointer: str, setting: Setting) -> Outcome:
    if phase.clip_norm is None:
        return _without_clipping(pointer)
    scale = phase.noise_multiplier / _sensitivity(setting, doubled=False)
    return Accounted(Laplace(scale, phase.steps), f"Laplace scale {scale:g}, {phase.steps} steps")


def _randomized_response(phase: KrrPhase, setting: Setting) -> Outcome:
    """Kairouz, Oh, Viswanath 2014: the likelihood ratio of the true answer to any other, per report."""
    keep = phase.keep_probability
    per_report = abs(math.log(keep) - math.log1p(-keep) + math.log(phase.categories - 1))
    reports = phase.steps * setting.records_per_unit
    if reports > MAX_STEPS or per_report == 0.0:
        raise EvidenceError(Reason.NOT_PROVEN, f"{reports} reports with a loss of {per_report:g} each")
    words = f"randomized response, {per_report:.6g} a report, {reports} reports of one unit"
    return Accounted(Pure(per_report * reports), words)


def _sensitivity(setting: Setting, *, doubled: bool) -> float:
    twice = doubled or setting.adjacency == "replace-one"
    return setting.records_per_unit * (2.0 if twice else 1.0)


def _epochs(phase: DpSgdPhase | GaussianPhase, sampling: Sampling) -> int:
    if phase.steps is None:
        return math.ceil(phase.epochs or 0)
    # A short last batch may have been dropped: fewer steps an epoch mean more epochs.
    steps_per_epoch = max(1, math.floor(1 / _rate(sampling, "")))
    return math.ceil(Fraction(phase.steps, steps_per_epoch))


def _rate(sampling: Sampling, pointer: str) -> Fraction:
    if sampling.rate is not None:
        return _exact(sampling.rate)
    if sampling.batch_size is None or sampling.dataset_size is None:
        raise EvidenceError(Reason.NOT_DECLARED, f"{pointer}/sampling has neither rate nor batch and dataset size")
    return Fraction(sampling.batch_size, sampling.dataset_size)


def _exact(number: float | None) -> Fraction:
    """The decimal number as it was written, not its nearest double."""
    return Fraction(repr(float(number or 0)))
