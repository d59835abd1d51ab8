from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_gate.areas.lineage.graph import MAX_CANDIDATES, Edge, Graph, Vertex, VertexKind, cycles, nearest_name, reach


def node(name: object) -> Vertex:
    return Vertex(VertexKind.NODE, str(name))


def graph_of(pairs, alone=()) -> Graph:
    return Graph(map(node, alone), [Edge(node(a), node(b), f"/{i}") for i, (a, b) in enumerate(pairs)])


def closure(pairs, size: int) -> set[tuple[int, int]]:
    """The pairs of vertices joined by a path of at least one edge, by Warshall's algorithm."""
    joined = set(pairs)
    for middle, start, end in itertools.product(range(size), repeat=3):
        if (start, middle) in joined and (middle, end) in joined:
            joined.add((start, end))
    return joined


small_graphs = st.integers(1, 7).flatmap(
    lambda size: st.tuples(st.just(size), st.lists(st.tuples(st.integers(0, size - 1), st.integers(0, size - 1))))
)


@settings(deadline=None)
@given(small_graphs)
def test_a_circle_is_found_in_every_part_that_has_one_and_nowhere_else(drawn) -> None:
    size, pairs = drawn
    found = list(cycles(graph_of(pairs, range(size))))
    joined = closure(pairs, size)
    in_circles = {vertex for vertex in range(size) if (vertex, vertex) in joined}
    parts = {frozenset(b for b in in_circles if {(a, b), (b, a)} <= joined) for a in in_circles}
    assert {frozenset(min(part, key=str) for part in parts)} == {frozenset(int(path[0].name) for path in found)}
    assert len(found) == len(parts)


@settings(deadline=None)
@given(small_graphs)
def test_every_circle_found_is_a_path_of_real_edges_that_closes_and_repeats_nothing(drawn) -> None:
    size, pairs = drawn
    for path in cycles(graph_of(pairs, range(size))):
        steps = [(int(a.name), int(b.name)) for a, b in itertools.pairwise(path)]
        assert set(steps) <= set(pairs)
        assert path[0] == path[-1]
        assert len(set(path)) == len(path) - 1


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30))))
def test_a_graph_whose_edges_only_go_forward_has_no_circle(pairs) -> None:
    assert list(cycles(graph_of((a, a + b + 1) for a, b in pairs))) == []


@settings(deadline=None)
@given(small_graphs, st.sets(st.integers(0, 6)))
def test_reach_finds_what_a_closure_finds(drawn, wanted) -> None:
    size, pairs = drawn
    starts = {start for start in wanted if start < size}
    graph = graph_of(pairs, range(size))
    joined = closure(pairs, size)
    expected = starts | {b for a, b in joined if a in starts}
    found = reach(graph.successors, map(node, starts))
    assert {int(vertex.name) for vertex in found} == expected
    for vertex, start in found.items():
        assert start == vertex or (int(start.name), int(vertex.name)) in joined


@settings(deadline=None)
@given(small_graphs, st.randoms())
def test_the_order_in_which_a_graph_is_written_does_not_change_what_is_found(drawn, random) -> None:
    size, pairs = drawn
    shuffled = random.sample(pairs, len(pairs))
    assert list(cycles(graph_of(pairs, range(size)))) == list(cycles(graph_of(shuffled, reversed(range(size)))))


def test_a_node_made_from_itself_is_a_circle() -> None:
    assert list(cycles(graph_of([("a", "a")]))) == [(node("a"), node("a"))]


def test_the_place_of_an_edge_stated_twice_is_the_first() -> None:
    graph = graph_of([("a", "b"), ("a", "b")])
    assert graph.pointer(node("a"), node("b")) == "/0"
    assert graph.successors[node("a")] == (node("b"),)


def test_a_node_and_an_activity_of_one_name_are_two_vertices() -> None:
    step = Vertex(VertexKind.ACTIVITY, "a")
    graph = Graph([], [Edge(node("a"), step, ""), Edge(step, node("b"), "")])
    assert len(graph.vertices) == 3
    assert list(cycles(graph)) == []


@pytest.mark.parametrize("closed", [False, True])
def test_a_chain_of_five_thousand_steps_is_walked_without_recursion(closed) -> None:
    pairs = [(i, i + 1) for i in range(5000)] + ([(5000, 0)] if closed else [])
    graph = graph_of(pairs)
    assert len(reach(graph.successors, [node(0)])) == 5001
    assert [len(path) for path in cycles(graph)] == ([5002] if closed else [])


def test_ten_thousand_nodes_around_one_hub_are_one_part() -> None:
    pairs = [("hub", i) for i in range(10_000)] + [(i, "hub") for i in range(10_000)]
    assert list(cycles(graph_of(pairs))) == [(node("0"), node("hub"), node("0"))]


def test_five_thousand_small_circles_are_all_found() -> None:
    assert len(list(cycles(graph_of((i, i ^ 1) for i in range(10_000))))) == 5000


def test_names_outside_ascii_are_names_like_others() -> None:
    assert list(cycles(graph_of([("å", "数据"), ("数据", "å")]))) == [(node("å"), node("数据"), node("å"))]


def test_the_nearest_name_is_suggested_and_none_where_nothing_is_near() -> None:
    known = ("dataset:speech", "dataset:noise", "model:base")
    assert nearest_name("dataset:speach", known) == "dataset:speech"
    assert nearest_name("x", known) == ""


def test_a_name_among_a_hundred_thousand_is_compared_with_the_likeliest_few(monkeypatch) -> None:
    compared = []
    monkeypatch.setattr("difflib.get_close_matches", lambda name, known, **_: compared.extend(known) or known[:1])
    assert nearest_name("n09999x", (f"n{i:06}" for i in range(100_000))).startswith("n09999")
    assert len(compared) == MAX_CANDIDATES
