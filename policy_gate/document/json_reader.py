"""JSON text to plain data and marks: RFC 8259 to the letter, under the same limits as YAML."""

from __future__ import annotations

import json
import re

from policy_gate.document.decoding import position
from policy_gate.document.rules import (
    Limits,
    Refusal,
    Value,
    bounded_integer,
    finite_float,
    holds_lone_surrogate,
    shown,
    unfit_key,
)
from policy_gate.errors import DocumentError, Problem

_SPACE = re.compile(r"[ \t\r\n]*")
_PLAIN_STRING = re.compile(r'"[^"\\\x00-\x1f]*+"')
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+"')
_STRING_HEAD = re.compile(r'"(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_WORD = re.compile(r"[\w.+-]+|.", re.DOTALL)
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}


def read_json(text: str, path: str, limits: Limits) -> tuple[Value, list[int]]:
    """Read one JSON text: its data, and start and end offset of each node in document order.

    Raises DocumentError with every refused value up to the first syntax error.
    """
    return _Reader(text, path, limits).read()


class _Reader:
    """One pass over one text; `_at` is the offset of what comes next."""

    __slots__ = ("_at", "_depth", "_limits", "_marks", "_path", "_problems", "_text")

    def __init__(self, text: str, path: str, limits: Limits) -> None:
        self._text = text
        self._path = path
        self._limits = limits
        self._marks: list[int] = []
        self._problems: list[Problem] = []
        self._at = 0
        self._depth = 0

    def read(self) -> tuple[Value, list[int]]:
        if not self._next_char():
            raise self._stop(0, "the document is empty")
        root = self._value()
        if self._next_char():
            raise self._stop(self._at, f"the document should end here; found {self._seen()}")
        if self._problems:
            raise DocumentError(self._problems)
        return root, self._marks

    def _next_char(self) -> str:
        """Skip white space; gives the character after it, empty at the end."""
        found = _SPACE.match(self._text, self._at)
        self._at = found.end() if found else self._at
        return self._text[self._at : self._at + 1]

    def _value(self) -> Value:
        start = self._at
        char = self._text[start : start + 1]
        if char == '"':
            return self._string()
        if char == "{":
            return self._object()
        if char == "[":
            return self._array()
        found = _NUMBER.match(self._text, start)
        if found and self._word() == found[0]:
            return self._number(found)
        word = self._word()
        if word not in _WORDS:
            raise self._stop(start, f"a JSON value should stand here; found {self._seen()}")
        self._take(start, start + len(word))
        return _WORDS[word]

    def _object(self) -> dict[str, Value]:
        mark = self._open()
        members: dict[str, Value] = {}
        key_starts: dict[str, int] = {}
        more = self._next_char() != "}"
        while more:
            key = self._key(key_starts)
            self._expect(":", "after a key")
            self._next_char()
            members[key] = self._value()
            more = self._goes_on("}")
        self._close(mark)
        return members

    def _array(self) -> list[Value]:
        mark = self._open()
        items: list[Value] = []
        more = self._next_char() != "]"
        while more:
            self._next_char()
            items.append(self._value())
            more = self._goes_on("]")
        self._close(mark)
        return items

    def _open(self) -> int:
        """Enter an object or array; gives where its end mark goes."""
        self._depth += 1
        if self._depth > self._limits.max_depth:
            raise self._stop(self._at, f"lists and mappings nest deeper than {self._limits.max_depth}")
        self._take(self._at, self._at + 1)
        return len(self._marks) - 1

    def _close(self, mark: int) -> None:
        self._depth -= 1
        self._at += 1
        self._marks[mark] = self._at

    def _goes_on(self, closing: str) -> bool:
        """Read the comma or see the closing bracket after one entry."""
        char = self._next_char()
        if char == closing:
            return False
        self._expect(",", f"or {closing!r} here")
        return True

    def _expect(self, char: str, where: str) -> None:
        if self._next_char() != char:
            raise self._stop(self._at, f"{char!r} should stand {where}; found {self._seen()}")
        self._at += 1

    def _key(self, key_starts: dict[str, int]) -> str:
        if self._next_char() != '"':
            raise self._stop(self._at, f"a key in double quotes should stand here; found {self._seen()}")
        start = self._at
        key = self._string()
        if key in key_starts:
            line = position(self._text, key_starts[key])[0]
            self._refuse(start, f"the key {shown(key)} is given twice, first in line {line}")
        elif refusal := unfit_key(key):
            self._refuse(start, refusal.message)
        key_starts.setdefault(key, start)
        return key

    def _string(self) -> str:
        start = self._at
        if found := _PLAIN_STRING.match(self._text, start):
            self._take(start, found.end())
            return self._text[start + 1 : found.end() - 1]
        found = _STRING.match(self._text, start)
        if not found:
            raise self._bad_string(start)
        self._take(start, found.end())
        string: str = json.loads(found[0])
        if holds_lone_surrogate(string):
            self._refuse(start, "an escape stands for half a surrogate pair, which is no character")
        return string

    def _bad_string(self, start: int) -> DocumentError:
        head = _STRING_HEAD.match(self._text, start)
        at = head.end() if head else start
        char = self._text[at : at + 1]
        if char == "\\":
            return self._stop(at, f"{shown(self._text[at : at + 2])} is not an escape of JSON")
        if char in ("\n", "\r", ""):
            return self._stop(start, "the string has no closing quote in its line")
        return self._stop(at, "a tab stands in a string; write it as \\t")

    def _number(self, found: re.Match[str]) -> Value:
        self._take(found.start(), found.end())
        number = finite_float(found[0]) if found[1] or found[2] else bounded_integer(found[0])
        if isinstance(number, Refusal):
            self._refuse(found.start(), number.message, number.hint)
            return None
        return number

    def _take(self, start: int, end: int) -> None:
        self._marks += (start, end)
        self._at = end
        if len(self._marks) > 2 * self._limits.max_nodes:
            raise self._stop(start, f"the document has more than {self._limits.max_nodes} keys and values")
        if end - start > self._limits.max_scalar_chars:
            raise self._stop(start, f"a value has more than {self._limits.max_scalar_chars} characters")

    def _word(self) -> str:
        found = _WORD.match(self._text, self._at)
        return found[0] if found else ""

    def _seen(self) -> str:
        return shown(self._word()) if self._at < len(self._text) else "the end of the file"

    def _refuse(self, offset: int, message: str, hint: str = "") -> None:
        line, column = position(self._text, offset)
        self._problems.append(Problem(message, self._path, line, column, hint))
        if len(self._problems) >= self._limits.max_problems:
            raise DocumentError(self._problems)

    def _stop(self, offset: int, message: str) -> DocumentError:
        line, column = position(self._text, offset)
        return DocumentError([*self._problems, Problem(message, self._path, line, column)])
