"""The machine format: every record of a run as canonical JSON, with what could not be judged."""

from __future__ import annotations

from collections.abc import Sequence

from policy_gate.errors import Problem
from policy_gate.model import Record
from policy_gate.record import ENVELOPE, as_tree, canonical, encode_record
from policy_gate.report.escaping import safe_json
from policy_gate.review import PolicyReview


def render_json(records: Sequence[Record], problems: Sequence[Problem], exit_code: int) -> str:
    """One line of canonical JSON: `records`, `policy`, `problems`, `exit_code`; harmful characters stand as escapes.

    Raises InternalError when a record holds NaN, an infinity or a value that JSON has no form for.
    """
    return join_json([encode_record(record) for record in records], problems, exit_code)


def join_json(
    encoded: Sequence[str], problems: Sequence[Problem], exit_code: int, policy: PolicyReview | None = None
) -> str:
    """As `render_json`, of records that are encoded already; `policy` is null where nothing that judges is changed."""
    parts = {"problems": [as_tree(one) for one in problems], "policy": as_tree(policy), "exit_code": exit_code}
    rest = canonical(parts)
    # Keys stay sorted: exit_code, policy, problems, records, schema.
    return safe_json(f'{rest[:-1]},"records":[{",".join(encoded)}],"schema":{canonical(ENVELOPE)}}}') + "\n"
