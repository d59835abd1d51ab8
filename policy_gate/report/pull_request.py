"""Decides what is to stand on a pull request after a run: pure, from what was found and what stands there now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from policy_gate.frozen import dataclass
from policy_gate.model import Judgement, Verdict
from policy_gate.overview import Overview, Suggestion
from policy_gate.publication import (
    CheckRun,
    CommentMode,
    Edit,
    LineComment,
    Publication,
    Seen,
    SeenComment,
    finding_key,
    is_short_digest,
    key_of,
    read_marker,
    write_marker,
)
from policy_gate.report.comment import MAX_UNITS, Standing, render_comment, render_green
from policy_gate.report.escaping import utf16_units
from policy_gate.report.findings import Level, findings
from policy_gate.report.line_comments import (
    findings_by_place,
    fixed_body,
    is_clickable,
    line_comment_body,
    line_marker,
    review_body,
    suggestion_keys,
    without_marker,
)
from policy_gate.report.markdown import object_id
from policy_gate.review import Direction

MAX_FOUND = 200
"""Findings that a comment remembers; with more, nothing is said of what changed since."""
MAX_NEW_LINE_COMMENTS = 30
UNJUDGED = "unjudged"
RED = (Verdict.BLOCKED.value, UNJUDGED)


def compose(overview: Overview, seen: Seen, *, comment_mode: CommentMode, check_run: bool) -> Publication:
    """What is to stand on the pull request: one comment, line comments, edits of those there are, a check run.

    The same run on what it left behind gives the same bodies, no new line comment and no edit. What a fork reports of
    itself is one comment only: no suggestion and no check run of ours speaks for it.
    """
    key = key_of(overview.name)
    lines = _LinePlan() if overview.reported_by_fork else _line_plan(overview, seen, key)
    return Publication(
        key=key,
        head=overview.links.head,
        sticky=_sticky(overview, seen, key, lines, comment_mode),
        line_comments=lines.new,
        review_body=review_body(len(lines.new)) if lines.new else "",
        edits=lines.edits,
        check_run=_check_run(overview) if check_run and not overview.reported_by_fork else None,
    )


def _check_run(overview: Overview) -> CheckRun:
    from policy_gate.report.check_run import render_check_run  # only who asks for one pays

    return render_check_run(overview)


@dataclass(frozen=True, slots=True, kw_only=True)
class _LinePlan:
    """New comments, edits of those there are, and which suggestions, by position, have a comment on the diff."""

    new: tuple[LineComment, ...] = ()
    edits: tuple[Edit, ...] = ()
    on_lines: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lines:
    """What line comments are planned from: suggestions with their keys, and comments of ours by key."""

    overview: Overview
    key: str
    keys: tuple[str, ...]
    standing: Mapping[str, list[SeenComment]]
    found: Mapping[tuple[str, str], Judgement]

    def suggestions(self) -> Iterator[tuple[str, Suggestion]]:
        """Each suggestion behind its key."""
        yield from zip(self.keys, self.overview.suggestions, strict=True)

    def body(self, one: Suggestion, finding: str, head: str) -> str:
        """The body of the comment for a suggestion, posted in the review of `head`."""
        return line_comment_body(one, self.overview.name, self.found, line_marker(self.key, finding, head))


def _line_plan(overview: Overview, seen: Seen, key: str) -> _LinePlan:
    standing: dict[str, list[SeenComment]] = {}
    for one in seen.line_comments:
        finding = read_marker(one.body).get("finding", "")
        if is_short_digest(finding):  # else somebody changed the marker, and nothing in it is known
            standing.setdefault(finding, []).append(one)
    if not overview.suggestions and not standing:
        return _LinePlan()
    lines = _Lines(
        overview=overview,
        key=key,
        keys=suggestion_keys(overview.suggestions),
        standing=standing,
        found=findings_by_place(overview),
    )
    new = tuple(_new_comments(lines, seen))
    posted = {*standing, *(one.key for one in new)}
    held = {at for at, (finding, one) in enumerate(lines.suggestions()) if finding in posted and is_clickable(one)}
    return _LinePlan(new=new, edits=(*_changed(lines), *_gone(lines)), on_lines=frozenset(held))


def _new_comments(lines: _Lines, seen: Seen) -> Iterator[LineComment]:
    """Comments for suggestions that have none and whose lines the diff shows: at most one review for each head."""
    head = object_id(lines.overview.links.head)
    reviewed = {read_marker(one.body).get("head", "") for one in seen.line_comments if not _is_fixed(one)}
    if not head or head in reviewed or "line comments" in seen.unread or "diff" in seen.unread:
        return
    left = MAX_NEW_LINE_COMMENTS
    for finding, one in lines.suggestions():
        if not left:
            return
        if finding in lines.standing or not is_clickable(one) or not seen.holds(one.path, one.start_line, one.end_line):
            continue
        left -= 1
        body = lines.body(one, finding, head)
        yield LineComment(key=finding, path=one.path, start_line=one.start_line, end_line=one.end_line, body=body)


def _is_fixed(comment: SeenComment) -> bool:
    return read_marker(comment.body).get("state") == "fixed"


def _changed(lines: _Lines) -> Iterator[Edit]:
    """New words for comments whose suggestion is another one now, or is needed again; a new head alone is no reason."""
    for finding, one in lines.suggestions():
        for comment in lines.standing.get(finding, ()):
            # It keeps the head of its review, by which a second review of one head is told.
            head = lines.overview.links.head if _is_fixed(comment) else read_marker(comment.body).get("head", "")
            body = lines.body(one, finding, head)
            if _words(comment.body) != _words(body):
                yield Edit(id=comment.id, body=body)


def _words(body: str) -> list[str]:
    """What a reader sees of a body; GitHub may keep its end another way."""
    return "\n".join(without_marker(body)).rstrip().split("\n")


def _gone(lines: _Lines) -> Iterator[Edit]:
    """Comments whose suggestion is needed no more say so once; of a run that could not judge nothing follows."""
    if lines.overview.verdict is None:
        return
    links, needed = lines.overview.links, set(lines.keys)
    for finding, comments in lines.standing.items():
        if finding not in needed:
            body = fixed_body(links, line_marker(lines.key, finding, links.head, is_fixed=True))
            yield from (Edit(id=one.id, body=body) for one in comments if not _is_fixed(one))


def _sticky(overview: Overview, seen: Seen, key: str, lines: _LinePlan, mode: CommentMode) -> str:
    """The comment with its marker, "" where there is none and nothing is to be said."""
    before = read_marker(seen.sticky[-1].body) if seen.sticky else {}
    wanted = _wants_comment(overview, mode)
    if not before and (not wanted or mode == "never"):
        return ""
    marker = {"key": key, **_history(overview, before)}
    head = f"{write_marker(marker)}\n"
    if not wanted:
        return head + render_green(overview, marker["fixed"])
    standing = Standing(since=_since_words(marker["since"]), on_lines=lines.on_lines)
    return head + render_comment(overview, standing, MAX_UNITS - utf16_units(head))


def _wants_comment(overview: Overview, mode: CommentMode) -> bool:
    """Whether the whole report is to be read: it is red, loosens what judges, or the job asks for more."""
    review = overview.review
    if overview.verdict is not Verdict.ALLOWED or mode == "always":
        return True
    if review is not None and review.count(Direction.LOOSER):
        return True
    return mode == "on-warning" and any(one.level is Level.WARNING for one in findings(overview))


def _history(overview: Overview, before: Mapping[str, str]) -> dict[str, str]:
    """What the comment remembers: this head and what it found, the last red head, and the commit that mended it."""
    head = object_id(overview.links.head)
    verdict = overview.verdict.value if overview.verdict is not None else UNJUDGED
    red = head if verdict in RED else object_id(before.get("red", ""))
    found = "" if verdict == UNJUDGED else _found(overview)
    return {
        "head": head,
        "verdict": verdict,
        "red": red,
        "fixed": _fixed_in(verdict, head, before),
        "since": _since(before, head, verdict, found),
        "found": found,
    }


def _fixed_in(verdict: str, head: str, before: Mapping[str, str]) -> str:
    """The first commit that is no longer red, "" while it is; later ones only stay green."""
    if verdict in RED:
        return ""
    return head if before.get("verdict") in RED else object_id(before.get("fixed", ""))


def _found(overview: Overview) -> str:
    """Keys of what fails or warns, in no order of importance, so that equal runs write equal markers."""
    shown = (one for one in findings(overview) if one.level is not Level.NOTICE)
    return ",".join(sorted({finding_key(one.release, one.judgement.finding_id) for one in shown})[:MAX_FOUND])


def _since(before: Mapping[str, str], head: str, verdict: str, found: str) -> str:
    """How many findings were fixed and are new since the last head, as `fixed,new`; "" where nobody can tell."""
    if before.get("head") == head and before.get("found") == found:
        return before["since"] if _since_words(before.get("since", "")) else ""
    was = set(filter(None, before.get("found", "").split(",")))
    now = set(filter(None, found.split(",")))
    is_known = bool(before) and UNJUDGED not in (verdict, before.get("verdict"))
    if not is_known or max(len(was), len(now)) >= MAX_FOUND or was == now:
        return ""
    return f"{len(was - now)},{len(now - was)}"


def _since_words(since: str) -> str:
    """A reader's words for it; a comment of ours may have been edited by whoever may write here."""
    numbers = since.split(",")
    if len(numbers) != 2 or not all(one.isascii() and one.isdigit() and len(one) < 4 for one in numbers):
        return ""
    return f"Since the last report: **{int(numbers[0])} fixed, {int(numbers[1])} new**"
