"""Reads records back quickly, as strict as `record.decode_record`: what is no record to the last key is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date
from typing import cast

from policy_gate.engine.judging import fold
from policy_gate.engine.strict import Read, class_reader, reader_of
from policy_gate.errors import DocumentError
from policy_gate.frozen import dataclass
from policy_gate.model import Fact, Record
from policy_gate.record import ENVELOPE, SCHEMA, canonical

_SHOWN_CHARS = 160
_DAY_CHARS = 10
_HALF_PAIR = re.compile(r"\\u[dD][89a-fA-F]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """What one JSON document holds: trees of records, and how many problems its run could not judge past."""

    records: tuple[object, ...]
    is_report: bool = False
    unjudged: int = 0


class RecordReader:
    """Reads records whose facts are of known types; built once, since building costs more than reading."""

    def __init__(self, fact_types: Mapping[str, type[Fact]]) -> None:
        """Take the fact types of a catalogue."""
        self._facts: dict[str, Read] = {}
        self._types = fact_types
        facts = {"facts": self._read_facts, "base_facts": self._read_facts}
        self._read = class_reader(Record, facts)

    def read(self, tree: object) -> Record:
        """One record from the tree `parse_document` gives; raises DocumentError when it is none.

        Refused beside wrong types, unknown keys and unknown facts: another schema, a day that is none, and a verdict
        that its own judgements do not give.
        """
        schema = tree.get("schema") if isinstance(tree, dict) else None
        if schema != SCHEMA:
            said = f"'{_short(schema)}'" if isinstance(schema, str) else "not there"
            raise DocumentError(f"not a record of policy-gate: its schema is {said}, and {SCHEMA} is read")
        try:
            record = cast("Record", self._read(tree))  # the reader was made for this class
        except (ValueError, RecursionError) as error:
            raise DocumentError(f"not a record of policy-gate: {_short(str(error))}") from None
        _check_day(record.today)
        verdict = fold(record.judgements)
        if record.verdict is not verdict:
            message = f"its verdict is {record.verdict.value}, and its judgements say {verdict.value}"
            raise DocumentError(f"not what policy-gate wrote: {message}")
        return record

    def _read_facts(self, given: object) -> tuple[Fact, ...]:
        if type(given) is not list:
            raise ValueError(" is no list")
        return tuple([self._read_fact(position, one) for position, one in enumerate(given)])

    def _read_fact(self, position: int, given: object) -> Fact:
        name = given.get("fact") if isinstance(given, dict) else None
        read = self._facts.get(name) if isinstance(name, str) else None
        if read is None:
            kind: type | None = self._types.get(name) if isinstance(name, str) else None
            if kind is None or not isinstance(name, str):
                raise ValueError(f"/{position}: there is no fact type {name!r}")
            read = self._facts[name] = reader_of(kind, "fact")
        try:
            fact: Fact = read(given)
        except ValueError as error:
            raise ValueError(f"/{position}{error}") from None
        return fact


def _check_day(today: str) -> None:
    """A day decides which rules and waivers are in force; what is no day must not decide."""
    try:
        is_day = len(today) == _DAY_CHARS and date.fromisoformat(today).isoformat() == today
    except ValueError:
        is_day = False
    if not is_day:
        raise DocumentError(f"not what policy-gate wrote: it was judged on '{_short(today)}', which is no day")


def parse_document(content: bytes) -> object:
    """Parse one JSON document; DocumentError for repeated keys, NaN, what is no UTF-8, and nesting without end."""
    try:
        text = content.decode("utf-8")
        tree: object = _DECODER.decode(text)
        if _HALF_PAIR.search(text):
            canonical(tree).encode("utf-8")  # half a surrogate pair is no text, and could not be written again
    except RecursionError:
        raise DocumentError("no JSON that can be read: it is nested too deeply") from None
    except ValueError as error:
        raise DocumentError(f"no JSON that can be read: {_short(str(error))}") from None
    return tree


def bundle_of(tree: object) -> Bundle:
    """The records of a report of `check --format json`, or the one record that a document is."""
    if not isinstance(tree, dict) or tree.get("schema") != ENVELOPE:
        return Bundle(records=(tree,))
    records, problems = tree.get("records"), tree.get("problems")
    if not isinstance(records, list) or not isinstance(problems, list) or set(tree) - _ENVELOPE_KEYS:
        raise DocumentError(f"not a report of policy-gate, though its schema is {ENVELOPE}")
    return Bundle(records=tuple(records), is_report=True, unjudged=len(problems))


def canonical_bytes(tree: object) -> bytes:
    """The bytes of a tree as a record is written; DocumentError where it is nested too deeply to be written."""
    try:
        return canonical(tree).encode("utf-8")
    except RecursionError:
        raise DocumentError("no JSON that can be read: it is nested too deeply") from None


_ENVELOPE_KEYS = {"exit_code", "policy", "problems", "records", "schema"}


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is no number of JSON")


def _once_each(pairs: list[tuple[str, object]]) -> dict[str, object]:
    tree = dict(pairs)
    if len(tree) != len(pairs):
        raise ValueError("a key is given twice")
    return tree


def _finite(text: str) -> float:
    number = float(text)
    if number - number != 0:
        raise ValueError(f"{_short(text)} is beyond every number")
    return number


_DECODER = json.JSONDecoder(object_pairs_hook=_once_each, parse_constant=_refuse_constant, parse_float=_finite)


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}…"
