"""Recomputes epsilon from the claimed phases, and lays every other privacy claim beside what it must hold against."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from policy_gate.area import Evidence, not_declared
from policy_gate.areas.lineage.facts import DatasetRecords
from policy_gate.areas.privacy.facts import (
    ClaimKind,
    DeltaClaim,
    Neighbours,
    NoiseAdvice,
    PhaseAccounting,
    PhaseDataset,
    PhaseEvidence,
    PhaseParameters,
    PrivacyBound,
    ProtectedUnit,
    TuningRuns,
)
from policy_gate.errors import EvidenceError, Reason
from policy_gate.model import RELEASE, Basis, Fact, Fix, Missing, Subject, round_down, round_up

if TYPE_CHECKING:
    from policy_gate.areas.privacy.accounting.schemes import Accounted, Refusal
    from policy_gate.areas.privacy.claims import Guarantee, PrivacyClaims
    from policy_gate.areas.privacy.claims_phases import Phase

MARGIN_EXPONENT = 1.1
"""Delta at most n^-1.1 is common practice in the literature on private training; the rule about it only warns."""

_ADVISED_PHASES = 4
"""The search for a noise that is enough runs the accountant some twenty times; a hostile manifest must not hang."""


def claims_of(evidence: Evidence, *kinds: type[Fact]) -> PrivacyClaims | tuple[Missing, ...]:
    """The privacy section where it makes a claim, else the missing facts that stand for each kind."""
    from policy_gate.areas.privacy.claims import PrivacyClaims  # pydantic is loaded by now; the engine's start is not

    claims = evidence.section("privacy")
    if not isinstance(claims, PrivacyClaims):
        what, fix = "the manifest has no privacy section", "add a `privacy` section: the claim and its phases"
        return tuple(not_declared(kind, "/privacy", what, fix=fix) for kind in kinds)
    if claims.claim_type == "none":
        what = "claim_type is none: there is no privacy claim to judge"
        return tuple(not_declared(kind, "/privacy/claim_type", what) for kind in kinds)
    return claims


def claim_kind(evidence: Evidence) -> Iterator[Fact | Missing]:
    """Whether anything is claimed; `none` is a fact too."""
    from policy_gate.areas.privacy.claims import PrivacyClaims  # as above

    claims = evidence.section("privacy")
    if isinstance(claims, PrivacyClaims):
        yield ClaimKind(
            subject=RELEASE, pointer="/privacy/claim_type", basis=Basis.DECLARED, claim_type=claims.claim_type
        )
    else:
        yield not_declared(ClaimKind, "/privacy", "the manifest has no privacy section")


def who_is_protected(evidence: Evidence) -> Iterator[Fact | Missing]:
    """Unit, neighbours, tuning and delta: what the claim says of itself."""
    claims = claims_of(evidence, ProtectedUnit, Neighbours, TuningRuns, DeltaClaim)
    if isinstance(claims, tuple):
        yield from claims
        return
    yield _unit(claims)
    if claims.adjacency is None:
        yield not_declared(Neighbours, "/privacy/adjacency", "the manifest does not say which neighbours compare")
    else:
        yield Neighbours(
            subject=RELEASE, pointer="/privacy/adjacency", basis=Basis.DECLARED, adjacency=claims.adjacency
        )
    yield _tuning(claims)
    yield _delta(evidence, claims)


def _unit(claims: PrivacyClaims) -> Fact | Missing:
    from policy_gate.areas.privacy.accounting.schemes import Refusal, setting_of  # only a manifest with a claim pays

    setting = setting_of(claims)
    if claims.unit is None:
        return not_declared(ProtectedUnit, "/privacy/unit", "the manifest does not say whom the guarantee protects")
    if isinstance(setting, Refusal) and claims.adjacency is not None:
        return _refused(ProtectedUnit, RELEASE, setting)
    return ProtectedUnit(
        subject=RELEASE,
        pointer="/privacy/unit/kind",
        basis=Basis.DECLARED,
        kind=claims.unit.kind,
        max_records=claims.unit.max_records_per_unit or 1,
    )


def _tuning(claims: PrivacyClaims) -> Fact | Missing:
    if claims.tuning is None:
        what = "the manifest does not say on which data hyper-parameters were chosen"
        fix = "add `tuning: {data: public, trials: 0}` if no private data was used for it"
        return not_declared(TuningRuns, "/privacy/tuning", what, fix=fix)
    return TuningRuns(
        subject=RELEASE,
        pointer="/privacy/tuning",
        basis=Basis.DECLARED,
        data=claims.tuning.data,
        trials=claims.tuning.trials or 0,
        spends_budget=claims.tuning.spends_budget,
    )


def _delta(evidence: Evidence, claims: PrivacyClaims) -> Fact | Missing:
    if claims.claim is None:
        return not_declared(DeltaClaim, "/privacy/claim", "the manifest states no epsilon and delta")
    if claims.population is None:
        what = "the manifest does not say how many people or devices the data came from"
        return not_declared(DeltaClaim, "/privacy/population", what)
    population = max(claims.population.size, *(_units_in(evidence, phase, claims) for phase in claims.phases), 1)
    return DeltaClaim(
        subject=RELEASE,
        pointer="/privacy/claim/delta",
        basis=Basis.DECLARED,
        delta=claims.claim.delta,
        population=population,
        inverse=round_down(1.0 / population),
        margin=round_down(population**-MARGIN_EXPONENT),
    )


def _units_in(evidence: Evidence, phase: Phase, claims: PrivacyClaims) -> int:
    """At least so many units are in a phase's data: a small stated population must not make a large delta look fine.

    The data has as many records as the phase states, or as its node of the lineage has where that is more.
    """
    sampling = getattr(phase, "sampling", None)
    stated = (sampling.dataset_size or 0) if sampling is not None else 0
    node = evidence.facts.get(DatasetRecords, Subject("dataset", (phase.dataset or "",)))
    records = 0 if isinstance(node, Missing) else max(node.records, node.listed)
    most = claims.unit.max_records_per_unit if claims.unit is not None else None
    return math.ceil(max(stated, records, 1) / (most or 1))


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
    if phase.mechanism in ("dp-sgd", "gaussian", "laplace") and phase.clip_norm is None:
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
    from policy_gate.areas.privacy.accounting.accountant import account  # only a manifest with a claim pays
    from policy_gate.areas.privacy.accounting.schemes import Refusal, account_for, poisson_instead, setting_of

    setting = setting_of(claims)
    if isinstance(setting, Refusal):
        return _refused(PhaseAccounting, subject, setting)
    accounted = account_for(phase, pointer, setting)
    if isinstance(accounted, Refusal):
        return _refused(PhaseAccounting, subject, accounted)
    if claims.claim is None:
        return not_declared(PhaseAccounting, "/privacy/claim", "the manifest states no epsilon and delta", subject)
    try:
        upper = account([accounted.mechanism], claims.claim.delta).upper
        poisson = [account([one], claims.claim.delta).upper for one in poisson_instead(phase, pointer, setting)]
    except EvidenceError as error:
        return _refused(PhaseAccounting, subject, Refusal(pointer, error.reason, error.detail))
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


def bound(evidence: Evidence) -> Iterator[Fact | Missing]:
    """Epsilon of the whole release, recomputed over all phases together."""
    claims = claims_of(evidence, PrivacyBound)
    yield from claims if isinstance(claims, tuple) else [_bound(evidence, claims)]


def _bound(evidence: Evidence, claims: PrivacyClaims) -> Fact | Missing:
    from policy_gate.areas.privacy.accounting.accountant import account  # only a manifest with a claim pays
    from policy_gate.areas.privacy.accounting.schemes import Refusal

    if claims.claim is None:
        return not_declared(PrivacyBound, "/privacy/claim", "the manifest states no epsilon and delta")
    accounted = _all_accounted(claims)
    if isinstance(accounted, Refusal):
        return _refused(PrivacyBound, RELEASE, accounted)
    try:
        interval = account([one.mechanism for one in accounted], claims.claim.delta)
    except EvidenceError as error:
        return _refused(PrivacyBound, RELEASE, Refusal("/privacy/phases", error.reason, error.detail))
    upper = round_up(interval.upper)
    return PrivacyBound(
        subject=RELEASE,
        pointer="/privacy/claim/epsilon",
        basis=_basis(evidence, claims),
        claimed_epsilon=claims.claim.epsilon,
        delta=claims.claim.delta,
        epsilon_lower=round_down(interval.lower),
        epsilon_upper=upper,
        method=interval.method,
        rests_on=tuple(f"{phase.id}: {one.words}" for phase, one in zip(claims.phases, accounted, strict=True)),
        epsilon_to_claim=_up_to(3, upper),
        noise_advice=() if claims.claim.epsilon >= upper else _noise_advice(claims, claims.claim, accounted),
    )


def _all_accounted(claims: PrivacyClaims) -> list[Accounted] | Refusal:
    """Every phase as a mechanism, or the first reason why the sum of them is not what was spent."""
    from policy_gate.areas.privacy.accounting.schemes import Refusal, account_for, setting_of  # as above

    setting = setting_of(claims)
    if isinstance(setting, Refusal):
        return setting
    if claims.tuning is None:
        what = "the manifest does not say on which data hyper-parameters were chosen"
        return Refusal("/privacy/tuning", Reason.NOT_DECLARED, what)
    if claims.tuning.spends_budget:
        return Refusal("/privacy/tuning", Reason.NOT_PROVEN, "tuning on private data is not accounted for")
    if not claims.phases:
        return Refusal("/privacy/phases", Reason.NOT_DECLARED, "the manifest lists no phase that used private data")
    accounted: list[Accounted] = []
    for position, phase in enumerate(claims.phases):
        found = account_for(phase, f"/privacy/phases/{position}", setting)
        if isinstance(found, Refusal):
            return found
        accounted.append(found)
    return accounted


def _noise_advice(claims: PrivacyClaims, claim: Guarantee, accounted: Sequence[Accounted]) -> tuple[NoiseAdvice, ...]:
    from policy_gate.areas.privacy.accounting.calibrate import noise_factor  # only a claim that is not met pays

    noises = {phase.id: getattr(phase, "noise_multiplier", None) or 0.0 for phase in claims.phases}
    if not all(noises.values()) or len(noises) > _ADVISED_PHASES:
        return ()
    factor = noise_factor([one.mechanism for one in accounted], claim.delta, claim.epsilon)
    if not math.isfinite(factor):
        return ()
    return tuple(NoiseAdvice(phase=one, noise_multiplier=_up_to(4, noise * factor)) for one, noise in noises.items())


def _basis(evidence: Evidence, claims: PrivacyClaims) -> Basis:
    """Recomputed only where files of this commit agree with every parameter the bound rests on."""
    from policy_gate.areas.privacy.evidence_files import stated_parameters  # only a manifest with a claim pays

    found = evidence.facts.known(PhaseEvidence)
    agreed = {(one.subject.names, one.parameter) for one in found if one.agrees}
    agreed |= {
        (one.subject.names, "sampling.dataset_size")
        for one in evidence.facts.known(PhaseDataset)
        if one.basis is Basis.RECOMPUTED and one.claimed == one.records
    }
    agreed -= {(one.subject.names, one.parameter) for one in found if not one.agrees}
    stated = {((phase.id,), parameter) for phase in claims.phases for parameter in stated_parameters(phase)}
    return Basis.RECOMPUTED if stated <= agreed else Basis.DECLARED


def _up_to(digits: int, number: float) -> float:
    """Round up to so many significant digits: advice that is followed must prove the claim."""
    from decimal import ROUND_CEILING, Context, Decimal  # only a manifest with a claim pays

    return float(Context(prec=digits, rounding=ROUND_CEILING).create_decimal(Decimal(repr(number))))


def _refused(kind: type[Fact], subject: Subject, refusal: Refusal) -> Missing:
    return Missing(
        fact=kind.name,
        subject=subject,
        pointer=refusal.pointer,
        reason=refusal.reason,
        detail=refusal.detail,
        fixes=(Fix(text=refusal.fix),) if refusal.fix else (),
    )
