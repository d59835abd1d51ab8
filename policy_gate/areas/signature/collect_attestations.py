"""Verifies the attestations a manifest names, and looks for the signature of the model it names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from policy_gate.area import Evidence, not_established
from policy_gate.areas.signature.facts import Attestation, ModelSignature
from policy_gate.areas.signature.reading import read_signed, signing_claims, trusted_keys
from policy_gate.errors import EvidenceError
from policy_gate.frozen import dataclass
from policy_gate.model import RELEASE, Basis, Fact, Missing, Subject

if TYPE_CHECKING:
    from policy_gate.areas.signature.claims import AttestationClaim, AttestedFileClaim
    from policy_gate.areas.signature.trust import Role

ATTESTERS: tuple[Role, ...] = ("builder", "tester")
"""The roles whose keys sign attestations; one of them is enough."""

# What is not named is not asked for here: that a later release names less is another rule's to find.
NO_ATTESTATION = Attestation(
    subject=RELEASE,
    pointer="/attestations",
    path="",
    predicate_type="",
    artifacts=(),
    signers=(),
    refusals=(),
    missing=(),
    extra=(),
    trust_path="",
)
MAX_FILE_BYTES = 1024 * 1024
"""A file of another commit is read whole; one of the judged tree may be of any size."""
NO_MODEL_SIGNATURE = ModelSignature(subject=RELEASE, pointer="/signing/model", path="", digest="")


def attestations(evidence: Evidence) -> Iterator[Fact | Missing]:
    """Verify every attestation the manifest names."""
    entries = attestation_entries(evidence)
    if not entries:
        yield NO_ATTESTATION
    for position, entry in enumerate(entries):
        pointer, subject = f"/attestations/{position}", Subject("attestation", (entry.path,))
        try:
            yield _attestation(verified_attestation(evidence, entry), entry, pointer, subject)
        except EvidenceError as error:
            yield not_established(Attestation, subject, f"{pointer}/path", error)


def attestation_entries(evidence: Evidence) -> tuple[AttestationClaim, ...]:
    """What the manifest says of each attestation, in its order."""
    section = evidence.section("attestations")
    if section is None:
        return ()
    from policy_gate.areas.signature.claims import AttestationsClaims  # pydantic is loaded by now

    return section.root if isinstance(section, AttestationsClaims) else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedAttestation:
    """What an envelope was found to hold; `digests` are those of what it is said to be about, by name."""

    role: str
    signers: tuple[str, ...]
    signed: frozenset[str]
    digests: dict[str, str]
    refusals: tuple[str, ...]
    trust_path: str


def verified_attestation(evidence: Evidence, entry: AttestationClaim) -> VerifiedAttestation:
    """Open and verify an envelope; raises EvidenceError where that cannot be tried, or a file cannot be read."""
    from policy_gate.areas.signature.attestation import verify_attestation
    from policy_gate.areas.signature.steps import RefusedEnvelopeError, Step

    trust = trusted_keys(evidence)
    content = read_signed(evidence, entry.path)
    digests, refusals = _named_digests(evidence, entry)
    role, signers = "", tuple[str, ...]()
    signed: frozenset[str] = frozenset()
    try:
        attested = verify_attestation(content, trust, evidence.today, ATTESTERS)
    except RefusedEnvelopeError as error:
        refusals = (*refusals, str(error))
    else:
        role, signers, signed = attested.role, attested.signers, attested.digests
        if attested.predicate_type != entry.type:
            shown = ascii(attested.predicate_type)[:80]
            refusals = (*refusals, f"step {Step.STATEMENT}: predicateType is {shown}; it should be {entry.type[:80]}")
    return VerifiedAttestation(
        role=role, signers=signers, signed=signed, digests=digests, refusals=refusals, trust_path=trust.path
    )


def _attestation(verified: VerifiedAttestation, entry: AttestationClaim, pointer: str, subject: Subject) -> Attestation:
    return Attestation(
        subject=subject,
        pointer=f"{pointer}/path",
        basis=Basis.ATTESTED,
        path=entry.path,
        predicate_type=entry.type,
        artifacts=entry.subjects,
        signers=verified.signers,
        refusals=verified.refusals,
        missing=tuple(name for name, digest in verified.digests.items() if digest not in verified.signed),
        extra=tuple(sorted(verified.signed.difference(verified.digests.values()))),
        trust_path=verified.trust_path,
    )


def _named_digests(evidence: Evidence, entry: AttestationClaim) -> tuple[dict[str, str], tuple[str, ...]]:
    """The digest computed of each artifact and file an attestation is said to be about, and ids that name none."""
    paths = {artifact.id: artifact.path for artifact in evidence.manifest.artifacts}
    digests = {name: evidence.digest(paths[name]).sha256 for name in entry.subjects if name in paths}
    digests |= {name_of_file(file): _file_digest(evidence, file) for file in entry.files}
    return digests, tuple(f"'{name}' is no artifact of this manifest" for name in entry.subjects if name not in paths)


def name_of_file(file: AttestedFileClaim) -> str:
    """No artifact is named so: ids hold no such mark."""
    return f"file {file.path}{f' at {file.commit}' if file.commit else ''}"


def _file_digest(evidence: Evidence, file: AttestedFileClaim) -> str:
    if file.commit is None:
        return evidence.digest(file.path).sha256
    from hashlib import sha256  # only a file of another commit pays

    return f"sha256:{sha256(evidence.read_at(file.commit, file.path, MAX_FILE_BYTES)).hexdigest()}"


def model_signature(evidence: Evidence) -> Iterator[Fact | Missing]:
    """Look for the OpenSSF Model Signing bundle the manifest names."""
    claims, pointer = signing_claims(evidence), "/signing/model"
    if claims is None or claims.model is None:
        yield NO_MODEL_SIGNATURE
        return
    try:
        digest = evidence.digest(claims.model).sha256
    except EvidenceError as error:
        yield not_established(ModelSignature, RELEASE, pointer, error)
        return
    yield ModelSignature(subject=RELEASE, pointer=pointer, basis=Basis.DECLARED, path=claims.model, digest=digest)
