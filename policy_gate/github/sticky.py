"""The one comment of a key in a pull request's conversation: written once, edited ever after."""

from __future__ import annotations

from policy_gate.github.client import Client
from policy_gate.github.failure import GithubError, Kind
from policy_gate.github.once import write_once
from policy_gate.github.posted import Missed, Part, counted, missed
from policy_gate.github.pulls import Pull, below
from policy_gate.github.seen import read_sticky
from policy_gate.publication import Seen, SeenComment

_WHAT = "the comment"


def write_sticky(client: Client, pull: Pull, key: str, body: str, seen: Seen) -> Part:
    """Let our newest comment of this key say `body`, and no other one stand; unchanged words are no write."""
    if "comments" in seen.unread:
        return Part(missed=(Missed(what=_WHAT, why=seen.unread["comments"]),))
    try:
        return _write(client, pull, key, body, seen.sticky)
    except GithubError as failure:
        return missed(_WHAT, failure)


def _write(client: Client, pull: Pull, key: str, body: str, ours: tuple[SeenComment, ...]) -> Part:
    if not ours:
        return _create(client, pull, key, body)
    try:
        writes = _edit(client, pull, ours[-1], body)
    except GithubError as failure:
        left = read_sticky(client, pull, key) if failure.kind is Kind.NOT_FOUND else ours
        if ours[-1].id in {one.id for one in left}:
            raise
        return _write(client, pull, key, body, left)  # somebody deleted it since
    return _without_others(client, pull, ours[:-1], writes)


def _edit(client: Client, pull: Pull, comment: SeenComment, body: str) -> tuple[str, ...]:
    if same_text(comment.body, body):
        return ()
    client.patch(below(pull.repository, "issues", "comments", comment.id), {"body": body})
    return ("edited the comment",)


def _without_others(client: Client, pull: Pull, others: tuple[SeenComment, ...], writes: tuple[str, ...]) -> Part:
    """Delete comments of ours that two runs at once, or a lost answer, left behind."""
    deleted = 0
    try:
        for comment in others:
            client.delete(below(pull.repository, "issues", "comments", comment.id))
            deleted += 1
    except GithubError as failure:
        rest = Missed(
            what=f"the removal of {counted(len(others) - deleted, 'older comment')} of ours", why=failure.words
        )
        return Part(writes=(*writes, *_deleted(deleted)), missed=(rest,))
    return Part(writes=(*writes, *_deleted(deleted)))


def _deleted(count: int) -> tuple[str, ...]:
    return (f"deleted {counted(count, 'older comment')} of ours",) if count else ()


def _create(client: Client, pull: Pull, key: str, body: str) -> Part:
    """Post the comment; one that came meanwhile, of a run beside this one, is edited instead."""
    found: list[SeenComment] = []

    def stands() -> bool:
        found[:] = read_sticky(client, pull, key)
        return bool(found)

    write_once(client, lambda: client.post(pull.issue_path("comments"), {"body": body}), stands)
    rest = _write(client, pull, key, body, tuple(found)) if found else _alone(client, pull, key)
    return Part(writes=("created the comment", *rest.writes), missed=rest.missed)


def _alone(client: Client, pull: Pull, key: str) -> Part:
    """Look once whether a run beside this one wrote its comment meanwhile: of all, both leave the same newest one."""
    try:
        ours = read_sticky(client, pull, key)
    except GithubError:  # the next run looks again
        return Part()
    return _without_others(client, pull, ours[:-1], ())


def same_text(stands: str, wanted: str) -> bool:
    """Whether a body is there already; GitHub may keep line ends and the end of a text its own way."""
    return stands.replace("\r\n", "\n").rstrip() == wanted.replace("\r\n", "\n").rstrip()
