"""What is already on a pull request, and what is to stand there: the frozen values between reports and GitHub."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from policy_gate.frozen import dataclass

MARKER = "policy-gate:v1"
_MARKER = re.compile(r"\A<!-- policy-gate:v1((?: [a-z-]+=[A-Za-z0-9._,:/-]*)+) -->")
_UNSAFE = re.compile(r"[^A-Za-z0-9._:/-]")
MAX_SHORT = 12
_SHORT_DIGEST = re.compile(f"[0-9a-f]{{{MAX_SHORT}}}")
CommentMode = Literal["on-failure", "on-warning", "always", "never"]
"""When a comment is begun; one that is there is kept true in every mode."""


def key_of(name: str) -> str:
    """The key of a job's comments: its name in safe letters, with a digest where that lost something."""
    plain = re.sub("-{2,}", "-", _UNSAFE.sub("-", name))[:60]
    return plain if plain == name else f"{plain.rstrip('-')}-{short_digest(name)}".lstrip("-")


def short_digest(text: str) -> str:
    """The first 48 bits of a SHA-256 as hex: tells the findings of one pull request apart."""
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:MAX_SHORT]


def is_short_digest(text: str) -> bool:
    """Whether a text can be what `short_digest` gives; a marker may have been edited by whoever may write there."""
    return _SHORT_DIGEST.fullmatch(text) is not None


def finding_key(release_name: str, finding_id: str) -> str:
    """Tells a finding apart over time: its release by name, its rule, subject and pointer; no line, no text."""
    return short_digest(f"{release_name}\n{finding_id}")


def write_marker(fields: Mapping[str, str]) -> str:
    """The hidden first line by which a comment of ours is found again; values are letters, digits and `._,:/-`."""
    marker = f"<!-- {MARKER}" + "".join(f" {name}={value}" for name, value in fields.items()) + " -->"
    if "--" in marker[4:-3] or not _MARKER.match(marker):
        raise ValueError(f"a marker cannot hold {dict(fields)}")
    return marker


def read_marker(body: str) -> dict[str, str]:
    """The fields of the marker a comment begins with, {} where there is none; anybody can have written it."""
    found = _MARKER.match(body)
    if found is None:
        return {}
    return dict(one.split("=", 1) for one in found[1].split())


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenComment:
    """One comment of ours as it stands on GitHub."""

    id: int
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is on a pull request now: comments of ours by key, line comments of ours, and the lines of its diff.

    `hunks` are, by path, the ranges of right-side lines (1-based, inclusive) that a comment may stand on; a file whose
    patch GitHub does not give has none. `sticky` are our comments of this key, oldest first; only one should be there.
    `unread` says by part (`comments`, `line comments`, `diff`) why it is not known: what is not known is not written.
    """

    sticky: tuple[SeenComment, ...] = ()
    line_comments: tuple[SeenComment, ...] = ()
    hunks: Mapping[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    unread: Mapping[str, str] = field(default_factory=dict)

    def holds(self, path: str, start_line: int, end_line: int) -> bool:
        """Whether lines of a file lie inside one hunk, so that GitHub takes a comment on them."""
        return any(first <= start_line and end_line <= last for first, last in self.hunks.get(path, ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class LineComment:
    """A comment on lines (1-based, inclusive) of the head's file; `key` in its marker tells it apart for ever."""

    key: str
    path: str
    start_line: int
    end_line: int
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """Another body for one comment of ours."""

    id: int
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """One finding at lines of a file, as GitHub shows it: level is notice, warning or failure."""

    level: str
    path: str
    start_line: int
    end_line: int
    title: str
    message: str
    start_column: int = 0
    end_column: int = 0
    """Columns are 1-based, 0 where none is known; GitHub takes them only where the lines are the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRun:
    """A finished check run of our own: conclusion is success or failure, never anything that passes unjudged."""

    name: str
    conclusion: str
    title: str
    summary: str
    text: str
    annotations: tuple[Annotation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """Everything that is to stand on a pull request after this run, as the difference to what was seen.

    `sticky` is the body of the one comment, "" where the pull request was never red and nothing is to be said.
    `review_body` introduces the new line comments. `head` is the commit they are about.
    """

    key: str
    head: str
    sticky: str
    line_comments: tuple[LineComment, ...] = ()
    review_body: str = ""
    edits: tuple[Edit, ...] = ()
    check_run: CheckRun | None = None
