"""Finds personal data behind a release that no phase accounts for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from policy_gate.area import Evidence, not_declared
from policy_gate.areas.lineage.facts import PersonalDataset
from policy_gate.areas.privacy.collect import claims_of
from policy_gate.areas.privacy.facts_evidence import PersonalCoverage
from policy_gate.model import Basis, Fact, Missing

if TYPE_CHECKING:
    from policy_gate.areas.privacy.claims import PrivacyClaims

NOBODY = "none"
"""What a set that holds no personal data states."""


def personal_coverage(evidence: Evidence) -> Iterator[Fact | Missing]:
    """One entry for every data set behind the release; missing where it does not say whether it holds people."""
    claims = claims_of(evidence, PersonalCoverage)
    if isinstance(claims, tuple):
        yield from claims
        return
    for entry in evidence.facts.entries(PersonalDataset):
        if isinstance(entry, PersonalDataset):
            yield _of_dataset(entry, claims)
        elif isinstance(entry, Missing):
            yield replace(entry, fact=PersonalCoverage.name)


def _of_dataset(dataset: PersonalDataset, claims: PrivacyClaims) -> Fact | Missing:
    if not dataset.kind:
        what = f"{dataset.node} does not state whether it holds personal data, so no phase is known to be enough"
        fix = "add `personal_data:` with none, pseudonymous, identifiable or special-category"
        return not_declared(PersonalCoverage, f"{dataset.pointer}/personal_data", what, dataset.subject, fix)
    covered = {phase.dataset for phase in claims.phases}
    holds_people = dataset.kind != NOBODY
    return PersonalCoverage(
        subject=dataset.subject,
        pointer=f"{dataset.pointer}/id",
        basis=Basis.DECLARED,
        dataset=dataset.node,
        kind=dataset.kind,
        phases=tuple(phase.id for phase in claims.phases if phase.dataset in dataset.enters),
        uncovered=tuple(one for one in dataset.enters if one not in covered) if holds_people else (),
    )
