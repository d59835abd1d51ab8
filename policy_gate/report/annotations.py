"""The format `github`: findings as commands of GitHub's runner, which shows them at lines of the pull request."""

from __future__ import annotations

from collections.abc import Sequence

from policy_gate.errors import Problem
from policy_gate.overview import Overview
from policy_gate.report.escaping import clip, command_data, command_property
from policy_gate.report.findings import (
    Finding,
    Level,
    Spot,
    annotated_message,
    counted,
    findings,
    problem_message,
    problem_spot,
)

MAX_SHOWN = 10
"""Of each level that GitHub shows of one step; it drops the rest without a word, in the order of printing."""
MAX_TITLE = 255
MAX_MESSAGE = 4000
"""Characters; the runner cuts a message after 4,096 (actions/runner, ExecutionContext)."""
COMMANDS = {Level.FAILURE: "error", Level.WARNING: "warning", Level.NOTICE: "notice"}
UNJUDGED = "could not be judged"


def render_annotations(overview: Overview) -> str:
    """One command a line, what fails first; "" where there is nothing to say.

    At most 10 errors, 10 warnings and 10 notices; where some are left out, the last notice counts them.
    """
    found = findings(overview)
    by_level = {level: [_finding(one) for one in found if one.level is level] for level in Level}
    by_level[Level.FAILURE][:0] = [_problem(one) for one in overview.problems]
    shown = {level: commands[:MAX_SHOWN] for level, commands in by_level.items()}
    if any(len(shown[level]) < len(commands) for level, commands in by_level.items()):
        shown[Level.NOTICE] = shown[Level.NOTICE][: MAX_SHOWN - 1]
        shown[Level.NOTICE].append(_left_out({level: len(by_level[level]) - len(shown[level]) for level in Level}))
    return "".join(f"{command}\n" for commands in shown.values() for command in commands)


def _left_out(numbers: dict[Level, int]) -> str:
    """The command that counts what is left out; each level with some is named."""
    words = [counted(number, COMMANDS[level]) for level, number in numbers.items() if number]
    message = f"{_listed(words)} not shown here: GitHub shows {MAX_SHOWN} of each kind of one step. The report has all."
    return _command("notice", Spot(), f"{counted(sum(numbers.values()), 'more finding')}", message)


def _listed(words: Sequence[str]) -> str:
    """Words as a list in a sentence."""
    start = ", ".join(words[:-1])
    return f"{start} and {words[-1]} are" if start else f"{words[-1]} {'is' if words[-1].startswith('1 ') else 'are'}"


def _problem(problem: Problem) -> str:
    spot = problem_spot(problem)
    return _command("error", spot, UNJUDGED, problem_message(problem, spot))


def _finding(finding: Finding) -> str:
    title = f"{finding.judgement.rule} {finding.judgement.title}"
    return _command(COMMANDS[finding.level], finding.spot, title, annotated_message(finding))


def _command(name: str, spot: Spot, title: str, message: str) -> str:
    """One command; a place without a line is line 1, since GitHub shows nothing at the file otherwise."""
    properties: dict[str, str] = {}
    if spot.path:
        line = max(1, spot.line)
        properties |= {"file": spot.path, "line": str(line), "endLine": str(max(line, spot.end_line))}
        if spot.column:
            properties |= {"col": str(spot.column), "endColumn": str(max(spot.column, spot.end_column - 1))}
    properties["title"] = clip(title, MAX_TITLE)
    written = ",".join(f"{key}={command_property(value)}" for key, value in properties.items())
    return f"::{name} {written}::{command_data(clip(message, MAX_MESSAGE))}"
