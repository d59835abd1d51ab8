"""Privacy: the claimed guarantee is recomputed from the training parameters, and telemetry is minimal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_gate.area import Area, Check, Collector
from policy_gate.areas.lineage.facts import DatasetRecords, NodeOrigin
from policy_gate.areas.privacy import checks, collect, collect_datasets, evidence_files, telemetry, telemetry_checks
from policy_gate.areas.privacy.facts import (
    ClaimKind,
    DeltaClaim,
    Neighbours,
    PhaseAccounting,
    PhaseDataset,
    PhaseEvidence,
    PhaseParameters,
    PrivacyBound,
    ProtectedUnit,
    TelemetryStream,
    TuningRuns,
)

if TYPE_CHECKING:
    from pydantic import BaseModel


def _privacy() -> type[BaseModel]:
    from policy_gate.areas.privacy.claims import PrivacyClaims  # pydantic costs 60 ms

    return PrivacyClaims


def _telemetry() -> type[BaseModel]:
    from policy_gate.areas.privacy.telemetry_claims import TelemetryClaims  # pydantic costs 60 ms

    return TelemetryClaims


AREA = Area(
    name="privacy",
    sections={"privacy": _privacy, "telemetry": _telemetry},
    collectors=(
        Collector(run=collect.claim_kind, gives=(ClaimKind,)),
        Collector(
            run=collect.who_is_protected,
            gives=(ProtectedUnit, Neighbours, TuningRuns, DeltaClaim),
            takes=(DatasetRecords,),
        ),
        Collector(run=collect.phases, gives=(PhaseParameters, PhaseAccounting)),
        Collector(run=evidence_files.evidence_files, gives=(PhaseEvidence,)),
        Collector(
            run=collect_datasets.phase_datasets,
            gives=(PhaseDataset,),
            takes=(PhaseEvidence, DatasetRecords, NodeOrigin),
        ),
        Collector(run=collect.bound, gives=(PrivacyBound,), takes=(PhaseEvidence, PhaseDataset)),
        Collector(run=telemetry.streams, gives=(TelemetryStream,)),
    ),
    checks={
        "privacy.parameters_complete": Check(function=checks.parameters_complete, judges=PhaseParameters),
        "privacy.claim_confirmed": Check(function=checks.claim_confirmed, judges=PrivacyBound),
        "privacy.epsilon_within": Check(
            function=checks.epsilon_within, judges=PrivacyBound, limits=checks.EpsilonLimits
        ),
        "privacy.delta_below_inverse": Check(
            function=checks.delta_below_inverse, judges=DeltaClaim, limits=checks.DeltaLimits
        ),
        "privacy.delta_with_margin": Check(function=checks.delta_with_margin, judges=DeltaClaim),
        "privacy.scheme_supported": Check(function=checks.scheme_supported, judges=PhaseAccounting),
        "privacy.unit_sufficient": Check(
            function=checks.unit_sufficient, judges=ProtectedUnit, limits=checks.UnitLimits
        ),
        "privacy.adjacency_accepted": Check(
            function=checks.adjacency_accepted, judges=Neighbours, limits=checks.NeighbourLimits
        ),
        "privacy.evidence_agrees": Check(function=checks.evidence_agrees, judges=PhaseEvidence),
        "privacy.dataset_size_agrees": Check(function=checks.dataset_size_agrees, judges=PhaseDataset),
        "privacy.tuning_accounted": Check(function=checks.tuning_accounted, judges=TuningRuns),
        "privacy.microbatch_within": Check(
            function=checks.microbatch_within, judges=PhaseParameters, limits=checks.MicrobatchLimits
        ),
        "privacy.no_claim_justified": Check(function=checks.no_claim_justified, judges=ClaimKind),
        "privacy.telemetry_without_identifiers": Check(
            function=telemetry_checks.without_identifiers,
            judges=TelemetryStream,
            limits=telemetry_checks.IdentifierLimits,
        ),
        "privacy.telemetry_crowds": Check(
            function=telemetry_checks.crowds, judges=TelemetryStream, limits=telemetry_checks.CrowdLimits
        ),
        "privacy.telemetry_rate": Check(
            function=telemetry_checks.rate_within, judges=TelemetryStream, limits=telemetry_checks.RateLimits
        ),
        "privacy.telemetry_retention": Check(
            function=telemetry_checks.retention_within,
            judges=TelemetryStream,
            limits=telemetry_checks.RetentionLimits,
        ),
    },
)
