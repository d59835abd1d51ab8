"""Looks at the lists that stand for people's records: with which key their digests were made, if any."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from policy_gate.area import Evidence, not_established
from policy_gate.areas.lineage.collect import activity_of, graph_of, vertex_of
from policy_gate.areas.lineage.digest_list import digest_list, named_key
from policy_gate.areas.lineage.facts import PersonList
from policy_gate.areas.lineage.graph import Graph, Vertex
from policy_gate.areas.lineage.section import SECTION, from_elsewhere, lineage_claims, no_section, nodes
from policy_gate.errors import EvidenceError
from policy_gate.frozen import dataclass
from policy_gate.model import RELEASE, Basis, Fact, Missing, Subject

if TYPE_CHECKING:
    from policy_gate.areas.lineage.claims import LineageClaims, Node

_FREES_OF_PEOPLE = frozenset({"anonymise", "aggregate"})
"""Steps whose outcome no longer holds the records of the people that went in."""

PERSONAL, UNSTATED, NONE = "personal", "unstated", "none"


@dataclass(frozen=True, slots=True)
class _Named:
    """One list as the manifest names it, and whose records it lists."""

    node: str
    subject: Subject
    pointer: str
    path: str
    holds: str
    withdrawals: bool = False


def person_lists(evidence: Evidence) -> Iterator[Fact | Missing]:
    """One entry for every list that a node names; one about the release where no node names any."""
    claims = lineage_claims(evidence)
    if claims is None:
        yield from no_section(PersonList)
        return
    named = tuple(_named(claims))
    if not named:
        yield PersonList(subject=RELEASE, pointer=f"/{SECTION}", basis=Basis.DECLARED, node="", file="", holds=NONE)
    for one in named:
        try:
            # Whether the lines of a list of records are digests is said of its count.
            key_id = digest_list(evidence, one.path).key_id if one.withdrawals else named_key(evidence, one.path)
        except EvidenceError as error:
            yield not_established(PersonList, one.subject, one.pointer, error)
            continue
        yield PersonList(
            subject=one.subject,
            pointer=one.pointer,
            basis=Basis.DECLARED,
            node=one.node,
            file=one.path,
            holds=one.holds,
            key_id=key_id,
        )


def _named(claims: LineageClaims) -> Iterator[_Named]:
    """A list of withdrawals is always one of people."""
    holds = _holdings(claims)
    for node, subject, pointer in nodes(claims):
        if node.record_digests is not None:
            said = holds.get(vertex_of(node.id), NONE)
            yield _Named(node.id, subject, f"{pointer}/record_digests", node.record_digests, said)
        if node.legal_basis is not None and node.legal_basis.withdrawals is not None:
            at = f"{pointer}/legal_basis/withdrawals"
            yield _Named(node.id, subject, at, node.legal_basis.withdrawals, PERSONAL, withdrawals=True)


def _holdings(claims: LineageClaims) -> dict[Vertex, str]:
    """Every node that holds, or may hold, records of people: by its own word, or by that of what it was made from.

    What is made of people's records holds them too, whatever it says, unless a step anonymised or aggregated them.
    """
    graph = graph_of(claims)
    left_out = {vertex_of(node.id) for node in claims.nodes if _is_no_copy(node)}
    left_out |= {activity_of(one.id) for one in claims.activities if one.kind in _FREES_OF_PEOPLE}
    elsewhere = from_elsewhere(claims)
    personal = [vertex_of(node.id) for node in claims.nodes if node.personal_data not in (None, "none")]
    silent = [
        vertex_of(node.id)
        for node in claims.nodes
        if node.personal_data is None
        and node.id in elsewhere
        and (node.record_digests is not None or not _is_no_copy(node))
    ]
    return dict.fromkeys(_made_of(graph, silent, left_out), UNSTATED) | dict.fromkeys(
        _made_of(graph, personal, left_out), PERSONAL
    )


def _is_no_copy(node: Node) -> bool:
    """A model, or data that a named model generated, is not the records it was made of."""
    return node.type in ("model", "release") or (node.type == "synthetic" and node.generator is not None)


def _made_of(graph: Graph, starts: list[Vertex], left_out: set[Vertex]) -> set[Vertex]:
    """Everything made of the starts, themselves included."""
    seen, waiting = set(starts), list(starts)
    while waiting:
        fresh = [one for one in graph.successors[waiting.pop()] if one not in seen and one not in left_out]
        seen.update(fresh)
        waiting.extend(fresh)
    return seen
