"""What an expression is made of: one frozen class for each form; every node knows its own text and column."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from policy_gate.frozen import dataclass

Scalar: TypeAlias = bool | int | float | str | None


@dataclass(frozen=True, slots=True)
class Literal:
    """`1`, `0.5`, `'text'`, `true`, `null`."""

    text: str
    column: int
    scalar: Scalar


@dataclass(frozen=True, slots=True)
class ListOf:
    """`[a, b]`."""

    text: str
    column: int
    elements: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Name:
    """A root, such as `manifest`, or the variable of a macro."""

    text: str
    column: int
    name: str


@dataclass(frozen=True, slots=True)
class Select:
    """`base.name`."""

    text: str
    column: int
    base: Node
    name: str
    name_column: int


@dataclass(frozen=True, slots=True)
class Index:
    """`base[key]`."""

    text: str
    column: int
    base: Node
    key: Node


@dataclass(frozen=True, slots=True)
class Has:
    """`has(base.name)`."""

    text: str
    column: int
    path: Select


@dataclass(frozen=True, slots=True)
class Not:
    """`!operand`."""

    text: str
    column: int
    operand: Node


@dataclass(frozen=True, slots=True)
class Minus:
    """`-operand`, where the operand is no literal."""

    text: str
    column: int
    operand: Node


@dataclass(frozen=True, slots=True)
class Logic:
    """`a && b && c` or `a || b || c`: two parts or more, flattened."""

    text: str
    column: int
    operator: str
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Compare:
    """`a < b` and its like."""

    text: str
    column: int
    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class In:
    """`element in list`, `key in map`."""

    text: str
    column: int
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`a + b`, `a - b`, `a * b`."""

    text: str
    column: int
    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Call:
    """A function or a method of the closed list; the receiver of a method is its first argument."""

    text: str
    column: int
    function: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Macro:
    """`subject.all(variable, body)` or `subject.exists(variable, body)`."""

    text: str
    column: int
    kind: str
    kind_column: int
    subject: Node
    variable: str
    body: Node


Node: TypeAlias = (
    Literal | ListOf | Name | Select | Index | Has | Not | Minus | Logic | Compare | In | Arithmetic | Call | Macro
)


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below, in the order they are written."""
    match node:
        case Literal() | Name():
            return ()
        case ListOf():
            return node.elements
        case Select():
            return (node.base,)
        case Index():
            return (node.base, node.key)
        case Has():
            return (node.path,)
        case Not() | Minus():
            return (node.operand,)
        case Logic():
            return node.parts
        case Compare() | In() | Arithmetic():
            return (node.left, node.right)
        case Call():
            return node.arguments
        case Macro():
            return (node.subject, node.body)


def walk(node: Node) -> Iterator[Node]:
    """A node and everything below it, parents first."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(children(node)))


def is_path(node: Node) -> bool:
    """Whether a node reads a place: a name, followed by any number of `.name` and `[key]`."""
    while isinstance(node, (Select, Index)):
        node = node.base
    return isinstance(node, Name)


def steps_of(node: Node) -> int:
    """What one evaluation of a node costs; the bodies of macros below charge for themselves."""
    below = (node.subject,) if isinstance(node, Macro) else children(node)
    return 1 + sum(steps_of(child) for child in below)


def same(left: Node, right: Node) -> bool:
    """Whether two nodes say the same, whatever their columns, spaces, quotes and redundant parentheses."""
    own, below = _said(left)
    other_own, other_below = _said(right)
    if own != other_own or len(below) != len(other_below):
        return False
    return all(same(one, other) for one, other in zip(below, other_below, strict=True))


def _said(node: Node) -> tuple[tuple[object, ...], tuple[Node, ...]]:
    """What a node says itself, and what stands below; `a['b']` says what `a.b` says, and `1`, `1.0`, `true` differ."""
    match node:
        case Literal():
            return (Literal, type(node.scalar), node.scalar), ()
        case Name():
            return (Name, node.name), ()
        case Select():
            return (Select, node.name), (node.base,)
        case Index(key=Literal(scalar=str() as name)):
            return (Select, name), (node.base,)
        case Logic() | Compare() | Arithmetic():
            return (type(node), node.operator), children(node)
        case Call():
            return (Call, node.function), node.arguments
        case Macro():
            return (Macro, node.kind, node.variable), children(node)
        case _:
            return (type(node),), children(node)
