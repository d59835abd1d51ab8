"""YAML events to plain data and marks: one pass, nothing that YAML can hide is taken."""

from __future__ import annotations

import re

import yaml

from policy_gate.document.decoding import position
from policy_gate.document.rules import (
    CONSTANTS,
    NUMBER_STARTS,
    Limits,
    Refusal,
    Value,
    holds_lone_surrogate,
    plain_number,
    shown,
    unfit_key,
)
from policy_gate.document.yaml_events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)
from policy_gate.document.yaml_parser import new_parser, syntax_problem
from policy_gate.document.yaml_unclear import unclear_places
from policy_gate.errors import DocumentError, Problem

_COMMENT = re.compile(r"#[^\n]*")
_STANDARD_TAGS = "tag:yaml.org,2002:"
_BLOCK_STYLES = ("|", ">")
_BLOCK_INDICATORS = re.compile(r"[|>][-+0-9]*")
_REST_OF_HEADER = re.compile(r"(?: +(?:#[^\n]*)?)?\r?(?:\n|\Z)")
_DIRECTIVE_LINE = re.compile(r"^%", re.MULTILINE)


def read_yaml(text: str, path: str, limits: Limits) -> tuple[Value, list[int]]:
    """Read one YAML document: its data, and start and end offset of each node in document order.

    Uses libyaml where PyYAML has it, else PyYAML's own parser, with the same result. Raises DocumentError.
    """
    root, marks = _Reader(text, path, limits).read()
    if ("\t" in text or "?" in text) and (problems := unclear_places(text, path, limits.max_problems)):
        raise DocumentError(problems)
    return root, marks


