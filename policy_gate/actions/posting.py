"""The job with a token: reads what a run found and lets it stand on the pull request, as far as the token may."""

from __future__ import annotations

import stat
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from policy_gate.actions.event import Event, read_event
from policy_gate.actions.inputs import Inputs, read_inputs
from policy_gate.actions.overview_file import MAX_BYTES, decode_overview
from policy_gate.actions.reviews import token_of
from policy_gate.actions.runner import Runner, read_runner
from policy_gate.actions.sinks import OVERVIEW, add_outputs, add_summary, folder_of
from policy_gate.actions.target import Target, fork_target, of_a_fork, of_this_run, target_of
from policy_gate.errors import DocumentError, GateError, Problem, UsageError
from policy_gate.frozen import dataclass
from policy_gate.overview import Overview
from policy_gate.report.escaping import markdown_prose, neutral_log_line
from policy_gate.report.problems import render_problems

if TYPE_CHECKING:
    from policy_gate.github import Client, Posted
    from policy_gate.publication import Seen

Say = Callable[[str], None]
NEEDS = "pull-requests: write for comments, checks: write for a check run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of posting, in words: `posted` is full, partial or none.

    `complete` is whether everything stands there that was to; a run without a pull request has nothing to post.
    """

    posted: str
    complete: bool
    writes: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


def run_posting(environment: Mapping[str, str], given: Path | None, say: Say, *, fork: bool = False) -> int:
    """Post, tell what became of it, and return 0; 2 where posting is required and something is missing.

    Also 2 where the inputs, the event or the file are not what they have to be.
    """
    try:
        return _run(environment, given, say, fork=fork)
    except GateError as error:  # told here, since its words may be strangers', and a runner reads the log
        for line in render_problems(error.problems).splitlines():
            say(neutral_log_line(line))
        return error.exit_code


def _run(environment: Mapping[str, str], given: Path | None, say: Say, *, fork: bool) -> int:
    runner, inputs = read_runner(environment), read_inputs(environment)
    event = read_event(runner)
    overview = read_overview(given or _usual(runner, inputs))
    try:
        outcome = _posted(environment, inputs, runner, event, overview, fork=fork)
    except UsageError:
        raise
    except GateError as error:
        outcome = _none(str(error))
    except Exception as error:  # noqa: BLE001  # the edge: the verdict stands, whatever becomes of posting it
        outcome = _none(f"internal error: {type(error).__name__}: {error}")
    if not outcome.complete and event.may_lack_write:
        hint = "GitHub gives runs of forks and of Dependabot a token that only reads; a second stage can post"
        outcome = replace(outcome, reasons=(*outcome.reasons, hint))
    _tell(outcome, runner, inputs, say)
    return 2 if inputs.require_posting and not outcome.complete else 0


def _usual(runner: Runner, inputs: Inputs) -> Path:
    folder = folder_of(runner, inputs.name)
    if folder is None:
        raise UsageError("no overview is named, and RUNNER_TEMP is not set: name the file that `action` wrote")
    return folder / OVERVIEW


def read_overview(path: Path) -> Overview:
    """Read a file that anybody can have written; DocumentError where it is no overview."""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            raise DocumentError(Problem("is no plain file", str(path)))
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise DocumentError(Problem(f"cannot be read: {error.strerror}", str(path))) from None
    return decode_overview(content)


def _posted(
    environment: Mapping[str, str], inputs: Inputs, runner: Runner, event: Event, overview: Overview, *, fork: bool
) -> Outcome:
    target = Target() if fork else target_of(event, inputs, runner, overview)
    if target.nothing:
        return _nothing(target, event)
    token = token_of(environment)
    if not token:
        return _none(f"there is no token; it would need {NEEDS}")
    from policy_gate.actions.pacing import pace_of
    from policy_gate.github import client_of_environment

    pace = pace_of(environment)
    try:
        opened = client_of_environment(environment, token=token, pace=pace)
    except GateError as error:  # a token or an address that cannot be used is no reason to fail the job either
        return _none(str(error))
    with opened as client:
        if fork:
            target = fork_target(event, runner, client)
            if target.nothing:
                return _nothing(target, event)
            return _published(client, target, of_a_fork(overview, target, inputs, runner, event), inputs, runner)
        return _published(client, target, of_this_run(overview, target, runner), inputs, runner)


def _nothing(target: Target, event: Event) -> Outcome:
    """Nothing to post to is no failure, except where there is a pull request after all."""
    return Outcome(posted="none", complete=event.pull is None and not target.is_unclear, reasons=(target.nothing,))


def _none(reason: str) -> Outcome:
    return Outcome(posted="none", complete=False, reasons=(reason,))


def _published(client: Client, target: Target, overview: Overview, inputs: Inputs, runner: Runner) -> Outcome:
    from policy_gate.github import publish, read_seen
    from policy_gate.publication import key_of
    from policy_gate.report.pull_request import compose

    if target.pull is None:
        return _none("it is not known where to post")
    seen = read_seen(client, target.pull, key_of(overview.name))
    wants_check = inputs.check_run and not overview.reported_by_fork
    publication = compose(overview, seen, comment_mode=inputs.comment, check_run=wants_check)
    if overview.reported_by_fork:
        publication = replace(publication, line_comments=(), review_body="", edits=(), check_run=None)
    external_id = f"{runner.run_id}/{runner.run_attempt}/{target.head}"
    posted = publish(client, target.pull, publication, seen, external_id=external_id)
    return _outcome(posted, seen)


def _outcome(posted: Posted, seen: Seen) -> Outcome:
    """What could not be read is a reason too, also where nothing had to be written without it."""
    said = " ".join(posted.reasons)
    unread = (f"{part} could not be read: {why}" for part, why in seen.unread.items() if why not in said)
    reasons = (*posted.reasons, *unread)
    level = posted.level.value if not (reasons and posted.level.value == "full") else "partial"
    return Outcome(posted=level, complete=not reasons, writes=posted.writes, reasons=reasons)


def _tell(outcome: Outcome, runner: Runner, inputs: Inputs, say: Say) -> None:
    say(f"posted: {outcome.posted}")
    for line in (*outcome.writes, *outcome.reasons):
        say(neutral_log_line(f"  {line}"))
    try:
        if runner.output:
            add_outputs(runner, {"posted": outcome.posted})
        if outcome.reasons and not outcome.complete and inputs.summary and runner.summary:
            add_summary(runner, _summary(outcome))
    except (OSError, GateError) as error:
        say(neutral_log_line(f"  the outputs could not be written: {error}"))


def _summary(outcome: Outcome) -> str:
    lines = [f"- {markdown_prose(one)}" for one in outcome.reasons]
    return "\n".join([f"**Posted on the pull request: {outcome.posted}**", "", *lines, ""])
