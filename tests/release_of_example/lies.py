"""Every lie about the example release."""

from __future__ import annotations

from cost_lies import COST_LIES
from fingerprint_lies import FINGERPRINT_LIES
from lineage_lies import LINEAGE_LIES
from privacy_lies import PRIVACY_LIES
from release_lies import RELEASE_LIES
from signature_lies import SIGNATURE_LIES

LIES = (
    *FINGERPRINT_LIES,
    *SIGNATURE_LIES,
    *COST_LIES,
    *PRIVACY_LIES,
    *LINEAGE_LIES,
    *RELEASE_LIES,
)
