"""What a comment's hidden marker says: by it the tests know comments apart, as the command does."""

from __future__ import annotations

from policy_gate.publication import read_marker


def finding_marks(body: str) -> list[str]:
    """The finding that a line comment is about; none where it has no marker."""
    found = read_marker(body).get("finding")
    return [found] if found else []
