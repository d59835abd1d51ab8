"""Verifies the evidence that entries about compatibility, cost and quality name for what they state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from policy_gate.area import Evidence, not_declared, not_established
from policy_gate.areas.signature.facts import CompatibilityEvidence, FigureEvidence
from policy_gate.areas.signature.reading import read_signed, trusted_keys
from policy_gate.errors import EvidenceError, Reason
from policy_gate.model import RELEASE, Basis, Fact, Missing, Subject

if TYPE_CHECKING:
    from policy_gate.areas.signature.attestation import Attested
    from policy_gate.areas.signature.trust import Role
    from policy_gate.document import Value

TESTERS: tuple[Role, ...] = ("tester",)
"""The role whose keys sign what was measured or tested: not the builder's own."""

WITH_FIGURES = ("cost", "quality")

Entry = Mapping[str, "Value"]

# What is not named is not asked for here: that a later release names less is another rule's to find.
NO_COMPATIBILITY = CompatibilityEvidence(
    subject=RELEASE,
    pointer="/compatibility",
    path="",
    artifact="",
    target="",
    signers=(),
    is_about_artifact=False,
    result="",
    required=(),
    not_passed=(),
    names_target=False,
    names_suite=False,
)
NO_FIGURE = FigureEvidence(
    subject=RELEASE, pointer="", section="", path="", artifact="", signers=(), is_about_artifact=False
)


def compatibility(evidence: Evidence) -> Iterator[Fact | Missing]:
    """Verify the test result behind every entry about compatibility."""
    entries = tuple(entries_of(evidence, "compatibility"))
    if not entries:
        yield NO_COMPATIBILITY
    for pointer, entry in entries:
        if not text_of(entry, "evidence"):
            what = f"nothing shows that {text_of(entry, 'artifact')} was tested on {text_of(entry, 'target')}"
            fix = "add `evidence:` with a test result that a tester signed, or take the entry out"
            yield not_declared(CompatibilityEvidence, f"{pointer}/evidence", what, subject=about(entry), fix=fix)
            continue
        try:
            yield _tested(evidence, pointer, entry)
        except EvidenceError as error:
            yield not_established(CompatibilityEvidence, about(entry), f"{pointer}/evidence", error)


def figures(evidence: Evidence) -> Iterator[Fact | Missing]:
    """Verify the evidence behind figures of cost and quality, where entries name some."""
    entries = tuple(
        (section, pointer, entry)
        for section in WITH_FIGURES
        for pointer, entry in entries_of(evidence, section)
        if text_of(entry, "evidence")
    )
    if not entries:
        yield NO_FIGURE
    for section, pointer, entry in entries:
        try:
            yield _figure(evidence, section, pointer, entry)
        except EvidenceError as error:
            yield not_established(FigureEvidence, about(entry), f"{pointer}/evidence", error)


def entries_of(evidence: Evidence, section: str) -> Iterator[tuple[str, Entry]]:
    """Pointer and entry, read from the document: these sections belong to other areas, and are decoded by now."""
    content = evidence.manifest.document.get(f"/{section}")
    for position, entry in enumerate(content if isinstance(content, list) else []):
        if isinstance(entry, dict):
            yield f"/{section}/{position}", entry


def text_of(entry: Entry, key: str) -> str:
    """A text of an entry, "" where it has none."""
    found = entry.get(key)
    return found if isinstance(found, str) else ""


def about(entry: Entry) -> Subject:
    """What an entry is about: an artifact, on a target where it names one."""
    target, artifact = text_of(entry, "target"), text_of(entry, "artifact")
    return Subject("target", (target, artifact)) if target else Subject("artifact", (artifact,))


def _tested(evidence: Evidence, pointer: str, entry: Entry) -> Fact:
    from policy_gate.areas.signature.steps import RefusedEnvelopeError
    from policy_gate.areas.signature.suite_run import TEST_RESULT, read_suite_run

    attested = attested_by_testers(evidence, text_of(entry, "evidence"))
    if attested.predicate_type != TEST_RESULT:
        shown = ascii(attested.predicate_type)[:80]
        raise EvidenceError(Reason.UNSUPPORTED_FORMAT, f"a statement of type {shown}; {TEST_RESULT} is read")
    try:
        run = read_suite_run(attested.predicate)
    except RefusedEnvelopeError as error:
        raise EvidenceError(Reason.UNREADABLE, str(error)) from None
    listed = entry.get("required")
    required = tuple(one for one in listed if isinstance(one, str)) if isinstance(listed, list) else ()
    target, suite = text_of(entry, "target"), text_of(entry, "suite")
    return CompatibilityEvidence(
        subject=about(entry),
        pointer=f"{pointer}/evidence",
        basis=Basis.ATTESTED,
        path=text_of(entry, "evidence"),
        artifact=text_of(entry, "artifact"),
        target=target,
        signers=attested.signers,
        is_about_artifact=digest_of(evidence, entry) in attested.digests,
        result=run.result,
        required=required,
        not_passed=tuple(one for one in required if one not in run.passed),
        names_target=target in run.names,
        names_suite=not suite or suite in run.digests,
    )


def _figure(evidence: Evidence, section: str, pointer: str, entry: Entry) -> Fact:
    attested = attested_by_testers(evidence, text_of(entry, "evidence"))
    return FigureEvidence(
        subject=about(entry),
        pointer=f"{pointer}/evidence",
        basis=Basis.ATTESTED,
        section=section,
        path=text_of(entry, "evidence"),
        artifact=text_of(entry, "artifact"),
        signers=attested.signers,
        is_about_artifact=digest_of(evidence, entry) in attested.digests,
    )


def attested_by_testers(evidence: Evidence, path: str) -> Attested:
    """What testers signed; EvidenceError also where the envelope does not verify, since it then proves nothing."""
    from policy_gate.areas.signature.attestation import verify_attestation
    from policy_gate.areas.signature.steps import RefusedEnvelopeError

    trust = trusted_keys(evidence)
    try:
        return verify_attestation(read_signed(evidence, path), trust, evidence.today, TESTERS)
    except RefusedEnvelopeError as error:
        fix = f"have it signed by a key that {trust.path} gives the role {TESTERS[0]}"
        raise EvidenceError(Reason.NOT_PROVEN, f"{path} does not verify: {error}", fix=fix) from None


def digest_of(evidence: Evidence, entry: Entry) -> str:
    """Digest of the artifact that an entry names, computed; raises EvidenceError."""
    wanted = text_of(entry, "artifact")
    for artifact in evidence.manifest.artifacts:
        if artifact.id == wanted:
            return evidence.digest(artifact.path).sha256
    raise EvidenceError(Reason.NOT_DECLARED, f"'{wanted}' is no artifact of this manifest")
