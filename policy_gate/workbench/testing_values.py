"""Values of a test file put into a record: plain data edited by pointer, facts read back by the reader of records."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace

from policy_gate.document import Document, join, problem, split
from policy_gate.document.pointer import list_index
from policy_gate.errors import DocumentError, PolicyError
from policy_gate.frozen import dataclass
from policy_gate.model import Fact, Record
from policy_gate.record import as_tree, decode_record

DELETED = "~delete"
"""The value of a claim that is taken out."""
SHOWN = 8
_NOTHING = object()


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a patch is written, and what facts may be; `shell` is a record without facts, to read one fact by."""

    document: Document
    fact_types: Mapping[str, type[Fact]]
    shell: Mapping[str, object]

    def refuse(self, pointer: str, message: str, hint: str = "") -> PolicyError:
        """A problem at a place of the test file."""
        return PolicyError(problem(self.document, pointer, message, hint))


def shell_of(record: Record) -> Mapping[str, object]:
    """A record as plain data, without anything that a fact could be mistaken for."""
    bare = replace(
        record,
        claims={},
        facts=(),
        missing=(),
        judgements=(),
        base_claims={},
        base_facts=(),
        base_missing=(),
        inputs=(),
        preview=None,
    )
    tree = as_tree(bare)
    return tree if isinstance(tree, dict) else {}


def put(tree: object, at: str, given: object, desk: Desk, pointer: str, *, grows: bool = True) -> None:
    """Write one value inside plain data, or take one out.

    With `grows` a mapping may get a new key and a list a new last entry, as `-`. Raises PolicyError where the parent
    is not there, or the key cannot be.
    """
    *above, last = split(at) or ("",)
    parent = tree
    for depth, part in enumerate(above):
        parent = _below(parent, part)
        if parent is _NOTHING:
            raise desk.refuse(pointer, f"there is nothing at '{join('', *above[: depth + 1])}' to change")
    there = _below(parent, last) is not _NOTHING
    if grows and given == DELETED and not (at and there):
        raise desk.refuse(pointer, f"there is nothing at '{at}' to take out")
    if isinstance(parent, list) and (there or (grows and last == "-")):
        _put_in_list(parent, last, given, deletes=grows and given == DELETED)
    elif isinstance(parent, dict) and at and (there or grows):
        if grows and given == DELETED:
            del parent[last]
        else:
            parent[last] = given
    else:
        known = f"known: {some(sorted(parent))}" if isinstance(parent, dict) else ""
        raise desk.refuse(pointer, f"there is nothing at '{at}' to change", known)


def _put_in_list(parent: list[object], last: str, given: object, *, deletes: bool) -> None:
    if last == "-":
        parent.append(given)
    elif deletes:
        del parent[int(last)]
    else:
        parent[int(last)] = given


def _below(parent: object, part: str) -> object:
    if isinstance(parent, dict):
        return parent.get(part, _NOTHING)
    if isinstance(parent, list) and (index := list_index(part, len(parent))) is not None:
        return parent[index]
    return _NOTHING


def decoded(tree: object, desk: Desk, pointer: str) -> Fact:
    """A fact out of plain data, by the reader of records: nothing is converted and nothing left out.

    Raises PolicyError at the field that is wrong.
    """
    # Through text: what a test file says is held to what a record can say.
    text = json.dumps({**desk.shell, "facts": [tree]})
    try:
        return decode_record(text, desk.fact_types).facts[0]
    except DocumentError as error:
        name, message = _fault(error)
        at = join(pointer, name)
        raise desk.refuse(at if desk.document.has(at) else pointer, message) from error


def _fault(error: DocumentError) -> tuple[str, str]:
    """The field that is wrong, and why, out of what the reader of records says."""
    from pydantic import ValidationError

    if isinstance(error.__cause__, ValidationError):
        first = error.__cause__.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        said = f"{first['msg'][:1].lower()}{first['msg'][1:]}"
        return str(first["loc"][0]) if first["loc"] else "", f"the fact's {where}: {said}" if where else said
    return "", error.problems[0].message.removeprefix("not a record of policy-gate: ")


def some(names: Iterable[object]) -> str:
    """A few names, and how many more there are."""
    listed = [str(one) for one in names]
    more = len(listed) - SHOWN
    return ", ".join(listed[:SHOWN]) + (f" and {more} more" if more > 0 else "")
