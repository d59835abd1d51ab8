"""The doors from evidence to what is signed: the section that names signatures, envelopes, the keys that count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_gate.area import Evidence
from policy_gate.errors import EvidenceError, PolicyError, Reason

if TYPE_CHECKING:
    from policy_gate.areas.signature.claims import SigningClaims
    from policy_gate.areas.signature.trust import Trust


def signing_claims(evidence: Evidence) -> SigningClaims | None:
    """The claims of the section `signing`, or None when the manifest does not have it."""
    section = evidence.section("signing")
    if section is None:
        return None
    from policy_gate.areas.signature.claims import SigningClaims  # pydantic is loaded by now

    return section if isinstance(section, SigningClaims) else None


def read_signed(evidence: Evidence, claimed: str) -> bytes:
    """Read an envelope the manifest names, up to the size of the largest that is verified; raises EvidenceError."""
    from policy_gate.areas.signature.statement import MAX_ENVELOPE_BYTES

    return evidence.read(claimed, MAX_ENVELOPE_BYTES)


def trusted_keys(evidence: Evidence) -> Trust:
    """The trusted keys; EvidenceError(NOT_TRUSTED) when there are none that can be relied on."""
    from policy_gate.areas.signature.trust import decode_trust

    document = evidence.trusted.trust
    if document is None:
        detail = f"the configuration ({evidence.trusted.source}) names no trust file, so no key is trusted"
        raise EvidenceError(Reason.NOT_TRUSTED, detail, fix="name a trust file with the public keys of your signers")
    try:
        return decode_trust(document)
    except PolicyError as error:
        detail = f"the trust file is not valid: {error.problems[0]}"
        raise EvidenceError(Reason.NOT_TRUSTED, detail) from None
