"""What can be said of an expression without a document: is it constant, and which `all` may be empty."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import combinations

from policy_gate.expression.compiling import decider
from policy_gate.expression.nodes import (
    Call,
    Compare,
    ListOf,
    Literal,
    Logic,
    Macro,
    Name,
    Node,
    Not,
    same,
    walk,
)
from policy_gate.expression.values import Truth, truth_of

_ALL = frozenset(Truth)
_REFLEXIVE = frozenset({"==", "<=", ">="})
_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_MIRRORED = {"==": "==", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}


class Constant(StrEnum):
    """What is known of an answer before any document is read."""

    NEVER_FALSE = "never false"
    NEVER_TRUE = "never true"
    ALWAYS_UNKNOWN = "always unknown"
    DEPENDS = "depends on what is read"


def constant(node: Node) -> Constant:
    """Whether a condition can say no and can say yes."""
    answers = possible(node)
    if answers == {Truth.UNKNOWN}:
        return Constant.ALWAYS_UNKNOWN
    if Truth.TRUE not in answers:
        return Constant.NEVER_TRUE
    return Constant.DEPENDS if Truth.FALSE in answers else Constant.NEVER_FALSE


def possible(node: Node) -> frozenset[Truth]:
    """Answers that cannot be ruled out; an answer that is not in it is never given."""
    if not any(isinstance(one, Name) for one in walk(node)):
        return frozenset({truth_of(decider(node)({}))})
    match node:
        case Not():
            return frozenset(_negated(truth) for truth in possible(node.operand))
        case Logic():
            return _of_logic(node)
        case Macro():
            return _of_macro(node)
        case Compare() if same(node.left, node.right):
            return frozenset({Truth.TRUE if node.operator in _REFLEXIVE else Truth.FALSE, Truth.UNKNOWN})
        case _:
            return _ALL


def _negated(truth: Truth) -> Truth:
    return {Truth.TRUE: Truth.FALSE, Truth.FALSE: Truth.TRUE}.get(truth, Truth.UNKNOWN)


def _of_logic(node: Logic) -> frozenset[Truth]:
    """Combine the parts as if they were independent, then rule out what a pair of them contradicts."""
    ends, usual = (Truth.FALSE, Truth.TRUE) if node.operator == "&&" else (Truth.TRUE, Truth.FALSE)
    sets = [possible(part) for part in node.parts]
    if any(found == {ends} for found in sets):
        return frozenset({ends})
    answers = {Truth.UNKNOWN} if any(Truth.UNKNOWN in found for found in sets) else set[Truth]()
    if all(usual in found for found in sets) and not _has_opposites(node):
        answers.add(usual)
    if any(ends in found for found in sets):
        answers.add(ends)
    return frozenset(answers)


def _has_opposites(node: Logic) -> bool:
    """Whether two parts are never both the usual answer: `a && !a`, `a < 1 && a >= 1`, `a == 1 && a == 2`."""
    return any(
        _are_opposite(left, right) or (node.operator == "&&" and _are_two_values(left, right))
        for left, right in combinations(node.parts, 2)
    )


def _are_opposite(left: Node, right: Node) -> bool:
    if isinstance(left, Not) and same(left.operand, right):
        return True
    if isinstance(right, Not) and same(right.operand, left):
        return True
    if not (isinstance(left, Compare) and isinstance(right, Compare)):
        return False
    straight = same(left.left, right.left) and same(left.right, right.right)
    crossed = same(left.left, right.right) and same(left.right, right.left)
    return (straight and right.operator == _OPPOSITE[left.operator]) or (
        crossed and _MIRRORED[right.operator] == _OPPOSITE[left.operator]
    )


def _are_two_values(left: Node, right: Node) -> bool:
    if not (isinstance(left, Compare) and isinstance(right, Compare) and left.operator == right.operator == "=="):
        return False
    if not (isinstance(left.right, Literal) and isinstance(right.right, Literal)):
        return False
    return same(left.left, right.left) and left.right.scalar != right.right.scalar


def _of_macro(node: Macro) -> frozenset[Truth]:
    """An empty list ends neither `all` nor `exists`; the subject may always be unknown."""
    ends, usual = (Truth.FALSE, Truth.TRUE) if node.kind == "all" else (Truth.TRUE, Truth.FALSE)
    answers = {usual, Truth.UNKNOWN}
    return frozenset(answers | ({ends} & possible(node.body)))


def unguarded(node: Node) -> tuple[int, ...]:
    """Columns of the word `all` where an empty list or map would pass, because nothing beside it asks for an element.

    `!x.exists(...)` is `all` in other words. A guard is `size(x) > 0` or its like, or `x.exists(...)`, in the same
    conjunction; `has(x)` is none.
    """
    return tuple(sorted(set(_unguarded(node, (), denied=False))))


def _unguarded(node: Node, guarded: Sequence[Node], *, denied: bool) -> Iterator[int]:
    match node:
        case Not():
            yield from _unguarded(node.operand, guarded, denied=not denied)
        case Logic():
            conjunction = node.operator == ("||" if denied else "&&")
            beside = [*guarded, *_guards(node.parts, denied=denied)] if conjunction else guarded
            for part in node.parts:
                yield from _unguarded(part, beside, denied=denied)
        case Macro():
            passes_empty = node.kind == ("exists" if denied else "all")
            if passes_empty and not _is_guarded(node.subject, guarded):
                yield node.kind_column
            yield from _unguarded(node.body, guarded, denied=denied)
        case Compare():
            for side in (node.left, node.right):
                yield from _unguarded(side, (), denied=denied)
        case _:
            return


def _is_guarded(subject: Node, guarded: Sequence[Node]) -> bool:
    if isinstance(subject, ListOf):
        return bool(subject.elements)
    return any(same(subject, one) for one in guarded)


def _guards(parts: Sequence[Node], *, denied: bool) -> Iterator[Node]:
    """What is not empty where every part holds, or where every part is denied."""
    for part in parts:
        inner, flipped = (part.operand, not denied) if isinstance(part, Not) else (part, denied)
        if isinstance(inner, Macro) and inner.kind == ("all" if flipped else "exists"):
            yield inner.subject
        if isinstance(inner, Compare):
            yield from _sized(inner, denied=flipped)


def _sized(node: Compare, *, denied: bool) -> Iterator[Node]:
    """The subject of `size(x) > 0`, `0 < size(x)`, `size(x) == 3` and all that leave zero out."""
    left, right, sign = node.left, node.right, node.operator
    if isinstance(left, Literal):
        left, right, sign = right, left, _MIRRORED[sign]
    sign = _OPPOSITE[sign] if denied else sign
    if not (isinstance(left, Call) and left.function == "size" and isinstance(right, Literal)):
        return
    zero = Compare(node.text, node.column, sign, Literal("0", 0, 0), right)
    if decider(zero)({}) is False:
        yield left.arguments[0]
