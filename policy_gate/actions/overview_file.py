"""The overview of a run as a file and back: canonical JSON, read as strictly as a record since anybody can write it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import cast

from policy_gate.actions.runner import is_oid, is_repository, is_url
from policy_gate.catalogue import fact_types
from policy_gate.engine.judging import fold
from policy_gate.engine.record_reading import RecordReader, parse_document
from policy_gate.engine.strict import Read, class_reader, reader_of
from policy_gate.errors import DocumentError
from policy_gate.model import Preview
from policy_gate.overview import Links, Overview, Suggestion
from policy_gate.record import as_tree, canonical
from policy_gate.review import SCHEMA as REVIEW_SCHEMA
from policy_gate.review import PolicyChange, PolicyReview

SCHEMA = "policy-gate/overview/v1alpha1"
MAX_BYTES = 20 * 1024 * 1024
MAX_DEPTH = 100
MAX_VALUES = 3_000_000
"""Commas and brackets: what bounds the memory that reading takes."""
LEFT_OUT = "facts and claims are not in the overview, which would be too large with them"

# A string that does not end is one too: no place in the text is looked at twice.
_STRUCTURE = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)


def encode_overview(overview: Overview) -> str:
    """One line of canonical JSON; a record's facts and claims stay out, and a note says so, where it is too large.

    DocumentError where it is too large even so.
    """
    text = _encoded(overview)
    if _size(text) > MAX_BYTES:
        records = tuple(replace(one, facts=(), base_facts=(), claims={}, base_claims={}) for one in overview.records)
        text = _encoded(replace(overview, records=records, notes=(*overview.notes, LEFT_OUT)))
    if _size(text) > MAX_BYTES:
        raise DocumentError(f"the overview has {_size(text)} bytes, and at most {MAX_BYTES} are read again")
    return text


def _encoded(overview: Overview) -> str:
    tree = as_tree(overview)
    return canonical({**tree, "schema": SCHEMA}) + "\n" if isinstance(tree, dict) else ""


def _size(text: str) -> int:
    return len(text.encode("utf-8", "backslashreplace"))


def decode_overview(content: bytes) -> Overview:
    """Read an overview; DocumentError for everything that `encode_overview` does not write.

    Beside wrong types, unknown keys and unknown facts, that is a verdict its own judgements do not give, a link that
    is none, and more than the limits above.
    """
    _check_bounds(content)
    tree = parse_document(content)
    if not isinstance(tree, dict) or tree.get("schema") != SCHEMA:
        raise DocumentError(f"this is no overview of policy-gate: its schema is not {SCHEMA}")
    given = {key: one for key, one in tree.items() if key != "schema"}
    try:
        overview = cast("Overview", _reader()(given))  # the reader was made for this class
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"this is no overview of policy-gate: {str(error)[:200]}") from None
    _check(overview)
    return overview


def _check_bounds(content: bytes) -> None:
    if len(content) > MAX_BYTES:
        raise DocumentError(f"the overview has more than {MAX_BYTES} bytes")
    if sum(content.count(mark) for mark in (b",", b"[", b"{")) > MAX_VALUES:
        raise DocumentError(f"the overview holds more than {MAX_VALUES} values")
    depth = 0
    for found in _STRUCTURE.finditer(content):
        mark = found[0][:1]
        depth += 1 if mark in b"[{" else -1 if mark in b"]}" else 0
        if depth > MAX_DEPTH:
            raise DocumentError(f"the overview is nested deeper than {MAX_DEPTH}")


def _reader() -> Read:
    record = RecordReader(fact_types())
    review = class_reader(PolicyReview, {"changes": _each(_change), "previews": _previews})
    own: dict[str, Read] = {
        "records": _each(record.read),
        "review": lambda given: None if given is None else review(given),
    }
    return class_reader(Overview, own)


def _each(read_one: Callable[[object], object]) -> Read:
    def read(given: object) -> tuple[object, ...]:
        if type(given) is not list:
            raise ValueError(" is no list")
        return tuple(map(read_one, given))

    return read


def _change(given: object) -> object:
    if not isinstance(given, dict) or given.get("fact") != PolicyChange.name:
        raise ValueError(f" is no {PolicyChange.name}")
    return reader_of(PolicyChange, "fact")(given)


def _previews(given: object) -> dict[str, Preview]:
    if type(given) is not dict:
        raise ValueError(" is no object")
    return {name: reader_of(Preview)(one) for name, one in given.items()}


def _check(overview: Overview) -> None:
    """Hold what the types cannot say."""
    faults = [
        *_link_faults(overview.links),
        *("a suggestion is of no line" for one in overview.suggestions if not 0 < one.start_line <= one.end_line),
        *("a suggestion does not hold its lines" for one in overview.suggestions if _lines_are_off(one)),
    ]
    if overview.exit_code not in range(4):
        faults.append(f"there is no exit code {overview.exit_code}")
    if overview.problems and overview.exit_code < 2:
        faults.append("something could not be judged, and its exit code says otherwise")
    review = overview.review
    if review is not None and (review.schema != REVIEW_SCHEMA or review.verdict is not fold(review.judgements)):
        faults.append("its review of the policy does not follow from its own judgements")
    if faults:
        raise DocumentError(f"not what policy-gate wrote: {faults[0]}")


def _lines_are_off(suggestion: Suggestion) -> bool:
    held = suggestion.end_line - suggestion.start_line + 1
    has_ends = any("\n" in line for line in (*suggestion.before, *suggestion.after))
    return held != len(suggestion.before) or has_ends


def _link_faults(links: Links) -> list[str]:
    faults = []
    if links.server and not is_url(links.server):
        faults.append("its server is no address")
    if links.repository and not is_repository(links.repository):
        faults.append("its repository is none")
    if links.run and not is_url(links.run):
        faults.append("its run is no address")
    if any(oid and not is_oid(oid) for oid in (links.head, links.base)):
        faults.append("its head or base is no object id")
    return faults
