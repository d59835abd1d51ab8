"""What a manifest says of its signatures: where they are, never who is trusted to make them."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field, RootModel

from policy_gate.manifest.claims import ClaimModel, Commit, Identifier, Items, RelativePath, Text

MAX_ATTESTED_FILES = 32


class SigningClaims(ClaimModel):
    """Detached signatures: `release` is a DSSE envelope, `model` an OpenSSF Model Signing bundle."""

    release: RelativePath
    model: RelativePath | None = None


class AttestedFileClaim(ClaimModel):
    """A file that an attestation speaks of beside artifacts, such as a training configuration."""

    path: RelativePath
    commit: Commit | None = None


class AttestationClaim(ClaimModel):
    """One in-toto attestation: its predicate type, its file, the artifacts it speaks of, and other files."""

    type: Annotated[Text, Field(description="the predicate type, as in https://slsa.dev/provenance/v1")]
    path: RelativePath
    subjects: Annotated[Items[Identifier], Field(min_length=1)]
    files: Annotated[Items[AttestedFileClaim], Field(max_length=MAX_ATTESTED_FILES)] = ()


class AttestationsClaims(RootModel[Items[AttestationClaim]]):
    """The attestations that come with a release."""

    model_config = ConfigDict(frozen=True, strict=True)
