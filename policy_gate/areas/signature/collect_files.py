"""Finds the files that attestations vouch for beside the models of a release, such as training configurations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from policy_gate.area import Evidence
from policy_gate.areas.signature.collect_attestations import (
    VerifiedAttestation,
    attestation_entries,
    name_of_file,
    verified_attestation,
)
from policy_gate.areas.signature.facts import AttestedFile
from policy_gate.errors import EvidenceError
from policy_gate.model import RELEASE, Basis, Fact, Missing, Subject

if TYPE_CHECKING:
    from policy_gate.areas.signature.claims import AttestationClaim

NO_ATTESTED_FILE = AttestedFile(
    subject=RELEASE,
    pointer="/attestations",
    basis=Basis.ATTESTED,
    path="",
    commit="",
    digest="",
    role="",
    signers=(),
    attestation="",
)


def attested_files(evidence: Evidence) -> Iterator[Fact | Missing]:
    """One fact for each file of an attestation that holds; that one does not is found with the attestation itself."""
    found: list[AttestedFile] = []
    for position, entry in enumerate(attestation_entries(evidence)):
        if not entry.files:
            continue
        try:
            verified = verified_attestation(evidence, entry)
        except EvidenceError:
            continue
        found.extend(_attested_files(evidence, verified, entry, f"/attestations/{position}"))
    yield from found or [NO_ATTESTED_FILE]


def _attested_files(
    evidence: Evidence, verified: VerifiedAttestation, entry: AttestationClaim, pointer: str
) -> Iterator[AttestedFile]:
    """Files of an attestation that holds whole; one about other models says nothing of how these were made."""
    if verified.refusals or not verified.signed.issuperset(verified.digests.values()):
        return
    if not verified.signed.issuperset(_models(evidence)):
        return
    for position, file in enumerate(entry.files):
        yield AttestedFile(
            subject=Subject("attestation", (entry.path,)),
            pointer=f"{pointer}/files/{position}/path",
            basis=Basis.ATTESTED,
            path=file.path,
            commit=file.commit or "",
            digest=verified.digests[name_of_file(file)],
            role=verified.role,
            signers=verified.signers,
            attestation=entry.path,
        )


def _models(evidence: Evidence) -> Iterator[str]:
    """Digests of the models of the release, "" for one that cannot be read: nothing attests that."""
    for artifact in evidence.manifest.artifacts:
        if artifact.role == "model":
            try:
                yield evidence.digest(artifact.path).sha256
            except EvidenceError:
                yield ""
