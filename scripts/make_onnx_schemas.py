"""Writes the table of ONNX operators that the fingerprint needs: since which opset, and attribute defaults."""

from __future__ import annotations

import json
from pathlib import Path

import onnx  # this script is the table's source
from onnx import defs, helper

TARGET = Path(__file__).resolve().parents[1] / "policy_gate" / "model_graph" / "onnx_schemas.json"


def plain(value: object) -> object:
    """Turn an attribute's default into what JSON holds."""
    if isinstance(value, bytes):
        return value.decode("utf-8")
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, (int, float, str)):
        return value
    raise TypeError(f"no spelling for a default of type {type(value).__name__}")


def defaults(schema: defs.OpSchema) -> dict[str, object]:
    """Collect the defaults of one schema by attribute name."""
    found = {}
    for name, attribute in sorted(schema.attributes.items()):
        if attribute.default_value.type:
            found[name] = plain(helper.get_attribute_value(attribute.default_value))
    return found


def table() -> dict[str, dict[str, list[tuple[int, dict[str, object]]]]]:
    """Collect every schema: domain, operator, then [since_version, defaults] in ascending order."""
    collected: dict[str, dict[str, list[tuple[int, dict[str, object]]]]] = {}
    for schema in sorted(defs.get_all_schemas_with_history(), key=lambda s: (s.domain, s.name, s.since_version)):
        versions = collected.setdefault(schema.domain, {}).setdefault(schema.name, [])
        versions.append((schema.since_version, defaults(schema)))
    return collected


def main() -> None:
    """Write the table beside the code that reads it: a line for each operator, so that a diff reads well."""
    collected = table()
    newest = {domain: max(rows[-1][0] for rows in operators.values()) for domain, operators in collected.items()}
    newest[""] = defs.onnx_opset_version()
    made_by = f"scripts/make_onnx_schemas.py with onnx {onnx.__version__}"
    parts = [f' "made_by": {json.dumps(made_by)}', f' "newest": {json.dumps(newest)}']
    for domain, operators in collected.items():
        rows = ",\n".join(f"  {json.dumps(op)}: {json.dumps(versions)}" for op, versions in operators.items())
        parts.append(f" {json.dumps('domain:' + domain)}: {{\n{rows}\n }}")
    TARGET.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
