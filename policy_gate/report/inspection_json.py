"""An inspection for machines: one line of canonical JSON, the same bytes for the same model everywhere."""

from __future__ import annotations

from policy_gate.inspected import Inspected
from policy_gate.record import as_tree, canonical
from policy_gate.report.escaping import safe_json


def render_inspection_json(inspected: Inspected) -> str:
    """One line of canonical JSON, harmful characters as escapes; InternalError for what JSON has no form for."""
    return safe_json(canonical(as_tree(inspected))) + "\n"
