"""What a training phase did to one unit's data, as mechanisms an accountant can compose.

Every mechanism gives an upper bound of its Renyi divergence at every order above 1. One that is a plain Gaussian
(`mu`), zero-concentrated (`rho`) or pure (`pure_epsilon`) says so as well: those compose in closed form.
`attained` says that some unit can lose just this much. Where it is false the mechanism is an upper bound alone
(shuffled batches, trials that were not released), and nothing may be refuted by it.
Parameters out of range raise EvidenceError here too: an accountant that answers 0 for NaN would prove any claim.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TypeAlias

from policy_gate.areas.privacy.accounting.subsampled import subsampled_gaussian_rdp
from policy_gate.errors import EvidenceError, Reason
from policy_gate.frozen import dataclass

MIN_NOISE, MAX_NOISE = 1e-4, 1e8
MAX_STEPS = 10**9
MAX_RECORDS = 10**6
MAX_EPSILON = 1e12
_NEARLY_EVERYONE = 1.0 - 2.0**-40
"""At this rate sampling is given no credit."""


def require_number(what: str, number: object, low: float, high: float) -> None:
    """Refuse what is not a real number within [low, high]; raises EvidenceError. A bool is no number."""
    is_real = isinstance(number, (int, float)) and not isinstance(number, bool)
    if not is_real or not low <= number <= high:  # type: ignore[operator]  # is_real narrows; mypy cannot follow
        raise EvidenceError(Reason.NOT_PROVEN, f"{what} is {_shown(number)}; the accountant takes {low:g} to {high:g}")


def _shown(number: object) -> str:
    """A short text even for a whole number of a thousand digits, which neither `:g` nor `repr` would print."""
    if isinstance(number, int) and abs(number) > MAX_STEPS:
        return f"a whole number of {number.bit_length()} bits"
    return ascii(number)[:40]


def require_steps(steps: object) -> None:
    """Refuse what is not a whole number of steps from 1 to MAX_STEPS; raises EvidenceError."""
    if isinstance(steps, bool) or not isinstance(steps, int) or not 1 <= steps <= MAX_STEPS:
        raise EvidenceError(Reason.NOT_PROVEN, f"steps is {_shown(steps)}; the accountant takes 1 to {MAX_STEPS}")


@dataclass(frozen=True, slots=True)
class Gaussian:
    """Steps of a Gaussian mechanism in which every unit may take part each time; noise is relative to sensitivity."""

    noise_multiplier: float
    steps: int
    attained: bool = True
    pure_epsilon = math.inf

    def __post_init__(self) -> None:
        """Refuse parameters the formula does not hold for."""
        require_number("the noise relative to the sensitivity", self.noise_multiplier, MIN_NOISE, MAX_NOISE)
        require_steps(self.steps)

    @property
    def mu(self) -> float:
        """Sensitivity over noise of all steps together."""
        return math.sqrt(self.steps) / self.noise_multiplier

    @property
    def rho(self) -> float:
        """Zero-concentrated privacy loss (Bun & Steinke 2016, proposition 1.6)."""
        return 0.5 * self.steps / (self.noise_multiplier * self.noise_multiplier)

    def rdp(self, order: float) -> float:
        """Divergence of all steps at one order."""
        return self.rho * order

    def quieter(self, factor: float) -> Gaussian:
        """The same phase with `factor` times the noise."""
        return replace(self, noise_multiplier=self.noise_multiplier * factor)


@dataclass(frozen=True, slots=True)
class SubsampledGaussian:
    """Steps of a Gaussian mechanism, each on a fresh Poisson sample of the records.

    Neighbours differ in the `records` records of one unit: present or not, or, where `replaced`, each against another.
    `noise_multiplier` is relative to what one record can add.
    """

    rate: float
    noise_multiplier: float
    steps: int
    records: int = 1
    replaced: bool = False
    attained: bool = True
    pure_epsilon = math.inf
    mu = math.inf
    rho = math.inf

    def __post_init__(self) -> None:
        """Refuse parameters the formula does not hold for; a rate of 1 is a plain Gaussian."""
        require_number("the sampling rate", self.rate, 1e-30, 1.0 - 2.0**-40)
        require_number("the noise relative to the sensitivity", self.noise_multiplier, MIN_NOISE, MAX_NOISE)
        require_steps(self.steps)
        require_number("the records of one unit", self.records, 1, MAX_RECORDS)

    def rdp(self, order: float) -> float:
        """Divergence of all steps at one order.

        Several records: drawn all together when any of them is, which is never less. Replaced: the weak triangle
        inequality (Mironov 2017, proposition 11) over the data without the unit.
        """
        rate = -math.expm1(self.records * math.log1p(-self.rate))
        noise = self.noise_multiplier / self.records
        everyone = order / (2.0 * noise * noise) * (4.0 if self.replaced else 1.0)
        if rate >= _NEARLY_EVERYONE:
            return self.steps * everyone
        if not self.replaced:
            return self.steps * subsampled_gaussian_rdp(rate, noise, order)
        far = subsampled_gaussian_rdp(rate, noise, 2.0 * order)
        near = subsampled_gaussian_rdp(rate, noise, 2.0 * order - 1.0)
        return self.steps * min((order - 0.5) / (order - 1.0) * far + near, everyone)

    def quieter(self, factor: float) -> SubsampledGaussian:
        """The same phase with `factor` times the noise."""
        return replace(self, noise_multiplier=self.noise_multiplier * factor)


@dataclass(frozen=True, slots=True)
class Laplace:
    """Steps of a Laplace mechanism without sampling; the scale is relative to the L1 sensitivity."""

    scale: float
    steps: int
    attained: bool = True
    mu = math.inf

    def __post_init__(self) -> None:
        """Refuse parameters the formula does not hold for."""
        require_number("the Laplace scale relative to the sensitivity", self.scale, MIN_NOISE, MAX_NOISE)
        require_steps(self.steps)

    @property
    def pure_epsilon(self) -> float:
        """Pure loss of all steps together."""
        return self.steps / self.scale

    @property
    def rho(self) -> float:
        """Zero-concentrated privacy loss of a pure one (Bun & Steinke 2016, proposition 1.4)."""
        return 0.5 * self.steps / (self.scale * self.scale)

    def rdp(self, order: float) -> float:
        """Divergence of all steps at one order (Mironov 2017, proposition 6)."""
        rate, share = 1.0 / self.scale, order / (2.0 * order - 1.0)
        rising = math.log(share) + (order - 1.0) * rate
        falling = math.log1p(-share) - order * rate
        one_step = (rising + math.log1p(math.exp(falling - rising)) + 2.0**-48) / (order - 1.0)
        return self.steps * min(one_step, rate, 0.5 * order * rate * rate)

    def quieter(self, factor: float) -> Laplace:
        """The same phase with `factor` times the noise."""
        return replace(self, scale=self.scale * factor)


@dataclass(frozen=True, slots=True)
class ZeroConcentrated:
    """A phase known only by its zero-concentrated privacy loss."""

    rho: float
    pure_epsilon = math.inf
    mu = math.inf
    attained = False

    def __post_init__(self) -> None:
        """Refuse a loss the formula does not hold for."""
        require_number("rho", self.rho, 1e-18, MAX_EPSILON)

    def rdp(self, order: float) -> float:
        """Divergence at one order (Bun & Steinke 2016, definition 1.1)."""
        return self.rho * order

    def quieter(self, factor: float) -> ZeroConcentrated:
        """The same phase with `factor` times the noise."""
        return replace(self, rho=self.rho / (factor * factor))


@dataclass(frozen=True, slots=True)
class Pure:
    """A phase with a pure privacy loss, all its steps together."""

    pure_epsilon: float
    mu = math.inf
    attained = False

    def __post_init__(self) -> None:
        """Refuse a loss the formula does not hold for."""
        require_number("the pure privacy loss", self.pure_epsilon, 1e-18, MAX_EPSILON)

    @property
    def rho(self) -> float:
        """Zero-concentrated privacy loss of a pure one (Bun & Steinke 2016, proposition 1.4)."""
        return 0.5 * self.pure_epsilon * self.pure_epsilon

    def rdp(self, order: float) -> float:
        """Divergence at one order: never more than the pure loss."""
        return min(self.pure_epsilon, self.rho * order)

    def quieter(self, factor: float) -> Pure:
        """The same phase with a loss `factor` times smaller."""
        return replace(self, pure_epsilon=self.pure_epsilon / factor)


@dataclass(frozen=True, slots=True)
class RandomizedResponse:
    """Reports by k-ary randomized response: the true one of `categories` with `keep_probability`, else any other."""

    keep_probability: float
    categories: int
    reports: int
    attained: bool = True
    mu = math.inf

    def __post_init__(self) -> None:
        """Refuse parameters the formula does not hold for."""
        require_number("the probability of a true answer", self.keep_probability, 1e-12, 1.0 - 2.0**-40)
        require_number("the number of categories", self.categories, 2, 10**9)
        require_steps(self.reports)

    @property
    def pure_epsilon(self) -> float:
        """Pure loss of all reports together (Kairouz, Oh, Viswanath 2014): true against any other answer."""
        keep = self.keep_probability
        return self.reports * abs(math.log(keep) - math.log1p(-keep) + math.log(self.categories - 1))

    @property
    def rho(self) -> float:
        """Zero-concentrated privacy loss of a pure one, report by report (Bun & Steinke 2016, proposition 1.4)."""
        return 0.5 * self.pure_epsilon * self.pure_epsilon / self.reports

    def rdp(self, order: float) -> float:
        """Divergence of all reports at one order: never more than the pure loss."""
        return min(self.pure_epsilon, self.rho * order)

    def quieter(self, factor: float) -> RandomizedResponse:
        """The same reports with a loss `factor` times smaller each."""
        odds = math.exp((self.pure_epsilon / self.reports) / factor) / (self.categories - 1)
        return replace(self, keep_probability=odds / (1.0 + odds))


Mechanism: TypeAlias = Gaussian | SubsampledGaussian | Laplace | ZeroConcentrated | Pure | RandomizedResponse
