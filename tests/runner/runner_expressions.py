"""The small part of GitHub's expressions that an action of ours may use; anything else is refused by name."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

TOKEN = re.compile(r"\s*(?:('(?:[^']|'')*')|(-?\d+(?:\.\d+)?)|([A-Za-z_][\w-]*)|(==|!=|&&|\|\||[!().,\[\]]))")
WHOLE = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
STATUS = re.compile(r"\b(always|success|failure|cancelled)\s*\(")
LITERALS = {"true": True, "false": False, "null": None}

Term = Any  # Any: text, number, truth value, null, or a context


class ExpressionError(Exception):
    """An expression that the test runner does not know."""


class Expressions:
    """Evaluates expressions over contexts such as inputs and steps; names are found in any case."""

    def __init__(self, contexts: Mapping[str, Term], *, is_failed: bool = False) -> None:
        self.contexts = contexts
        self._functions: dict[str, Callable[..., Term]] = {
            "always": lambda: True,
            "cancelled": lambda: False,
            "success": lambda: not is_failed,
            "failure": lambda: is_failed,
            "contains": lambda whole, part: as_text(part).lower() in as_text(whole).lower(),
            "startswith": lambda whole, part: as_text(whole).lower().startswith(as_text(part).lower()),
            "endswith": lambda whole, part: as_text(whole).lower().endswith(as_text(part).lower()),
            "tojson": lambda term: json.dumps(term, indent=2),
        }

    def fill(self, text: str) -> str:
        """A text with every `${{ }}` in it replaced by what it says."""
        return WHOLE.sub(lambda found: as_text(self.evaluate(found[1])), text)

    def holds(self, condition: str) -> bool:
        """Whether an `if:` lets a step run; one that asks for no status asks for success."""
        found = WHOLE.fullmatch(condition.strip())
        words = found[1] if found else condition
        if "${{" in words:
            raise ExpressionError(f"`{condition}` mixes words and expressions: it always holds")
        asked = words if STATUS.search(words) else f"success() && ({words})"
        return is_true(self.evaluate(asked))

    def evaluate(self, words: str) -> Term:
        self._tokens = _tokens(words)
        self._at = 0
        term = self._either()
        if self._at != len(self._tokens):
            raise ExpressionError(f"`{words}` goes on with {self._tokens[self._at]}")
        return term

    def _next(self, *wanted: str) -> str:
        token = self._tokens[self._at] if self._at < len(self._tokens) else ""
        if wanted and token not in wanted:
            return ""
        self._at += 1
        return token

    def _either(self) -> Term:
        left = self._both()
        while self._next("||"):
            right = self._both()
            left = left if is_true(left) else right
        return left

    def _both(self) -> Term:
        left = self._same()
        while self._next("&&"):
            right = self._same()
            left = right if is_true(left) else left
        return left

    def _same(self) -> Term:
        left = self._single()
        while sign := self._next("==", "!="):
            left = is_equal(left, self._single()) is (sign == "==")
        return left

    def _single(self) -> Term:
        if self._next("!"):
            return not is_true(self._single())
        if self._next("("):
            inner = self._either()
            self._expect(")")
            return inner
        token = self._next()
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        if re.fullmatch(r"-?\d+(\.\d+)?", token):
            return float(token)
        if token in LITERALS:
            return LITERALS[token]
        return self._named(token)

    def _named(self, token: str) -> Term:
        if self._next("("):
            return self._called(token)
        if token not in self.contexts:
            raise ExpressionError(f"there is no context `{token}` here")
        term: Term = self.contexts[token]
        while sign := self._next(".", "["):
            key = as_text(self._either()) if sign == "[" else self._next()
            if sign == "[":
                self._expect("]")
            term = _member(term, key)
        return term

    def _called(self, token: str) -> Term:
        if token.lower() not in self._functions:
            raise ExpressionError(f"the test runner has no function `{token}`")
        given: list[Term] = []
        while not self._next(")"):
            given.append(self._either())
            if not self._next(","):
                self._expect(")")
                break
        return self._functions[token.lower()](*given)

    def _expect(self, token: str) -> None:
        if not self._next(token):
            raise ExpressionError(f"`{token}` is missing")


def _member(term: Term, key: str) -> Term:
    if not isinstance(term, Mapping):
        return None
    return next((inner for name, inner in term.items() if name.lower() == key.lower()), None)


def _tokens(words: str) -> list[str]:
    found: list[str] = []
    at = 0
    while words[at:].strip():
        token = TOKEN.match(words, at)
        if token is None:
            raise ExpressionError(f"`{words[at:].strip()}` is no expression the test runner knows")
        found.append(token[0].strip())
        at = token.end()
    return found


def is_true(term: Term) -> bool:
    return term not in (None, False, 0, "") and not (isinstance(term, float) and math.isnan(term))


def is_equal(left: Term, right: Term) -> bool:
    """Texts are equal in any case; of different kinds, both are read as numbers."""
    if isinstance(left, str) and isinstance(right, str):
        return left.lower() == right.lower()
    if type(left) is type(right):
        return bool(left == right)
    return _number(left) == _number(right)


def _number(term: Term) -> float:
    if term is None or term == "":
        return 0.0
    try:
        return float(term)
    except (TypeError, ValueError):
        return math.nan


def as_text(term: Term) -> str:
    if term is None:
        return ""
    if isinstance(term, bool):
        return str(term).lower()
    if isinstance(term, float):
        return f"{term:.15g}"
    return term if isinstance(term, str) else "Object"
