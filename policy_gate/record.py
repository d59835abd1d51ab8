"""Records as canonical JSON and back: the same record gives the same bytes everywhere."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, TypeVar, cast

from policy_gate.errors import DocumentError
from policy_gate.model import Fact, Record

if TYPE_CHECKING:
    from pydantic import TypeAdapter

T = TypeVar("T")

ENVELOPE = "policy-gate/report/v1alpha1"


def canonical(tree: object) -> str:
    """JSON with sorted keys, no spaces, UTF-8 text kept, NaN and infinity refused."""
    return json.dumps(tree, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def as_tree(value: object) -> object:
    """Turn frozen data into plain dicts and lists; a fact carries its type's name under `fact`."""
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        tree = {name: as_tree(getattr(value, name)) for name in _field_names(type(value))}
        return {"fact": value.name, **tree} if isinstance(value, Fact) else tree
    if isinstance(value, Mapping):
        return {str(key): as_tree(one) for key, one in value.items()}
    if isinstance(value, Sequence):
        return [as_tree(one) for one in value]
    raise TypeError(f"{type(value).__name__} has no place in a record")


@cache
def _field_names(kind: type) -> tuple[str, ...]:
    return tuple(one.name for one in fields(kind))


def encode_record(record: Record) -> str:
    """One record as canonical JSON."""
    return canonical(as_tree(record))


def decode_record(text: str | bytes, fact_types: Mapping[str, type[Fact]]) -> Record:
    """Read a record back, every fact as its own type; raises DocumentError when it is no record."""
    from dataclasses import replace

    from pydantic import ValidationError

    try:
        tree = json.loads(text)
        facts = tree.pop("facts")
        record = _adapter(Record).validate_json(json.dumps({**tree, "facts": []}))
        decoded = tuple(_decode_fact(one, fact_types) for one in facts)
    except (ValueError, KeyError, TypeError, AttributeError, ValidationError) as error:
        raise DocumentError(f"not a record of policy-gate: {error}") from error
    return replace(record, facts=decoded)


def _decode_fact(tree: dict[str, object], fact_types: Mapping[str, type[Fact]]) -> Fact:
    kind = fact_types[str(tree["fact"])]
    content = {key: one for key, one in tree.items() if key != "fact"}
    return _adapter(kind).validate_json(json.dumps(content))


_adapters: dict[type, object] = {}


def _adapter(kind: type[T]) -> TypeAdapter[T]:
    """Building an adapter costs milliseconds, so that each type builds it once."""
    from pydantic import TypeAdapter

    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    return cast("TypeAdapter[T]", _adapters[kind])  # the table holds each type's own adapter
