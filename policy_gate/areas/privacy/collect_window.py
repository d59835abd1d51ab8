"""Composes what every release about the same people in the window cost, and what the next ones would."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from policy_gate.area import Evidence, not_established
from policy_gate.areas.privacy.collect import claims_of
from policy_gate.areas.privacy.collect_ledger import has_landed
from policy_gate.areas.privacy.facts import NoiseAdvice, PrivacyBound
from policy_gate.areas.privacy.facts_ledger import WindowForecast, WindowSpend
from policy_gate.errors import EvidenceError
from policy_gate.frozen import dataclass
from policy_gate.model import RELEASE, Basis, Fact, Missing, round_down, round_up

if TYPE_CHECKING:
    from policy_gate.areas.privacy.claims import PrivacyClaims
    from policy_gate.areas.privacy.ledger.entry import LedgerEntry
    from policy_gate.areas.privacy.ledger.spend import Joint
    from policy_gate.areas.privacy.ledger.window import Counted, Window

POINTER = "/privacy/population"
_SHOWN_LINES = 20
_ADVISED_PHASES = 4
"""As for one release: the search for a noise that is enough runs the accountant again and again."""


@dataclass(frozen=True, slots=True)
class _Population:
    """One release among those about the same people."""

    own: LedgerEntry
    window: Window
    counted: Counted
    joint: Joint
    also_called: tuple[str, ...]

    @property
    def releases(self) -> int:
        return len(self.counted.lines) + self.counted.own_counts

    @property
    def leaves(self) -> str:
        """The day on which the oldest line leaves the window, "" where it holds no line."""
        days = [line.entry.day for line in self.counted.lines]
        return self.window.leaves(min(days)).isoformat() if days else ""


def window_spend(evidence: Evidence) -> Iterator[Fact | Missing]:
    """What the window has spent, and what it would with more releases like this one."""
    claims = claims_of(evidence, WindowSpend, WindowForecast)
    if isinstance(claims, tuple):
        yield from claims
        return
    try:
        population = _population(evidence, claims)
        yield _spend(evidence, claims, population)
        yield _forecast(evidence, population)
    except EvidenceError as error:
        for kind in (WindowSpend, WindowForecast):
            yield not_established(kind, RELEASE, POINTER, error)


def _population(evidence: Evidence, claims: PrivacyClaims) -> _Population:
    from policy_gate.areas.privacy.ledger.books import read_books  # only a manifest with a claim pays
    from policy_gate.areas.privacy.ledger.own import own_entry
    from policy_gate.areas.privacy.ledger.spend import joint
    from policy_gate.areas.privacy.ledger.window import USUAL_DAYS, Window, counted, same_people

    own = own_entry(evidence, evidence.today.isoformat())
    books = read_books(evidence)
    days = (claims.population.window_days if claims.population is not None else None) or USUAL_DAYS
    window = Window(evidence.today, days)
    related = same_people(own, books.everything, evidence.trusted.ledger.path)
    landed = has_landed(evidence) and any(line.entry.release == own.release for line in books.base)
    found = counted(own, related, window, landed=landed)
    composed = joint(own, [line.entry for line in found.lines], own_counts=found.own_counts)
    ids = {line.entry.population.id for line in related} - {own.population.id}
    return _Population(own, window, found, composed, tuple(sorted(ids)))


def _spend(evidence: Evidence, claims: PrivacyClaims, population: _Population) -> WindowSpend:
    from policy_gate.areas.privacy.accounting.proving import prove

    aim = evidence.trusted.window_epsilon
    own, joint, counted = population.own, population.joint, population.counted
    interval = prove(joint.everything, joint.delta, aim)
    entries = [*(line.entry for line in counted.lines), *([own] if counted.own_counts else [])]
    return WindowSpend(
        subject=RELEASE,
        pointer=POINTER,
        basis=_basis(evidence),
        population=own.population.id,
        window_days=population.window.days,
        releases=population.releases,
        counted=_named(population),
        delta=joint.delta,
        epsilon_lower=round_down(interval.lower),
        epsilon_upper=round_up(interval.upper),
        method=interval.method,
        claims_sum=round_up(math.fsum(one.claim.epsilon for one in entries)),
        also_called=population.also_called,
        repeats=counted.repeats,
        leaves=population.leaves,
        noise_advice=_advice(claims, joint, aim) if interval.upper > aim else (),
    )


def _basis(evidence: Evidence) -> Basis:
    """As that of the release's own bound: what landed was held against its evidence then."""
    bound = evidence.facts.get(PrivacyBound, RELEASE)
    return bound.basis if isinstance(bound, PrivacyBound) else Basis.DECLARED


def _named(population: _Population) -> tuple[str, ...]:
    lines = population.counted.lines
    named = [
        f"{line.entry.words} of {line.entry.date}, claimed {line.entry.claim.epsilon:g} ({line.path}:{line.number})"
        for line in lines[-_SHOWN_LINES:]
    ]
    left_out = len(lines) - len(named)
    more = [f"{left_out} earlier ones"] if left_out else []
    own = [f"{population.own.words}, this release, claimed {population.own.claim.epsilon:g}"]
    return (*more, *named, *(own if population.counted.own_counts else ()))


def _advice(claims: PrivacyClaims, joint: Joint, aim: float) -> tuple[NoiseAdvice, ...]:
    """The noise with which this release would have fit, beside what the earlier ones have spent already."""
    from policy_gate.areas.privacy.accounting.calibrate import noise_factor
    from policy_gate.areas.privacy.ledger.spend import merged

    noises = {phase.id: getattr(phase, "noise_multiplier", None) or 0.0 for phase in claims.phases}
    if not joint.own or not all(noises.values()) or len(noises) > _ADVISED_PHASES:
        return ()
    factor = noise_factor(joint.own, joint.delta, aim, fixed=merged(joint.earlier))
    if not math.isfinite(factor):
        return ()
    return tuple(NoiseAdvice(phase=one, noise_multiplier=_up(noise * factor)) for one, noise in noises.items())


def _up(number: float) -> float:
    """Four digits, rounded up: advice that is followed must fit."""
    from decimal import ROUND_CEILING, Context, Decimal  # only advice pays

    return float(Context(prec=4, rounding=ROUND_CEILING).create_decimal(Decimal(repr(number))))


def _forecast(evidence: Evidence, population: _Population) -> WindowForecast:
    from policy_gate.areas.privacy.ledger.spend import with_more

    return WindowForecast(
        subject=RELEASE,
        pointer=POINTER,
        basis=_basis(evidence),
        population=population.own.population.id,
        window_days=population.window.days,
        releases=population.releases,
        with_more=tuple(with_more(population.own, population.joint, evidence.trusted.window_epsilon)),
        leaves=population.leaves,
    )
