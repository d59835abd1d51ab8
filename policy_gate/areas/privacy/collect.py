"""What a privacy claim says of itself: whom it protects, against whom, how it was tuned, and its delta."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from policy_gate.area import Evidence, not_declared
from policy_gate.areas.lineage.facts import DatasetRecords
from policy_gate.areas.privacy.facts import (
    DeltaClaim,
    Neighbours,
    ProtectedUnit,
    TuningRuns,
)
from policy_gate.model import RELEASE, Basis, Fact, Fix, Missing, Subject, round_down

if TYPE_CHECKING:
    from policy_gate.areas.privacy.accounting.schemes import Refusal
    from policy_gate.areas.privacy.claims import PrivacyClaims
    from policy_gate.areas.privacy.claims_phases import Phase

MARGIN_EXPONENT = 1.1
"""Delta at most n^-1.1 is common practice in the literature on private training; the rule about it only warns."""


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
        return refused(ProtectedUnit, RELEASE, setting)
    return ProtectedUnit(
        subject=RELEASE,
        pointer="/privacy/unit/kind",
        basis=Basis.DECLARED,
        kind=claims.unit.kind,
        max_records=claims.unit.max_records_per_unit or 1,
    )


def _tuning(claims: PrivacyClaims) -> Fact | Missing:
    from policy_gate.areas.privacy.accounting.spending import missing_of_tuning  # only a manifest with a claim pays

    tuning = claims.tuning
    if tuning is None:
        what = "the manifest does not say on which data hyper-parameters were chosen"
        fix = "add `tuning: {data: public, trials: 0}` if no private data was used for it"
        return not_declared(TuningRuns, "/privacy/tuning", what, fix=fix)
    missing = missing_of_tuning(tuning)
    if missing is not None:
        return refused(TuningRuns, RELEASE, missing)
    return TuningRuns(
        subject=RELEASE,
        pointer="/privacy/tuning",
        basis=Basis.DECLARED,
        data=tuning.data,
        trials=tuning.trials or 0,
        mean_trials=tuning.mean_trials or 0.0,
        selection=tuning.selection or "fixed",
        spends_budget=tuning.spends_budget,
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


def refused(kind: type[Fact], subject: Subject, refusal: Refusal) -> Missing:
    """Why the accountant has no figure, as a missing fact."""
    return Missing(
        fact=kind.name,
        subject=subject,
        pointer=refusal.pointer,
        reason=refusal.reason,
        detail=refusal.detail,
        fixes=(Fix(text=refusal.fix),) if refusal.fix else (),
    )
