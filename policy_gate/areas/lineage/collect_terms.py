"""Reads the licences and dates of a release and of what it was made from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

from policy_gate.area import Evidence, not_declared
from policy_gate.areas.lineage.facts import NodeLicense, NodeTerm, ReleaseLicense, StatedDay, TermKind
from policy_gate.areas.lineage.licence_names import ReadLicence, read_licence
from policy_gate.areas.lineage.section import SECTION, from_elsewhere, lineage_claims, no_section, nodes
from policy_gate.errors import EvidenceError
from policy_gate.model import RELEASE, Basis, Fact, Missing, Subject

if TYPE_CHECKING:
    from policy_gate.areas.lineage.claims import License, Node

_PERSONAL_DATA_FIX = "add `personal_data:` with none, pseudonymous, identifiable or special-category"
MAX_SUGGESTIONS = 20
"""Unreadable licences that get a suggestion: each is compared with the whole SPDX list."""

_MADE_ELSEWHERE = ("source", "synthetic", "model")
"""Nodes whose terms nobody can derive: they are stated or missing."""


def node_licenses(evidence: Evidence) -> Iterator[Fact | Missing]:
    """The licence of every node that came from elsewhere, and of any other that states one."""
    claims = lineage_claims(evidence)
    if claims is None:
        yield from no_section(NodeLicense)
        return
    unreadable = 0
    for node, subject, pointer in nodes(claims):
        if node.license is not None:
            read = read_licence(node.license.expression, suggest=unreadable < MAX_SUGGESTIONS)
            unreadable += bool(read.problem)
            yield _license(evidence, node.license, read, subject, f"{pointer}/license")
        elif node.type in _MADE_ELSEWHERE:
            fix = "add `license: {expression: ID, text: FILE}` with an SPDX id and the licence's text"
            yield not_declared(NodeLicense, f"{pointer}/license", f"{node.id} states no licence", subject, fix)


def _license(evidence: Evidence, stated: License, read: ReadLicence, subject: Subject, pointer: str) -> NodeLicense:
    return NodeLicense(
        subject=subject,
        pointer=f"{pointer}/expression",
        basis=Basis.DECLARED,
        claimed=stated.expression,
        spdx=read.spdx,
        problem=read.problem,
        suggestion=read.suggestion,
        own_terms=read.own_terms,
        text=stated.text or "",
        text_problem=_text_problem(evidence, stated.text) if stated.text is not None else "",
    )


def _text_problem(evidence: Evidence, path: str) -> str:
    try:
        size = evidence.digest(path).size
    except EvidenceError as error:
        return error.detail
    return "" if size else f"'{path}' is empty"


def release_licenses(evidence: Evidence) -> Iterator[Fact | Missing]:
    """The licence of the release, of artifacts that state their own, and the one the lineage section repeats."""
    stated = evidence.manifest.metadata.license
    if stated is None:
        fix = "add `license:` with an SPDX expression, such as Apache-2.0"
        yield not_declared(ReleaseLicense, "/metadata/license", "the release states no licence", RELEASE, fix)
    else:
        yield _release_license(stated, RELEASE, "/metadata/license")
    unreadable = 0
    for position, artifact in enumerate(evidence.manifest.artifacts):
        if artifact.license is not None:
            subject = Subject("artifact", (artifact.id,))
            entry = _release_license(
                artifact.license, subject, f"/artifacts/{position}/license", suggest=unreadable < MAX_SUGGESTIONS
            )
            unreadable += bool(entry.problem)
            yield entry
    claims = lineage_claims(evidence)
    if claims is not None and claims.release is not None and claims.release.license is not None:
        yield _release_license(claims.release.license, RELEASE, f"/{SECTION}/release/license", other=stated or "")


def _release_license(
    stated: str, subject: Subject, pointer: str, other: str = "", *, suggest: bool = True
) -> ReleaseLicense:
    read = read_licence(stated, suggest=suggest)
    differs = other and other != stated and (not read.spdx or read.spdx != read_licence(other).spdx)
    return ReleaseLicense(
        subject=subject,
        pointer=pointer,
        basis=Basis.DECLARED,
        claimed=stated,
        spdx=read.spdx,
        problem=read.problem,
        suggestion=read.suggestion,
        contradicts=other if differs else "",
    )


def node_terms(evidence: Evidence) -> Iterator[Fact | Missing]:
    """For every node: the days after which it may not be used, that it holds no personal data, or was made here."""
    claims = lineage_claims(evidence)
    if claims is None:
        yield from no_section(NodeTerm)
        return
    elsewhere = from_elsewhere(claims)
    for node, subject, pointer in nodes(claims):
        found = list(_terms(node, subject, pointer, evidence.today, speaks=node.id in elsewhere))
        yield from found
        if not found:
            at = pointer if node.personal_data is None else f"{pointer}/personal_data"
            yield _term(TermKind.NONE, at, node, subject, ("", 0))
    if not elsewhere:
        what = "no node states whether it holds personal data"
        yield not_declared(NodeTerm, f"/{SECTION}/nodes", what, RELEASE, _PERSONAL_DATA_FIX)


def _terms(node: Node, subject: Subject, pointer: str, today: date, *, speaks: bool) -> Iterator[Fact | Missing]:
    """What a node states or has to; one that `speaks` for itself has to say whether it holds personal data."""
    if node.personal_data is None and (speaks or node.type == "synthetic"):
        what = f"{node.id} does not state whether it holds personal data"
        yield not_declared(NodeTerm, f"{pointer}/personal_data", what, subject, _PERSONAL_DATA_FIX)
    ends = {
        TermKind.CONSENT: ("legal_basis/expires", node.legal_basis.expires if node.legal_basis is not None else None),
        TermKind.RETENTION: ("retention_until", node.retention_until),
    }
    for term, (at, day) in ends.items():
        if day is not None:
            yield _term(term, f"{pointer}/{at}", node, subject, (day, (date.fromisoformat(day) - today).days))
        elif _is_demanded(term, node):
            key = at.replace("/", ".")
            what = f"{node.id} holds personal data and does not state `{key}`"
            yield not_declared(NodeTerm, f"{pointer}/{at}", what, subject, f"add `{key}` with the last day of use")


def _is_demanded(term: TermKind, node: Node) -> bool:
    """Personal data has a last day; a legal basis has one when it is a consent, or is not stated at all."""
    if node.personal_data in (None, "none"):
        return False
    return term is TermKind.RETENTION or node.legal_basis is None or node.legal_basis.kind == "consent"


def _term(term: TermKind, pointer: str, node: Node, subject: Subject, end: tuple[str, int]) -> NodeTerm:
    return NodeTerm(
        subject=subject,
        pointer=pointer,
        basis=Basis.DECLARED,
        term=term,
        personal_data=node.personal_data or "not stated",
        until=end[0],
        days_left=end[1],
    )


def stated_days(evidence: Evidence) -> Iterator[Fact | Missing]:
    """Every day that should lie in the past, counted from today; demanded are `asof`, and when each node was retrieved.

    A node that was made here was not retrieved, and is said to have no day.
    """
    claims = lineage_claims(evidence)
    if claims is None:
        yield from no_section(StatedDay)
        return
    if claims.asof is None:
        what = "the section does not say of which day it is"
        yield not_declared(StatedDay, f"/{SECTION}/asof", what, RELEASE, "add `asof:` with the day it was written")
    else:
        yield _stated_day("asof", claims.asof, RELEASE, f"/{SECTION}/asof", evidence.today)
    elsewhere = from_elsewhere(claims)
    for node, subject, pointer in nodes(claims):
        if node.retrieved is not None:
            yield _stated_day("retrieved", node.retrieved, subject, f"{pointer}/retrieved", evidence.today)
        elif node.id not in elsewhere:
            yield StatedDay(subject=subject, pointer=pointer, basis=Basis.DECLARED, what="retrieved", day="")
        else:
            what = f"{node.id} does not state when it was retrieved"
            yield not_declared(StatedDay, f"{pointer}/retrieved", what, subject, "add `retrieved:` with the day")
        if node.opt_out is not None:
            checked = node.opt_out.checked
            yield _stated_day("opt_out.checked", checked, subject, f"{pointer}/opt_out/checked", evidence.today)


def _stated_day(what: str, day: str, subject: Subject, pointer: str, today: date) -> StatedDay:
    ahead = (date.fromisoformat(day) - today).days
    return StatedDay(subject=subject, pointer=pointer, basis=Basis.DECLARED, what=what, day=day, days_ahead=ahead)
