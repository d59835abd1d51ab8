"""Verifies the release's signature against what is in the tree, and finds evidence that would ship."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from policy_gate.area import Evidence, not_declared, not_established
from policy_gate.areas.signature.facts import (
    EvidencePlacement,
    PlacedFile,
    ReleaseSignature,
    SignedSubjects,
    SigningKey,
)
from policy_gate.areas.signature.reading import read_signed, signing_claims, trusted_keys
from policy_gate.errors import EvidenceError, Reason
from policy_gate.model import RELEASE, Basis, Fact, Missing, Subject
from policy_gate.source import check_path
from policy_gate.source.paths import fold

if TYPE_CHECKING:
    from policy_gate.areas.signature.claims import SigningClaims
    from policy_gate.areas.signature.dsse import Signer, Verification
    from policy_gate.areas.signature.trust import Trust
    from policy_gate.manifest.named import NamedFile

SIGNATURE_FACTS = (ReleaseSignature, SignedSubjects, SigningKey)
TIME_SOURCE = "today"
"""No timestamp is verified yet, so the signing time is the day of the judgement: the strictest assumption."""

_POINTER = "/signing/release"


def release_signature(evidence: Evidence) -> Iterator[Fact | Missing]:
    """Verify the envelope the manifest names, by the keys of the trust file."""
    claims = signing_claims(evidence)
    if claims is None:
        fix = "add `signing: {release: signatures/release.dsse.json}` and sign the release"
        yield from (
            not_declared(kind, "/signing", "the manifest names no signature", fix=fix) for kind in SIGNATURE_FACTS
        )
        return
    try:
        trust = trusted_keys(evidence)
        content = read_signed(evidence, claims.release)
        subjects, unread = release_subjects(evidence)
        verification = _verify(evidence, content, trust, subjects)
    except EvidenceError as error:
        yield from (not_established(kind, RELEASE, _POINTER, error) for kind in SIGNATURE_FACTS)
        return
    yield _signature_fact(evidence, claims.release, trust, verification)
    yield unread[0] if unread else _coverage_fact(claims.release, len(subjects), verification)
    yield from _key_facts(evidence, verification)


def release_subjects(evidence: Evidence) -> tuple[dict[str, str], tuple[Missing, ...]]:
    """Compute what a release signature has to cover: names to digests, the manifest under its file name.

    The second part has an entry for each named file that has no digest.
    """
    from policy_gate.manifest.named import named_places

    manifest = evidence.manifest
    subjects = {manifest.path.rpartition("/")[2]: manifest.digest}
    unread: list[Missing] = []
    for named in named_places(manifest):
        try:
            subjects[check_path(named.path)] = evidence.digest(named.path).sha256
        except EvidenceError as error:
            unread.append(not_established(SignedSubjects, RELEASE, named.pointer, error))
    return subjects, tuple(unread)


def evidence_placement(evidence: Evidence) -> Iterator[Fact | Missing]:
    """Find signatures and evidence that lie under `bundle.root`, also by another spelling of it."""
    bundle, claims = evidence.manifest.bundle, signing_claims(evidence)
    if bundle is None:
        what, fix = "the manifest does not say which folder ships", "add `bundle: {root: FOLDER}`"
        yield not_declared(EvidencePlacement, "/bundle", what, fix=fix)
        return
    if claims is None:
        what, fix = "the manifest names no signature", "add `signing: {release: signatures/release.dsse.json}`"
        yield not_declared(EvidencePlacement, "/signing", what, fix=fix)
        return
    pointer, files = "/bundle/root", _proofs(evidence, claims)
    inside: list[PlacedFile] = []
    try:
        root = fold(check_path(bundle.root))
        for named in files:
            pointer = named.pointer
            if f"{fold(check_path(named.path))}/".startswith(f"{root}/"):
                inside.append(PlacedFile(path=named.path, pointer=named.pointer))
    except EvidenceError as error:
        yield not_established(EvidencePlacement, RELEASE, pointer, error)
        return
    yield EvidencePlacement(
        subject=RELEASE, pointer="/bundle/root", root=bundle.root, files=len(files), inside=tuple(inside)
    )


def _proofs(evidence: Evidence, claims: SigningClaims) -> tuple[NamedFile, ...]:
    from policy_gate.manifest.named import NamedFile, named_places

    signatures = (("release", claims.release), *((("model", claims.model),) if claims.model is not None else ()))
    return (
        *(NamedFile(path=path, pointer=f"/signing/{key}", proves=True) for key, path in signatures),
        *(named for named in named_places(evidence.manifest) if named.proves),
    )


def _verify(evidence: Evidence, content: bytes, trust: Trust, subjects: dict[str, str]) -> Verification:
    from policy_gate.areas.signature.dsse import verify

    return verify(content, trust, subjects, signing_day=evidence.today, today=evidence.today)


def _signature_fact(evidence: Evidence, path: str, trust: Trust, verification: Verification) -> Fact:
    from policy_gate.areas.signature.trust import RELEASER

    return ReleaseSignature(
        subject=RELEASE,
        pointer=_POINTER,
        basis=Basis.ATTESTED,
        path=path,
        role=RELEASER,
        threshold=trust.threshold(RELEASER),
        signers=tuple(signer.key.public.digest for signer in verification.signers if signer.counts),
        refusals=verification.refusals,
        signing_time=evidence.today.isoformat(),
        time_source=TIME_SOURCE,
        trust_path=trust.path,
    )


def _coverage_fact(path: str, files: int, verification: Verification) -> Fact | Missing:
    from policy_gate.areas.signature.statement import Coverage

    coverage = verification.coverage
    if not isinstance(coverage, Coverage):
        return not_established(SignedSubjects, RELEASE, _POINTER, EvidenceError(Reason.NOT_PROVEN, coverage.detail))
    return SignedSubjects(
        subject=RELEASE,
        pointer=_POINTER,
        path=path,
        files=files,
        missing=coverage.missing,
        extra=coverage.extra,
        changed=coverage.changed,
        malformed=coverage.malformed,
    )


def _key_facts(evidence: Evidence, verification: Verification) -> Iterator[Fact | Missing]:
    from policy_gate.areas.signature.trust import RELEASER

    releasers = [signer for signer in verification.signers if RELEASER in signer.key.roles]
    if not releasers:
        nobody = EvidenceError(Reason.NOT_PROVEN, "no trusted key of role releaser signed, so there is none to judge")
        yield not_established(SigningKey, RELEASE, _POINTER, nobody)
    for signer in releasers:
        yield _key_fact(evidence, signer)


def _key_fact(evidence: Evidence, signer: Signer) -> Fact:
    from policy_gate.areas.signature.trust import timestamp

    key = signer.key
    return SigningKey(
        subject=Subject("signer", (key.label,)),
        pointer=_POINTER,
        key=key.public.digest,
        algorithm=key.public.algorithm.value,
        roles=key.roles,
        standing=signer.standing,
        signing_time=evidence.today.isoformat(),
        time_source=TIME_SOURCE,
        sign_not_before=timestamp(key.sign_not_before),
        sign_not_after=timestamp(key.sign_not_after),
        verify_not_after=timestamp(key.verify_not_after),
        revocation=f"{timestamp(key.revocation[0])}: {key.revocation[1]}" if key.revocation else "",
    )
