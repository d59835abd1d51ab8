"""The line that a release should have: its bytes, its people's data and its claims, from evidence."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policy_gate.area import Evidence
from policy_gate.areas.lineage.facts import PersonalDataset
from policy_gate.areas.privacy.claims import PrivacyClaims
from policy_gate.areas.privacy.ledger.entry import FIRST, LedgerEntry, entry_of
from policy_gate.errors import EvidenceError, Reason
from policy_gate.manifest.claims import DIGEST_PATTERN
from policy_gate.model import Missing

_NOT_PERSONAL = "none"


def own_entry(evidence: Evidence, day: str, previous: str = FIRST) -> LedgerEntry:
    """The line of the release under judgement, written on `day` after the line of digest `previous`.

    Takes the facts of type PersonalDataset. Raises EvidenceError where a file cannot be read, or a data set of people
    has no digest to know it by.
    """
    return entry_of(
        evidence.manifest,
        day=day,
        datasets=_datasets(evidence),
        artifacts=_artifacts(evidence),
        previous=previous,
    )


def _artifacts(evidence: Evidence) -> list[str]:
    """The digests of all files that ship, computed: any of them may have learnt of people, whatever it is called."""
    return [evidence.digest(one.path).sha256 for one in evidence.manifest.artifacts]


def _datasets(evidence: Evidence) -> list[str]:
    """The digests of all data behind the release that may hold people, stated and computed ones."""
    claims = evidence.section("privacy")
    entries = evidence.facts.entries(PersonalDataset)
    if not entries:
        raise EvidenceError(Reason.NOTHING_TO_JUDGE, "nothing says which data is behind the release")
    for entry in entries:
        if isinstance(entry, Missing):
            raise EvidenceError(entry.reason, entry.detail, fix=entry.fixes[0].text if entry.fixes else "")
    phases = {phase.dataset for phase in claims.phases} if isinstance(claims, PrivacyClaims) else set()
    known_sets = evidence.facts.known(PersonalDataset)
    # A phase that protects people says that they are there, whatever the data set says of itself.
    personal = [one for one in known_sets if one.kind != _NOT_PERSONAL or one.node in phases]
    known = {one.node: frozenset(_digests(evidence, one)) for one in personal}
    for one in personal:
        if not any(known.get(node) for node in (one.node, *one.feeds)):
            what = f"'{one.node}' has no digest: by another name, nobody would know these people again"
            raise EvidenceError(Reason.NOT_DECLARED, what, fix=f"state `digest: {{sha256: …}}` of {one.node}")
    return [digest for digests in known.values() for digest in digests]


def _digests(evidence: Evidence, node: PersonalDataset) -> Iterator[str]:
    if node.digest:
        yield node.digest
    stated = evidence.manifest.document.get(f"{node.pointer}/digest/sha256")
    if isinstance(stated, str) and re.fullmatch(DIGEST_PATTERN, stated):
        yield stated
