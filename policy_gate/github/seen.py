"""What is on a pull request now: comments that are ours by marker and by author, and the lines of its diff."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from policy_gate.github.answers import number_at, text_at
from policy_gate.github.client import Client
from policy_gate.github.failure import GithubError, Kind
from policy_gate.github.hunks import commentable_lines
from policy_gate.github.pulls import Pull
from policy_gate.publication import Seen, SeenComment, read_marker

MAX_COMMENT_PAGES = 100
MAX_FILE_PAGES = 30
"""GitHub lists 3000 files of a pull request at most."""

_T = TypeVar("_T")
Hunks = dict[str, tuple[tuple[int, int], ...]]


def read_seen(client: Client, pull: Pull, key: str) -> Seen:
    """Everything of ours with this key, and the diff. Never raises for what cannot be read: `unread` says it.

    What is not known to be there could be written twice, so where line comments are not known, neither is the diff.
    """
    if not pull.number:
        return Seen()
    unread: dict[str, str] = {}
    none: tuple[SeenComment, ...] = ()
    no_hunks: Hunks = {}
    sticky = _known(unread, "comments", lambda: read_sticky(client, pull, key), none)
    lines = _known(unread, "line comments", lambda: read_line_comments(client, pull, key), none)
    hunks = no_hunks if unread else _known(unread, "diff", lambda: read_hunks(client, pull), no_hunks)
    return Seen(sticky=sticky, line_comments=lines, hunks=hunks, unread=unread)


def _known(unread: dict[str, str], part: str, read: Callable[[], _T], otherwise: _T) -> _T:
    try:
        return read()
    except GithubError as failure:
        unread[part] = failure.words
        return otherwise


def read_sticky(client: Client, pull: Pull, key: str) -> tuple[SeenComment, ...]:
    """Our comments of this key in the conversation, oldest first; only one should be there. Raises GithubError."""
    return _ours(client, pull.issue_path("comments"), key)


def read_line_comments(client: Client, pull: Pull, key: str) -> tuple[SeenComment, ...]:
    """Our comments of this key on lines, oldest first, also on lines that are gone. Raises GithubError."""
    return _ours(client, pull.path("comments"), key)


def _ours(client: Client, path: str, key: str) -> tuple[SeenComment, ...]:
    viewer = client.viewer()
    found = [
        SeenComment(id=number_at(one, "id"), body=text_at(one, "body"))
        for one in client.pages(path, most=MAX_COMMENT_PAGES)
        if is_by(viewer, one) and read_marker(text_at(one, "body")).get("key") == key
    ]
    return tuple(sorted(found, key=lambda comment: comment.id))


def is_by(viewer: str, comment: object) -> bool:
    """Whether the viewer wrote a comment. REST says `name[bot]` of an app, GraphQL sometimes `name` alone.

    A person can have the name of an app, so a name that differs by the suffix counts for apps only.
    """
    login = text_at(comment, "user", "login").lower()
    viewer = viewer.lower()
    if login == viewer:
        return True
    is_app = text_at(comment, "user", "type") == "Bot"
    return is_app and login.removesuffix("[bot]") == viewer.removesuffix("[bot]")


def read_hunks(client: Client, pull: Pull) -> Hunks:
    """The right-side lines of the diff by path; a removed file and one without a patch have none; as above."""
    return dict(_hunks(client, pull))


def _hunks(client: Client, pull: Pull) -> Iterator[tuple[str, tuple[tuple[int, int], ...]]]:
    try:
        for file in client.pages(pull.path("files"), most=MAX_FILE_PAGES):
            lines = () if text_at(file, "status") == "removed" else commentable_lines(text_at(file, "patch"))
            if lines:
                yield text_at(file, "filename"), lines
    except GithubError as failure:
        if failure.kind is not Kind.BUDGET:  # more files than GitHub lists: those it listed are known
            raise
