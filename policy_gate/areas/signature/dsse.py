"""Verifies one detached DSSE envelope over a release: bytes in, a verification out, no file and no clock.

The steps, in this order; each refusal names its number (DSSE protocol 1.0, in-toto Statement 1.0):

1. The envelope is at most 1 MiB of strict JSON: unique keys, finite numbers, the fields DSSE requires.
2. `payloadType` is the one of in-toto.
3. Payload and signatures are strict base64; what is verified is the pre-authentication encoding of these bytes.
4. Keys are chosen by the trust file, never by the envelope: `keyid` decides nothing. Enough distinct keys of the
   role, told apart by the digest of their SubjectPublicKeyInfo, have made a good signature.
5. Only now is the payload parsed, as strictly as the envelope.
6. It is an in-toto Statement of the one predicate type that a release has.
7. Its subjects are the manifest and the files it names, no more and no fewer, by the SHA-256 digests we computed.
8. Every key that counts is in its windows and not revoked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from policy_gate.areas.signature.facts import Standing
from policy_gate.areas.signature.keys import strict_base64, verifies
from policy_gate.areas.signature.statement import (
    MAX_ENVELOPE_BYTES,
    STRICT,
    Coverage,
    compare,
    read_statement,
    read_subjects,
)
from policy_gate.areas.signature.steps import RefusedEnvelopeError, Step
from policy_gate.areas.signature.trust import RELEASER, Trust, TrustedKey, standing
from policy_gate.document import load_json
from policy_gate.errors import DocumentError, EvidenceError, Reason
from policy_gate.frozen import dataclass

if TYPE_CHECKING:
    from datetime import date

    from policy_gate.document import Value

PAYLOAD_TYPE = "application/vnd.in-toto+json"
MAX_SIGNATURES = 16
MAX_SIGNATURE_BYTES = 128
"""An Ed25519 signature has 64 bytes, a DER one of P-256 at most 72."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What was signed, and the signatures over it, after steps 1 to 3."""

    payload_type: str
    payload: bytes
    signatures: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """A trusted key that made a good signature, of whatever role, and its standing."""

    key: TrustedKey
    standing: Standing

    @property
    def counts(self) -> bool:
        """Whether this signature is one of those a release needs."""
        return RELEASER in self.key.roles and self.standing is Standing.GOOD


