"""Signature: the release is signed, exactly as it is, by people your trust file names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_gate.area import Area, Check, Collector
from policy_gate.areas.signature import (
    checks,
    collect,
    collect_approvals,
    collect_attestations,
    collect_evidence,
    collect_files,
    collect_measurements,
)
from policy_gate.areas.signature.facts import (
    Attestation,
    AttestedFile,
    CompatibilityEvidence,
    DocumentApproval,
    EvidencePlacement,
    FigureEvidence,
    Measurement,
    ModelSignature,
    ReleaseSignature,
    SignedSubjects,
    SigningKey,
)

if TYPE_CHECKING:
    from pydantic import BaseModel


def _signing() -> type[BaseModel]:
    from policy_gate.areas.signature.claims import SigningClaims

    return SigningClaims


def _attestations() -> type[BaseModel]:
    from policy_gate.areas.signature.claims import AttestationsClaims

    return AttestationsClaims


AREA = Area(
    name="signature",
    sections={"signing": _signing, "attestations": _attestations},
    collectors=(
        Collector(run=collect.release_signature, gives=(ReleaseSignature, SignedSubjects, SigningKey)),
        Collector(run=collect.evidence_placement, gives=(EvidencePlacement,)),
        Collector(run=collect_attestations.attestations, gives=(Attestation,)),
        Collector(run=collect_files.attested_files, gives=(AttestedFile,)),
        Collector(run=collect_attestations.model_signature, gives=(ModelSignature,)),
        Collector(run=collect_approvals.document_approvals, gives=(DocumentApproval,)),
        Collector(run=collect_evidence.compatibility, gives=(CompatibilityEvidence,)),
        Collector(run=collect_evidence.figures, gives=(FigureEvidence,)),
        Collector(run=collect_measurements.measurements, gives=(Measurement,)),
    ),
    checks={
        "signature.signed_by_releasers": Check(function=checks.signed_by_releasers, judges=ReleaseSignature),
        "signature.covers_release": Check(function=checks.covers_release, judges=SignedSubjects),
        "signature.key_in_good_standing": Check(function=checks.key_in_good_standing, judges=SigningKey),
        "signature.evidence_outside_bundle": Check(function=checks.evidence_outside_bundle, judges=EvidencePlacement),
        "signature.attestation_verifies": Check(function=checks.attestation_verifies, judges=Attestation),
        "signature.model_signature_verifies": Check(function=checks.model_signature_verifies, judges=ModelSignature),
    },
)
