"""Every lie about the example release."""

from __future__ import annotations

from cost_lies import COST_LIES
from fingerprint_lies import FINGERPRINT_LIES
from lineage_lies import LINEAGE_LIES
from privacy_document_lies import PRIVACY_DOCUMENT_LIES
from privacy_evidence_lies import PRIVACY_EVIDENCE_LIES
from privacy_ledger_lies import PRIVACY_LEDGER_LIES
from privacy_lies import PRIVACY_LIES
from privacy_telemetry_lies import PRIVACY_TELEMETRY_LIES
from release_lies import RELEASE_LIES
from signature_lies import SIGNATURE_LIES

LIES = (
    *FINGERPRINT_LIES,
    *SIGNATURE_LIES,
    *COST_LIES,
    *PRIVACY_LIES,
    *PRIVACY_EVIDENCE_LIES,
    *PRIVACY_LEDGER_LIES,
    *PRIVACY_DOCUMENT_LIES,
    *PRIVACY_TELEMETRY_LIES,
    *LINEAGE_LIES,
    *RELEASE_LIES,
)
