"""What a manifest says of its signatures: where they are, never who is trusted to make them."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field, RootModel

from policy_gate.manifest.claims import ClaimModel, Identifier, Items, RelativePath, Text


class SigningClaims(ClaimModel):
    """Detached signatures: `release` is a DSSE envelope, `model` an OpenSSF Model Signing bundle."""

    release: RelativePath
    model: RelativePath | None = None


class AttestationClaim(ClaimModel):
    """One in-toto attestation: its predicate type, its file, and the artifacts it speaks of."""

    type: Annotated[Text, Field(description="the predicate type, as in https://slsa.dev/provenance/v1")]
    path: RelativePath
    subjects: Annotated[Items[Identifier], Field(min_length=1)]


class AttestationsClaims(RootModel[Items[AttestationClaim]]):
    """The attestations that come with a release."""

    model_config = ConfigDict(frozen=True, strict=True)
