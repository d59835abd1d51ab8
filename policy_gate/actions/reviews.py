"""Reads who approves a pull request's head by a review, before anything is judged; only the base says who may."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from policy_gate.actions.event import PullRequest
from policy_gate.approval_reviews import Reviews
from policy_gate.errors import GateError

if TYPE_CHECKING:
    from policy_gate.areas.signature.trust import Reviewers
    from policy_gate.gate import Request

TOKENS = ("INPUT_TOKEN", "GITHUB_TOKEN")


def token_of(environment: Mapping[str, str]) -> str:
    """The token of a step, "" where it was given none."""
    return next((environment[name].strip() for name in TOKENS if environment.get(name, "").strip()), "")


def read_reviews(environment: Mapping[str, str], pull: PullRequest, request: Request) -> Reviews:
    """The approvals of the head by the reviewers that the base's trust file names; what is unread approves nothing."""
    from policy_gate.gate import named_reviewers

    reviewers = named_reviewers(request)
    if not reviewers:
        return Reviews(head=pull.head)
    token = token_of(environment)
    if not token:
        return Reviews(head=pull.head, unread=("there is no token to read them with: pull-requests: read",))
    from policy_gate.github import Pull, approving_reviews, client_of_environment

    try:
        with client_of_environment(environment, token=token) as client:
            target = Pull(repository=pull.base_repository, number=pull.number)
            return approving_reviews(client, target, pull.head, _names(reviewers))
    except GateError as error:
        return Reviews(head=pull.head, unread=(str(error),))


def _names(reviewers: Reviewers) -> list[str]:
    return [*(f"team {one}" for one in reviewers.teams), *(f"user {one}" for one in reviewers.users)]
