"""The job without a token: the verdict, then log, annotations, summary, outputs and files, which cannot change it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

from policy_gate.actions.inputs import Inputs, read_inputs
from policy_gate.actions.judging import Run, judge_event, unjudged
from policy_gate.actions.log import plain_lines, short_lines
from policy_gate.actions.runner import Runner, files_of_runner, read_runner
from policy_gate.actions.sinks import leave
from policy_gate.errors import GateError

Say = Callable[[str], None]
"""Prints one line to the log."""


def run_job(environment: Mapping[str, str], start: Path, today: date, say: Say) -> int:
    """Judge, tell it everywhere, and return the exit code of the verdict: nothing that is told can change it."""
    inputs, runner = Inputs(), files_of_runner(environment)
    try:
        runner = read_runner(environment)
        inputs = read_inputs(environment)
    except GateError as error:
        run = Run(overview=unjudged(inputs, runner, error.problems, error.exit_code))
    else:
        run = judge_event(environment, inputs, runner, start, today)
    tell(run, inputs, runner, say)
    return run.overview.exit_code


def tell(run: Run, inputs: Inputs, runner: Runner, say: Say) -> None:
    """The log first, then annotations, then everything that is written to files; what fails is said."""
    for line in _log(run):
        say(line)
    if inputs.annotations:
        for line in _annotations(run):
            say(line)
    left = leave(run.overview, inputs, runner)
    for line in plain_lines([*left.failures, *_where(left.outputs)]):
        say(line)


def _log(run: Run) -> list[str]:
    """All lines at once: half a report would leave the runner's commands switched off."""
    from policy_gate.actions.log import log_lines

    try:
        return list(log_lines(run.overview, run.source_line))
    except Exception as error:  # noqa: BLE001  # a report that crashes must not take the verdict with it
        return list(short_lines(run.overview, f"the report could not be made: {type(error).__name__}: {error}"))


def _annotations(run: Run) -> list[str]:
    from policy_gate.report.annotations import render_annotations

    try:
        return [one for one in render_annotations(run.overview).split("\n") if one]
    except Exception as error:  # noqa: BLE001  # as above
        return list(plain_lines([f"the annotations could not be made: {type(error).__name__}: {error}"]))


def _where(outputs: Mapping[str, str]) -> list[str]:
    return [f"{name}: {outputs[name]}" for name in ("json", "sarif", "junit", "overview") if name in outputs]
