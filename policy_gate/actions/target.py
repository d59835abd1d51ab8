"""Decides where a result is posted, by the event alone; of a fork's file nothing says where it goes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from policy_gate.actions.event import Event
from policy_gate.actions.inputs import Inputs
from policy_gate.actions.runner import Runner
from policy_gate.errors import Problem, UsageError
from policy_gate.frozen import dataclass
from policy_gate.overview import Links, Overview
from policy_gate.review import PolicyReview

if TYPE_CHECKING:
    from policy_gate.github import Client, Pull

_ON_PULLS = ("pull_request", "pull_request_review")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a result goes: a pull request (number 0: none, a commit alone), and the commit it is about.

    `nothing` says why there is nothing to post to, "" where there is; `is_unclear` where one would have to be chosen.
    """

    pull: Pull | None = None
    head: str = ""
    nothing: str = ""
    is_unclear: bool = False


def target_of(event: Event, inputs: Inputs, runner: Runner, overview: Overview) -> Target:
    """Where the result of this very run goes; UsageError for an event that is a second stage's."""
    if event.kind == "workflow_run":
        hint = "there the file is a stranger's word: `policy-gate post --fork`"
        raise UsageError(Problem("a workflow_run event is about another run", hint=hint))
    from policy_gate.github import Pull

    if event.pull is not None:
        if overview.links.head not in ("", event.pull.head):
            return Target(
                nothing=f"the overview is about {overview.links.head[:12]}, not about this pull request's head"
            )
        return Target(pull=Pull(repository=event.pull.base_repository, number=event.pull.number), head=event.pull.head)
    if not inputs.check_run:
        return Target(nothing=f"the event {event.kind} belongs to no pull request, and no check run is asked for")
    return Target(pull=Pull(repository=runner.repository), head=overview.links.head or runner.sha)


def fork_target(event: Event, runner: Runner, client: Client) -> Target:
    """Where a fork's result goes: the one open pull request of the commit that GitHub says was run.

    UsageError for any other event; raises GithubError.
    """
    run = event.workflow_run
    if event.kind != "workflow_run" or run is None:
        raise UsageError(Problem("--fork belongs to a workflow_run event", hint="leave it out in the run that judges"))
    if run.event not in _ON_PULLS:
        return Target(nothing=f"the run was started by {run.event or 'nothing'}, not by a pull request")
    if not (run.owner and run.branch):
        return Target(nothing="the fork or its branch is gone, so that its pull request cannot be found")
    from policy_gate.github import find_pulls

    found = find_pulls(client, runner.repository, head_owner=run.owner, head_branch=run.branch, head_sha=run.head)
    if len(found) != 1:
        numbers = ", ".join(f"{one.number}" for one in found) or "none"
        return Target(
            nothing=f"the commit must be the head of one open pull request; found: {numbers}", is_unclear=len(found) > 1
        )
    return Target(pull=found[0], head=run.head)


def of_this_run(overview: Overview, target: Target, runner: Runner) -> Overview:
    """The overview with links of the run that posts it; which commit judged is in the file."""
    links = Links(
        server=runner.server_url,
        repository=runner.repository,
        head=target.head,
        base=overview.links.base,
        run=runner.run_url,
    )
    return replace(overview, links=links)


def of_a_fork(overview: Overview, target: Target, inputs: Inputs, runner: Runner, event: Event) -> Overview:
    """A stranger's overview: name and links are ours, and nothing in it can be clicked or pasted into a shell."""
    run = f"{runner.server_url}/{runner.repository}/actions/runs/{event.workflow_run.id}" if event.workflow_run else ""
    links = Links(server=runner.server_url, repository=runner.repository, head=target.head, run=run)
    return replace(
        overview,
        name=inputs.name,
        links=links,
        review=_unapproved(overview.review) if overview.review is not None else None,
        suggestions=(),
        reproduce="",
        notes=(),
        reported_by_fork=True,
    )


def _unapproved(review: PolicyReview) -> PolicyReview:
    """A stranger's table without its digest and without who approves it: nobody is to sign what was not judged here."""
    changes = tuple(replace(one, approved_by=(), reviewed_by=()) for one in review.changes)
    return replace(review, changes=changes, digest="")
