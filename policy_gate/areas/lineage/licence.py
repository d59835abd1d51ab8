"""SPDX licence expressions: a bounded parser, a normal form, and what lists of licences say of one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from enum import IntEnum, StrEnum
from fnmatch import fnmatchcase
from typing import NoReturn

from policy_gate.errors import EvidenceError, Reason
from policy_gate.frozen import dataclass

MAX_CHARACTERS = 4096
MAX_DEPTH = 32
_LONGEST_ID = 64

# Grammar: SPDX specification, annex "SPDX license expressions"; operators are all upper or all lower case.
_TOKEN = re.compile(r"[()]|[A-Za-z0-9][A-Za-z0-9.+:-]*")
_OWN_TERM = re.compile(r"(DocumentRef-[A-Za-z0-9.-]+:)?LicenseRef-[A-Za-z0-9.-]+")
_OWN_EXCEPTION = re.compile(r"(DocumentRef-[A-Za-z0-9.-]+:)?AdditionRef-[A-Za-z0-9.-]+")
_WORDS = ("AND", "OR", "WITH")


class UnknownNameError(EvidenceError):
    """An expression is well formed, but one of its names is on no list."""

    def __init__(self, name: str, what: str) -> None:
        """Take the name and what it should be: "licence" or "exception"."""
        shown = name if len(name) <= _LONGEST_ID else f"{name[:_LONGEST_ID]}…"
        super().__init__(Reason.UNREADABLE, f"'{shown}' is no {what} of the SPDX list")
        self.name = name
        self.what = what


class Operator(StrEnum):
    """How the parts of an expression are joined; AND binds closer than OR."""

    AND = "AND"
    OR = "OR"


@dataclass(frozen=True, slots=True)
class Term:
    """One licence, with its exception if it has one."""

    licence: str
    exception: str = ""

    def __str__(self) -> str:
        return f"{self.licence} WITH {self.exception}" if self.exception else self.licence


@dataclass(frozen=True, slots=True)
class Compound:
    """At least two parts under one operator; parts of the same operator are merged into it."""

    operator: Operator
    parts: tuple[Expression, ...]

    def __str__(self) -> str:
        shown = (f"({part})" if isinstance(part, Compound) else str(part) for part in self.parts)
        return f" {self.operator} ".join(shown)


Expression = Term | Compound
Naming = Callable[[str], str]
"""Gives the listed spelling of an id, or "" for one that is on no list."""


def as_written(name: str) -> str:
    """The naming of an expression that is in normal form already."""
    return name


def parse(text: str, licence_name: Naming = as_written, exception_name: Naming = as_written) -> Expression:
    """Parse an expression; EvidenceError(UNREADABLE) with what is wrong and, where it can be told, what is meant."""
    if len(text) > MAX_CHARACTERS:
        _refuse(f"it has {len(text)} characters; at most {MAX_CHARACTERS} are read")
    parser = _Parser(list(_tokens(text)), licence_name, exception_name)
    expression = parser.any_of(0)
    parser.finish()
    return expression


def terms(expression: Expression) -> Iterator[Term]:
    """Every licence of an expression, in order."""
    if isinstance(expression, Term):
        yield expression
        return
    for part in expression.parts:
        yield from terms(part)


def is_own_term(licence: str) -> bool:
    """Whether a licence is a LicenseRef: on no list, so that only its text says what it is."""
    return _OWN_TERM.fullmatch(licence) is not None


class _Parser:
    """Recursive descent; the depth is bounded by MAX_DEPTH."""

    def __init__(self, tokens: list[str], licence_name: Naming, exception_name: Naming) -> None:
        self._tokens = tokens
        self._at = 0
        self._licence_name = licence_name
        self._exception_name = exception_name

    def any_of(self, depth: int) -> Expression:
        return self._joined(Operator.OR, self._all_of, depth)

    def finish(self) -> None:
        left = self._tokens[self._at :][:1]
        if left:
            _refuse(
                "a ')' closes nothing"
                if left == [")"]
                else f"there is no AND, OR or WITH before '{left[0][:_LONGEST_ID]}'"
            )

    def _all_of(self, depth: int) -> Expression:
        return self._joined(Operator.AND, self._one, depth)

    def _joined(self, operator: Operator, part: Callable[[int], Expression], depth: int) -> Expression:
        parts = [part(depth)]
        while self._take(operator):
            parts.append(part(depth))
        merged: list[Expression] = []
        for one in parts:
            merged.extend(one.parts if isinstance(one, Compound) and one.operator is operator else (one,))
        return merged[0] if len(merged) == 1 else Compound(operator, tuple(merged))

    def _one(self, depth: int) -> Expression:
        if self._take("("):
            if depth == MAX_DEPTH:
                _refuse(f"it nests more than {MAX_DEPTH} levels deep")
            inner = self.any_of(depth + 1)
            if not self._take(")"):
                _refuse("a '(' is not closed")
            return inner
        licence = self._licence(self._name("a licence"))
        if not self._take("WITH"):
            return Term(licence)
        return Term(licence, self._exception(self._name("an exception")))

    def _take(self, wanted: str) -> bool:
        found = self._at < len(self._tokens) and self._tokens[self._at] in (wanted, wanted.lower())
        self._at += found
        return found

    def _name(self, what: str) -> str:
        if self._at == len(self._tokens):
            _refuse(f"it ends where {what} should follow")
        token = self._tokens[self._at]
        if token in ("(", ")") or token.upper() in _WORDS:
            _refuse(f"'{token}' stands where {what} should be")
        self._at += 1
        return token

    def _licence(self, name: str) -> str:
        if _OWN_TERM.fullmatch(name):
            return name
        listed = self._licence_name(name)
        if not listed and name.endswith("+"):
            listed = f"{found}+" if (found := self._licence_name(name[:-1])) else ""
        if not listed:
            raise UnknownNameError(name, "licence")
        return listed

    def _exception(self, name: str) -> str:
        if _OWN_EXCEPTION.fullmatch(name):
            return name
        listed = self._exception_name(name)
        if not listed:
            raise UnknownNameError(name, "exception")
        return listed


def _tokens(text: str) -> Iterator[str]:
    at = 0
    while at < len(text):
        if text[at] in " \t\r\n":
            at += 1
            continue
        found = _TOKEN.match(text, at)
        if found is None:
            shown = text[at] if text[at].isascii() and text[at].isprintable() else f"U+{ord(text[at]):04X}"
            _refuse(f"'{shown}' means nothing in a licence expression; join licences with AND or OR")
        yield found[0]
        at = found.end()


def _refuse(detail: str) -> NoReturn:
    raise EvidenceError(Reason.UNREADABLE, detail)


class Standing(IntEnum):
    """What a policy says of a licence, from best to worst."""

    ALLOWED = 0
    REVIEW = 1
    UNLISTED = 2
    DENIED = 3


@dataclass(frozen=True, slots=True)
class Ruling:
    """How an expression stands, and the licence and list entry that decided ("" when no list names it)."""

    standing: Standing
    term: str
    entry: str = ""


def rule_on(expression: Expression, allowed: Sequence[str], review: Sequence[str], denied: Sequence[str]) -> Ruling:
    """Judge an expression: of OR the best part counts, of AND the worst; the strictest list that names a licence wins.

    Entries are SPDX ids in any case; `*` stands for any characters. An entry with WITH decides for exactly that
    pair; any other entry looks at the licence alone, because an SPDX exception only adds permissions.
    """
    if isinstance(expression, Compound):
        rulings = [rule_on(part, allowed, review, denied) for part in expression.parts]
        choose = min if expression.operator is Operator.OR else max
        return choose(rulings, key=lambda ruling: ruling.standing)
    lists = ((Standing.DENIED, denied), (Standing.REVIEW, review), (Standing.ALLOWED, allowed))
    alone = (expression.licence, expression.licence.removesuffix("+"))
    for names in ((str(expression),), alone) if expression.exception else (alone,):
        for standing, entries in lists:
            entry = next((one for one in entries if any(_names(one, name) for name in names)), None)
            if entry is not None:
                return Ruling(standing, str(expression), entry)
    return Ruling(Standing.UNLISTED, str(expression))


def _names(entry: str, name: str) -> bool:
    if (" with " in name.lower()) != (" with " in entry.lower()):
        return False
    # Own terms are case-sensitive; listed ids are not (SPDX specification).
    if is_own_term(name) or is_own_term(entry):
        return fnmatchcase(name, entry)
    return fnmatchcase(name.lower(), entry.lower())
