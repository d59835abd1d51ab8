"""The YAML parser underneath: libyaml where PyYAML has it, else PyYAML's own, with errors said the same way."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import yaml
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner

from policy_gate.document.rules import shown
from policy_gate.errors import Problem

if TYPE_CHECKING:
    from policy_gate.document.yaml_events import Event, EventSource


class _PythonParser(Reader, Scanner, Parser):
    """PyYAML's own scanner and parser, for interpreters without libyaml."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)

    def get_event(self) -> Event:
        try:
            return cast("Event", Parser.get_event(self))  # type: ignore[no-untyped-call]  # PyYAML's stub has no types
        except (ValueError, OverflowError):  # chr() of an escape above U+10FFFF, which libyaml refuses
            problem = "found invalid Unicode character escape code"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=self.get_mark()) from None


def new_parser(text: str) -> EventSource:
    """Start reading events of a text that `decoding` has let through."""
    if not yaml.__with_libyaml__:
        return _PythonParser(text)
    from yaml._yaml import CParser  # absent where PyYAML was built without libyaml

    return cast("EventSource", CParser(text))  # the stub lets events be None, which only comes after the last


def syntax_problem(error: yaml.YAMLError, text: str, path: str) -> Problem:
    """Say where and why the parser stopped."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return Problem(f"this is not YAML: {shown(str(error))}", path, 1, 1)
    message = f"this is not YAML: {getattr(error, 'problem', '')}"
    context, context_mark = getattr(error, "context", None), getattr(error, "context_mark", None)
    if context:
        message += f" ({context}" + (f" that starts in line {context_mark.line + 1})" if context_mark else ")")
    hint = _syntax_hint(message, text[mark.index : mark.index + 1])
    return Problem(message, path, mark.line + 1, mark.column + 1, hint)


def _syntax_hint(message: str, char: str) -> str:
    if "mapping values are not allowed" in message:
        return "Quote text that holds ': ', and check the indentation."
    if "cannot start any token" in message:
        return "Indent with spaces, not tabs." if char == "\t" else f"Quote text that starts with {char!r}."
    return ""
