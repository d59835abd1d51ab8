"""Records as canonical JSON and back: the same record gives the same bytes everywhere."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, TypeVar, cast

from policy_gate.errors import DocumentError, InternalError
from policy_gate.model import Fact, Record

if TYPE_CHECKING:
    from pydantic import TypeAdapter

T = TypeVar("T")

ENVELOPE = "policy-gate/report/v1alpha1"
SCHEMA = "policy-gate/record/v1alpha1"


def canonical(tree: object) -> str:
    """JSON with sorted keys, no spaces, UTF-8 text kept; InternalError for NaN and infinity, which JSON has not."""
    try:
        return json.dumps(tree, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except ValueError as error:
        raise InternalError(f"a record holds a number that JSON has no form for: {error}") from error


def as_tree(value: object) -> object:
    """Turn frozen data into plain dicts and lists; a fact carries its type's name under `fact`.

    Raises InternalError for a value that has no place in a record.
    """
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str):
        return _carried(value)
    if value is None or isinstance(value, (int, float)):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return _fields_as_tree(value)
    if isinstance(value, Mapping):
        return {_carried(str(key)): as_tree(one) for key, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray, memoryview)):
        return [as_tree(one) for one in value]
    raise InternalError(f"{type(value).__name__} has no place in a record")


def _fields_as_tree(value: object) -> dict[str, object]:
    tree: dict[str, object] = {"fact": value.name} if isinstance(value, Fact) else {}
    kind: type = type(value)
    for name, is_float in _field_names(kind):
        one = as_tree(getattr(value, name))
        # 5 and 5.0 are equal, and would be written differently after the record was read back.
        tree[name] = float(one) if is_float and isinstance(one, int) else one
    return tree


def _carried(text: str) -> str:
    """Text that UTF-8 can carry: half a surrogate pair, as in a name that is no text, stands as an escape."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


@cache
def _field_names(kind: type) -> tuple[tuple[str, bool], ...]:
    """Names of the fields of a dataclass, each with whether it holds a float (annotations are text in this project)."""
    return tuple((one.name, one.type in ("float", float)) for one in fields(kind))


def encode_record(record: Record) -> str:
    """One record as canonical JSON; InternalError as `canonical` and `as_tree`."""
    return canonical(as_tree(record))


def decode_record(text: str | bytes, fact_types: Mapping[str, type[Fact]]) -> Record:
    """Read a record back, every fact as its own type; raises DocumentError when it is no record.

    Nothing is converted and nothing left out: a repeated or unknown key, NaN and a wrong type are refused.
    """
    from pydantic import ValidationError  # a run that reads no record back does not pay

    try:
        tree = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_once_each)
        if not isinstance(tree, dict) or tree.get("schema") != SCHEMA:
            raise DocumentError(f"not a record of policy-gate: its schema is not {SCHEMA}")
        facts = tuple(_decode_fact(one, fact_types) for one in tree["facts"])
        base_facts = tuple(_decode_fact(one, fact_types) for one in tree["base_facts"])
        record = _decode(Record, {**tree, "facts": [], "base_facts": []})
        record = replace(record, facts=facts, base_facts=base_facts)
        _hold_all(as_tree(record), tree, "")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, ValidationError) as error:
        raise DocumentError(f"not a record of policy-gate: {error}") from error
    return record


def _decode_fact(tree: dict[str, object], fact_types: Mapping[str, type[Fact]]) -> Fact:
    kind = fact_types.get(str(tree["fact"]))
    if kind is None:
        raise ValueError(f"there is no fact type {str(tree['fact'])!r}")
    return _decode(kind, {key: one for key, one in tree.items() if key != "fact"})


def _decode(kind: type[T], tree: object) -> T:
    # Through text, since pydantic takes lists for tuples and words for enums only from JSON.
    return _adapter(kind).validate_json(json.dumps(tree), strict=True)


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is no number of JSON")


def _once_each(pairs: list[tuple[str, object]]) -> dict[str, object]:
    tree = dict(pairs)
    if len(tree) != len(pairs):
        raise ValueError("a key is given twice")
    return tree


def _hold_all(held: object, given: object, where: str) -> None:
    """Raise ValueError where something given is not held: what a reader drops, no reader has judged."""
    if isinstance(held, dict) and isinstance(given, dict):
        for key, one in given.items():
            if key not in held:
                raise ValueError(f"{where}/{key} is not known")
            _hold_all(held[key], one, f"{where}/{key}")
    elif isinstance(held, list) and isinstance(given, list) and len(held) == len(given):
        for position, one in enumerate(given):
            _hold_all(held[position], one, f"{where}/{position}")
    elif held != given:
        raise ValueError(f"{where} is not what it was read as")


_adapters: dict[type, object] = {}


def _adapter(kind: type[T]) -> TypeAdapter[T]:
    """Building an adapter costs milliseconds, so that each type builds it once."""
    from pydantic import TypeAdapter

    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    return cast("TypeAdapter[T]", _adapters[kind])  # the table holds each type's own adapter
