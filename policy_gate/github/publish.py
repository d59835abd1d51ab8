"""Lets a publication stand on GitHub, part by part: what one part may not do, the next one still tries."""

from __future__ import annotations

from collections.abc import Iterator

from policy_gate.github.check_runs import write_check_run
from policy_gate.github.client import Client
from policy_gate.github.failure import GithubError, Kind
from policy_gate.github.line_comments import edit_line_comments, post_line_comments
from policy_gate.github.posted import Level, Missed, Part, Posted, counted, folded
from policy_gate.github.pulls import Pull, read_head
from policy_gate.github.sticky import write_sticky
from policy_gate.publication import Publication, Seen


def publish(client: Client, pull: Pull, publication: Publication, seen: Seen, *, external_id: str = "") -> Posted:
    """Write the comment, the check run, the review and the edits, in this order; never raises for what GitHub does.

    `seen` is what `read_seen` found just before. `external_id` is `{run id}/{attempt}/{head}`: by it a check run
    whose answer was lost is found again. Where the pull request's head has moved on, nothing at all is written.
    Without a pull request (number 0) only the check run is.
    """
    unread = ""
    if pull.number:
        try:
            now = read_head(client, pull)
        except GithubError as failure:
            unread = failure.words
        else:
            if now != publication.head:
                return Posted(level=Level.NONE, reasons=(f"nothing is written: {_moved_words(now, publication)}",))
            client.guard_writes(lambda: _check_head(client, pull, publication))
    if unread:
        why = f"the pull request's head is not known: {unread}"
        check = _check_run(client, pull, publication, external_id)
        return folded([*_left_out(publication, why), *check])
    return folded(_parts(client, pull, publication, seen, external_id))


def _check_head(client: Client, pull: Pull, publication: Publication) -> None:
    """Raise GithubError where somebody pushed while this run waited: a newer run may have written already."""
    now = read_head(client, pull)
    if now != publication.head:
        raise GithubError(Kind.MOVED_ON, _moved_words(now, publication))


def _moved_words(now: str, publication: Publication) -> str:
    return f"the pull request has moved on to {now[:12]}: this run is about {publication.head[:12]}"


def _parts(client: Client, pull: Pull, publication: Publication, seen: Seen, external_id: str) -> Iterator[Part]:
    """Every part that has something to say."""
    on_pull = bool(pull.number)
    if on_pull and publication.sticky:
        yield write_sticky(client, pull, publication.key, publication.sticky, seen)
    yield from _check_run(client, pull, publication, external_id)
    if on_pull and publication.line_comments:
        yield post_line_comments(client, pull, publication, seen)
    if on_pull and publication.edits:
        yield edit_line_comments(client, pull, publication.edits, seen)


def _check_run(client: Client, pull: Pull, publication: Publication, external_id: str) -> Iterator[Part]:
    if publication.check_run is not None:
        yield write_check_run(client, pull.repository, publication.head, external_id, publication.check_run)


def _left_out(publication: Publication, why: str) -> Iterator[Part]:
    counts = (len(publication.line_comments), len(publication.edits))
    what = ["the comment"] if publication.sticky else []
    what += [counted(count, thing) for count, thing in zip(counts, ("line comment", "edit"), strict=True) if count]
    yield from (Part(missed=(Missed(what=one, why=why),)) for one in what)
