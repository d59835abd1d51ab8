"""Checks that a model's names define one computation: single assignment, in order, no recursion."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from policy_gate.errors import EvidenceError, Reason
from policy_gate.model_graph.graph import Function, Graph, Model, Node

FunctionKey = tuple[str, str, str]

# Runtimes bring operators of these domains; onnx.proto leaves it to them whether theirs or a model's function runs.
_RUNTIME_DOMAINS = ("ai.onnx", "com.microsoft", "com.ms", "org.pytorch.aten")


def check_well_formed(model: Model, notes: tuple[str, ...]) -> Model:
    """Return the model with its notes, after checking the names of every graph and function body.

    Raises:
        EvidenceError: a name is assigned twice, used before or without being defined, or a function calls itself
            or stands in a domain of standard operators.
    """
    undeclared: dict[str, str] = {}
    _check_graph(model.graph, [], model.opsets, undeclared)
    by_key = functions_by_key(model.functions)
    for function in model.functions:
        _refuse_override(function)
        names: set[str] = set()
        _define(function.inputs, names, f"function {function.name!r}")
        _check_nodes(function.nodes, [names], function.opsets, undeclared)
        _require(function.outputs, [names], f"function {function.name!r}")
    functions_in_order(by_key)
    foreign = tuple(f"operator {op} of domain {domain!r}, which is not imported" for domain, op in undeclared.items())
    return replace(model, notes=(*notes, *foreign))


def _refuse_override(function: Function) -> None:
    """Refuse a function that a runtime may ignore for an operator of its own: what is counted must be what runs."""
    domain = function.domain or "ai.onnx"
    if any(domain == one or domain.startswith(f"{one}.") for one in _RUNTIME_DOMAINS):
        what = f"function {function.name!r} stands in {domain}, the domain of operators that runtimes bring"
        raise EvidenceError(
            Reason.UNREADABLE,
            f"{what}: which of the two runs is not defined",
            fix="inline the function, or export it under a domain of your own",
        )


def functions_by_key(functions: Iterable[Function]) -> dict[FunctionKey, Function]:
    """Index functions by domain, name and overload.

    Raises:
        EvidenceError: two functions share a key.
    """
    by_key: dict[FunctionKey, Function] = {}
    for function in functions:
        key = (function.domain, function.name, function.overload)
        if key in by_key:
            raise EvidenceError(Reason.UNREADABLE, f"function {function.name!r} is defined twice")
        by_key[key] = function
    return by_key


def functions_in_order(by_key: Mapping[FunctionKey, Function]) -> list[FunctionKey]:
    """Order functions so that each comes after all it calls.

    Raises:
        EvidenceError: a function calls itself, directly or through others.
    """
    waiting = {key: _calls(function.nodes, by_key) for key, function in by_key.items()}
    callers: dict[FunctionKey, list[FunctionKey]] = {key: [] for key in by_key}
    for key, called in waiting.items():
        for callee in called:
            callers[callee].append(key)
    ready = [key for key, called in waiting.items() if not called]
    order: list[FunctionKey] = []
    while ready:
        key = ready.pop()
        order.append(key)
        for caller in callers[key]:
            waiting[caller].discard(key)
            if not waiting[caller]:
                ready.append(caller)
    if len(order) < len(by_key):
        name = next(key[1] for key in by_key if waiting[key])
        raise EvidenceError(Reason.UNREADABLE, f"function {name!r} calls itself")
    return order


def _calls(nodes: Iterable[Node], by_key: Mapping[FunctionKey, Function]) -> set[FunctionKey]:
    """Which functions a body calls, in its subgraphs too."""
    called: set[FunctionKey] = set()
    for node in nodes:
        key = (node.domain, node.op, node.overload)
        if key in by_key:
            called.add(key)
        for graph in subgraphs(node):
            called |= _calls(graph.nodes, by_key)
    return called


def subgraphs(node: Node) -> Iterator[Graph]:
    """Yield the graphs among a node's attributes."""
    for held in node.attributes.values():
        if isinstance(held, Graph):
            yield held
        elif isinstance(held, tuple):
            yield from (each for each in held if isinstance(each, Graph))


def _check_graph(graph: Graph, outer: list[set[str]], opsets: Mapping[str, int], undeclared: dict[str, str]) -> None:
    """Check one graph inside the names of those around it; the reader has bounded the depth."""
    names: set[str] = set()
    _define([value.name for value in graph.inputs], names, f"graph {graph.name!r}")
    names.update(graph.constants)
    scopes = [*outer, names]
    _check_nodes(graph.nodes, scopes, opsets, undeclared)
    _require([value.name for value in graph.outputs], scopes, f"graph {graph.name!r}")


def _define(inputs: Iterable[str], names: set[str], where: str) -> None:
    """Add formal inputs, each once and named."""
    for name in inputs:
        if not name or name in names:
            what = f"declares input {name!r} twice" if name else "has an input without a name"
            raise EvidenceError(Reason.UNREADABLE, f"{where} {what}")
        names.add(name)


def _require(outputs: Iterable[str], scopes: list[set[str]], where: str) -> None:
    """Check that declared outputs exist."""
    for name in outputs:
        if not any(name in scope for scope in scopes):
            raise EvidenceError(Reason.UNREADABLE, f"{where} declares output {name!r}, which nothing produces")


def _check_nodes(
    nodes: tuple[Node, ...], scopes: list[set[str]], opsets: Mapping[str, int], undeclared: dict[str, str]
) -> None:
    """Walk nodes in stored order: inputs must be defined, outputs new."""
    names = scopes[-1]
    for node in nodes:
        if node.domain not in opsets:
            undeclared.setdefault(node.domain, node.op)
        for name in node.inputs:
            if name and name not in names and not any(name in scope for scope in scopes):
                raise _undefined(name, node, nodes)
        if node.attributes:
            for graph in subgraphs(node):
                _check_graph(graph, scopes, opsets, undeclared)
        for name in node.outputs:
            if name in names:
                raise EvidenceError(Reason.UNREADABLE, f"value {name!r} is assigned twice (node {node.op})")
            if name:
                names.add(name)


def _undefined(name: str, node: Node, nodes: tuple[Node, ...]) -> EvidenceError:
    """Tell a value that comes too late from one that never comes."""
    later = any(name in other.outputs for other in nodes)
    why = "before it is produced: nodes are not in topological order, or form a cycle" if later else "never defined"
    return EvidenceError(Reason.UNREADABLE, f"node {node.op} {node.name!r} uses {name!r}, {why}")