@dataclass(frozen=True, slots=True, kw_only=True)
class NotRead:
    """Why the subjects were not read."""

    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What an envelope is worth: `refusals` are the steps but 7 that do not hold, `coverage` is step 7."""

    signers: tuple[Signer, ...]
    refusals: tuple[str, ...]
    coverage: Coverage | NotRead


def verify(
    content: bytes, trust: Trust, expected: Mapping[str, str], *, signing_day: date, today: date
) -> Verification:
    """Verify an envelope for the role releaser; `expected` maps each file's name to its computed digest.

    EvidenceError(TOO_LARGE | UNREADABLE) when the bytes are no envelope (step 1); all else is in the result.
    """
    document = read_envelope(content)  # step 1
    try:
        envelope = open_envelope(document)  # steps 2 and 3
    except RefusedEnvelopeError as error:
        return Verification(signers=(), refusals=(str(error),), coverage=NotRead(detail=str(error)))
    signers = tuple(  # step 4
        Signer(key=key, standing=standing(key, signing_day, today, trust.clock_skew))
        for key in verified_keys(envelope, trust.keys)
    )
    refusals = _too_few(signers, envelope, trust)  # steps 4 and 8
    if len([signer for signer in signers if RELEASER in signer.key.roles]) < trust.threshold(RELEASER):
        unread = NotRead(detail="its subjects are not read before enough trusted keys have signed them")
        return Verification(signers=signers, refusals=refusals, coverage=unread)
    try:
        statement = read_statement(envelope.payload)  # steps 5 and 6
        coverage: Coverage | NotRead = compare(read_subjects(statement), expected)  # step 7
    except RefusedEnvelopeError as error:
        refusals, coverage = (*refusals, str(error)), NotRead(detail=str(error))
    return Verification(signers=signers, refusals=refusals, coverage=coverage)


def read_envelope(content: bytes) -> dict[str, Value]:
    """Step 1: the size, then strict JSON; nothing is allocated for an envelope that is too large.

    EvidenceError(TOO_LARGE | UNREADABLE | UNSUPPORTED_FORMAT) when the bytes are no envelope.
    """
    if len(content) > MAX_ENVELOPE_BYTES:
        detail = f"the envelope has {len(content)} bytes; at most {MAX_ENVELOPE_BYTES} are read (step 1)"
        raise EvidenceError(Reason.TOO_LARGE, detail)
    try:
        root = load_json(content, "envelope", STRICT).root
    except DocumentError as error:
        raise EvidenceError(Reason.UNREADABLE, f"no strict JSON (step 1): {error.problems[0].message}") from None
    if isinstance(root, dict) and "dsseEnvelope" in root:
        detail = "a Sigstore bundle (step 1); this version verifies a DSSE envelope that stands alone"
        raise EvidenceError(Reason.UNSUPPORTED_FORMAT, detail)
    if not isinstance(root, dict) or not {"payload", "payloadType", "signatures"} <= root.keys():
        detail = "no DSSE envelope (step 1): it should be an object with payload, payloadType and signatures"
        raise EvidenceError(Reason.UNREADABLE, detail)
    return root


def open_envelope(document: Mapping[str, Value]) -> Envelope:
    """Steps 2 and 3; unknown fields are ignored, as DSSE demands, but a second payload is refused."""
    if document["payloadType"] != PAYLOAD_TYPE:  # step 2
        raise RefusedEnvelopeError(Step.PAYLOAD_TYPE, f"payloadType should be {PAYLOAD_TYPE}")
    if "payloadUtf8" in document:  # DSSE 1.1: exactly one payload, else two readers verify two things
        raise RefusedEnvelopeError(Step.BASE64, "there are two payloads")
    signatures = document["signatures"]  # step 3
    if not isinstance(signatures, list) or not 1 <= len(signatures) <= MAX_SIGNATURES:
        raise RefusedEnvelopeError(Step.BASE64, f"signatures should be a list of 1 to {MAX_SIGNATURES}")
    return Envelope(
        payload_type=PAYLOAD_TYPE,
        payload=_base64(document["payload"], "payload"),
        signatures=tuple(_signature(one, f"signatures[{position}]") for position, one in enumerate(signatures)),
    )


def _signature(entry: Value, where: str) -> bytes:
    if not isinstance(entry, dict) or not isinstance(entry.get("keyid", ""), str):
        raise RefusedEnvelopeError(Step.BASE64, f"{where} should be an object with sig and, if it likes, a keyid text")
    signature = _base64(entry.get("sig"), f"{where}.sig")
    if len(signature) > MAX_SIGNATURE_BYTES:
        raise RefusedEnvelopeError(Step.BASE64, f"{where}.sig has {len(signature)} bytes; no accepted algorithm has")
    return signature


def _base64(text: Value, where: str) -> bytes:
    if not isinstance(text, str):
        raise RefusedEnvelopeError(Step.BASE64, f"{where} should be base64 text")
    try:
        return strict_base64(text)
    except ValueError as error:
        raise RefusedEnvelopeError(Step.BASE64, f"{where} is {error}") from None


def pre_authentication_encoding(payload_type: str, payload: bytes) -> bytes:
    """Give the bytes that are signed (DSSE protocol 1.0, PAE): lengths in bytes keep type and payload apart."""
    kind = payload_type.encode("utf-8")
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def verified_keys(envelope: Envelope, keys: Sequence[TrustedKey]) -> tuple[TrustedKey, ...]:
    """Step 4: the trusted keys that made a good signature, each once however often it signed.

    The envelope's key ids are not asked: DSSE leaves them unauthenticated, so they can only mislead.
    """
    signed = pre_authentication_encoding(envelope.payload_type, envelope.payload)
    distinct = {key.public.digest: key for key in keys}
    return tuple(
        key for key in distinct.values() if any(verifies(key.public, one, signed) for one in envelope.signatures)
    )


def _too_few(signers: tuple[Signer, ...], envelope: Envelope, trust: Trust) -> tuple[str, ...]:
    """Say why steps 4 and 8 leave too few keys; nothing when enough are left."""
    threshold = trust.threshold(RELEASER)
    counted = [signer for signer in signers if signer.counts]
    if len(counted) >= threshold:
        return ()
    releasers = [signer for signer in signers if RELEASER in signer.key.roles]
    step = Step.SIGNATURES if len(releasers) < threshold else Step.TIME
    causes = [f"step {step}: {len(counted)} of {threshold} distinct keys of role {RELEASER} count"]
    for signer in signers:
        if RELEASER not in signer.key.roles:
            causes.append(f"step {Step.SIGNATURES}: key {signer.key.label} is {', '.join(signer.key.roles)} only")
        elif signer.standing is not Standing.GOOD:
            causes.append(f"step {Step.TIME}: key {signer.key.label} is {signer.standing}")
    if not signers:
        verb = "is" if len(envelope.signatures) == 1 else "are"
        causes.append(
            f"step {Step.SIGNATURES}: {len(envelope.signatures)} in the envelope, none {verb} by a trusted key"
        )
    return tuple(causes)
