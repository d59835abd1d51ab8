"""Comments on lines of the diff: one review a head, and edits of those that stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from policy_gate.github.client import Client
from policy_gate.github.failure import GithubError, Kind
from policy_gate.github.once import write_once
from policy_gate.github.posted import Missed, Part, counted
from policy_gate.github.pulls import Pull, below, object_id, read_head
from policy_gate.github.seen import read_hunks, read_line_comments
from policy_gate.github.sticky import same_text
from policy_gate.publication import Edit, LineComment, Publication, Seen, SeenComment, read_marker

MAX_LINE_COMMENTS = 30
"""A review with more is refused as `submitted too quickly`, or answered with 502 although it was made."""
_THING = "line comment"
_OUTSIDE = "GitHub's diff does not show these lines"


def post_line_comments(client: Client, pull: Pull, publication: Publication, seen: Seen) -> Part:
    """Post the new line comments in one review. What cannot be placed is counted: the one comment holds it all."""
    wanted = publication.line_comments
    unread = seen.unread.get("line comments") or seen.unread.get("diff")
    if not wanted:
        return Part()
    if unread:
        return Part(missed=(Missed(what=counted(len(wanted), _THING), why=unread),))
    review = _Review(client, pull, publication)
    review.refuse(wanted[MAX_LINE_COMMENTS:], f"one review holds {MAX_LINE_COMMENTS} at most")
    there = {_identity(one.body) for one in seen.line_comments}
    review.place([one for one in wanted[:MAX_LINE_COMMENTS] if _identity(one.body) not in there])
    return review.part()


def _identity(body: str) -> str:
    """What tells a line comment apart: its finding, or all its words where it names none."""
    return read_marker(body).get("finding") or body


class _Review:
    """The placing of one run's line comments, as it goes: what was posted, and what was refused for which reason."""

    def __init__(self, client: Client, pull: Pull, publication: Publication) -> None:
        self._client = client
        self._pull = pull
        self._publication = publication
        self._posted = 0
        self._refused: Counter[str] = Counter()

    def part(self) -> Part:
        writes = (f"posted {counted(self._posted, _THING)}",) if self._posted else ()
        rest = tuple(Missed(what=counted(count, _THING), why=why) for why, count in self._refused.items())
        return Part(writes=writes, missed=rest)

    def refuse(self, comments: Sequence[LineComment], why: str) -> None:
        if comments:
            self._refused[why] += len(comments)

    def place(self, comments: list[LineComment]) -> None:
        """Post all in one review. One bad place fails a whole review, so what GitHub refuses is sorted first."""
        left = self._tried(comments)
        if not left:
            return
        try:
            moved = read_head(self._client, self._pull) != self._publication.head
            hunks = Seen(hunks=read_hunks(self._client, self._pull))
        except GithubError as failure:
            self.refuse(left, failure.words)
            return
        if moved:
            self.refuse(left, "the pull request has moved on")
            return
        fitting = [one for one in left if hunks.holds(one.path, one.start_line, one.end_line)]
        self.refuse([one for one in left if one not in fitting], _OUTSIDE)
        self._halved(fitting, tried=len(fitting) == len(left))

    def _halved(self, comments: list[LineComment], *, tried: bool = False) -> None:
        """Post what GitHub takes, by halves, until what it refuses stands alone."""
        left = comments if tried and len(comments) > 1 else self._tried(comments)
        if len(left) > 1:
            middle = len(left) // 2
            self._halved(left[:middle])
            self._halved(left[middle:])
        else:
            self.refuse(left, "GitHub does not take a comment there")

    def _tried(self, comments: list[LineComment]) -> list[LineComment]:
        """Post one review; returns what GitHub refuses as not valid, and counts what fails for another reason."""
        left = list(comments)

        def stands() -> bool:
            there = {_identity(one.body) for one in read_line_comments(self._client, self._pull, key)}
            left[:] = [one for one in left if _identity(one.body) not in there]
            return not left

        key = self._publication.key
        try:
            if left:
                write_once(self._client, lambda: self._post(left), stands)
        except GithubError as failure:
            self._posted += len(comments) - len(left)
            if failure.kind in (Kind.VALIDATION, Kind.TOO_LONG):
                return left
            self.refuse(left, failure.words)
            return []
        self._posted += len(comments)
        return []

    def _post(self, comments: list[LineComment]) -> None:
        body = {
            "commit_id": object_id(self._publication.head),
            "event": "COMMENT",
            "body": self._publication.review_body,
            "comments": [_placed(one) for one in comments],
        }
        self._client.post(self._pull.path("reviews"), body)


def _placed(comment: LineComment) -> dict[str, object]:
    lines: dict[str, object] = {"line": comment.end_line, "side": "RIGHT"}
    if comment.start_line < comment.end_line:  # one line as a range is refused
        lines |= {"start_line": comment.start_line, "start_side": "RIGHT"}
    return {"path": comment.path, "body": comment.body, **lines}


def edit_line_comments(client: Client, pull: Pull, edits: Sequence[Edit], seen: Seen) -> Part:
    """Give line comments of ours their new words; one that somebody deleted is no loss."""
    standing = {one.id: one for one in seen.line_comments}
    wanted = [(standing[edit.id], edit.body) for edit in edits if edit.id in standing]
    changed = [(comment, body) for comment, body in wanted if not same_text(comment.body, body)]
    edited, refused = 0, Counter[str]()
    stopped = ""
    for comment, body in changed:
        if stopped:
            refused[stopped] += 1
            continue
        try:
            edited += _edited(client, pull, comment, body)
        except GithubError as failure:
            refused[failure.words] += 1
            # The next one would fail alike, and who goes on asking is banned.
            stopped = "" if failure.kind in (Kind.VALIDATION, Kind.TOO_LONG) else failure.words
    writes = (f"edited {counted(edited, _THING)}",) if edited else ()
    rest = tuple(Missed(what=f"{counted(count, 'edit')} of line comments", why=why) for why, count in refused.items())
    return Part(writes=writes, missed=rest)


def _edited(client: Client, pull: Pull, comment: SeenComment, body: str) -> int:
    try:
        client.patch(below(pull.repository, "pulls", "comments", comment.id), {"body": body})
    except GithubError as failure:
        if failure.kind is not Kind.NOT_FOUND:
            raise
        return 0
    return 1
