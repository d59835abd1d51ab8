"""Finds what can never be right before anything is judged: unknown names, and operands of a wrong type."""

from __future__ import annotations

from collections.abc import Mapping

from policy_gate.expression.functions import FUNCTIONS
from policy_gate.expression.globs import glob
from policy_gate.expression.limits import GLOB_MAX
from policy_gate.expression.nodes import (
    Arithmetic,
    Call,
    Compare,
    Has,
    In,
    Index,
    ListOf,
    Literal,
    Logic,
    Macro,
    Minus,
    Name,
    Node,
    Not,
    Select,
)
from policy_gate.expression.roots import Root, check_path
from policy_gate.expression.values import ExpressionError, Kind, Unknown, kind_of

ANY = None  # a type that is known only when the document is read


def check(node: Node, roots: Mapping[str, Root]) -> None:
    """Raise for the first thing that can never be answered.

    Raises:
        ExpressionError: an unknown name, operands of types that do not go together, or no truth at the top.
    """
    _Checker(roots).truth(node, "the expression")


class _Checker:
    """Walks down with the variables in scope, and gives the type of each node where it is certain."""

    def __init__(self, roots: Mapping[str, Root]) -> None:
        self._roots = roots
        self._variables: frozenset[str] = frozenset()

    def truth(self, node: Node, what: str) -> None:
        found = self.kind(node)
        if found not in {ANY, Kind.BOOL}:
            raise ExpressionError(f"{what} gives {_words(found)}, not true or false", node.column)

    def kind(self, node: Node) -> Kind | None:
        match node:
            case Literal():
                found = kind_of(node.scalar)
                return Kind.FLOAT if found is Kind.INTEGER else found
            case ListOf():
                for element in node.elements:
                    self.kind(element)
                return Kind.LIST
            case Name() | Select() | Index():
                self._place(node)
                return ANY
            case Has():
                self._place(node.path)
            case Not():
                self.truth(node.operand, "the operand of '!'")
            case Logic():
                for part in node.parts:
                    self.truth(part, f"a part of '{node.operator}'")
            case Compare():
                self._compare(node)
            case In():
                self._in(node)
            case Minus():
                return self._number(node.operand, "-")
            case Arithmetic():
                return self._arithmetic(node)
            case Call():
                return self._call(node)
            case Macro():
                self._macro(node)
        return Kind.BOOL

    def _place(self, node: Node) -> None:
        """Check every part of a path; what it holds is known when the document is read."""
        below = node
        while isinstance(below, (Select, Index)):
            if isinstance(below, Index):
                self._key(below)
            below = below.base
        if isinstance(below, Name):
            check_path(node, self._roots, self._variables)
            return
        found = self.kind(below)
        if found not in {ANY, Kind.LIST}:
            raise ExpressionError(f"`{below.text}` is {_words(found)}: nothing stands below it", below.column)

    def _key(self, node: Index) -> None:
        found = self.kind(node.key)
        if found not in {ANY, Kind.TEXT, Kind.FLOAT}:
            raise ExpressionError(f"an index is a number or text, not {_words(found)}", node.key.column)

    def _compare(self, node: Compare) -> None:
        left, right = self.kind(node.left), self.kind(node.right)
        if ANY not in {left, right} and left is not right:
            message = f"{_words(left)} and {_words(right)} never compare: `{node.text}` is always unknown"
            raise ExpressionError(message, node.column)
        for found, operand in ((left, node.left), (right, node.right)):
            if node.operator not in {"==", "!="} and found in {Kind.LIST, Kind.NULL}:
                raise ExpressionError(f"'{node.operator}' does not order {_words(found)}", operand.column)

    def _in(self, node: In) -> None:
        left, right = self.kind(node.left), self.kind(node.right)
        if right not in {ANY, Kind.LIST}:
            hint = "for a part of a text write text.contains(part)" if right is Kind.TEXT else ""
            raise ExpressionError(f"'in' looks into a list or a map, not {_words(right)}", node.right.column, hint)
        if isinstance(node.right, ListOf) and node.right.elements and left is not ANY:
            kinds = {self.kind(element) for element in node.right.elements}
            if not kinds & {left, ANY}:
                message = f"the list holds nothing like {_words(left)}: `{node.text}` is always unknown"
                raise ExpressionError(message, node.column)

    def _number(self, operand: Node, operator: str) -> Kind:
        found = self.kind(operand)
        if found not in {ANY, Kind.FLOAT, Kind.INTEGER}:
            raise ExpressionError(f"'{operator}' takes numbers, not {_words(found)}", operand.column)
        return Kind.FLOAT

    def _arithmetic(self, node: Arithmetic) -> Kind | None:
        if node.operator != "+":
            self._number(node.left, node.operator)
            return self._number(node.right, node.operator)
        left, right = self.kind(node.left), self.kind(node.right)
        for found, operand in ((left, node.left), (right, node.right)):
            if found not in {ANY, Kind.FLOAT, Kind.TEXT, Kind.LIST}:
                raise ExpressionError(f"'+' takes numbers, texts or lists, not {_words(found)}", operand.column)
        if ANY not in {left, right} and left is not right:
            raise ExpressionError(f"'+' does not join {_words(left)} and {_words(right)}", node.column)
        return right if left is ANY else left

    def _call(self, node: Call) -> Kind:
        kinds = [self.kind(argument) for argument in node.arguments]
        if node.function == "size":
            if kinds[0] not in {ANY, Kind.TEXT, Kind.LIST}:
                raise ExpressionError(f"size() takes a list, a map or text, not {_words(kinds[0])}", node.column)
            return Kind.FLOAT
        for found, argument in zip(kinds, node.arguments, strict=True):
            if found not in {ANY, Kind.TEXT}:
                raise ExpressionError(f"{node.function}() takes text, not {_words(found)}", argument.column)
        if node.function == "glob":
            _check_pattern(node.arguments[1])
        gives = FUNCTIONS[node.function].gives
        return Kind.FLOAT if gives is Kind.INTEGER else gives

    def _macro(self, node: Macro) -> None:
        found = self.kind(node.subject)
        if found not in {ANY, Kind.LIST}:
            message = f"{node.kind}() asks the elements of a list or the keys of a map, not {_words(found)}"
            raise ExpressionError(message, node.subject.column)
        outer = self._variables
        self._variables = outer | {node.variable}
        self.truth(node.body, f"the condition of {node.kind}()")
        self._variables = outer


def _check_pattern(pattern: Node) -> None:
    if isinstance(pattern, Literal) and isinstance(glob("", str(pattern.scalar)), Unknown):
        raise ExpressionError(f"the pattern has more than {GLOB_MAX} characters", pattern.column)


def _words(kind: Kind | None) -> str:
    """A type in words; integers and decimals are one type to a reader."""
    return str(Kind.FLOAT if kind in {None, Kind.INTEGER} else kind)


def check_place(path: Node, roots: Mapping[str, Root]) -> None:
    """Raise for a path that can never be read; as `check`, for a path that is no condition."""
    _Checker(roots).kind(path)
