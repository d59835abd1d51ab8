"""The fast half of JSON: data without places, and only where nothing in the text needs a closer look."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from policy_gate.document.rules import Refusal, bounded_integer, finite_float
from policy_gate.errors import DocumentError

if TYPE_CHECKING:
    from policy_gate.document.rules import Limits, Value


def json_values(text: str, limits: Limits) -> Value:
    """Read plain JSON with the standard library; DocumentError wherever `read_json` has to look and say what it is."""
    # Two characters at least a node, so a text this short cannot break the caps on nodes and scalars.
    if len(text) > min(limits.max_scalar_chars, 2 * limits.max_nodes) or "\\u" in text:
        raise _unsure()
    try:
        root: Value = _DECODER.decode(text)
    except (ValueError, RecursionError):
        raise _unsure() from None
    if text.count("[") + text.count("{") > limits.max_depth and not _is_within(root, limits.max_depth):
        raise _unsure()
    return root


def _unsure() -> DocumentError:
    return DocumentError("this JSON needs the full reader")


def _members(pairs: list[tuple[str, Value]]) -> dict[str, Value]:
    members = dict(pairs)
    keys = "".join(members)
    if len(members) != len(pairs) or not (keys.isascii() and keys.isprintable()):
        raise _unsure()
    return members


def _whole(text: str) -> int:
    number = bounded_integer(text)
    if isinstance(number, Refusal):
        raise _unsure()
    return number


def _fraction(text: str) -> float:
    number = finite_float(text)
    if isinstance(number, Refusal):
        raise _unsure()
    return number


def _constant(_: str) -> float:
    raise _unsure()


_DECODER = json.JSONDecoder(
    object_pairs_hook=_members, parse_int=_whole, parse_float=_fraction, parse_constant=_constant
)


def _is_within(root: Value, max_depth: int) -> bool:
    """Tell whether lists and mappings nest at most that deep."""
    level: list[Value] = [root]
    for _ in range(max_depth):
        below: list[Value] = []
        for value in level:
            if isinstance(value, dict):
                below.extend(value.values())
            elif isinstance(value, list):
                below.extend(value)
        level = below
        if not level:
            return True
    return not any(isinstance(value, dict | list) for value in level)
