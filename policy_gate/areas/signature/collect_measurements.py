"""Verifies the measurements that entries of the section `cost` name, so that what was measured can be believed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from policy_gate.area import Evidence, not_established
from policy_gate.areas.signature.collect_evidence import about, attested_by_testers, digest_of, entries_of, text_of
from policy_gate.areas.signature.facts import Measurement
from policy_gate.errors import EvidenceError, Reason
from policy_gate.model import Basis, Fact, Missing

if TYPE_CHECKING:
    from policy_gate.areas.signature.collect_evidence import Entry


def measurements(evidence: Evidence) -> Iterator[Fact | Missing]:
    """One fact for each entry about cost that names evidence; missing, with the reason, where it is no measurement."""
    for pointer, entry in entries_of(evidence, "cost"):
        if not text_of(entry, "evidence"):
            continue
        try:
            yield _measurement(evidence, pointer, entry)
        except EvidenceError as error:
            yield not_established(Measurement, about(entry), f"{pointer}/evidence", error)


def _measurement(evidence: Evidence, pointer: str, entry: Entry) -> Measurement:
    from policy_gate.areas.signature.measurement import MEASUREMENT, read_measurement
    from policy_gate.areas.signature.steps import RefusedEnvelopeError

    path = text_of(entry, "evidence")
    attested = attested_by_testers(evidence, path)
    if attested.predicate_type != MEASUREMENT:
        shown = ascii(attested.predicate_type)[:80]
        raise EvidenceError(Reason.UNSUPPORTED_FORMAT, f"{path} is a statement of type {shown}, and no {MEASUREMENT}")
    try:
        measured = read_measurement(attested.predicate)
    except RefusedEnvelopeError as error:
        raise EvidenceError(Reason.UNREADABLE, f"{path}: {error}") from None
    return Measurement(
        subject=about(entry),
        pointer=f"{pointer}/evidence",
        basis=Basis.ATTESTED,
        path=path,
        signers=attested.signers,
        is_about_artifact=digest_of(evidence, entry) in attested.digests,
        device=measured.device,
        runtime_name=measured.runtime_name,
        runtime_version=measured.runtime_version,
        dimensions=measured.dimensions,
        runs=measured.runs,
        figures=measured.figures,
    )
