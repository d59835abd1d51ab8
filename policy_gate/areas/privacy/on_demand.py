"""Reads who may fetch raw data from devices: the approver, the scope, the last day, the log of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

from policy_gate.area import Evidence, not_declared
from policy_gate.areas.privacy.document_words import placeholder_in
from policy_gate.areas.privacy.facts_telemetry import OnDemandAccess
from policy_gate.areas.privacy.telemetry import no_telemetry, streams_of
from policy_gate.errors import EvidenceError
from policy_gate.model import RELEASE, Basis, Fact, Missing, Subject

if TYPE_CHECKING:
    from policy_gate.areas.privacy.telemetry_claims import OnDemand, StreamClaims


def on_demand(evidence: Evidence) -> Iterator[Fact | Missing]:
    """One fact per stream that says whether raw data is fetched; saying nothing of it is no answer."""
    claims = streams_of(evidence)
    if claims is None:
        yield no_telemetry(OnDemandAccess)
        return
    if not claims:
        yield OnDemandAccess(subject=RELEASE, pointer="/telemetry", basis=Basis.DECLARED, enabled=False)
    for position, stream in enumerate(claims):
        yield _access(evidence, stream, f"/telemetry/{position}/on_demand")


def _access(evidence: Evidence, stream: StreamClaims, pointer: str) -> Fact | Missing:
    subject, stated = Subject("stream", (stream.id,)), stream.on_demand
    if stated is None:
        what = f"{stream.id} does not say whether raw data can be fetched from single devices"
        return not_declared(
            OnDemandAccess, pointer, what, subject, "add `on_demand: {enabled: false}` if nothing can be fetched"
        )
    return OnDemandAccess(
        subject=subject,
        pointer=pointer,
        basis=Basis.DECLARED,
        enabled=stated.enabled,
        unstated=_unstated(stated) if stated.enabled else (),
        approver=stated.approver or "",
        scope=stated.scope or "",
        expiry=stated.expiry or "",
        days_left=(date.fromisoformat(stated.expiry) - evidence.today).days if stated.expiry else 0,
        audit_log=stated.audit_log or "",
        log_problem=_log_problem(evidence, stated.audit_log) if stated.audit_log else "",
    )


def _unstated(stated: OnDemand) -> tuple[str, ...]:
    """The keys that are not stated, or that hold words which stand for an answer yet to come."""
    named = ("approver", stated.approver), ("scope", stated.scope)
    without = {key for key, text in named if not _says_something(text)}
    without |= {key for key, text in (("expiry", stated.expiry), ("audit_log", stated.audit_log)) if not text}
    return tuple(key for key in ("approver", "scope", "expiry", "audit_log") if key in without)


def _says_something(text: str | None) -> bool:
    return text is not None and any(char.isalpha() for char in text) and not placeholder_in(text)


def _log_problem(evidence: Evidence, path: str) -> str:
    """An audit log without an entry is one of nothing fetched, so only the file itself has to be there."""
    try:
        with evidence.open(path):
            return ""
    except EvidenceError as error:
        return error.detail
