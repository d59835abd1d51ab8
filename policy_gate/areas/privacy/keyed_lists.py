"""Compares the keys of the lists that stand for people's records: what is in two lists is only seen under one key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from policy_gate.area import Evidence
from policy_gate.areas.lineage.facts import PersonList
from policy_gate.areas.privacy.facts_telemetry import KeyedList
from policy_gate.model import Basis, Fact, Missing


def keyed_lists(evidence: Evidence) -> Iterator[Fact | Missing]:
    """One entry for every list of the lineage; the first keyed one of people says which key the others should have."""
    entries = evidence.facts.entries(PersonList)
    known = [one for one in entries if isinstance(one, PersonList) and one.key_id and one.holds != "none"]
    for entry in entries:
        if isinstance(entry, Missing):
            yield replace(entry, fact=KeyedList.name)
        elif isinstance(entry, PersonList):
            counts = bool(entry.key_id) and entry.holds != "none"
            first = known[0] if counts and known[0].key_id != entry.key_id else None
            yield KeyedList(
                subject=entry.subject,
                pointer=entry.pointer,
                basis=Basis.DECLARED,
                node=entry.node,
                file=entry.file,
                holds=entry.holds,
                key_id=entry.key_id,
                other_key=first.key_id if first is not None else "",
                other_file=first.file if first is not None else "",
            )
