"""Looks up ONNX operators in the committed table: the version that last changed them, and attribute defaults."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any


@cache
def _table() -> dict[str, Any]:  # Any: JSON made by scripts/make_onnx_schemas.py
    """Load the table once."""
    import json
    import pkgutil

    found: dict[str, Any] = json.loads(pkgutil.get_data(__name__, "onnx_schemas.json") or "{}")
    return found


def operator_versions() -> tuple[tuple[str, str, int], ...]:
    """Return domain ("" is ai.onnx), operator and `since_version` of every schema in the table, in its order."""
    return tuple(
        (key.removeprefix("domain:"), op, since)
        for key, operators in _table().items()
        if key.startswith("domain:")
        for op, versions in operators.items()
        for since, _ in versions
    )


@cache
def schema(domain: str, op: str, opset: int) -> tuple[int, Mapping[str, object]]:
    """Return an operator's `since_version` under an opset and its attribute defaults by name.

    An operator or an opset that the table does not know answers with the opset itself and no defaults: two
    opsets are then told apart, never taken for the same.
    """
    table = _table()
    versions = table.get(f"domain:{domain}", {}).get(op, [])
    if opset > table["newest"].get(domain, 0):
        return opset, {}
    fitting = [(since, defaults) for since, defaults in versions if since <= opset]
    if not fitting:
        return opset, {}
    since, defaults = fitting[-1]
    return since, {name: tuple(held) if isinstance(held, list) else held for name, held in defaults.items()}
