"""Building blocks of a comment in Markdown: links to a repository, folded blocks, words for a shell."""

from __future__ import annotations

import re

from policy_gate.overview import Links
from policy_gate.report.escaping import is_plain

_SERVER = re.compile(r"https?://[A-Za-z0-9.-]+(?::\d{1,5})?/?")
_REPOSITORY = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}")
_OBJECT_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_PLAIN_WORD = re.compile(r"[A-Za-z0-9_@%+=:,./-]+")
MAX_WORD = 400
SHORT = 7
"""Digits of an object id that GitHub shows."""


def object_id(text: str) -> str:
    """An object id of git in full, "" for anything else."""
    return text if _OBJECT_ID.fullmatch(text) else ""


def repository_url(links: Links) -> str:
    """The address of the repository, "" where it is not known or not one that GitHub could have."""
    if not _SERVER.fullmatch(links.server) or not _REPOSITORY.fullmatch(links.repository):
        return ""
    return f"{links.server.rstrip('/')}/{links.repository}"


def file_url(links: Links, commit: str, path: str, line: int = 0, end_line: int = 0) -> str:
    """The address of lines (1-based, inclusive) of a file at a commit, "" where it is not known."""
    repository = repository_url(links)
    if not repository or not object_id(commit) or not path or not is_plain(path):
        return ""
    from urllib.parse import quote  # only a comment with places pays

    lines = f"#L{line}" + (f"-L{end_line}" if end_line > line else "") if line else ""
    # In parts, since a `..` between slashes would lead elsewhere.
    if any(part in ("", ".", "..") for part in path.split("/")):
        return ""
    return f"{repository}/blob/{commit}/{quote(path)}{lines}"


def run_url(links: Links) -> str:
    """The address of the run's page, "" unless it is one of the repository."""
    repository = repository_url(links)
    tail = links.run.removeprefix(f"{repository}/")
    known = bool(repository) and tail != links.run and re.fullmatch(r"actions/runs/[0-9/a-z]{1,80}", tail)
    return links.run if known else ""


def linked(shown: str, url: str) -> str:
    """Markdown that is harmless already, as a link where there is an address."""
    return f"[{shown}]({url})" if url else shown


def commit_words(links: Links, commit: str) -> str:
    """A commit by its first digits, linked; "" for what is no object id."""
    if not object_id(commit):
        return ""
    repository = repository_url(links)
    return linked(f"`{commit[:SHORT]}`", f"{repository}/commit/{commit}" if repository else "")


def folded(title: str, body: str, *, is_open: bool = False) -> str:
    """A block that opens with a click. `title` is HTML that is harmless already, `body` Markdown."""
    return f"<details{' open' if is_open else ''}><summary>{title}</summary>\n\n{body.strip()}\n\n</details>\n"


def command_line(*words: str) -> str:
    """A command as every POSIX shell reads it back, "" where a word is no line of visible characters, or very long."""
    if any(not word or not is_plain(word) or "\t" in word or len(word) > MAX_WORD for word in words):
        return ""
    return " ".join(map(_shell_word, words))


def _shell_word(word: str) -> str:
    return word if _PLAIN_WORD.fullmatch(word) else "'" + word.replace("'", "'\\''") + "'"
