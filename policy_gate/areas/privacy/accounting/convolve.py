"""Composes many steps by FFT in a tilted measure, with a certified bound on everything that it gets wrong.

With K(theta) = sum over steps of log sum_i p_i exp(theta x_i), the tilted masses f_i = p_i exp(theta x_i - K) sum to 1,
their convolution g is the law of the composed loss S tilted by theta, and

    delta(epsilon) = exp(K) sum_s g(s) exp(-theta s) (1 - exp(epsilon - s))_+ + (1 - (1 - certain)^steps).

With K'(theta) close to epsilon the sum is about its own largest terms, so that the rounding of the FFT is relative to
delta and not to 1: the exponential shift of Keich, "sFFT: A Faster Accurate Computation of the p-Value of the Entropy
Score" (2005); the saddle point of Alghamdi et al., "The Saddle-Point Method in Differential Privacy" (2023). Errors:

(a) Aliasing. Mass outside the window returns inside it, at most B = exp(K(theta + t) - K(theta) - t end) from above,
    likewise from below (Chernoff, of the very masses used). Wherever it is or lands beyond epsilon, its weight
    exp(-theta s)(1 - exp(epsilon - s)) is at most exp(-theta epsilon) / (1 + theta).
(b) Rounding. The largest mass f_0 stands at index 0, so that a coefficient is F = f_0 + R, R the transform of the
    rest: a sum along log2 N butterflies of terms whose sizes sum to r = sum of the rest, |error| <= e = 8 u log2 N r.
    Where f_0 is more than half, log F = log f_0 + log(1 + R / f_0) is right to a share of r: a million steps that
    change nothing cost nothing. A product of T coefficients then errs by at most
    prod(|F| + e)^T (1 + 64 u sum T r) - prod |F|^T, and the way back adds 8 u log2 N times the mean size. Their mean
    over all frequencies bounds the error A of each g(s).
(c) Sums. The running sums add up to N terms of one sign: relative error 2 N u of each of the two (ends.py).
(d) Masses and losses of each step: factors 1 +- mass_error, shifts of epsilon by loss_error (discretise.py). f_i is as
    wrong as its exponent: a factor 1 +- 4 u (|log p_i| + |theta x_i| + |K| + 2).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from policy_gate.areas.privacy.accounting.cells import UNIT, Reals, losses_of
from policy_gate.areas.privacy.accounting.discretise import Knots
from policy_gate.frozen import dataclass

_BUTTERFLY = 8.0 * UNIT
_TINIEST = 1e-300
_LEAST_LOG = -600.0
_LEFT_OUT = 4e-44


@dataclass(frozen=True, slots=True)
class Plan:
    """How to compose: the tilt, the width of a cell, the size of the transform, its middle and the epsilon in question.

    `above` and `below` are the exponents t of the two Chernoff bounds on what is outside.
    """

    theta: float
    width: float
    size: int
    middle: float
    epsilon: float
    above: float
    below: float


@dataclass(frozen=True, slots=True)
class Tilted:
    """The tilted law g of the composed loss at offset + (first + i) * width, and the errors (a), (b) and (d)."""

    plan: Plan
    offset: float
    first: int
    g: Reals
    noise: float
    outside: float
    log_scale: float
    certain: float
    mass_error: float
    loss_error: float


class _Spectrum:
    """The product of all coefficients in polar form, and a bound on the size each may have had without rounding."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.turns = 64.0
        self.phases = np.zeros(size // 2 + 1)
        self.logs = np.zeros(size // 2 + 1)
        self.highest = np.zeros(size // 2 + 1)

    def multiply(self, f: Reals, steps: int) -> int:
        """Take in one part's masses, `steps` times, and give the index that became 0.

        `turns` counts steps by the mass that is not in their largest one.
        """
        most = int(np.argmax(f))
        largest = float(f[most])
        folded = np.zeros(-(-len(f) // self.size) * self.size)
        folded[: len(f)] = f
        folded[most] = 0.0
        rest = float(np.sum(folded))
        error = _BUTTERFLY * math.log2(self.size) * (rest + len(f) * _TINIEST)
        around = np.roll(folded.reshape(-1, self.size).sum(axis=0), -(most % self.size))
        turned = np.fft.rfft(around)
        if largest > 0.5:
            turned /= largest
            square = np.maximum(2.0 * turned.real + turned.real**2 + turned.imag**2, -1.0 + 2.0**-52)
            logs = 0.5 * np.log1p(square) + math.log(largest)
            self.phases += steps * np.arctan2(turned.imag, 1.0 + turned.real)
        else:
            turned += largest
            logs = np.log(np.maximum(np.abs(turned), _TINIEST))
            self.phases += steps * np.angle(turned)
            rest = 1.0
        self.logs += steps * logs
        # log(|F| + e) = log |F| + log(1 + e / |F|): nothing is lost where |F| is close to 1.
        floored = np.maximum(logs, _LEAST_LOG)
        self.highest += steps * (floored + np.log1p(error * np.exp(-floored)))
        self.turns += 2.0 * steps * rest
        return most

    def back(self) -> tuple[Reals, float]:
        """The convolution, and the bound A on the error of each of its values."""
        share = 2.0 / self.size
        slack = 32.0 * UNIT * self.turns
        # What cannot exceed exp(-100) is left out, and counted as missed.
        kept = np.flatnonzero(self.highest > -100.0)
        logs, highest = self.logs[kept], self.highest[kept]
        sizes = np.exp(logs)
        missed = float(np.sum(np.exp(highest + slack) * -np.expm1(logs - highest - slack))) + len(self.logs) * _LEFT_OUT
        noise = share * (missed + _BUTTERFLY * math.log2(self.size) * float(np.sum(sizes)))
        product = np.zeros(len(self.logs), dtype=np.complex128)
        product[kept] = sizes * np.exp(1j * self.phases[kept])
        return np.fft.irfft(product, self.size), noise * (1.0 + 1e-6)


def compose(parts: Sequence[tuple[Knots, int]], plan: Plan) -> Tilted:
    """Convolve each part's masses `steps` times, all together, in the window about plan.middle."""
    offset = math.fsum([steps * knots.offset for knots, steps in parts])
    first = round((plan.middle - offset) / plan.width) - plan.size // 2
    log_above = -plan.above * (offset + (first + plan.size) * plan.width)
    log_below = plan.below * (offset + (first - 1) * plan.width)
    spectrum = _Spectrum(plan.size)
    start, log_scale, mass_error = 0, 0.0, 0.0
    for knots, steps in parts:
        losses = losses_of(knots.offset, knots.first, knots.first + len(knots.mass) - 1, plan.width)
        with np.errstate(divide="ignore"):
            log_mass = np.log(np.where(knots.mass > _TINIEST, knots.mass, 0.0))
        exponents = log_mass + plan.theta * losses
        log_moment = _log_sum(exponents)
        f = np.exp(exponents - log_moment)
        start += steps * (knots.first + spectrum.multiply(f, steps))
        log_above += steps * (_log_sum(log_mass + (plan.theta + plan.above) * losses) - log_moment)
        log_below += steps * (_log_sum(log_mass + (plan.theta - plan.below) * losses) - log_moment)
        log_scale += steps * log_moment
        mass_error += steps * (knots.mass_error + _exponent_error(f, log_mass, plan.theta * losses, log_moment))
    g, noise = spectrum.back()
    total = sum(steps for _, steps in parts)
    slack = math.exp(min(total * 64 * UNIT, 1.0)) * (1.0 + 1e-6)
    rare = [steps * math.log1p(knots.certain + len(knots.mass) * _TINIEST) for knots, steps in parts]
    certain = math.expm1(min(math.fsum(rare), 1.0))
    return Tilted(
        plan,
        offset,
        first,
        np.roll(g, -((first - start) % plan.size)),
        noise,
        slack * (math.exp(min(log_above, 0.0)) + math.exp(min(log_below, 0.0))),
        log_scale,
        certain * math.exp(min(mass_error, 600.0)),
        mass_error,
        (1.0 + 1e-6) * math.fsum([steps * (knots.loss_error + 2 * UNIT * abs(knots.offset)) for knots, steps in parts]),
    )


def _exponent_error(f: Reals, log_mass: Reals, tilt: Reals, log_moment: float) -> float:
    held = f > 0.0
    sizes = np.abs(log_mass[held]) + np.abs(tilt[held]) + (abs(log_moment) + 2.0)
    return 4.0 * UNIT * float(np.max(sizes))


def _log_sum(logs: Reals) -> float:
    highest = float(np.max(logs))
    return highest + math.log(float(np.sum(np.exp(logs - highest))))
