"""Reads what is stated of the people in the data behind a release, and follows that data until a model takes it in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from policy_gate.area import Evidence, not_declared
from policy_gate.areas.lineage.collect import graph_of, vertex_of
from policy_gate.areas.lineage.facts import PersonalDataset
from policy_gate.areas.lineage.graph import Graph, Vertex, VertexKind, reach
from policy_gate.areas.lineage.section import SECTION, from_elsewhere, lineage_claims, no_section, node_subject, nodes
from policy_gate.errors import EvidenceError, Reason
from policy_gate.frozen import dataclass
from policy_gate.model import Basis, Fact, Missing, Subject

if TYPE_CHECKING:
    from policy_gate.areas.lineage.claims import LineageClaims, Node

MAX_WALKED = 100_000
"""Vertices visited in all while data is followed, each set on its own: a hostile chain costs its length squared."""
MAX_FED = 20_000
"""Sets that all others feed, counted together: they are written into the record."""

_MODELLING = frozenset({"train", "generate", "evaluate"})
"""Steps that take data into a model or out of one: what they make is not merely the data, prepared."""
_TRAINING_ROLES = frozenset({"train", "calibration", "distillation"})
_KINDS = ("", "special-category", "identifiable", "pseudonymous", "none")
"""What a node says of the people in it, the gravest first; silence is the gravest."""


def personal_datasets(evidence: Evidence) -> Iterator[Fact | Missing]:
    """One entry for every data set behind the release, and for every id behind it that no node declares."""
    claims = lineage_claims(evidence)
    if claims is None:
        yield from no_section(PersonalDataset)
        return
    behind = _Behind(claims)
    found = False
    for node, subject, pointer in nodes(claims):
        if node.id in behind.data and vertex_of(node.id) in behind.release:
            found = True
            yield _of_node(evidence, behind, node, subject, pointer)
    for name, pointer in behind.undeclared():
        found = True
        what = f"'{name}' is no node: nothing says whether it holds personal data"
        fix = "declare it under `lineage.nodes`, with its `personal_data`"
        yield not_declared(PersonalDataset, pointer, what, node_subject(name), fix)
    if not found:
        what = "the lineage names no data set from which the release is made"
        yield not_declared(
            PersonalDataset, f"/{SECTION}/nodes", what, fix="add the data sets, and the steps they go into"
        )


def _of_node(evidence: Evidence, behind: _Behind, node: Node, subject: Subject, pointer: str) -> Fact | Missing:
    walked = behind.follow(node)
    if walked is None:
        detail = f"what is made of '{node.id}' is not followed: the lineage is too large"
        return Missing(
            fact=PersonalDataset.name, subject=subject, pointer=pointer, reason=Reason.TOO_LARGE, detail=detail
        )
    kind, legal_basis, until = behind.said(node)
    return PersonalDataset(
        subject=subject,
        pointer=pointer,
        basis=Basis.DECLARED,
        node=node.id,
        kind=kind,
        legal_basis=legal_basis,
        legal_basis_until=until,
        feeds=walked.feeds,
        enters=walked.enters,
        digest=_digest(evidence, node),
    )


def _digest(evidence: Evidence, node: Node) -> str:
    """The digest of the node's file; whether it has to be there is another fact's to say."""
    try:
        return evidence.digest(node.path).sha256 if node.path is not None else ""
    except EvidenceError:
        return ""


@dataclass(frozen=True, slots=True)
class _Followed:
    """The sets prepared from one, and those of them that go into a model."""

    feeds: tuple[str, ...]
    enters: tuple[str, ...]


class _Behind:
    """The part of the graph that the release is made from, and what its data says of people."""

    def __init__(self, claims: LineageClaims) -> None:
        """Find the data, what of it is behind the release, and whose word counts for those that say nothing."""
        self._graph: Graph = graph_of(claims)
        self._nodes = {node.id: node for node in claims.nodes}
        self._modelling = frozenset(activity.id for activity in claims.activities if activity.kind in _MODELLING)
        self._walked = self._fed = 0
        self.data = frozenset(node.id for node in claims.nodes if _is_data(node))
        self.release = reach(self._graph.predecessors, self._ends(claims))
        elsewhere = from_elsewhere(claims)
        self._silent = frozenset(
            vertex_of(node.id)
            for node in claims.nodes
            if node.type == "derived" and node.personal_data is None and node.id not in elsewhere
        )
        self._spoken = self._spokespeople()

    def _ends(self, claims: LineageClaims) -> Iterator[Vertex]:
        """What is released, and whatever is said to train: an edge that is left out must not hide a training set."""
        released = [vertex_of(node.id) for node in claims.nodes if node.type == "release"]
        yield from released or [vertex_of(node.id) for node in claims.nodes]
        yield from (vertex_of(node.id) for node in claims.nodes if node.role in _TRAINING_ROLES)

    def undeclared(self) -> Iterator[tuple[str, str]]:
        """Ids behind the release that steps name and no node has, with a place that names each."""
        for vertex in self._graph.vertices:
            if vertex.kind is VertexKind.NODE and vertex.name not in self._nodes and vertex in self.release:
                used_by, made_by = self._graph.successors[vertex], self._graph.predecessors[vertex]
                yield (
                    vertex.name,
                    self._graph.pointer(vertex, used_by[0]) if used_by else self._graph.pointer(made_by[0], vertex),
                )

    def said(self, node: Node) -> tuple[str, str, str]:
        """Kind, legal basis and its last day, by the node itself or by those it was made from."""
        vertex = vertex_of(node.id)
        if vertex not in self._silent:
            return _kind(node), *_basis(node)
        gravest, without, first = (self._nodes.get(spoken.get(vertex, "")) for spoken in self._spoken)
        basis, until = _basis(without)[0], _basis(first)[1]
        return _kind(gravest), _basis(node)[0] or basis, _basis(node)[1] or until

    def _spokespeople(self) -> tuple[dict[Vertex, str], ...]:
        """For each silent set whose word it has: on the kind, on the basis, and on its end."""
        speaking = [vertex for vertex in self._graph.vertices if self._speaks(vertex)]
        personal = [one for one in speaking if _kind(self._nodes.get(one.name)) != "none"]
        bases = {one: _basis(self._nodes.get(one.name)) for one in personal}
        return (
            self._carried(sorted(speaking, key=lambda one: _KINDS.index(_kind(self._nodes.get(one.name))))),
            self._carried(sorted(personal, key=lambda one: bases[one][0])),
            self._carried(sorted((one for one in personal if bases[one][1]), key=lambda one: bases[one][1])),
        )

    def _speaks(self, vertex: Vertex) -> bool:
        return self._is_data(vertex) and vertex not in self._silent

    def _is_data(self, vertex: Vertex) -> bool:
        """An id that no node declares may be data."""
        return vertex.kind is VertexKind.NODE and (vertex.name in self.data or vertex.name not in self._nodes)

    def _carried(self, starts: Iterable[Vertex]) -> dict[Vertex, str]:
        """Each silent set with the first start that reaches it through steps and silent sets; linear in the graph."""
        heard: dict[Vertex, str] = {}
        for start in starts:
            waiting = [start]
            while waiting:
                for following in self._graph.successors[waiting.pop()]:
                    passes = following.kind is VertexKind.ACTIVITY or following in self._silent
                    if passes and following not in heard:
                        heard[following] = start.name
                        waiting.append(following)
        return heard

    def follow(self, node: Node) -> _Followed | None:
        """Walk from one set through steps that prepare data; None once all walks together have gone too far."""
        start = vertex_of(node.id)
        seen, waiting, enters = {start}, [start], set()
        while waiting:
            vertex = waiting.pop()
            self._walked += 1
            if self._walked > MAX_WALKED:
                return None
            for step in self._graph.successors[vertex]:
                self._walked += 1 + len(self._graph.successors[step])
                if self._models(step):
                    enters.add(vertex.name)
                fresh = [one for one in self._prepared_by(step) if one not in seen]
                seen.update(fresh)
                waiting.extend(fresh)
        self._fed += len(seen)
        if self._fed > MAX_FED:
            return None
        feeds = tuple(sorted(vertex.name for vertex in seen))
        return _Followed(feeds, tuple(sorted(enters)) or self._said_to_train(feeds) or (node.id,))

    def _said_to_train(self, names: Iterable[str]) -> tuple[str, ...]:
        return tuple(one for one in names if one in self._nodes and self._nodes[one].role in _TRAINING_ROLES)

    def _models(self, step: Vertex) -> bool:
        """Whether a step behind the release makes of data something else than data; a generator's edge is one."""
        if step not in self.release:
            return False
        if step.kind is VertexKind.NODE or step.name in self._modelling:
            return True
        return any(not self._is_data(made) and made in self.release for made in self._graph.successors[step])

    def _prepared_by(self, step: Vertex) -> Iterator[Vertex]:
        if step.kind is VertexKind.ACTIVITY and step.name not in self._modelling:
            yield from (made for made in self._graph.successors[step] if self._is_data(made))


def _is_data(node: Node) -> bool:
    """Data under the name of a model is data: what has records, was collected or holds people."""
    if node.type in ("model", "release"):
        listed = node.records is not None or node.record_digests is not None or node.collection is not None
        return node.type == "model" and (listed or node.personal_data not in (None, "none"))
    return True


def _kind(node: Node | None) -> str:
    return (node.personal_data or "") if node is not None else ""


def _basis(node: Node | None) -> tuple[str, str]:
    stated = node.legal_basis if node is not None else None
    return (stated.kind, stated.expires or "") if stated is not None else ("", "")
