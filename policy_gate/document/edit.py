"""Edits of a document's text: only the named value changes; comments, order, quotes and line ends stay."""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING

from policy_gate.document.loading import load
from policy_gate.document.places import problem
from policy_gate.document.pointer import join, list_index, readable, split
from policy_gate.document.rendering import json_text, yaml_text
from policy_gate.errors import DocumentError, GateError
from policy_gate.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from policy_gate.document.places import Document
    from policy_gate.document.rules import Value

_REST_IS_BLANK = re.compile(r"[ \t]*(?:#[^\n]*)?(?=\r?\n|\Z)")
_QUOTES = ("'", '"')
_NEXT_COMMA = re.compile(r"\s*,")


@dataclass(frozen=True, slots=True)
class Edit:
    """One value to write: it replaces the scalar at `pointer`, or becomes a new member, placed after key `after`."""

    pointer: str
    value: Value
    after: str | None = None


def replace_scalar(document: Document, pointer: str, value: Value) -> str:
    """Give the text with the scalar at `pointer` replaced; equal data leaves the text as it is.

    Raises GateError where there is no scalar, or the result would not load back to what is intended.
    """
    if not document.has(pointer):
        raise DocumentError(problem(document, pointer, f"{readable(pointer)} is not there to be replaced"))
    return apply_edits(document, [Edit(pointer, value)])


def insert_key(document: Document, parent_pointer: str, key: str, value: Value, after: str | None = None) -> str:
    """Give the text with `key: value` added to a mapping, after the member `after` or at its end.

    Follows the mapping's own style: block or flow, one line or many, its indentation and line ends. Raises GateError
    where there is no such mapping, the key is already there, or the result would not load back to what is intended.
    """
    if document.has(join(parent_pointer, key)):
        raise DocumentError(
            problem(document, join(parent_pointer, key), f"{readable(parent_pointer)} has {key!r} already")
        )
    return apply_edits(document, [Edit(join(parent_pointer, key), value, after)])


def apply_edits(document: Document, edits: Sequence[Edit]) -> str:
    """Give the text with all edits made: values that are there are replaced, members that are absent are added.

    Edits are independent, but for added members: those follow in the order given, so a later one may stand `after`
    an earlier one. The result is loaded again and must equal the intended data; else GateError, and nothing is given.
    """
    intended = copy.deepcopy(document.root)
    for edit in edits:
        intended = _with(intended, edit, document)
    present = [edit for edit in edits if document.has(edit.pointer)]
    edited = _loaded(document, _replaced(document, present))
    for edit in edits:
        if not document.has(edit.pointer):
            edited = _loaded(document, _inserted(edited, edit))
    if _canonical(edited.root) != _canonical(intended):
        raise GateError(f"{document.path}: the edit cannot be written without changing other values")
    return edited.text


def _with(root: Value, edit: Edit, document: Document) -> Value:
    """Make one edit in plain data."""
    parts = split(edit.pointer)
    if not parts:
        return edit.value
    *above, last = parts
    parent = root
    for part in above:
        parent = _member(parent, part, edit, document)
    if isinstance(parent, dict):
        parent[last] = edit.value
    elif isinstance(parent, list) and (index := list_index(last, len(parent))) is not None:
        parent[index] = edit.value
    else:
        raise _no_place(edit, document)
    return root


def _member(parent: Value, part: str, edit: Edit, document: Document) -> Value:
    if isinstance(parent, dict) and part in parent:
        return parent[part]
    if isinstance(parent, list) and (index := list_index(part, len(parent))) is not None:
        return parent[index]
    raise _no_place(edit, document)


def _no_place(edit: Edit, document: Document) -> DocumentError:
    return DocumentError(problem(document, edit.pointer, f"there is no mapping to write {readable(edit.pointer)} in"))


def _loaded(document: Document, text: str) -> Document:
    if text == document.text:
        return document
    try:
        return load(text.encode("utf-8"), document.path, document.limits)
    except UnicodeEncodeError:
        raise GateError(f"{document.path}: a value holds half a surrogate pair, which no file can hold") from None


