"""The Gaussian mechanism on batches of a fixed size drawn without replacement, for replace-one neighbours.

Zhu, Dong, Wang, "Optimal Accounting of Differential Privacy via Characteristic Function" (2022), proposition 30: with
A(a) the curve of ((1-q) Q + q P against Q) and P, Q the Gaussian mechanism on replaced records, the sampled one lies
below A(a) for a >= 1 and, by symmetry, below a A(1/a) + 1 - a for a < 1. Its moment of order l is then
    1 + l (l-1) Integral over a > 1 of (a^(l-2) + a^(-l-1)) A(a) da,
and a^(-l-1) <= a^(l-2) there: at most 1 + 2 (moment of the Poisson-sampled pair - 1). One curve bounds all pairs of
data sets at once, so steps add up; no pair needs to reach it (Lebeda et al. 2024), so nothing is refuted by it.
"""

from __future__ import annotations

import math
from dataclasses import replace

from policy_gate.areas.privacy.accounting.mechanisms import MAX_NOISE, MIN_NOISE, require_number, require_steps
from policy_gate.areas.privacy.accounting.subsampled import subsampled_gaussian_rdp
from policy_gate.frozen import dataclass

_LARGE = 30.0
"""Above exp(30), log(2 moment - 1) and log 2 + log moment agree to the last bit."""


@dataclass(frozen=True, slots=True)
class SubsetGaussian:
    """Steps of a Gaussian mechanism, each on a fresh batch of a fixed share `rate` of the records.

    `noise_multiplier` is relative to the clipping norm, that is, half of what replacing one record can change.
    """

    rate: float
    noise_multiplier: float
    steps: int
    pure_epsilon = math.inf
    mu = math.inf
    rho = math.inf
    attained = False

    def __post_init__(self) -> None:
        """Refuse parameters the formula does not hold for; a rate of 1 is a plain Gaussian."""
        require_number("the sampling rate", self.rate, 1e-30, 1.0 - 2.0**-40)
        require_number("the noise relative to the clipping norm", self.noise_multiplier, MIN_NOISE, MAX_NOISE)
        require_steps(self.steps)

    def rdp(self, order: float) -> float:
        """Divergence of all steps at one order, never more than without sampling."""
        noise = 0.5 * self.noise_multiplier
        log_moment = (order - 1.0) * subsampled_gaussian_rdp(self.rate, noise, order)
        doubled = log_moment + math.log(2.0) if log_moment > _LARGE else math.log1p(2.0 * math.expm1(log_moment))
        return self.steps * min(doubled / (order - 1.0), order / (2.0 * noise * noise))

    def quieter(self, factor: float) -> SubsetGaussian:
        """The same phase with `factor` times the noise."""
        return replace(self, noise_multiplier=self.noise_multiplier * factor)
