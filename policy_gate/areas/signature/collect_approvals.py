"""Verifies who approved the document about the people in the data: an envelope over the digest of its file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from policy_gate.area import Evidence, not_established
from policy_gate.areas.signature.facts import DocumentApproval
from policy_gate.areas.signature.reading import read_signed, trusted_keys
from policy_gate.errors import EvidenceError
from policy_gate.model import RELEASE, Basis, Fact, Missing, Subject

if TYPE_CHECKING:
    from policy_gate.areas.signature.trust import Trust

ASSESSMENT = "/privacy/assessment"
"""Read from the document: the section belongs to another area, and is decoded by now."""

# What names no approval is not asked for here; a policy asks where it wants one.
NO_APPROVAL = DocumentApproval(subject=RELEASE, pointer="", path="", approval="", digest="", signers=())


def document_approvals(evidence: Evidence) -> Iterator[Fact | Missing]:
    """Who of role approver signed the digest of the assessment, as the file is now."""
    path, approval = (_text(evidence, f"{ASSESSMENT}/{key}") for key in ("path", "approval"))
    if not path or not approval:
        yield NO_APPROVAL
        return
    subject, pointer = Subject("document", (path,)), f"{ASSESSMENT}/approval"
    try:
        digest = evidence.digest(path).sha256
        yield _approval(read_signed(evidence, approval), trusted_keys(evidence), evidence, (path, approval, digest))
    except EvidenceError as error:
        yield not_established(DocumentApproval, subject, pointer, error)


def _approval(content: bytes, trust: Trust, evidence: Evidence, named: tuple[str, str, str]) -> DocumentApproval:
    from policy_gate.areas.signature.approval import prove_approval  # cryptography; only an approval pays for it
    from policy_gate.policy.exceptions import NotProven

    path, approval, digest = named
    # Whoever wrote a document stands in no field of it, so that any approver's key counts.
    proof = prove_approval(content, digest, trust, evidence.today, proposer="")
    signers, refusal = ((), proof.reason) if isinstance(proof, NotProven) else (proof.by, "")
    return DocumentApproval(
        subject=Subject("document", (path,)),
        pointer=f"{ASSESSMENT}/approval",
        basis=Basis.ATTESTED if signers else Basis.DECLARED,
        path=path,
        approval=approval,
        digest=digest,
        signers=signers,
        refusal=refusal,
    )


def _text(evidence: Evidence, pointer: str) -> str:
    found = evidence.manifest.document.get(pointer)
    return found if isinstance(found, str) else ""
