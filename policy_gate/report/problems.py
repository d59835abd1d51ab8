"""Problems as lines of `file:line:column: message`, harmless on a terminal."""

from __future__ import annotations

from collections.abc import Iterable

from policy_gate.errors import Problem
from policy_gate.report.escaping import safe


def render_problems(problems: Iterable[Problem]) -> str:
    """One line a problem, an indented line for its hint."""
    lines: list[str] = []
    for problem in problems:
        place = ":".join([safe(problem.path), *(str(n) for n in (problem.line, problem.column) if n)])
        lines.append(f"{place}: {safe(problem.message)}" if problem.path else f"policy-gate: {safe(problem.message)}")
        if problem.hint:
            lines.append(f"  {safe(problem.hint)}")
    return "".join(f"{line}\n" for line in lines)
