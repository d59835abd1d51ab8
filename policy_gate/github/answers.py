"""What GitHub answered: JSON read without trust in its shape."""

from __future__ import annotations

from collections.abc import Mapping

from policy_gate.frozen import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer: its status, its headers with names in lower case, and its JSON, None where there is none."""

    status: int
    headers: Mapping[str, str]
    content: object


def at(content: object, *names: str) -> object:
    """The value at nested names, None where an object or a name is not there."""
    for name in names:
        if not isinstance(content, dict):
            return None
        content = content.get(name)
    return content


def text_at(content: object, *names: str) -> str:
    """The text at nested names, "" where there is none."""
    found = at(content, *names)
    return found if isinstance(found, str) else ""


def number_at(content: object, *names: str) -> int:
    """The whole number at nested names, 0 where there is none."""
    found = at(content, *names)
    return found if isinstance(found, int) and not isinstance(found, bool) else 0


def items_at(content: object, *names: str) -> tuple[object, ...]:
    """The list at nested names, empty where there is none."""
    found = at(content, *names)
    return tuple(found) if isinstance(found, list) else ()