def _canonical(value: Value) -> str:
    """Tell 1, 1.0 and true apart, which Python calls equal; the order of members is not data."""
    import json  # only an edit pays

    return json.dumps(value, sort_keys=True)


def _replaced(document: Document, edits: Iterable[Edit]) -> str:
    """Replace scalars from the last to the first, so that offsets stay true."""
    text = document.text
    ordered = sorted(edits, key=lambda edit: document.span(edit.pointer).start, reverse=True)
    for edit in ordered:
        present = document.get(edit.pointer)
        if _canonical(present) == _canonical(edit.value):
            continue
        if isinstance(present, dict | list):
            raise DocumentError(problem(document, edit.pointer, f"{readable(edit.pointer)} is no single value"))
        span = document.span(edit.pointer)
        text = text[: span.start] + _scalar_text(document, span.start, span.end, edit.value) + text[span.end :]
    return text


def _scalar_text(document: Document, start: int, end: int, value: Value) -> str:
    if _is_json(document):
        return json_text(value)
    old = document.text[start:end]
    written = yaml_text(value, old[:1] if old[:1] in _QUOTES else "")
    if old:
        # What `|+` keeps after its last line belongs to the value; a line end is still needed.
        return written + (_line_end(document.text) if old.endswith("\n") else "")
    before = document.text[:start].rstrip(" ")
    return f" {written}" if before.endswith((":", "-")) else f": {written}"


def _is_json(document: Document) -> bool:
    return document.path.lower().endswith(".json")


def _line_end(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _inserted(document: Document, edit: Edit) -> str:
    """Add one member to a mapping that exists."""
    *above, key = split(edit.pointer)
    parent = join("", *above)
    members = document.get(parent)
    if not isinstance(members, dict):
        raise _no_place(edit, document)
    if edit.after is not None and edit.after not in members:
        raise DocumentError(problem(document, parent, f"{readable(parent)} has no {edit.after!r} to write after"))
    entry = _entry_text(document, parent, key, edit.value)
    start = document.span(parent).start
    is_flow = document.text.startswith("{", start)
    if not members:
        return document.text[: start + 1] + entry + document.text[start + 1 :]
    neighbour = join(parent, edit.after if edit.after is not None else list(members)[-1])
    return _after_flow(document, neighbour, entry) if is_flow else _after_block(document, neighbour, entry)


def _entry_text(document: Document, parent: str, key: str, value: Value) -> str:
    if _is_json(document):
        return f"{json_text(key)}: {json_text(value)}"
    members = document.get(parent)
    first = next(iter(members), "") if isinstance(members, dict) else ""
    neighbour = join(parent, first)
    style = document.text[document.key_span(neighbour).start] if document.has(neighbour) else ""
    return f"{yaml_text(key, style if style in _QUOTES else None)}: {yaml_text(value)}"


def _after_block(document: Document, neighbour: str, entry: str) -> str:
    """Start a line below the neighbour's last one, at the neighbour's indentation."""
    text, line_end = document.text, _line_end(document.text)
    end = document.span(neighbour).end
    indentation = " " * (document.key_span(neighbour).column - 1)
    at = text.find("\n", max(end - 1, 0) if text[end - 1 : end] == "\n" else end)
    if at < 0:
        return f"{text}{line_end}{indentation}{entry}"
    return f"{text[: at + 1]}{indentation}{entry}{line_end}{text[at + 1 :]}"


def _after_flow(document: Document, neighbour: str, entry: str) -> str:
    """Stay in the neighbour's line, or below it where each member has a line of its own; comments stay in place."""
    text = document.text
    end = document.span(neighbour).end
    key_start = document.key_span(neighbour).start
    line_start = text.rfind("\n", 0, key_start) + 1
    comma = _NEXT_COMMA.match(text, end)
    rest = _REST_IS_BLANK.match(text, comma.end() if comma else end)
    if rest is None or text[line_start:key_start].strip():
        return f"{text[:end]}, {entry}{text[end:]}"
    below = f"{_line_end(text)}{text[line_start:key_start]}{entry}"
    if comma:
        return f"{text[: rest.end()]}{below},{text[rest.end() :]}"
    return f"{text[:end]},{text[end : rest.end()]}{below}{text[rest.end() :]}"
