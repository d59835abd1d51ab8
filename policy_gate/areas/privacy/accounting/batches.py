"""How batches were drawn decides what noise on their sums proves: one function for each sampling scheme."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

from policy_gate.areas.privacy.accounting.accounted import Accounted, Outcome, Refusal, Setting
from policy_gate.areas.privacy.accounting.mechanisms import Gaussian, SubsampledGaussian
from policy_gate.areas.privacy.accounting.without_replacement import SubsetGaussian
from policy_gate.errors import EvidenceError, Reason

if TYPE_CHECKING:
    from policy_gate.areas.privacy.claims_phases import DpSgdPhase, GaussianPhase, Sampling

_NEARLY_EVERYONE = 1.0 - 2.0**-40
"""At this rate the whole Gaussian is the bound: nothing is gained by sampling."""


def noisy_sums(
    phase: DpSgdPhase | GaussianPhase, sampling: Sampling, pointer: str, setting: Setting, *, doubled: bool
) -> Outcome:
    """Account for Gaussian noise on sums over batches; `doubled` where one record can turn its sum around."""
    if sampling.scheme == "full-batch":
        return every_step(phase, setting, doubled=doubled)
    if sampling.scheme in ("shuffled", "fixed-order"):
        return _once_per_epoch(phase, sampling, setting, doubled=doubled)
    if sampling.scheme == "poisson":
        return _poisson(phase, sampling, pointer, setting, doubled=doubled)
    if sampling.scheme == "without-replacement":
        return _without_replacement(phase, sampling, pointer, setting, doubled=doubled)
    if sampling.scheme == "truncated-poisson":
        return _truncated_poisson(phase, sampling, pointer, setting, doubled=doubled)
    return Refusal(
        f"{pointer}/sampling/scheme",
        Reason.NOT_PROVEN,
        f"the sampling scheme {sampling.scheme} is not accounted for",
        "train with poisson, without-replacement, shuffled, fixed-order or full-batch sampling",
    )


def every_step(phase: DpSgdPhase | GaussianPhase, setting: Setting, *, doubled: bool) -> Outcome:
    """Account for steps that use all data each time."""
    steps = phase.steps if phase.steps is not None else math.ceil(phase.epochs or 0)
    noise = phase.noise_multiplier / setting.sensitivity(doubled=doubled)
    return Accounted(Gaussian(noise, steps), f"Gaussian noise {noise:g}, {steps} steps on all data")


def _once_per_epoch(
    phase: DpSgdPhase | GaussianPhase, sampling: Sampling, setting: Setting, *, doubled: bool
) -> Outcome:
    """Batches in any order: every record is used once an epoch, and nothing is gained by sampling.

    Chua et al., "How Private are DP-SGD Implementations?" (2024), show that the Poisson figure does not hold here.
    A shuffle may still hide a little, which nobody has bounded well: only a known order refutes a claim, and only
    where all records of one unit have room in one batch, each in a microbatch of its own.
    """
    most, least = _epochs(phase, sampling)
    noise = phase.noise_multiplier / setting.sensitivity(doubled=doubled)
    size = getattr(phase, "microbatch", None) if doubled else 1
    together = setting.records_per_unit == 1 or setting.records_per_unit * (size or 1) <= (sampling.batch_size or 0)
    mechanism = Gaussian(noise, most, attained=sampling.scheme == "fixed-order" and most == least and together)
    return Accounted(mechanism, f"Gaussian noise {noise:g}, every record once in each of {most} epochs")


def _poisson(
    phase: DpSgdPhase | GaussianPhase, sampling: Sampling, pointer: str, setting: Setting, *, doubled: bool
) -> Outcome:
    rate = float(rate_of(sampling, pointer))
    steps = steps_of(phase, sampling, pointer)
    replaced, records = setting.adjacency == "replace-one", setting.records_per_unit
    noise = phase.noise_multiplier / (2.0 if doubled else 1.0)
    if rate >= _NEARLY_EVERYONE:
        return every_step(phase.model_copy(update={"steps": steps, "epochs": None}), setting, doubled=doubled)
    # Whether a drawn record turns a microbatch around depends on who else was drawn: then the pair bounds alone. So it
    # does for units of more records than there are.
    attained = not doubled and (sampling.dataset_size is None or records <= sampling.dataset_size)
    # The nearest double may be just below the exact rate.
    mechanism = SubsampledGaussian(math.nextafter(rate, 1.0), noise, steps, records, replaced, attained)
    unit = f", {records} records of one unit" if records > 1 else ""
    swap = ", a record replaced" if replaced else ""
    return Accounted(mechanism, f"Gaussian noise {noise:g}, Poisson rate {rate:.6g}, {steps} steps{unit}{swap}")


def _without_replacement(
    phase: DpSgdPhase | GaussianPhase, sampling: Sampling, pointer: str, setting: Setting, *, doubled: bool
) -> Outcome:
    """Batches of one size out of a known number of records; that number is the same for both neighbours."""
    if setting.adjacency != "replace-one":
        return Refusal(
            "/privacy/adjacency",
            Reason.NOT_PROVEN,
            "batches drawn without replacement are accounted for with replace-one neighbours alone",
            "state the claim for replace-one neighbours",
        )
    if setting.records_per_unit > 1 or doubled:
        what = "several records per unit" if setting.records_per_unit > 1 else "microbatches"
        return Refusal(
            f"{pointer}/sampling/scheme",
            Reason.NOT_PROVEN,
            f"batches drawn without replacement are not accounted for with {what}",
            "sample whole units, clip each record on its own, or draw Poisson samples",
        )
    rate, steps = float(rate_of(sampling, pointer)), steps_of(phase, sampling, pointer)
    if rate >= _NEARLY_EVERYONE:
        return every_step(phase.model_copy(update={"steps": steps, "epochs": None}), setting, doubled=False)
    mechanism = SubsetGaussian(math.nextafter(rate, 1.0), phase.noise_multiplier, steps)
    words = f"Gaussian noise {phase.noise_multiplier:g}, a share {rate:.6g} without replacement, {steps} steps"
    return Accounted(mechanism, words)


def _truncated_poisson(
    phase: DpSgdPhase | GaussianPhase, sampling: Sampling, pointer: str, setting: Setting, *, doubled: bool
) -> Outcome:
    """Ganesh and others (2025), as dp-accounting has it; it needs the size of the cut and of the data."""
    from policy_gate.areas.privacy.accounting.extra import INSTALL, TruncatedPoisson, is_installed  # rare

    if sampling.max_batch_size is None or sampling.dataset_size is None:
        what = "truncated Poisson batches need dataset_size and max_batch_size, where they are cut"
        fix = "add `max_batch_size` as the training configuration has it"
        return Refusal(f"{pointer}/sampling/max_batch_size", Reason.NOT_DECLARED, what, fix)
    if setting.adjacency == "replace-one" or setting.records_per_unit > 1 or doubled:
        what = "truncated Poisson batches are accounted for one record, clipped alone and left out"
        fix = "draw Poisson batches of any size, or state the claim for add-or-remove-one neighbours"
        return Refusal(f"{pointer}/sampling/scheme", Reason.NOT_PROVEN, what, fix)
    if not is_installed():
        what = "the sampling scheme truncated-poisson is accounted for by dp-accounting, which is not installed"
        return Refusal(f"{pointer}/sampling/scheme", Reason.NOT_PROVEN, what, INSTALL)
    rate, steps = math.nextafter(float(rate_of(sampling, pointer)), 1.0), steps_of(phase, sampling, pointer)
    noise, most = phase.noise_multiplier, sampling.max_batch_size
    mechanism = TruncatedPoisson(rate, most, sampling.dataset_size, noise, steps)
    return Accounted(mechanism, f"Gaussian noise {noise:g}, Poisson rate {rate:.6g} cut to {most}, {steps} steps")


def steps_of(phase: DpSgdPhase | GaussianPhase, sampling: Sampling, pointer: str) -> int:
    """Steps as stated, or as many as the epochs take, rounded up."""
    if phase.steps is not None:
        return phase.steps
    return math.ceil(_exact(phase.epochs) / rate_of(sampling, pointer))


def rate_of(sampling: Sampling, pointer: str) -> Fraction:
    """The exact share of the records in one batch; raises EvidenceError where it is not stated."""
    if sampling.rate is not None:
        return _exact(sampling.rate)
    if sampling.batch_size is None or sampling.dataset_size is None:
        raise EvidenceError(Reason.NOT_DECLARED, f"{pointer}/sampling has neither rate nor batch and dataset size")
    return Fraction(sampling.batch_size, sampling.dataset_size)


def _epochs(phase: DpSgdPhase | GaussianPhase, sampling: Sampling) -> tuple[int, int]:
    """How often some record was used: at most, and at least.

    A short last batch may have been dropped: then fewer steps are an epoch, and more epochs were started.
    """
    if phase.steps is None:
        epochs = math.ceil(phase.epochs or 0)
        return epochs, epochs
    batches = 1 / rate_of(sampling, "")
    return (
        math.ceil(Fraction(phase.steps, max(1, math.floor(batches)))),
        math.ceil(Fraction(phase.steps, math.ceil(batches))),
    )


def _exact(number: float | None) -> Fraction:
    """The decimal number as it was written, not its nearest double."""
    return Fraction(repr(float(number or 0)))
