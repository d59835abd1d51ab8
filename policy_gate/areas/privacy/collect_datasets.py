"""Lays the data set size that a phase is accounted for with beside the records of its node in the lineage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from policy_gate.area import Evidence, not_declared
from policy_gate.areas.lineage.facts import DatasetRecords, NodeOrigin, OriginProblem
from policy_gate.areas.privacy.collect import claims_of
from policy_gate.areas.privacy.facts import PhaseDataset, PhaseEvidence
from policy_gate.errors import Reason
from policy_gate.model import Basis, Fact, Fix, Missing, Subject

if TYPE_CHECKING:
    from policy_gate.areas.privacy.claims_phases import Phase

SIZE = "sampling.dataset_size"
MAX_COMPARED_NAMES = 1000
"""Among more nodes than these no misspelt name is looked for."""


def phase_datasets(evidence: Evidence) -> Iterator[Fact | Missing]:
    """One entry per phase: the records of the data it names, or why they are not known."""
    claims = claims_of(evidence, PhaseDataset)
    if isinstance(claims, tuple):
        yield from claims
        return
    if not claims.phases:
        yield not_declared(PhaseDataset, "/privacy/phases", "the manifest lists no phase that used private data")
    for position, phase in enumerate(claims.phases):
        yield _of_phase(evidence, phase, Subject("phase", (phase.id,)), f"/privacy/phases/{position}")


def _of_phase(evidence: Evidence, phase: Phase, subject: Subject, pointer: str) -> Fact | Missing:
    sampling = getattr(phase, "sampling", None)
    size = sampling.dataset_size if sampling is not None else None
    if size is None and (sampling is None or sampling.rate is None):
        return PhaseDataset(
            subject=subject, pointer=pointer, basis=Basis.DECLARED, dataset=phase.dataset or "", claimed=0
        )
    if phase.dataset is None:
        return _without_dataset(subject, pointer, sized=size is not None)
    found = evidence.facts.get(DatasetRecords, Subject("dataset", (phase.dataset,)))
    if isinstance(found, Missing):
        return _unknown_records(evidence, phase.dataset, found, subject, f"{pointer}/dataset")
    at = f"{pointer}/sampling/{'rate' if size is None else 'dataset_size'}"
    if not found.list_file and not _confirmed(evidence, subject):
        return Missing(
            fact=PhaseDataset.name,
            subject=subject,
            pointer=at,
            reason=Reason.NOT_PROVEN,
            detail=f"nothing confirms that '{phase.dataset}' has {found.records} records: it is only declared",
            fixes=(
                Fix(text=f"list the digests of the records in a file, and name it as `record_digests` of {found.node}"),
                Fix(text=f"or state `{SIZE}`, and map it to the training configuration under `evidence` of the phase"),
            ),
        )
    document = evidence.manifest.document
    return PhaseDataset(
        subject=subject,
        pointer=at,
        basis=Basis.RECOMPUTED if found.list_file and found.listed == found.records else Basis.DECLARED,
        dataset=phase.dataset,
        claimed=size or 0,
        records=found.records,
        file=document.path,
        line=document.span(found.pointer).line,
    )


def _without_dataset(subject: Subject, pointer: str, *, sized: bool) -> Missing:
    if sized:
        what = "the phase does not say which data set of the lineage has this size"
        fix = "add `dataset:` with the id of the node under `lineage`"
        return not_declared(PhaseDataset, f"{pointer}/dataset", what, subject, fix)
    what = "a sampling rate alone does not say how many records there are"
    fix = "add `dataset:` with the id of the node under `lineage` that has the records"
    return not_declared(PhaseDataset, f"{pointer}/sampling/dataset_size", what, subject, fix)


def _unknown_records(evidence: Evidence, name: str, found: Missing, subject: Subject, pointer: str) -> Missing:
    """Say why: a list that cannot be read, no lineage, a node without a number, or no such node."""
    if found.pointer:
        return replace(found, fact=PhaseDataset.name, subject=subject, pointer=pointer)
    origins = evidence.facts.known(NodeOrigin)
    known = tuple(one.node for one in origins if one.problem is not OriginProblem.NOT_A_NODE)
    if not known:
        what, fix = "the manifest has no lineage with this data set", "add a `lineage` section with its `records`"
        return not_declared(PhaseDataset, pointer, what, subject, fix)
    if name in known:
        what, fix = f"'{name}' does not say how many records it has", f"add `records:` to the node '{name}'"
        return not_declared(PhaseDataset, pointer, what, subject, fix)
    from policy_gate.manifest.decode import nearest  # only a name that no node has pays

    meant = nearest(name, known) if len(known) <= MAX_COMPARED_NAMES else ""
    fix = f"did you mean '{meant}'?" if meant else f"add a node with the id '{name}' to the lineage"
    return not_declared(PhaseDataset, pointer, f"'{name}' is no node of the lineage", subject, fix)


def _confirmed(evidence: Evidence, subject: Subject) -> bool:
    """Whether the files that training read have the stated size, and none has another."""
    found = [
        one.agrees for one in evidence.facts.known(PhaseEvidence) if (one.subject, one.parameter) == (subject, SIZE)
    ]
    return bool(found) and all(found)
