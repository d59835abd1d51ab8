"""Takes things away from a release: one key of a document, all or part of a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

Keys = tuple[str | int, ...]

DAMAGES: dict[str, Callable[[bytes], bytes | None]] = {
    "deleted": lambda content: None,
    "emptied": lambda content: b"",
    "cut in half": lambda content: content[: len(content) // 2],
    "one byte short": lambda content: content[:-1],
}
"""What can happen to a file; None means that it is gone."""


def places(node: Any, above: Keys = ()) -> Iterator[Keys]:  # a document holds what it likes
    """Every key and every list entry of a document, outer ones first."""
    members = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, member in members:
        yield (*above, key)
        yield from places(member, (*above, key))


def without(document: Any, keys: Keys) -> Any:  # as above
    """A copy of a document without one key or list entry."""
    copy = deepcopy(document)
    holder = copy
    for key in keys[:-1]:
        holder = holder[key]
    del holder[keys[-1]]
    return copy


def pointer(keys: Keys) -> str:
    """The keys as a JSON pointer; the example has no key that needs escaping."""
    return "".join(f"/{key}" for key in keys)
