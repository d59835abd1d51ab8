"""From an event to what a run found: the request is made, the gate judges, and the overview is drawn up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from policy_gate import __version__
from policy_gate.actions.context import COMPARED, Context, resolve
from policy_gate.actions.event import Event, PullRequest, read_event
from policy_gate.actions.inputs import Inputs
from policy_gate.actions.runner import Runner
from policy_gate.errors import GateError, Problem
from policy_gate.frozen import dataclass
from policy_gate.overview import Links, Overview

if TYPE_CHECKING:
    from policy_gate.gate import Report, Request
    from policy_gate.model import Place, Record, Stage
    from policy_gate.overview import Suggestion


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one run found, and how the lines its places stand on are read."""

    overview: Overview
    source_line: Callable[[Place], str] = lambda _: ""


def judge_event(environment: Mapping[str, str], inputs: Inputs, runner: Runner, start: Path, today: date) -> Run:
    """Judge what the event is about; what cannot be judged, and a crash, is an overview that says so. Never raises."""
    head = runner.sha
    try:
        event = read_event(runner)
        head = event.pull.head if event.pull is not None else head
        return _judged(environment, event, inputs, runner, start, today=today)
    except GateError as error:
        return Run(overview=unjudged(inputs, runner, error.problems, error.exit_code, head=head))
    except Exception as error:  # noqa: BLE001  # the edge: a crash is exit 3, and is still told everywhere
        return Run(overview=unjudged(inputs, runner, (crash(error),), 3, head=head))


def crash(error: Exception) -> Problem:
    """Words for a fault of the gate itself."""
    return Problem(f"internal error: {type(error).__name__}: {error}")


def unjudged(
    inputs: Inputs, runner: Runner, problems: tuple[Problem, ...], exit_code: int, *, head: str = ""
) -> Overview:
    """An overview that holds problems and no verdict."""
    return Overview(
        tool_version=__version__,
        records=(),
        problems=problems,
        exit_code=exit_code,
        name=inputs.name,
        links=_links(runner, head),
    )


def _links(runner: Runner, head: str, base: str = "") -> Links:
    return Links(server=runner.server_url, repository=runner.repository, head=head, base=base, run=runner.run_url)


def _judged(
    environment: Mapping[str, str], event: Event, inputs: Inputs, runner: Runner, start: Path, *, today: date
) -> Run:
    from policy_gate.gate import judge
    from policy_gate.gate.excerpt import source_lines

    context = resolve(event, inputs, runner, start)
    request = _request(inputs, context, today)
    notes: tuple[str, ...] = ()
    if inputs.reviews and event.pull is not None:
        request, notes = _reviewed(environment, event.pull, request)
    report = judge(request)
    overview = _overview(report, request, inputs, context)
    offered, failures = _suggestions(report, request, event.pull.head if event.pull is not None else "")
    overview = replace(
        overview,
        notes=(*overview.notes, *notes, *failures),
        links=_links(runner, context.head, context.base),
        suggestions=offered,
    )
    return Run(overview=overview, source_line=source_lines(request))


def _request(inputs: Inputs, context: Context, today: date) -> Request:
    from policy_gate.gate import Request

    return Request(
        root=context.root,
        tree=f"bundle:{inputs.bundle}" if inputs.bundle else inputs.tree or "working",
        base=context.base,
        compare=inputs.base if inputs.base.startswith(COMPARED) else "",
        config=_plain(inputs.config),
        policies=inputs.policies,
        stage=inputs.stage,
        event=context.occasion,
        fail_on=inputs.fail_on,
        manifests=tuple(map(_plain, inputs.manifests)),
        today=today,
        in_ci=True,
    )


def _plain(path: str) -> str:
    """A path below the top of the repository as trees name it; what leads out of it is refused by the tree."""
    return path.removeprefix("./")


def _reviewed(environment: Mapping[str, str], pull: PullRequest, request: Request) -> tuple[Request, tuple[str, ...]]:
    """The request with the approvals of the head, and notes of those that cannot be read."""
    from policy_gate.actions.reviews import read_reviews

    reviews = read_reviews(environment, pull, request)
    return replace(request, reviews=reviews), tuple(f"reviews: {one}" for one in reviews.unread)


def _overview(report: Report[Record], request: Request, inputs: Inputs, context: Context) -> Overview:
    from policy_gate.actions.reproducing import reproduce

    return Overview(
        tool_version=__version__,
        records=report.presented,
        problems=report.problems,
        exit_code=report.exit_code,
        review=report.review,
        notes=report.notes,
        name=inputs.name,
        reproduce=reproduce(request, context.judged, _stage(report, request)),
    )


def _suggestions(report: Report[Record], request: Request, head: str) -> tuple[tuple[Suggestion, ...], tuple[str, ...]]:
    """Suggestions, and a note where they could not be made: the verdict is there already, and stays."""
    from policy_gate.actions.suggesting import suggestions
    from policy_gate.gate import open_tree

    try:
        with open_tree(request) as tree:
            return suggestions(report.presented, tree, request.root, head), ()
    except Exception as error:  # noqa: BLE001  # as above: a convenience must not take the verdict with it
        return (), (f"suggestions could not be made: {type(error).__name__}: {error}",)


def _stage(report: Report[Record], request: Request) -> Stage | None:
    return report.presented[0].stage if report.presented else request.stage
