"""Lays the personal data behind a release beside its purpose, its lawful basis and its conditions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from policy_gate.area import Evidence, not_declared
from policy_gate.areas.lineage.facts import NodeTerm, PersonalDataset
from policy_gate.areas.privacy.document_words import different_words, placeholder_in
from policy_gate.areas.privacy.facts_documents import (
    AssessmentDocument,
    LawfulBasis,
    Purpose,
    SpecialCategoryUse,
    UnclaimedData,
)
from policy_gate.model import RELEASE, Basis, Fact, Missing

if TYPE_CHECKING:
    from policy_gate.areas.privacy.claims import PrivacyClaims

NO_SECTION = "the manifest has no privacy section"
NO_SECTION_FIX = "add a `privacy` section: a claim and its phases, or `claim_type: none` and its documents"
PERSONAL_DATA_FIX = "add `personal_data:` with none, pseudonymous, identifiable or special-category"
SPECIAL = "special-category"
_NODES = "/lineage/nodes"
_ENDS = ("/legal_basis/expires", "/retention_until")
"""A term that lacks its end says all the same whether people are in the data."""


def section_of(evidence: Evidence, kind: type[Fact]) -> PrivacyClaims | Missing:
    """The privacy section, whatever it claims; else the missing fact that stands for one kind."""
    from policy_gate.areas.privacy.claims import PrivacyClaims  # pydantic is loaded by now; the engine's start is not

    claims = evidence.section("privacy")
    if isinstance(claims, PrivacyClaims):
        return claims
    return not_declared(kind, "/privacy", NO_SECTION, fix=NO_SECTION_FIX)


def purpose(evidence: Evidence) -> Iterator[Fact | Missing]:
    """What the data is used for, in the words of the manifest; nobody has to be told where nobody is in it."""
    claims = section_of(evidence, Purpose)
    if isinstance(claims, Missing):
        yield claims
        return
    needed = personal_data(evidence, Purpose) != ()
    if needed and claims.purpose is None:
        what, fix = "the manifest does not say what the data is used for", "add `purpose:` with one sentence"
        yield not_declared(Purpose, "/privacy/purpose", what, fix=fix)
        return
    stated = claims.purpose or ""
    yield Purpose(
        subject=RELEASE,
        pointer="/privacy/purpose" if stated else "/privacy",
        basis=Basis.DECLARED,
        purpose=stated,
        words=different_words(stated),
        placeholder=placeholder_in(stated),
        needed=needed,
    )


def lawful_bases(evidence: Evidence) -> Iterator[Fact | Missing]:
    """One entry per data set behind the release that holds personal data, or may."""
    personal = personal_data(evidence, LawfulBasis)
    if personal == ():
        yield LawfulBasis(subject=RELEASE, pointer=_NODES, basis=Basis.DECLARED, node="")
        return
    known = evidence.facts.known(PersonalDataset)
    yield from (_lawful_basis(one, evidence.today) for one in known if one.kind != "none")
    if isinstance(personal, Missing) and all(one.kind for one in known):
        yield personal


def _lawful_basis(dataset: PersonalDataset, today: date) -> Fact | Missing:
    pointer = f"{dataset.pointer}/legal_basis"
    if not dataset.kind:
        return unstated(LawfulBasis, dataset)
    if not dataset.legal_basis:
        what = f"{dataset.node} holds personal data and does not state why it may be used"
        fix = "add `legal_basis:` with a `kind`, one of the six of GDPR Article 6(1)"
        return not_declared(LawfulBasis, pointer, what, dataset.subject, fix)
    if dataset.legal_basis == "consent" and not dataset.legal_basis_until:
        what = f"{dataset.node} rests on consent and does not state how long it was given for"
        fix = "add `expires:` to its `legal_basis`, with the last day of use"
        return not_declared(LawfulBasis, f"{pointer}/expires", what, dataset.subject, fix)
    until = dataset.legal_basis_until
    return LawfulBasis(
        subject=dataset.subject,
        pointer=pointer,
        basis=Basis.DECLARED,
        node=dataset.node,
        kind=dataset.kind,
        legal_basis=dataset.legal_basis,
        until=until,
        days_left=(date.fromisoformat(until) - today).days if until else 0,
    )


def special_categories(evidence: Evidence) -> Iterator[Fact | Missing]:
    """Whether data of a special category is behind the release, by its lineage and by the section itself."""
    claims = section_of(evidence, SpecialCategoryUse)
    if isinstance(claims, Missing):
        yield claims
        return
    personal = personal_data(evidence, SpecialCategoryUse)
    if isinstance(personal, Missing):
        yield personal
        return
    stated = claims.special_categories
    yield SpecialCategoryUse(
        subject=RELEASE,
        pointer="/privacy/special_categories",
        basis=Basis.DECLARED,
        nodes=tuple(one.node for one in personal if one.kind == SPECIAL),
        stated=stated is not None,
        present=stated.present if stated is not None else False,
        condition=(stated.condition or "") if stated is not None else "",
        safeguards=stated is not None and different_words(stated.safeguards or "") > 0,
    )


def unclaimed_data(evidence: Evidence) -> Iterator[Fact | Missing]:
    """Which personal data stands behind the release, and whether the assessment covers it."""
    claims = section_of(evidence, UnclaimedData)
    if isinstance(claims, Missing):
        yield claims
        return
    personal = personal_data(evidence, UnclaimedData)
    if isinstance(personal, Missing):
        yield personal
        return
    named = claims.assessment
    listed = frozenset(named.covers) if named is not None else frozenset()
    silent = frozenset(name for one in evidence.facts.known(AssessmentDocument) for name in one.unmentioned)
    roots = _roots(personal)
    yield UnclaimedData(
        subject=RELEASE,
        pointer="/privacy/claim_type",
        basis=Basis.DECLARED,
        claim_type=claims.claim_type,
        personal=tuple(one.node for one in personal),
        without=len(_stated_without(evidence)),
        assessment=named.path if named is not None else "",
        uncovered=tuple(one for one in roots if one not in listed),
        unmentioned=tuple(one for one in roots if one in listed and one in silent),
        doubt=_doubt(evidence) if named is not None else "",
    )


def _roots(personal: tuple[PersonalDataset, ...]) -> tuple[str, ...]:
    """The sets an assessment has to name: all but those prepared from a set of the same kind, which stands for them."""
    feeds = {one.node: frozenset(one.feeds) for one in personal}
    prepared = {
        (fed, one.kind)
        for one in personal
        for fed in one.feeds
        if one.node not in feeds.get(fed, ())  # not itself, and in a circle nobody stands for anybody
    }
    return tuple(one.node for one in personal if (one.node, one.kind) not in prepared)


def _doubt(evidence: Evidence) -> str:
    """Why the file of the assessment is not relied on, or ""."""
    entries = evidence.facts.entries(AssessmentDocument)
    for entry in entries:
        if isinstance(entry, Missing):
            return entry.detail
        if isinstance(entry, AssessmentDocument) and entry.claimed != entry.computed:
            return "its file is not the one that the manifest states"
    return "" if entries else "its file was not looked at"


def personal_data(evidence: Evidence, kind: type[Fact]) -> tuple[PersonalDataset, ...] | Missing:
    """The data sets behind the release that hold personal data; the missing fact where that is not known of each.

    A model from elsewhere counts too: one that does not say whether people are in its weights leaves it unknown.
    """
    entries = evidence.facts.entries(PersonalDataset)
    if not entries:
        return not_declared(kind, _NODES, "nothing says which data the release was made from")
    for entry in entries:
        if isinstance(entry, PersonalDataset) and not entry.kind:
            return replace(unstated(kind, entry), subject=RELEASE)
        if isinstance(entry, Missing) and not _made_of_models(evidence, entry):
            return replace(entry, fact=kind.name, subject=RELEASE)
    for term in evidence.facts.entries(NodeTerm):
        if isinstance(term, Missing) and not term.pointer.endswith(_ENDS):
            return replace(term, fact=kind.name, subject=RELEASE)
    return tuple(one for one in evidence.facts.known(PersonalDataset) if one.kind != "none")


def _made_of_models(evidence: Evidence, entry: Missing) -> bool:
    """Whether there is no data because all that the release was made from are models, stated to hold nobody's."""
    return entry.pointer == _NODES and bool(_stated_without(evidence))


def unstated(kind: type[Fact], dataset: PersonalDataset) -> Missing:
    """The missing fact that stands for a data set of which nobody says whether it holds personal data."""
    what = f"{dataset.node} does not state whether it holds personal data"
    return not_declared(kind, f"{dataset.pointer}/personal_data", what, dataset.subject, PERSONAL_DATA_FIX)


def _stated_without(evidence: Evidence) -> frozenset[str]:
    """Ids of sets and models that state to hold no personal data."""
    terms = (term for term in evidence.facts.known(NodeTerm) if term.personal_data == "none")
    sets = (one.node for one in evidence.facts.known(PersonalDataset) if one.kind == "none")
    return frozenset((*sets, *(name for term in terms for name in term.subject.names)))
