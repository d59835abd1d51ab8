"""The machine format: every record of a run as canonical JSON, with what could not be judged."""

from __future__ import annotations

from collections.abc import Sequence

from policy_gate.errors import Problem
from policy_gate.model import Record
from policy_gate.record import ENVELOPE, as_tree, canonical
from policy_gate.report.safe import safe_json


def render_json(records: Sequence[Record], problems: Sequence[Problem], exit_code: int) -> str:
    """One line of canonical JSON: `records`, `problems`, `exit_code`; harmful characters stand as escapes.

    Raises InternalError when a record holds NaN, an infinity or a value that JSON has no form for.
    """
    tree = {
        "schema": ENVELOPE,
        "records": [as_tree(record) for record in records],
        "problems": [as_tree(problem) for problem in problems],
        "exit_code": exit_code,
    }
    return safe_json(canonical(tree)) + "\n"
