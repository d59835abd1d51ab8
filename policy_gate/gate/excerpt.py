"""Gives the terminal report the lines its places stand on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from policy_gate.errors import GateError

if TYPE_CHECKING:
    from policy_gate.gate.request import Request
    from policy_gate.model import Place
    from policy_gate.source import Tree


def source_lines(request: Request) -> Callable[[Place], str]:
    """A function from a place in the judged tree to the text of its line; "" when it cannot be read."""
    from policy_gate.gate.reading import MAX_DOCUMENT_BYTES
    from policy_gate.gate.trees import open_tree

    cache: dict[str, list[str]] = {}
    opened: list[Tree] = []  # on first use: a run without findings shows no line

    def line_of(place: Place) -> str:
        if place.path not in cache:
            if not opened:
                opened.append(open_tree(request))
            try:
                cache[place.path] = opened[0].read(place.path, MAX_DOCUMENT_BYTES).decode("utf-8").split("\n")
            except (GateError, UnicodeDecodeError):
                cache[place.path] = []
        lines = cache[place.path]
        return lines[place.line - 1] if 0 < place.line <= len(lines) else ""

    return line_of
