"""What parsers of YAML disagree on though it is well-formed: refused, so that every platform judges the same data."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from policy_gate.document.decoding import position
from policy_gate.document.yaml_events import (
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)
from policy_gate.document.yaml_parser import new_parser
from policy_gate.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

_COMMENT_START = re.compile(r"(?<!\S)#")
_LEADING_TAB = re.compile(r"\n *\t")


def unclear_places(text: str, path: str, most: int) -> list[Problem]:
    """Find what libyaml and PyYAML read differently in a well-formed text that holds a tab or a question mark.

    Tabs as white space, and question marks in plain text inside brackets; each with its place, in document order,
    `most` at most.
    """
    tab = ("a tab stands outside quotes", "Use spaces, or write \\t in double quotes.")
    question = ("a question mark stands in plain text inside brackets", "Quote the text.")
    found = [(offset, *tab) for offset in _stray_tabs(text)] if "\t" in text else []
    found += [(offset, *question) for offset in _unquoted_questions(text)] if "?" in text else []
    return [Problem(message, path, *position(text, offset), hint) for offset, message, hint in sorted(found)[:most]]


def _stray_tabs(text: str) -> Iterator[int]:
    """Give tabs outside quotes, block scalars and comments, one a line, and tabs that indent a block scalar's line."""
    last_end = 0
    for scalar in _scalars(text):
        start, end = scalar.start_mark.index, scalar.end_mark.index
        if scalar.style:
            yield from _tabs_between(text, last_end, start)
            last_end = end
        if scalar.style in ("|", ">"):
            yield from (found.end() - 1 for found in _LEADING_TAB.finditer(text, start, end))
    yield from _tabs_between(text, last_end, len(text))


def _tabs_between(text: str, start: int, end: int) -> Iterator[int]:
    at = start
    while (tab := text.find("\t", at, end)) >= 0:
        line_start = max(start, text.rfind("\n", start, tab) + 1)
        if not _COMMENT_START.search(text[line_start:tab]):
            yield tab
        line_end = text.find("\n", tab, end)
        at = line_end if line_end >= 0 else end


def _unquoted_questions(text: str) -> Iterator[int]:
    for scalar in _scalars(text, only_in_brackets=True):
        if not scalar.style and "?" in scalar.value:
            yield text.index("?", scalar.start_mark.index)


def _scalars(text: str, *, only_in_brackets: bool = False) -> Iterator[ScalarEvent]:
    parser = new_parser(text)
    brackets: list[bool] = [False]
    while not isinstance(event := parser.get_event(), StreamEndEvent):
        if isinstance(event, MappingStartEvent | SequenceStartEvent):
            brackets.append(bool(event.flow_style))
        elif isinstance(event, MappingEndEvent | SequenceEndEvent):
            brackets.pop()
        elif isinstance(event, ScalarEvent) and (brackets[-1] or not only_in_brackets):
            yield event
