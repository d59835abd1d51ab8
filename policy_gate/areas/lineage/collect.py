"""Computes the graph behind a release, and where each of its nodes comes from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from policy_gate.area import Evidence
from policy_gate.areas.lineage.facts import Cycle, LineageGraph, NodeOrigin, OriginProblem, Orphan
from policy_gate.areas.lineage.graph import Edge, Graph, Vertex, VertexKind, cycles, nearest_name, reach
from policy_gate.areas.lineage.section import SECTION, lineage_claims, no_section, node_subject, nodes
from policy_gate.model import RELEASE, Basis, Fact, Missing

if TYPE_CHECKING:
    from policy_gate.areas.lineage.claims import LineageClaims, Node

MAX_SUGGESTIONS = 20
"""Unknown ids that get a suggestion: each is compared with many names."""


def graph(evidence: Evidence) -> Iterator[Fact | Missing]:
    """One fact about the graph, and one origin for every node that is declared or named."""
    claims = lineage_claims(evidence)
    if claims is None:
        yield from no_section(LineageGraph, NodeOrigin)
        return
    built = graph_of(claims)
    yield LineageGraph(
        subject=RELEASE,
        pointer=f"/{SECTION}",
        basis=Basis.DECLARED,
        nodes=len(claims.nodes),
        activities=len(claims.activities),
        cycles=tuple(_cycle(built, path) for path in cycles(built)),
        orphans=_orphans(claims, built),
        sources=_sources_of_release(claims, built),
    )
    yield from _origins(claims, built)
    yield from _unknown_ids(claims)


def graph_of(claims: LineageClaims) -> Graph:
    """Nodes and activities with what went into what; of ids that are named only, too."""
    return Graph(
        [vertex_of(node.id) for node in claims.nodes] + [activity_of(activity.id) for activity in claims.activities],
        _edges(claims),
    )


def vertex_of(name: str) -> Vertex:
    """The place of a node in the graph."""
    return Vertex(VertexKind.NODE, name)


def activity_of(name: str) -> Vertex:
    """The place of a step in the graph."""
    return Vertex(VertexKind.ACTIVITY, name)


def _edges(claims: LineageClaims) -> Iterator[Edge]:
    for position, activity in enumerate(claims.activities):
        step = f"/{SECTION}/activities/{position}"
        for at, used in enumerate(activity.uses):
            yield Edge(vertex_of(used), activity_of(activity.id), f"{step}/uses/{at}")
        for at, generated in enumerate(activity.generates):
            yield Edge(activity_of(activity.id), vertex_of(generated), f"{step}/generates/{at}")
    for position, node in enumerate(claims.nodes):
        if node.generator is not None:
            pointer = f"/{SECTION}/nodes/{position}/generator/model"
            yield Edge(vertex_of(node.generator.model), vertex_of(node.id), pointer)


def _cycle(built: Graph, path: tuple[Vertex, ...]) -> Cycle:
    return Cycle(path=tuple(vertex.name for vertex in path), pointer=built.pointer(path[0], path[1]))


def _orphans(claims: LineageClaims, built: Graph) -> tuple[Orphan, ...]:
    return tuple(
        Orphan(node=node.id, pointer=f"{pointer}/id")
        for node, _, pointer in nodes(claims)
        if not built.successors[vertex_of(node.id)] and not built.predecessors[vertex_of(node.id)]
    )


def _sources_of_release(claims: LineageClaims, built: Graph) -> tuple[str, ...]:
    behind = reach(built.predecessors, (vertex_of(node.id) for node in claims.nodes if node.type == "release"))
    return tuple(sorted(node.id for node in claims.nodes if node.type == "source" and vertex_of(node.id) in behind))


def _origins(claims: LineageClaims, built: Graph) -> Iterator[NodeOrigin]:
    starts = [vertex_of(node.id) for node in claims.nodes if _is_origin(node, built)]
    grounded = reach(built.successors, starts)
    ends = [vertex for vertex in built.vertices if not built.predecessors[vertex] and vertex not in grounded]
    dead_ends = reach(built.successors, ends)
    for node, subject, pointer in nodes(claims):
        vertex = vertex_of(node.id)
        end = dead_ends.get(vertex)
        problem, dead_end = OriginProblem.NONE, ""
        if node.type == "source" and built.predecessors[vertex]:
            problem, dead_end = OriginProblem.GENERATED_SOURCE, built.predecessors[vertex][0].name
        elif vertex not in grounded and end == vertex:
            problem = OriginProblem.NOT_GENERATED
        elif vertex not in grounded:
            problem, dead_end = OriginProblem.NO_SOURCE, end.name if end else ""
        yield NodeOrigin(
            subject=subject,
            pointer=f"{pointer}/id",
            basis=Basis.DECLARED,
            node=node.id,
            problem=problem,
            dead_end=dead_end,
        )


def _is_origin(node: Node, built: Graph) -> bool:
    """A source is one; so is a model made elsewhere, when its bytes or its own manifest are named."""
    if node.type == "model":
        return not built.predecessors[vertex_of(node.id)] and (node.digest is not None or node.manifest is not None)
    return node.type == "source"


def _unknown_ids(claims: LineageClaims) -> Iterator[NodeOrigin]:
    known = {node.id for node in claims.nodes}
    unknown: dict[str, str] = {}
    for edge in _edges(claims):
        for end in (edge.tail, edge.head):
            if end.kind is VertexKind.NODE and end.name not in known:
                unknown.setdefault(end.name, edge.pointer)
    if claims.release is not None and claims.release.artifact not in known:
        unknown.setdefault(claims.release.artifact, f"/{SECTION}/release/artifact")
    for count, (name, pointer) in enumerate(unknown.items()):
        yield NodeOrigin(
            subject=node_subject(name),
            pointer=pointer,
            basis=Basis.DECLARED,
            node=name,
            problem=OriginProblem.NOT_A_NODE,
            suggestion=nearest_name(name, sorted(known)) if count < MAX_SUGGESTIONS else "",
        )
