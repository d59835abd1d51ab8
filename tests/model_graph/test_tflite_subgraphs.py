"""Subgraphs of a TFLite file become graphs of their own; they nest, are shared, and never run themselves."""

from __future__ import annotations

import re

import pytest
from tflite_bytes import (
    Table,
    Tables,
    graph_of,
    i32,
    model,
    opcode,
    operator,
    read,
    refusal,
    subgraph,
    u32,
)

from policy_gate.errors import Reason
from policy_gate.model_graph.graph import Graph


def leaf(name: str = "leaf") -> Table:
    """A subgraph that calls operator code 1."""
    return subgraph(operators=(operator(1),), name=name)


def branching(then_index: int = 1, else_index: int = 2) -> Table:
    options = Table({0: i32(then_index), 1: i32(else_index)})
    return operator(options=(92, options))


def test_subgraphs_become_attributes_and_see_only_their_own_names() -> None:
    main = subgraph(operators=(branching(),))
    found = graph_of(model(main, leaf("then"), leaf("else"), codes=(opcode("IF"), opcode())))
    attributes = found.nodes[0].attributes
    then_branch, else_branch = attributes["then_branch"], attributes["else_branch"]
    assert isinstance(then_branch, Graph)
    assert isinstance(else_branch, Graph)
    assert (then_branch.name, else_branch.name) == ("then", "else")


def test_a_subgraph_that_two_calls_share_is_one_graph() -> None:
    main = subgraph(operators=(branching(1, 1),))
    attributes = graph_of(model(main, leaf("both"), codes=(opcode("IF"), opcode()))).nodes[0].attributes
    assert attributes["then_branch"] is attributes["else_branch"]


def signature(key: str, index: int = 0) -> Table:
    def alias(name: str, at: int) -> Tables:
        return Tables((Table({0: name, 1: u32(at)}),))

    return Table({0: alias("in", 0), 1: alias("out", 1), 2: key, 4: u32(index)})


def test_signatures_name_ways_to_call_the_model() -> None:
    signatures = Tables((signature("serve"), signature("train", 1)))
    found = read(model(subgraph(), subgraph(name="other"), more={7: signatures}))
    assert [(each.name, each.graph.name, each.inputs) for each in found.entries] == [
        ("serve", "main", (("in", "x"),)),
        ("train", "other", (("in", "x"),)),
    ]
    assert found.entries[0].graph is found.graph
    assert "signature 'train' runs subgraph 1, not the main one" in found.notes


def calling(index: int, op: str = "WHILE") -> tuple[Table, Table]:
    return operator(options=(93, Table({0: i32(index), 1: i32(index)}))), opcode(op)


def chain(length: int) -> Table:
    """Subgraphs of which each runs the next one twice."""
    graphs = [subgraph(operators=(calling(index + 1)[0],)) for index in range(length)]
    return model(*graphs, subgraph(operators=(operator(1),)), codes=(calling(0)[1], opcode()))


@pytest.mark.parametrize("targets", [(0,), (1, 0), (1, 2, 1), (-1,), (5,)])
def test_subgraphs_that_run_themselves_or_are_not_there_are_refused(targets: tuple[int, ...]) -> None:
    graphs = [subgraph(operators=(calling(target)[0],)) for target in targets]
    error = refusal(model(*graphs, codes=(calling(0)[1],)))
    assert error.reason is Reason.UNREADABLE
    assert re.search("runs itself|there is no subgraph", error.detail)


@pytest.mark.parametrize(("length", "words"), [(40, "deeper than 32"), (25, "more than 1,000,000 operators")])
def test_subgraphs_that_nest_deep_or_multiply_are_too_large(length: int, words: str) -> None:
    error = refusal(chain(length))
    assert (error.reason, words in error.detail) == (Reason.TOO_LARGE, True)


def test_a_few_nested_subgraphs_are_read() -> None:
    assert read(chain(12)).graph.nodes[0].op == "WHILE"
