"""Recomputes epsilon, of every phase on its own and of all together, as tightly as the verdict on the claim needs."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from policy_gate.area import Evidence, not_declared
from policy_gate.areas.privacy.collect import claims_of, refused
from policy_gate.areas.privacy.evidence_basis import basis_of_parameters
from policy_gate.areas.privacy.facts import (
    DetectionRate,
    NoiseAdvice,
    PhaseAccounting,
    PhaseParameters,
    PrivacyBound,
)
from policy_gate.errors import EvidenceError
from policy_gate.model import RELEASE, Basis, Fact, Missing, Subject, round_down, round_up

if TYPE_CHECKING:
    from policy_gate.areas.privacy.accounting.accountant import EpsilonInterval
    from policy_gate.areas.privacy.accounting.spending import Spent
    from policy_gate.areas.privacy.accounting.tuning import Spending
    from policy_gate.areas.privacy.claims import Guarantee, PrivacyClaims
    from policy_gate.areas.privacy.claims_phases import Phase

_ADVISED_PHASES = 4
"""The search for a noise that is enough runs the accountant some thirty times; a hostile manifest must not hang."""


def phases(evidence: Evidence) -> Iterator[Fact | Missing]:
    """Every phase on its own: are its parameters complete, and what does its sampling scheme prove."""
    claims = claims_of(evidence, PhaseParameters, PhaseAccounting)
    if isinstance(claims, tuple):
        yield from claims
        return
    if not claims.phases:
        for kind in (PhaseParameters, PhaseAccounting):
            yield not_declared(kind, "/privacy/phases", "the manifest lists no phase that used private data")
    for position, phase in enumerate(claims.phases):
        subject, pointer = Subject("phase", (phase.id,)), f"/privacy/phases/{position}"
        yield _parameters(phase, subject, pointer)
        yield _accounting(claims, phase, subject, pointer)


def _parameters(phase: Phase, subject: Subject, pointer: str) -> Fact | Missing:
    clipped = phase.mechanism in ("dp-sgd", "gaussian", "laplace", "tree-aggregation")
    if clipped and getattr(phase, "clip_norm", None) is None:
        what = "without a clipping norm one record can move the model without bound"
        fix = "add `clip_norm` as the training configuration has it"
        return not_declared(PhaseParameters, f"{pointer}/clip_norm", what, subject, fix)
    if phase.mechanism == "dp-sgd" and phase.microbatch is None:
        what = "the phase does not say how many records are clipped together"
        fix = "add `microbatch: 1` if every record's gradient is clipped on its own"
        return not_declared(PhaseParameters, f"{pointer}/microbatch", what, subject, fix)
    microbatch = (phase.microbatch or 0) if phase.mechanism == "dp-sgd" else 0
    return PhaseParameters(
        subject=subject,
        pointer=f"{pointer}/microbatch" if microbatch else f"{pointer}/mechanism",
        basis=Basis.DECLARED,
        mechanism=phase.mechanism,
        microbatch=microbatch,
    )


def _accounting(claims: PrivacyClaims, phase: Phase, subject: Subject, pointer: str) -> Fact | Missing:
    from policy_gate.areas.privacy.accounting.schemes import (  # only a manifest with a claim pays
        Refusal,
        account_for,
        poisson_instead,
        setting_of,
    )

    setting = setting_of(claims)
    if isinstance(setting, Refusal):
        return refused(PhaseAccounting, subject, setting)
    accounted = account_for(phase, pointer, setting)
    if isinstance(accounted, Refusal):
        return refused(PhaseAccounting, subject, accounted)
    if claims.claim is None:
        return not_declared(PhaseAccounting, "/privacy/claim", "the manifest states no epsilon and delta", subject)
    try:
        upper = _alone(accounted.mechanism, claims.claim, len(claims.phases))
        poisson = [_alone(one, claims.claim, len(claims.phases)) for one in poisson_instead(phase, pointer, setting)]
    except EvidenceError as error:
        return refused(PhaseAccounting, subject, Refusal(pointer, error.reason, error.detail))
    sampling = getattr(phase, "sampling", None)
    return PhaseAccounting(
        subject=subject,
        pointer=f"{pointer}/sampling/scheme" if sampling is not None else f"{pointer}/mechanism",
        basis=Basis.DECLARED,
        scheme=sampling.scheme if sampling is not None else "",
        accounted_as=accounted.words,
        epsilon_upper=round_up(upper),
        poisson_epsilon=round_up(max(poisson, default=0.0)),
    )


def _alone(mechanism: Spending, claim: Guarantee, phases: int) -> float:
    """The bound of one phase; as tight as that of the release where it is the only one, which costs nothing more."""
    from policy_gate.areas.privacy.accounting.accountant import account  # as above
    from policy_gate.areas.privacy.accounting.extra import TruncatedPoisson
    from policy_gate.areas.privacy.accounting.proving import prove

    if phases == 1 or (isinstance(mechanism, TruncatedPoisson) and phases <= _ADVISED_PHASES):
        return prove([mechanism], claim.delta, claim.epsilon).upper
    return account([mechanism], claim.delta).upper


def bound(evidence: Evidence) -> Iterator[Fact | Missing]:
    """Epsilon of the whole release, recomputed over all phases together."""
    claims = claims_of(evidence, PrivacyBound)
    yield from claims if isinstance(claims, tuple) else [_bound(evidence, claims)]


def _bound(evidence: Evidence, claims: PrivacyClaims) -> Fact | Missing:
    from policy_gate.areas.privacy.accounting.proving import prove  # only a manifest with a claim pays
    from policy_gate.areas.privacy.accounting.schemes import Refusal, setting_of
    from policy_gate.areas.privacy.accounting.spending import spent_by

    if claims.claim is None:
        return not_declared(PrivacyBound, "/privacy/claim", "the manifest states no epsilon and delta")
    spent = spent_by(claims.phases, claims.tuning, setting_of(claims))
    if isinstance(spent, Refusal):
        return refused(PrivacyBound, RELEASE, spent)
    try:
        interval = prove(spent.spending, claims.claim.delta, claims.claim.epsilon)
    except EvidenceError as error:
        return refused(PrivacyBound, RELEASE, Refusal("/privacy/phases", error.reason, error.detail))
    return _fact(evidence, claims, claims.claim, spent, interval)


def _fact(
    evidence: Evidence, claims: PrivacyClaims, claim: Guarantee, spent: Spent, interval: EpsilonInterval
) -> PrivacyBound:
    from policy_gate.areas.privacy.accounting.readable import FALSE_ALARM_RATES, readable  # as above

    upper, lower = round_up(interval.upper), round_down(interval.lower)
    confirmed = claim.epsilon >= upper
    plain = readable(spent.spending, claim.delta, interval)
    return PrivacyBound(
        subject=RELEASE,
        pointer="/privacy/claim/epsilon",
        basis=basis_of_parameters(evidence, claims),
        claimed_epsilon=claim.epsilon,
        delta=claim.delta,
        epsilon_lower=lower,
        epsilon_upper=upper,
        method=interval.method,
        rests_on=spent.words,
        epsilon_to_claim=_up_to(3, upper),
        noise_advice=() if confirmed else _noise_advice(claims, claim, spent),
        resolved=confirmed or claim.epsilon < lower,
        stage=interval.stage,
        unresolved=interval.unresolved,
        advantage_upper=round_up(plain.advantage),
        detection=tuple(
            DetectionRate(false_alarm_rate=alarms, found_rate_upper=round_up(found))
            for alarms, found in zip(FALSE_ALARM_RATES, plain.found_rates, strict=True)
        ),
    )


def _noise_advice(claims: PrivacyClaims, claim: Guarantee, spent: Spent) -> tuple[NoiseAdvice, ...]:
    from policy_gate.areas.privacy.accounting.calibrate import noise_factor  # only a claim that is not met pays

    noises = {phase.id: getattr(phase, "noise_multiplier", None) or 0.0 for phase in claims.phases}
    if not all(noises.values()) or len(noises) > _ADVISED_PHASES:
        return ()
    factor = noise_factor(spent.spending, claim.delta, claim.epsilon)
    if not math.isfinite(factor):
        return ()
    return tuple(NoiseAdvice(phase=one, noise_multiplier=_up_to(4, noise * factor)) for one, noise in noises.items())


def _up_to(digits: int, number: float) -> float:
    """Round up to so many significant digits: advice that is followed must prove the claim."""
    from decimal import ROUND_CEILING, Context, Decimal  # only a manifest with a claim pays

    return float(Context(prec=digits, rounding=ROUND_CEILING).create_decimal(Decimal(repr(number))))
