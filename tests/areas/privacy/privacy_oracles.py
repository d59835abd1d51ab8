"""Epsilon by two public accountants and, for one step, by its closed form: what ours is held against."""

from __future__ import annotations

import importlib
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

from policy_gate.areas.privacy.accounting.mechanisms import Gaussian, Laplace, Mechanism, SubsampledGaussian


@dataclass(frozen=True)
class Bracket:
    """What an oracle says of epsilon: the truth lies between the ends."""

    lower: float
    estimate: float
    upper: float


def rdp_epsilon(mechanisms: Sequence[Mechanism], delta: float) -> float:
    """dp-accounting by Renyi divergences: an upper bound."""
    rdp = importlib.import_module("dp_accounting.rdp")
    return _composed(rdp.RdpAccountant(neighboring_relation=_relation(mechanisms)), mechanisms, delta)


def pld_epsilon(mechanisms: Sequence[Mechanism], delta: float, interval: float = 1e-4) -> float:
    """dp-accounting by privacy-loss distributions, rounded up: an upper bound, and tight where its grid suffices."""
    pld = importlib.import_module("dp_accounting.pld")
    return _composed(pld.PLDAccountant(_relation(mechanisms), interval), mechanisms, delta)


def prv_bracket(mechanisms: Sequence[Mechanism], delta: float, error: float = 0.05) -> Bracket:
    """prv-accountant (Gopi, Lee, Wutschitz 2021), add-or-remove-one neighbours; raises where it refuses."""
    prv = importlib.import_module("prv_accountant")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parts = [_random_variable(prv, one) for one in mechanisms]
        counts = [1 if isinstance(one, Gaussian) else one.steps for one in mechanisms]
        accountant = prv.PRVAccountant(parts, error, delta / 1000, counts)
        return Bracket(*map(float, accountant.compute_epsilon(delta, counts)))


def _random_variable(prv, one):
    if isinstance(one, SubsampledGaussian) and one.records == 1 and not one.replaced:
        return prv.PoissonSubsampledGaussianMechanism(one.rate, one.noise_multiplier)
    if isinstance(one, Gaussian):
        return prv.GaussianMechanism(1.0 / one.mu)
    if isinstance(one, Laplace):
        return prv.LaplaceMechanism(1.0 / one.scale)
    raise TypeError(f"prv-accountant has no {one}")


def _composed(accountant, mechanisms: Sequence[Mechanism], delta: float) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for one in mechanisms:
            event, count = _event(one)
            if not accountant.supports(event):
                raise TypeError(f"dp-accounting does not account for {event}")
            accountant.compose(event, count)
        return float(accountant.get_epsilon(delta))


def _relation(mechanisms: Sequence[Mechanism]):
    base = importlib.import_module("dp_accounting")
    replaced = {one.replaced for one in mechanisms if isinstance(one, SubsampledGaussian)}
    # A plain Gaussian here already has its sensitivity: beside replaced records it would be doubled again.
    assert replaced != {True} or all(isinstance(one, SubsampledGaussian) for one in mechanisms)
    assert len(replaced) < 2
    return base.NeighboringRelation.REPLACE_ONE if replaced == {True} else base.NeighboringRelation.ADD_OR_REMOVE_ONE


def _event(one: Mechanism):
    base = importlib.import_module("dp_accounting")
    if isinstance(one, Gaussian):
        return base.GaussianDpEvent(1.0 / one.mu), 1
    if isinstance(one, Laplace):
        return base.LaplaceDpEvent(one.scale), one.steps
    if not isinstance(one, SubsampledGaussian):
        raise TypeError(f"dp-accounting is not asked about {one}")
    if one.records == 1:
        return base.PoissonSampledDpEvent(one.rate, base.GaussianDpEvent(one.noise_multiplier)), one.steps
    shares = [binomial(one.records, drawn, one.rate) for drawn in range(one.records + 1)]
    return base.dp_event.MixtureOfGaussiansDpEvent(one.noise_multiplier, [*range(one.records + 1)], shares), one.steps


def binomial(count: int, drawn: int, rate: float) -> float:
    """Probability that exactly this many of `count` records are in a batch."""
    return math.comb(count, drawn) * rate**drawn * (1.0 - rate) ** (count - drawn)


def one_step_epsilon(one: SubsampledGaussian, delta: float) -> float:
    """Epsilon of a single step to 40 digits, from the definition: the worse of both directions."""
    import mpmath

    with mpmath.workdps(60):
        pairs = [_mixtures(one)] if one.replaced else [_mixtures(one), _mixtures(one)[::-1]]
        return float(max(_solved(above, below, mpmath.mpf(delta)) for above, below in pairs))


def _mixtures(one: SubsampledGaussian):
    """Outputs of one step in noise units, as {mean: weight}, with the unit and without it (or with another)."""
    import mpmath

    rate, step = mpmath.mpf(one.rate), 1 / mpmath.mpf(one.noise_multiplier)
    shares = {
        drawn: mpmath.binomial(one.records, drawn) * rate**drawn * (1 - rate) ** (one.records - drawn)
        for drawn in range(one.records + 1)
    }
    with_unit = {drawn * step: share for drawn, share in shares.items()}
    other = (
        {-drawn * step: share for drawn, share in shares.items()} if one.replaced else {mpmath.mpf(0): mpmath.mpf(1)}
    )
    return with_unit, other


def _solved(above, below, delta):
    """The loss is monotone in the output, so the best test is a half-line: find the one whose advantage is delta."""
    import mpmath

    side = 1 if max(above) > max(below) or min(above) > min(below) else -1

    def at(x):
        loss = mpmath.log(_density(above, x)) - mpmath.log(_density(below, x))
        return loss, _tail(above, x, side) - mpmath.exp(loss) * _tail(below, x, side)

    near, far = mpmath.mpf(-400 * side), mpmath.mpf(400 * side)
    for _ in range(120):
        middle = (near + far) / 2
        near, far = (middle, far) if at(middle)[1] > delta else (near, middle)
    return max(mpmath.mpf(0), at(far)[0])


def _density(mixture, x):
    import mpmath

    return mpmath.fsum(weight * mpmath.npdf(x, mean, 1) for mean, weight in mixture.items())


def _tail(mixture, x, side):
    import mpmath

    return mpmath.fsum(weight * mpmath.ncdf(side * (mean - x)) for mean, weight in mixture.items())
