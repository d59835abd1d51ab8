"""An expression: read and checked once, then decided for as many releases as are judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from policy_gate.expression.checking import check
from policy_gate.expression.compiling import decider
from policy_gate.expression.nodes import Index, Macro, Name, Node, Select, children
from policy_gate.expression.parser import Parser
from policy_gate.expression.roots import Root, static_prefix
from policy_gate.expression.values import Unknown
from policy_gate.frozen import dataclass

if TYPE_CHECKING:
    from policy_gate.expression.coverage import Branch, Trace
    from policy_gate.expression.evidence import Explanation
    from policy_gate.expression.lint import Constant

Environment = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Expression:
    """A condition over the roots it was read for; made by `parse`.

    Attributes:
        text: What was written.
        roots: What it may read.
        paths: Every place it may read: the names up to the first computed step, such as
            `("facts", "cost", "target_cost")`, in the order they are written.
        decide: From an environment (a mapping of root names to plain values) to true, false or `Unknown`. It writes
            nothing down. Plain values are what JSON holds; `Absent` may stand for any value that nobody knows.
    """

    text: str
    roots: Mapping[str, Root]
    node: Node
    paths: tuple[tuple[str, ...], ...]
    decide: Callable[[Environment], bool | Unknown]

    def __reduce__(self) -> tuple[Callable[..., Expression], tuple[str, Mapping[str, Root]]]:
        """A copy in another process is parsed again: closures do not travel."""
        return parse, (self.text, self.roots)

    def explain(self, environment: Environment) -> Explanation:
        """Decide again, slower, with every place that was read and those that decided."""
        from policy_gate.expression.explaining import explain  # only what did not pass is explained

        return explain(self.node, environment)

    @property
    def branches(self) -> tuple[Branch, ...]:
        """The conditions a policy test should see true and false."""
        from policy_gate.expression.coverage import branches

        return branches(self.node)

    def trace(self, environment: Environment) -> Trace:
        """Decide, with the answers of each branch that was reached."""
        from policy_gate.expression.coverage import trace

        return trace(self.node, environment)

    @property
    def constant(self) -> Constant:
        """Whether the answer is known before a document is read."""
        from policy_gate.expression.lint import constant

        return constant(self.node)

    @property
    def unguarded_all(self) -> tuple[int, ...]:
        """Columns of each `all` (or denied `exists`) that an empty list would pass."""
        from policy_gate.expression.lint import unguarded

        return unguarded(self.node)


def parse(text: str, roots: Mapping[str, Root]) -> Expression:
    """Read a condition that may name the given roots.

    Raises:
        ExpressionError: with a column and a hint, for whatever CEL would not read, this language refuses, or could
            never be answered.
    """
    node = Parser(text, roots).whole()
    check(node, roots)
    return Expression(text, roots, node, paths_of(node), decider(node))


def paths_of(node: Node) -> tuple[tuple[str, ...], ...]:
    """The static beginning of every path below roots, without repetition."""
    return tuple(dict.fromkeys(_paths(node, frozenset())))


def _paths(node: Node, variables: frozenset[str]) -> list[tuple[str, ...]]:
    if isinstance(node, Macro):
        inner = variables | {node.variable}
        return _paths(node.subject, variables) + _paths(node.body, inner)
    found: list[tuple[str, ...]] = []
    below: Node = node
    while isinstance(below, (Select, Index)):
        if isinstance(below, Index):
            found = _paths(below.key, variables) + found
        below = below.base
    if isinstance(below, Name):
        own = [] if below.name in variables else [static_prefix(node)]
        return own + found
    if below is not node:
        return _paths(below, variables) + found
    return [path for child in children(node) for path in _paths(child, variables)]
