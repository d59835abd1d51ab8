"""Who approves the head of a pull request: reviews of exactly that commit, by people the trust file names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from policy_gate.approval_reviews import Review, Reviews
from policy_gate.github.answers import number_at, text_at
from policy_gate.github.client import Client
from policy_gate.github.failure import GithubError, Kind, permission_words
from policy_gate.github.pulls import Pull

MAX_REVIEW_PAGES = 30
MAX_LOOKUPS = 50
MAX_COMMIT_PAGES = 3
"""GitHub lists 250 commits of a pull request, and no more."""
MAX_EVENT_PAGES = 30
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_TEAM = re.compile(r"([A-Za-z0-9][A-Za-z0-9_-]{0,99})/([A-Za-z0-9_][A-Za-z0-9_.-]{0,254})")
_TAKES_BACK = frozenset({"CHANGES_REQUESTED", "DISMISSED"})
_OTHER_BASE = frozenset({"base_ref_changed", "base_ref_force_pushed", "automatic_base_change_succeeded"})


def approving_reviews(client: Client, pull: Pull, head_sha: str, reviewers: Iterable[str]) -> Reviews:
    """Standing approvals of the commit `head_sha` by `reviewers`, each `team org/slug` or `user login`.

    Of each person the last word counts: a request for changes or a dismissal takes an approval back, a comment and an
    approval of another commit do not, nor do they give one. What was approved before the pull request was aimed at
    another base was another change. The author of the pull request, who wrote a commit of it, and apps never count.
    Never raises for what cannot be read: `unread` says it, and what is not known to approve does not.
    """
    try:
        described = client.get(pull.path())
        approving = _approving(client, pull, head_sha)
        writers = _writers(client, pull, head_sha, number_at(described, "commits")) if approving else frozenset()
    except GithubError as failure:
        return Reviews(head=head_sha, unread=(f"the reviews cannot be read: {failure.words}",))
    author = text_at(described, "user", "login").lower()
    if not author:
        return Reviews(head=head_sha, unread=("the pull request's author is not known",))
    logins = [login for login in approving if login.lower() not in {author, *writers}]
    own = [login for login in approving if login.lower() in writers - {author}]
    lookup = _Membership(client)
    found = [
        Review(login=login, via=reviewer, head=head_sha)
        for reviewer in sorted(set(reviewers))
        for login in logins
        if lookup.holds(reviewer, login)
    ]
    return Reviews(
        head=head_sha,
        approving=tuple(sorted(found, key=lambda review: (review.login, review.via))),
        unread=(*lookup.unread, *(f"{one} wrote a commit of the pull request and does not approve it" for one in own)),
    )


def _approving(client: Client, pull: Pull, head_sha: str) -> list[str]:
    """Logins of people whose last word is an approval of this commit, in order of name."""
    aimed = _last_aimed(client, pull)
    approving: dict[str, str] = {}
    for review in sorted(_said(client, pull), key=lambda one: (text_at(one, "submitted_at"), number_at(one, "id"))):
        login, state = text_at(review, "user", "login"), text_at(review, "state")
        if state in _TAKES_BACK:
            approving.pop(login.lower(), None)
        elif (
            state == "APPROVED" and text_at(review, "commit_id") == head_sha and text_at(review, "submitted_at") > aimed
        ):
            approving[login.lower()] = login
    return sorted(approving.values())


def _last_aimed(client: Client, pull: Pull) -> str:
    """When the pull request was last aimed at another base, "" where it never was: before, its change was another."""
    events = client.pages(pull.issue_path("events"), most=MAX_EVENT_PAGES)
    return max((text_at(one, "created_at") for one in events if text_at(one, "event") in _OTHER_BASE), default="")


def _writers(client: Client, pull: Pull, head_sha: str, count: int) -> frozenset[str]:
    """Logins, in small letters, of who wrote or committed what is proposed, as far as GitHub knows the addresses."""
    commits = list(client.pages(pull.path("commits"), most=MAX_COMMIT_PAGES))
    if len(commits) != count or head_sha not in (text_at(one, "sha") for one in commits):
        raise GithubError(Kind.SERVER, "GitHub does not list every commit up to the one that is judged")
    return frozenset(text_at(one, role, "login").lower() for one in commits for role in ("author", "committer"))


def _said(client: Client, pull: Pull) -> Iterator[object]:
    """Reviews that people submitted; a deleted account and an app are nobody, and so is a name that is no login."""
    for review in client.pages(pull.path("reviews"), most=MAX_REVIEW_PAGES):
        is_person = text_at(review, "user", "type") == "User" and _LOGIN.fullmatch(text_at(review, "user", "login"))
        if is_person and text_at(review, "submitted_at"):
            yield review


class _Membership:
    """Who belongs to a named reviewer, asked once each, and what of it could not be read."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._lookups = 0
        self._unreadable: set[str] = set()
        self.unread: list[str] = []

    def holds(self, reviewer: str, login: str) -> bool:
        """Whether the login is the named user, or an active member of the named team."""
        kind, _, name = reviewer.partition(" ")
        if kind == "user":
            return name.lower() == login.lower()
        team = _TEAM.fullmatch(name) if kind == "team" else None
        if team is None:
            self._give_up(reviewer, f"{reviewer!r} is neither `team org/slug` nor `user login`")
        return team is not None and reviewer not in self._unreadable and self._is_member(reviewer, team, login)

    def _give_up(self, reviewer: str, why: str) -> None:
        if reviewer not in self._unreadable:
            self._unreadable.add(reviewer)
            self.unread.append(why)

    def _is_member(self, reviewer: str, team: re.Match[str], login: str) -> bool:
        self._lookups += 1
        if self._lookups > MAX_LOOKUPS:
            self._give_up(reviewer, f"members of {reviewer} are not asked for: more than {MAX_LOOKUPS} questions")
            return False
        path = f"/orgs/{team[1]}/teams/{team[2]}"
        try:
            return text_at(self._client.get(f"{path}/memberships/{login}"), "state") == "active"
        except GithubError as failure:
            if failure.kind is not Kind.NOT_FOUND or not self._is_readable(path):
                self._give_up(reviewer, f"members of {reviewer} cannot be read: {_needed(failure)}")
            return False

    def _is_readable(self, path: str) -> bool:
        """Whether the token sees the team: then a member that is not found is none."""
        try:
            self._client.get(f"{path}/members", per_page=1)
        except GithubError:
            return False
        return True


def _needed(failure: GithubError) -> str:
    if failure.kind in (Kind.NO_PERMISSION, Kind.NOT_FOUND):
        return permission_words(failure.permission) if failure.permission else "members: read"
    return failure.words
