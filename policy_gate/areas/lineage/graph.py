"""A directed graph of nodes and activities: cycles, reach, ancestors. Iterative, linear in its edges, deterministic."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import IntEnum
from typing import NamedTuple

MAX_CANDIDATES = 500
"""Names that a misspelt one is compared with: the comparison costs the square of their length."""


class VertexKind(IntEnum):
    """Nodes and activities have ids of their own: the same id may name one of each."""

    NODE = 0
    ACTIVITY = 1


class Vertex(NamedTuple):
    """One node or activity of the graph; a tuple, because hashing millions of them is what the walks cost."""

    kind: VertexKind
    name: str


class Edge(NamedTuple):
    """What is at `tail` went into `head`; `pointer` is where the manifest says so."""

    tail: Vertex
    head: Vertex
    pointer: str


class Graph:
    """Vertices with sorted neighbours; an edge's ends are vertices even when nothing else names them."""

    def __init__(self, vertices: Iterable[Vertex], edges: Iterable[Edge]) -> None:
        """Build both directions; of equal edges the first one's pointer is kept."""
        self._pointers: dict[tuple[Vertex, Vertex], str] = {}
        forward: dict[Vertex, list[Vertex]] = {vertex: [] for vertex in vertices}
        backward: dict[Vertex, list[Vertex]] = {vertex: [] for vertex in forward}
        for edge in edges:
            if (edge.tail, edge.head) in self._pointers:
                continue
            self._pointers[edge.tail, edge.head] = edge.pointer
            for vertex in (edge.tail, edge.head):
                forward.setdefault(vertex, [])
                backward.setdefault(vertex, [])
            forward[edge.tail].append(edge.head)
            backward[edge.head].append(edge.tail)
        self.vertices: tuple[Vertex, ...] = tuple(sorted(forward))
        self.successors = {vertex: tuple(sorted(forward[vertex])) for vertex in self.vertices}
        self.predecessors = {vertex: tuple(sorted(backward[vertex])) for vertex in self.vertices}

    def pointer(self, tail: Vertex, head: Vertex) -> str:
        """Where the manifest states this edge."""
        return self._pointers[tail, head]


def cycles(graph: Graph) -> Iterator[tuple[Vertex, ...]]:
    """One shortest cycle through the least vertex of every strongly connected part; ends where it starts."""
    for part in sorted(_strong_parts(graph)):
        if len(part) > 1 or part[0] in graph.successors[part[0]]:
            yield _shortest_cycle(graph, part[0], frozenset(part))


def reach(neighbours: Mapping[Vertex, Sequence[Vertex]], starts: Iterable[Vertex]) -> dict[Vertex, Vertex]:
    """Every vertex that can be reached, with the start that is nearest to it; starts reach themselves."""
    found = {start: start for start in sorted(starts)}
    waiting = deque(found)
    while waiting:
        vertex = waiting.popleft()
        for following in neighbours[vertex]:
            if following not in found:
                found[following] = found[vertex]
                waiting.append(following)
    return found


def nearest_name(name: str, known: Iterable[str]) -> str:
    """The known name most like a misspelt one, or ""; of many, those of its length with the same beginning count."""
    import difflib  # only a broken graph pays for it
    from os.path import commonprefix

    alike = [one for one in known if abs(len(one) - len(name)) <= 2]
    if len(alike) > MAX_CANDIDATES:
        alike = sorted(alike, key=lambda one: -len(commonprefix((name, one))))  # noqa: RUF071  # ids, not paths
        del alike[MAX_CANDIDATES:]
    return next(iter(difflib.get_close_matches(name, alike, n=1, cutoff=0.75)), "")


def _shortest_cycle(graph: Graph, start: Vertex, part: frozenset[Vertex]) -> tuple[Vertex, ...]:
    came_from: dict[Vertex, Vertex] = {}
    waiting = deque([start])
    while start not in came_from:
        vertex = waiting.popleft()
        for following in graph.successors[vertex]:
            if following in part and following not in came_from:
                came_from[following] = vertex
                waiting.append(following)
    path = [start, came_from[start]]
    while path[-1] != start:
        path.append(came_from[path[-1]])
    return tuple(reversed(path))


def _strong_parts(graph: Graph) -> Iterator[tuple[Vertex, ...]]:
    """Strongly connected parts, each sorted (Kosaraju's two passes: by finishing order, then backwards)."""
    placed: set[Vertex] = set()
    for root in reversed(_finishing_order(graph)):
        if root in placed:
            continue
        part, waiting = [], [root]
        placed.add(root)
        while waiting:
            vertex = waiting.pop()
            part.append(vertex)
            fresh = [one for one in graph.predecessors[vertex] if one not in placed]
            placed.update(fresh)
            waiting.extend(fresh)
        yield tuple(sorted(part))


def _finishing_order(graph: Graph) -> list[Vertex]:
    seen: set[Vertex] = set()
    order: list[Vertex] = []
    for root in graph.vertices:
        if root in seen:
            continue
        seen.add(root)
        open_ones = [(root, iter(graph.successors[root]))]
        while open_ones:
            vertex, following = open_ones[-1]
            fresh = next((one for one in following if one not in seen), None)
            if fresh is None:
                open_ones.pop()
                order.append(vertex)
            else:
                seen.add(fresh)
                open_ones.append((fresh, iter(graph.successors[fresh])))
    return order
