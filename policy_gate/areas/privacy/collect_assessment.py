"""Reads the data-protection impact assessment: is it the stated file, whose day and data sets stand in it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

from policy_gate.area import Evidence, not_declared, not_established
from policy_gate.areas.lineage.facts import NodeOrigin, OriginProblem
from policy_gate.areas.privacy.collect_documents import personal_data, section_of
from policy_gate.areas.privacy.document_words import FORMAT_BYTES, ReadText, format_of, read_text
from policy_gate.areas.privacy.facts_documents import AssessmentDocument
from policy_gate.areas.signature.facts import DocumentApproval
from policy_gate.errors import EvidenceError, Reason
from policy_gate.model import RELEASE, Basis, Fact, Fix, Missing, Subject

if TYPE_CHECKING:
    from policy_gate.areas.privacy.claims_documents import Assessment

MAX_TEXT_BYTES = 1024 * 1024
"""An assessment has some pages; a larger file is bound by its digest and not read as a text."""

POINTER = "/privacy/assessment"


def assessment(evidence: Evidence) -> Iterator[Fact | Missing]:
    """The assessment that the section names; none is needed where no data set holds personal data."""
    claims = section_of(evidence, AssessmentDocument)
    if isinstance(claims, Missing):
        yield claims
        return
    if claims.assessment is not None:
        yield _document(evidence, claims.assessment)
        return
    personal = personal_data(evidence, AssessmentDocument)
    if personal == ():
        yield AssessmentDocument(subject=RELEASE, pointer="/privacy", basis=Basis.DECLARED, path="")
        return
    what = "the manifest names no assessment of what the release means for the people in its data"
    fix = "add `assessment: {path, digest, date, covers}` to the privacy section"
    yield not_declared(AssessmentDocument, POINTER, what, fix=fix)


def _document(evidence: Evidence, stated: Assessment) -> Fact | Missing:
    subject = Subject("document", (stated.path,))
    try:
        found = evidence.digest(stated.path)
        small = found.size <= MAX_TEXT_BYTES
        text = read_text(evidence.read(stated.path, MAX_TEXT_BYTES)) if small else None
        with evidence.open(stated.path) as file:
            start = file.read(FORMAT_BYTES)
    except EvidenceError as error:
        return not_established(AssessmentDocument, subject, f"{POINTER}/path", error)
    if stated.digest is None:
        return _without_digest(subject, found.sha256)
    if stated.date is None:
        what, fix = "the assessment has no day", "add `date:` with the day it was made or last reviewed"
        return not_declared(AssessmentDocument, f"{POINTER}/date", what, subject, fix)
    signers, refusal = _approval(evidence)
    return AssessmentDocument(
        subject=subject,
        pointer=POINTER,
        basis=_basis(signers, text),
        path=stated.path,
        claimed=stated.digest,
        computed=found.sha256,
        date=stated.date,
        age_days=(evidence.today - date.fromisoformat(stated.date)).days,
        size_bytes=found.size,
        is_text=text is not None,
        file_format=format_of(start) if text is None else "",
        words=text.words if text is not None else 0,
        marker=text.marker if text is not None else "",
        states_date=text is not None and stated.date in text.names,
        covers=stated.covers,
        unmentioned=tuple(one for one in stated.covers if text is not None and one not in text.names),
        strangers=_strangers(evidence, stated.covers),
        approved_by=signers,
        refusal=refusal,
    )


def _basis(signers: tuple[str, ...], text: ReadText | None) -> Basis:
    """What an approver signed is attested; of a file that is no text nothing but the digest was read."""
    if signers:
        return Basis.ATTESTED
    return Basis.DECLARED if text is None else Basis.RECOMPUTED


def _approval(evidence: Evidence) -> tuple[tuple[str, ...], str]:
    """Who approved the file, and why nobody's signature counts; both empty where no approval is named."""
    entries = evidence.facts.entries(DocumentApproval)
    signers = tuple(name for one in entries if isinstance(one, DocumentApproval) for name in one.signers)
    refusals = (one.detail if isinstance(one, Missing) else getattr(one, "refusal", "") for one in entries)
    return signers, next((one for one in refusals if one), "")


def _strangers(evidence: Evidence, covers: tuple[str, ...]) -> tuple[str, ...]:
    """Ids that no node of the lineage has; without a lineage that is for another fact to say."""
    origins = evidence.facts.known(NodeOrigin)
    known = {one.node for one in origins if one.problem is not OriginProblem.NOT_A_NODE}
    return tuple(one for one in covers if known and one not in known)


def _without_digest(subject: Subject, computed: str) -> Missing:
    return Missing(
        fact=AssessmentDocument.name,
        subject=subject,
        pointer=f"{POINTER}/digest",
        reason=Reason.NOT_DECLARED,
        detail="the manifest gives no digest of the assessment, so that any file of this name would do",
        fixes=(Fix(text=f"add `digest: {computed}`", pointer=f"{POINTER}/digest", replacement=computed),),
    )
