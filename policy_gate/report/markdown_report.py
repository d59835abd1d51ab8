"""The format `markdown`: one document that says everything a run found."""

from __future__ import annotations

from policy_gate.overview import Overview
from policy_gate.report.escaping import utf8_bytes
from policy_gate.report.fitting import fitted
from policy_gate.report.summary import parts_of

MAX_BYTES = 16 * 1024 * 1024
"""More than anybody renders; 5,000 findings with all their words take a third of it."""


def render_markdown(overview: Overview) -> str:
    """A document in GitHub-flavoured Markdown, with the verdict as its title."""
    return fitted(parts_of(overview, heading=1), MAX_BYTES, utf8_bytes)
