"""The one door to dp-accounting, the optional extra: what the own accountants do not cover, and nothing else."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from policy_gate.areas.privacy.accounting.mechanisms import (
    MAX_NOISE,
    Gaussian,
    SubsampledGaussian,
    require_number,
    require_steps,
)
from policy_gate.errors import EvidenceError, Reason
from policy_gate.frozen import dataclass

if TYPE_CHECKING:
    from types import ModuleType

    from policy_gate.areas.privacy.accounting.tuning import Spending

INSTALL = 'pip install "policy-gate[dp]"'
_LEAST_NOISE, _MOST_STEPS, _MOST_PARTS = 0.3, 10**6, 4
"""Within these the extra answers in a second; its time and memory are not bounded beyond."""
_LEAST_DELTA = 1e-9
"""Its convolution has a floor of float noise near 1e-12, which it neither reports nor adds."""
_INTERVAL = 1e-3


@dataclass(frozen=True, slots=True)
class TruncatedPoisson:
    """Steps of a Gaussian mechanism on Poisson samples cut to `most` records, for add-or-remove-one neighbours.

    The cut lets one record push another out: such a step can cost more than the Poisson one.
    """

    rate: float
    most: int
    dataset_size: int
    noise_multiplier: float
    steps: int
    pure_epsilon = math.inf
    mu = math.inf
    rho = math.inf
    attained = False

    def __post_init__(self) -> None:
        """Refuse parameters that the extra answers wrongly, slowly or not at all."""
        require_number("the sampling rate", self.rate, 1e-12, 1.0 - 2.0**-40)
        require_number("the largest batch", self.most, 1, 2**53)
        require_number("the size of the data set", self.dataset_size, 1, 2**53)
        require_number("the noise relative to the sensitivity", self.noise_multiplier, _LEAST_NOISE, MAX_NOISE)
        require_steps(self.steps)
        require_number("the number of truncated steps", self.steps, 1, _MOST_STEPS)

    def rdp(self, order: float) -> float:
        """No bound at any order: only the extra has one."""
        del order
        return math.inf

    def quieter(self, factor: float) -> TruncatedPoisson:
        """The same phase with `factor` times the noise."""
        return replace(self, noise_multiplier=self.noise_multiplier * factor)


def is_installed() -> bool:
    """Whether the extra can be imported; nothing of it is loaded."""
    from importlib.util import find_spec  # only a scheme that needs the extra pays

    return find_spec("dp_accounting") is not None


def upper_by_extra(mechanisms: Sequence[Spending], delta: float) -> float:
    """Bound epsilon of all mechanisms together at `delta` by the pessimistic accountant of dp-accounting.

    Raises EvidenceError where the extra is absent, refuses, or would answer without a bound on its own errors.
    """
    require_number("delta, for dp-accounting,", delta, _LEAST_DELTA, 1.0 - 2.0**-53)
    if len(mechanisms) > _MOST_PARTS:
        raise EvidenceError(Reason.NOT_PROVEN, f"{len(mechanisms)} phases; dp-accounting is asked about {_MOST_PARTS}")
    import warnings  # dp-accounting logs and warns about what is checked here before

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            epsilon = _pessimistic(mechanisms, delta)
    except ImportError as absent:
        raise EvidenceError(Reason.NOT_PROVEN, f"dp-accounting is not installed: {INSTALL}") from absent
    except (ArithmeticError, TypeError, ValueError, MemoryError) as error:
        raise EvidenceError(Reason.NOT_PROVEN, f"dp-accounting refuses: {ascii(str(error))[:120]}") from error
    if not math.isfinite(epsilon) or epsilon < 0.0:
        raise EvidenceError(Reason.NOT_PROVEN, f"dp-accounting answers {epsilon}")
    return epsilon


def _pessimistic(mechanisms: Sequence[Spending], delta: float) -> float:
    from importlib import import_module  # the extra ships no types: a plain import would need stubs

    library, losses = import_module("dp_accounting"), import_module("dp_accounting.pld")
    accountant = losses.PLDAccountant(library.NeighboringRelation.ADD_OR_REMOVE_ONE, _INTERVAL)
    for one in mechanisms:
        event, steps = _event(library, one)
        accountant.compose(event, steps)
    return float(accountant.get_epsilon(delta))


def _event(library: ModuleType, one: Spending) -> tuple[object, int]:
    if isinstance(one, TruncatedPoisson):
        event = library.TruncatedSubsampledGaussianDpEvent(
            dataset_size=one.dataset_size,
            sampling_probability=one.rate,
            truncated_batch_size=one.most,
            noise_multiplier=one.noise_multiplier,
        )
        return event, one.steps
    if isinstance(one, Gaussian):
        # Many steps of a Gaussian are one with less noise; the extra answers that in closed form.
        return library.GaussianDpEvent(1.0 / one.mu), 1
    if isinstance(one, SubsampledGaussian) and one.records == 1 and not one.replaced and one.steps <= _MOST_STEPS:
        return library.PoissonSampledDpEvent(one.rate, library.GaussianDpEvent(one.noise_multiplier)), one.steps
    kind = type(one).__name__
    raise EvidenceError(Reason.NOT_PROVEN, f"a truncated Poisson phase is not accounted for together with {kind}")
