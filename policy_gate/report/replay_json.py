"""What-if for machines: everything one replay found as one line of canonical JSON."""

from __future__ import annotations

from policy_gate.record import as_tree, canonical
from policy_gate.replayed import Replayed
from policy_gate.report.escaping import safe_json


def render_replay_json(replayed: Replayed) -> str:
    """One line of canonical JSON, harmful characters as escapes; InternalError for what JSON has no form for."""
    return safe_json(canonical(as_tree(replayed))) + "\n"
