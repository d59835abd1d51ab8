"""A loaded document: its data, its text, and where each key and value stands in it."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, TypeAlias

from policy_gate.document.pointer import join, list_index, split
from policy_gate.document.rules import DEFAULT_LIMITS, Limits, Value
from policy_gate.errors import DocumentError, Problem
from policy_gate.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of text: lines and columns are 1-based, columns and offsets count characters, ends are exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int
    start: int
    end: int


_Range: TypeAlias = tuple[int, int]
_Children: TypeAlias = "dict[str, _Node] | list[_Node] | None"
_Node: TypeAlias = "tuple[_Range, _Range | None, _Children]"
"""Offsets of a value, of its key if it has one, and what it holds."""

_NOTHING: list[Value] = []


class Document:
    """Plain data (dict, list, str, int, float, bool, None) with places, by JSON pointer.

    `read_marks` gives a start and an end offset for every key, scalar, list and mapping in document order; the tree
    that a pointer walks is built from them when the first place is asked for.
    """

    __slots__ = ("_line_starts", "_read_marks", "_tree", "content", "limits", "path", "root", "text")

    def __init__(
        self,
        path: str,
        text: str,
        content: bytes,
        root: Value,
        read_marks: Callable[[], Sequence[int]],
        *,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        """Take what a reader made of `text`; users call `load`."""
        self.path = path
        self.text = text
        self.content = content
        self.root = root
        self.limits = limits
        self._read_marks = read_marks
        self._tree: _Node | None = None
        self._line_starts: list[int] = []

    def get(self, pointer: str, default: Value = None) -> Value:
        """Give the value at a pointer, or `default` when there is none."""
        value = self.root
        for part in split(pointer):
            if isinstance(value, dict) and part in value:
                value = value[part]
            elif isinstance(value, list) and (index := list_index(part, len(value))) is not None:
                value = value[index]
            else:
                return default
        return value

    def has(self, pointer: str) -> bool:
        """Tell whether there is a value at a pointer; null is a value."""
        return self.get(pointer, _NOTHING) is not _NOTHING  # without places, which JSON reads on demand only

    def span(self, pointer: str) -> Span:
        """Locate the value at a pointer; DocumentError when there is none."""
        return self._span(*self._node(pointer)[0])

    def key_span(self, pointer: str) -> Span:
        """Locate the key of the mapping member at a pointer; DocumentError when it is not one."""
        key = self._node(pointer)[1]
        if key is None:
            raise DocumentError(Problem(f"the value at {pointer!r} has no key", self.path))
        return self._span(*key)

    def nearest(self, pointer: str) -> tuple[str, Span]:
        """Locate the value at a pointer or, where it is absent, its nearest parent: the key, else the first line."""
        parts = split(pointer)
        (value, key, _), depth = self._walk(pointer)
        if depth == len(parts):
            return pointer, self._span(*value)
        return join("", *parts[:depth]), self._span(*(key or self._first_line(value)))

    def line_text(self, line: int) -> str:
        """Give one line (1-based) without its line end; empty when there is no such line."""
        starts = self._starts()
        if not 1 <= line < len(starts):
            return ""
        return self.text[starts[line - 1] : starts[line]].rstrip("\r\n")

    def _node(self, pointer: str) -> _Node:
        node, depth = self._walk(pointer)
        if depth != len(split(pointer)):
            raise DocumentError(Problem(f"there is no value at {pointer!r}", self.path))
        return node

    def _walk(self, pointer: str) -> tuple[_Node, int]:
        """Follow a pointer as far as it goes: the last node, and how many parts led there."""
        if self._tree is None:
            self._tree = _tree(self.root, iter(self._read_marks()), None)
        node = self._tree
        depth = 0
        for depth, part in enumerate(split(pointer)):
            child = _child(node[2], part)
            if child is None:
                return node, depth
            node = child
        return node, depth + 1 if pointer else 0

    def _first_line(self, value: _Range) -> _Range:
        start, end = value
        line_end = self.text.find("\n", start, end)
        return start, end if line_end < 0 else start + len(self.text[start:line_end].rstrip())

    def _span(self, start: int, end: int) -> Span:
        end = self._content_end(start, end)
        line, column = self._position(start)
        end_line, end_column = self._position(end)
        return Span(line, column, end_line, end_column, start, end)

    def _content_end(self, start: int, end: int) -> int:
        """Leave out the blank lines after a block scalar, unless its header keeps them (`|+`)."""
        text = self.text
        if end > start and text[start] in "|>" and "+" not in text[start : start + 3]:
            return start + len(text[start:end].rstrip())
        return end

    def _position(self, offset: int) -> tuple[int, int]:
        starts = self._starts()
        line = min(bisect_right(starts, offset), len(starts) - 1)
        return line, offset - starts[line - 1] + 1

    def _starts(self) -> list[int]:
        """Offsets where lines start, closed by the length of the text."""
        if not self._line_starts:
            self._line_starts = [0]
            for line in self.text.split("\n"):
                self._line_starts.append(self._line_starts[-1] + len(line) + 1)
        return self._line_starts


def _child(children: _Children, part: str) -> _Node | None:
    if isinstance(children, dict):
        return children.get(part)
    if isinstance(children, list) and (index := list_index(part, len(children))) is not None:
        child: _Node = children[index]
        return child
    return None


def _tree(value: Value, marks: Iterator[int], key: _Range | None) -> _Node:
    place = next(marks), next(marks)
    if isinstance(value, dict):
        members: dict[str, _Node] = {}
        for name, member in value.items():
            name_place = next(marks), next(marks)
            members[name] = _tree(member, marks, name_place)
        return place, key, members
    if isinstance(value, list):
        return place, key, [_tree(item, marks, None) for item in value]
    return place, key, None


def problem(document: Document, pointer: str, message: str, hint: str = "") -> Problem:
    """Place a message at the value of a pointer, or at its nearest parent."""
    span = document.nearest(pointer)[1]
    return Problem(message, document.path, span.line, span.column, hint)
