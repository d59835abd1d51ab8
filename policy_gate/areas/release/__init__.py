"""Release: which release this is, what it consists of, and where a device goes back to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_gate.area import Area, Check, Collector
from policy_gate.areas.cost.facts import ModelFile
from policy_gate.areas.release import checks, claim_checks, collect, collect_claims, content_checks
from policy_gate.areas.release.facts import (
    CertificationTerm,
    CreationTime,
    DocumentDigest,
    ModelSurvey,
    ModelUse,
    References,
    ReleaseName,
    ReleaseState,
    RollbackPlan,
    SequenceFloor,
    StatedClaims,
    TargetUse,
)
from policy_gate.areas.signature.facts import CompatibilityEvidence, FigureEvidence

if TYPE_CHECKING:
    from pydantic import BaseModel


def _rollback() -> type[BaseModel]:
    from policy_gate.areas.release.claims import Rollback

    return Rollback


def _documents() -> type[BaseModel]:
    from policy_gate.areas.release.claims import Documents

    return Documents


def _certification() -> type[BaseModel]:
    from policy_gate.areas.release.claims import Certification

    return Certification


def _compatibility() -> type[BaseModel]:
    from policy_gate.areas.release.claims import Compatibility

    return Compatibility


def _quality() -> type[BaseModel]:
    from policy_gate.areas.release.claims import Quality

    return Quality


AREA = Area(
    name="release",
    sections={
        "rollback": _rollback,
        "documents": _documents,
        "certification": _certification,
        "compatibility": _compatibility,
        "quality": _quality,
    },
    collectors=(
        Collector(run=collect.state, gives=(ReleaseState,)),
        Collector(run=collect.name, gives=(ReleaseName,)),
        Collector(run=collect.creation_time, gives=(CreationTime,)),
        Collector(run=collect.use, gives=(ModelUse, TargetUse), takes=(ModelFile,)),
        Collector(run=collect.survey, gives=(ModelSurvey,)),
        Collector(run=collect.rollback, gives=(RollbackPlan, SequenceFloor)),
        Collector(run=collect.certification, gives=(CertificationTerm,)),
        Collector(run=collect.documents, gives=(DocumentDigest,)),
        Collector(run=collect.references, gives=(References,)),
        Collector(run=collect_claims.claims, gives=(StatedClaims,)),
    ),
    checks={
        "release.same_release_same_bytes": Check(
            function=checks.same_release_same_bytes, judges=ReleaseState, against_base=True
        ),
        "release.name_is_stable": Check(function=checks.name_is_stable, judges=ReleaseName),
        "release.created_in_the_past": Check(function=checks.created_in_the_past, judges=CreationTime),
        "release.created_after_base": Check(function=checks.created_after_base, judges=CreationTime, against_base=True),
        "release.rollback_is_possible": Check(function=checks.rollback_is_possible, judges=RollbackPlan),
        "release.floor_never_falls": Check(function=checks.floor_never_falls, judges=SequenceFloor, against_base=True),
        "release.certification_is_valid": Check(function=checks.certification_is_valid, judges=CertificationTerm),
        "release.model_is_run": Check(function=content_checks.model_is_run, judges=ModelUse),
        "release.target_runs_a_model": Check(function=content_checks.target_runs_a_model, judges=TargetUse),
        "release.every_model_is_listed": Check(function=content_checks.every_model_is_listed, judges=ModelSurvey),
        "release.model_is_readable": Check(function=content_checks.model_is_readable, judges=ModelFile),
        "release.document_matches": Check(function=content_checks.document_matches, judges=DocumentDigest),
        "release.references_resolve": Check(function=content_checks.references_resolve, judges=References),
        "release.no_claim_withdrawn": Check(
            function=claim_checks.no_claim_withdrawn, judges=StatedClaims, against_base=True
        ),
        "release.compatibility_is_proven": Check(
            function=claim_checks.compatibility_is_proven, judges=CompatibilityEvidence
        ),
        "release.figure_has_evidence": Check(function=claim_checks.figure_has_evidence, judges=FigureEvidence),
    },
)
