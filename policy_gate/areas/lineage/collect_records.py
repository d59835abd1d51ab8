"""Lays the stated number of records of a node beside the number of digests in its list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from policy_gate.area import Evidence, not_established
from policy_gate.areas.lineage.digest_list import digest_list
from policy_gate.areas.lineage.facts import DatasetRecords
from policy_gate.areas.lineage.section import SECTION, lineage_claims, no_section, nodes
from policy_gate.errors import EvidenceError, Reason
from policy_gate.model import RELEASE, Basis, Fact, Fix, Missing, Subject

if TYPE_CHECKING:
    from policy_gate.areas.lineage.claims import Node


def dataset_records(evidence: Evidence) -> Iterator[Fact | Missing]:
    """How many records each node has, where it says so; one statement about the release where no node does."""
    claims = lineage_claims(evidence)
    if claims is None:
        yield from no_section(DatasetRecords)
        return
    counted = [node for node, _, _ in nodes(claims) if node.records is not None or node.record_digests is not None]
    if not counted:
        yield DatasetRecords(subject=RELEASE, pointer=f"/{SECTION}", basis=Basis.DECLARED, node="", records=0)
    for node, subject, pointer in nodes(claims):
        if node.record_digests is not None:
            yield _beside_list(evidence, node, node.record_digests, subject, pointer)
        elif node.records is not None:
            at = f"{pointer}/records"
            yield DatasetRecords(subject=subject, pointer=at, basis=Basis.DECLARED, node=node.id, records=node.records)


def _beside_list(evidence: Evidence, node: Node, path: str, subject: Subject, pointer: str) -> Fact | Missing:
    try:
        listed = digest_list(evidence, path).count
    except EvidenceError as error:
        return not_established(DatasetRecords, subject, f"{pointer}/record_digests", error)
    if node.records is None:
        what = f"{node.id} does not say how many records it has; {path} lists {listed}"
        fix = Fix(text=f"add `records: {listed}`", pointer=f"{pointer}/records", replacement=listed)
        return Missing(
            fact=DatasetRecords.name,
            subject=subject,
            pointer=f"{pointer}/records",
            reason=Reason.NOT_DECLARED,
            detail=what,
            fixes=(fix,),
        )
    return DatasetRecords(
        subject=subject,
        pointer=f"{pointer}/records",
        node=node.id,
        records=node.records,
        list_file=path,
        listed=listed,
    )