class _Reader:
    """One pass over the events of one text."""

    __slots__ = (
        "_depth",
        "_escapes",
        "_last_end",
        "_limits",
        "_marks",
        "_most_marks",
        "_next",
        "_path",
        "_problems",
        "_text",
    )

    def __init__(self, text: str, path: str, limits: Limits) -> None:
        self._text = text
        self._path = path
        self._limits = limits
        self._next = new_parser(text).get_event
        self._escapes = "\\" in text
        self._marks: list[int] = []
        self._most_marks = 2 * limits.max_nodes
        self._problems: list[Problem] = []
        self._depth = 0
        self._last_end = 0

    def read(self) -> tuple[Value, list[int]]:
        try:
            root = self._document()
        except yaml.YAMLError as error:
            self._problems.append(syntax_problem(error, self._text, self._path))
        if self._problems:
            raise self._all_problems()
        return root, self._marks

    def _document(self) -> Value:
        self._next()  # the start of the stream
        opening = self._next()
        if not isinstance(opening, DocumentStartEvent):
            raise self._stop(0, "the document is empty")
        self._refuse_directives(opening)
        first = self._next()
        root = self._value(first)
        if isinstance(first, ScalarEvent) and not first.value and not first.style:
            raise self._stop(0, "the document is empty")
        self._next()  # the end of the document
        following = self._next()
        if not isinstance(following, StreamEndEvent):
            raise self._stop(following.start_mark.index, "a second document starts here; a file holds one")
        return root

    def _refuse_directives(self, opening: DocumentStartEvent) -> None:
        if not opening.explicit:
            return
        directive = _DIRECTIVE_LINE.search(self._text, 0, opening.end_mark.index)
        if directive:
            self._refuse(directive.start(), "a directive (a line that starts with '%') is not allowed")

    def _value(self, event: Event) -> Value:
        if isinstance(event, ScalarEvent):
            self._mark(event)
            return self._styled(event) if event.style else self._plain(event)
        if isinstance(event, MappingStartEvent):
            return self._mapping(event)
        if isinstance(event, SequenceStartEvent):
            return self._sequence(event)
        self._refuse_alias(event)
        return None

    def _mapping(self, opening: MappingStartEvent) -> dict[str, Value]:
        at = self._open(opening)
        members: dict[str, Value] = {}
        key_starts: dict[str, int] = {}
        while not isinstance(event := self._next(), MappingEndEvent):
            key = self._key(event, key_starts)
            members[key] = self._value(self._next())
        self._close(at, event)
        return members

    def _sequence(self, opening: SequenceStartEvent) -> list[Value]:
        at = self._open(opening)
        items: list[Value] = []
        while not isinstance(event := self._next(), SequenceEndEvent):
            items.append(self._value(event))
        self._close(at, event)
        return items

    def _open(self, opening: MappingStartEvent | SequenceStartEvent) -> int:
        """Enter a list or mapping; gives where its end mark goes."""
        start = opening.start_mark.index
        if opening.anchor is not None or opening.tag is not None:
            self._refuse_properties(opening)
        self._depth += 1
        if self._depth > self._limits.max_depth:
            raise self._stop(start, f"lists and mappings nest deeper than {self._limits.max_depth}")
        self._last_end = opening.end_mark.index
        self._marks += (start, start)
        return len(self._marks) - 1

    def _close(self, at: int, closing: Event) -> None:
        """Leave a list or mapping; a block one ends where its last child does, not at the next token."""
        self._depth -= 1
        end = closing.end_mark.index
        if end > closing.start_mark.index:
            self._last_end = end
        self._marks[at] = self._last_end

    def _mark(self, event: ScalarEvent) -> None:
        marks = self._marks
        start = event.start_mark.index
        end = event.end_mark.index
        if start == end:
            start = end = self._place_of_nothing(end)
        self._last_end = end
        marks += (start, end)
        if event.anchor is not None or event.tag is not None:
            self._refuse_properties(event)
        if len(marks) > self._most_marks:
            raise self._stop(start, f"the document has more than {self._limits.max_nodes} keys and values")
        if end - start > self._limits.max_scalar_chars:
            raise self._stop(start, f"a value has more than {self._limits.max_scalar_chars} characters")
        if self._escapes and holds_lone_surrogate(event.value):
            self._refuse(start, "an escape stands for half a surrogate pair, which is no character")

    def _place_of_nothing(self, before: int) -> int:
        """Place a value that is not written right after its `:` or `-`; parsers differ on the white space there."""
        gap = self._text[self._last_end : before]
        return self._last_end + len(_COMMENT.sub(lambda found: " " * len(found[0]), gap).rstrip())

    def _styled(self, event: ScalarEvent) -> str:
        if event.style in _BLOCK_STYLES:
            indicators = _BLOCK_INDICATORS.match(self._text, event.start_mark.index)
            if indicators and not _REST_OF_HEADER.match(self._text, indicators.end()):
                self._refuse(indicators.end(), f"only a comment after a space may follow {indicators[0]!r} in its line")
        return event.value

    def _plain(self, event: ScalarEvent) -> Value:
        text = event.value
        if text[:1] in NUMBER_STARTS:
            number = plain_number(text)
            if not isinstance(number, Refusal):
                return number
            self._refuse(event.start_mark.index, number.message, number.hint)
        return CONSTANTS.get(text, text)

    def _key(self, event: Event, key_starts: dict[str, int]) -> str:
        """Take a key that is plain or quoted text, new in its mapping and printable ASCII."""
        if not isinstance(event, ScalarEvent):
            return self._refuse_key(event)
        self._mark(event)
        key = event.value
        start = event.start_mark.index
        if not event.style and self._is_no_text(key):
            self._refuse(start, f"the key {shown(key)} is not text", "Quote it.")
        elif event.style in _BLOCK_STYLES:
            self._refuse(start, "a block scalar is used as a key; keys stand in one line")
        elif key in key_starts:
            line = position(self._text, key_starts[key])[0]
            self._refuse(start, f"the key {shown(key)} is given twice, first in line {line}")
        elif refusal := unfit_key(key):
            self._refuse(start, refusal.message)
        key_starts.setdefault(key, start)
        return key

    def _is_no_text(self, key: str) -> bool:
        """Tell whether a plain key is a number, null, true or false, or a merge (`<<`)."""
        if key[:1] in NUMBER_STARTS:
            return not isinstance(plain_number(key), str)
        return key in CONSTANTS or key == "<<"

    def _refuse_key(self, event: Event) -> str:
        if not isinstance(event, AliasEvent):
            raise self._stop(event.start_mark.index, "a list or mapping is used as a key; keys are text")
        self._refuse_alias(event)
        return ""

    def _refuse_alias(self, event: Event) -> None:
        name = event.anchor if isinstance(event, AliasEvent) else ""
        self._refuse(event.start_mark.index, f"the alias *{name} is not allowed", "Write the value out.")

    def _refuse_properties(self, event: NodeEvent) -> None:
        start = event.start_mark.index
        if event.anchor is not None:
            self._refuse(start, f"the anchor &{event.anchor} is not allowed", "Write the value out where it is used.")
        if event.tag is not None:
            tag = shown(event.tag.replace(_STANDARD_TAGS, "!!", 1))
            self._refuse(start, f"the tag {tag} is not allowed", "Leave it out; plain data has no tags.")

    def _refuse(self, offset: int, message: str, hint: str = "") -> None:
        """Note a problem and read on, up to as many as are shown."""
        line, column = position(self._text, offset)
        self._problems.append(Problem(message, self._path, line, column, hint))
        if len(self._problems) >= self._limits.max_problems:
            raise self._all_problems()

    def _stop(self, offset: int, message: str) -> DocumentError:
        line, column = position(self._text, offset)
        self._problems.append(Problem(message, self._path, line, column))
        return self._all_problems()

    def _all_problems(self) -> DocumentError:
        return DocumentError(sorted(self._problems, key=lambda problem: (problem.line, problem.column)))
