"""Privacy: the claimed guarantee is recomputed from the training parameters, and telemetry is minimal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_gate.area import Area, Check, Collector
from policy_gate.areas.lineage.facts import DatasetRecords, NodeOrigin, NodeTerm, PersonalDataset, PersonList
from policy_gate.areas.privacy import (
    checks,
    checks_assessment,
    checks_bound,
    checks_documents,
    checks_evidence,
    checks_ledger,
    collect,
    collect_assessment,
    collect_bound,
    collect_collector,
    collect_coverage,
    collect_datasets,
    collect_documents,
    collect_ledger,
    collect_window,
    evidence_files,
    keyed_lists,
    local_reports,
    on_demand,
    telemetry,
    telemetry_checks,
    telemetry_flow_checks,
    under_reporting,
)
from policy_gate.areas.privacy.facts import (
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
from policy_gate.areas.privacy.facts_documents import (
    AssessmentDocument,
    LawfulBasis,
    Purpose,
    SpecialCategoryUse,
    UnclaimedData,
)
from policy_gate.areas.privacy.facts_evidence import PersonalCoverage, UnderReporting
from policy_gate.areas.privacy.facts_ledger import LedgerKept, WindowForecast, WindowSpend
from policy_gate.areas.privacy.facts_telemetry import (
    CollectorPipelines,
    CollectorUse,
    KeyedList,
    LocalSpend,
    OnDemandAccess,
)
from policy_gate.areas.signature.facts import AttestedFile, DocumentApproval

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
        Collector(
            run=collect.who_is_protected,
            gives=(ProtectedUnit, Neighbours, TuningRuns, DeltaClaim),
            takes=(DatasetRecords,),
        ),
        Collector(run=collect_bound.phases, gives=(PhaseParameters, PhaseAccounting)),
        Collector(run=evidence_files.evidence_files, gives=(PhaseEvidence,), takes=(AttestedFile,)),
        Collector(run=collect_coverage.personal_coverage, gives=(PersonalCoverage,), takes=(PersonalDataset,)),
        Collector(
            run=collect_datasets.phase_datasets,
            gives=(PhaseDataset,),
            takes=(PhaseEvidence, DatasetRecords, NodeOrigin),
        ),
        Collector(run=collect_bound.bound, gives=(PrivacyBound,), takes=(PhaseEvidence, PhaseDataset)),
        Collector(run=under_reporting.under_reporting, gives=(UnderReporting,), takes=(PrivacyBound,)),
        Collector(run=collect_documents.purpose, gives=(Purpose,), takes=(PersonalDataset, NodeTerm)),
        Collector(run=collect_documents.lawful_bases, gives=(LawfulBasis,), takes=(PersonalDataset, NodeTerm)),
        Collector(
            run=collect_documents.special_categories, gives=(SpecialCategoryUse,), takes=(PersonalDataset, NodeTerm)
        ),
        Collector(
            run=collect_assessment.assessment,
            gives=(AssessmentDocument,),
            takes=(PersonalDataset, NodeTerm, NodeOrigin, DocumentApproval),
        ),
        Collector(
            run=collect_documents.unclaimed_data,
            gives=(UnclaimedData,),
            takes=(PersonalDataset, NodeTerm, AssessmentDocument),
        ),
        Collector(run=collect_ledger.ledger_kept, gives=(LedgerKept,), takes=(PersonalDataset,)),
        Collector(
            run=collect_window.window_spend,
            gives=(WindowSpend, WindowForecast),
            takes=(PersonalDataset, PrivacyBound),
        ),
        Collector(run=telemetry.streams, gives=(TelemetryStream,)),
        Collector(run=on_demand.on_demand, gives=(OnDemandAccess,)),
        Collector(run=collect_collector.collector_pipelines, gives=(CollectorPipelines,)),
        Collector(run=collect_collector.collector_use, gives=(CollectorUse,)),
        Collector(run=local_reports.local_spend, gives=(LocalSpend,)),
        Collector(run=keyed_lists.keyed_lists, gives=(KeyedList,), takes=(PersonList,)),
    ),
    checks={
        "privacy.parameters_complete": Check(function=checks.parameters_complete, judges=PhaseParameters),
        "privacy.claim_confirmed": Check(function=checks_bound.claim_confirmed, judges=PrivacyBound),
        "privacy.within_resolution": Check(function=checks_bound.within_resolution, judges=PrivacyBound),
        "privacy.epsilon_within": Check(
            function=checks_bound.epsilon_within, judges=PrivacyBound, limits=checks_bound.EpsilonLimits
        ),
        "privacy.delta_below_inverse": Check(
            function=checks.delta_below_inverse, judges=DeltaClaim, limits=checks.DeltaLimits
        ),
        "privacy.delta_with_margin": Check(function=checks.delta_with_margin, judges=DeltaClaim),
        "privacy.scheme_supported": Check(function=checks_bound.scheme_supported, judges=PhaseAccounting),
        "privacy.unit_sufficient": Check(
            function=checks.unit_sufficient, judges=ProtectedUnit, limits=checks.UnitLimits
        ),
        "privacy.adjacency_accepted": Check(
            function=checks.adjacency_accepted, judges=Neighbours, limits=checks.NeighbourLimits
        ),
        "privacy.evidence_agrees": Check(
            function=checks_evidence.evidence_agrees, judges=PhaseEvidence, limits=checks_evidence.EvidenceLimits
        ),
        "privacy.personal_data_covered": Check(function=checks_evidence.personal_data_covered, judges=PersonalCoverage),
        "privacy.accountant_reports_enough": Check(
            function=checks_evidence.accountant_reports_enough, judges=UnderReporting
        ),
        "privacy.dataset_size_agrees": Check(function=checks.dataset_size_agrees, judges=PhaseDataset),
        "privacy.tuning_accounted": Check(function=checks_bound.tuning_accounted, judges=TuningRuns),
        "privacy.microbatch_within": Check(
            function=checks.microbatch_within, judges=PhaseParameters, limits=checks.MicrobatchLimits
        ),
        "privacy.no_claim_justified": Check(function=checks_documents.no_claim_justified, judges=UnclaimedData),
        "privacy.purpose_stated": Check(
            function=checks_documents.purpose_stated, judges=Purpose, limits=checks_documents.PurposeLimits
        ),
        "privacy.lawful_basis": Check(
            function=checks_documents.lawful_basis, judges=LawfulBasis, limits=checks_documents.BasisLimits
        ),
        "privacy.special_categories_conditioned": Check(
            function=checks_documents.special_categories_conditioned, judges=SpecialCategoryUse
        ),
        "privacy.assessment_in_order": Check(
            function=checks_assessment.assessment_in_order,
            judges=AssessmentDocument,
            limits=checks_assessment.AssessmentLimits,
        ),
        "privacy.ledger_kept": Check(
            function=checks_ledger.ledger_kept, judges=LedgerKept, limits=checks_ledger.KeptLimits
        ),
        "privacy.window_within": Check(
            function=checks_ledger.window_within, judges=WindowSpend, limits=checks_ledger.WindowLimits
        ),
        "privacy.next_release_fits": Check(
            function=checks_ledger.next_release_fits, judges=WindowForecast, limits=checks_ledger.ForecastLimits
        ),
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
        "privacy.on_demand_bounded": Check(
            function=telemetry_flow_checks.on_demand_bounded,
            judges=OnDemandAccess,
            limits=telemetry_flow_checks.OnDemandLimits,
        ),
        "privacy.collector_keeps": Check(
            function=telemetry_flow_checks.collector_keeps,
            judges=CollectorPipelines,
            limits=telemetry_flow_checks.CollectorLimits,
        ),
        "privacy.collector_still_named": Check(
            function=telemetry_flow_checks.collector_still_named, judges=CollectorUse, against_base=True
        ),
        "privacy.lists_keyed": Check(function=telemetry_flow_checks.lists_keyed, judges=KeyedList),
        "privacy.local_reports_within": Check(
            function=telemetry_flow_checks.local_reports_within,
            judges=LocalSpend,
            limits=telemetry_flow_checks.LocalLimits,
        ),
    },
)
