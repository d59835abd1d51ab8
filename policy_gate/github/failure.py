"""Why a request to GitHub did not do what it was for: one type, whatever a library or a server did."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum

from policy_gate.errors import GateError
from policy_gate.github.answers import Answer, items_at, text_at

PERMISSIONS_HEADER = "x-accepted-github-permissions"
MAX_WORDS = 300
ELSEWHERE = "GitHub redirects to another address, where no token is sent: is it the one in GITHUB_API_URL"
_SECONDARY = ("secondary rate limit", "rate limit exceeded", "abuse detection", "submitted too quickly")


class Kind(StrEnum):
    """What came between, for whoever decides what to do next."""

    NO_PERMISSION = "no permission"
    NOT_FOUND = "not found"
    VALIDATION = "not valid"
    RATE_LIMITED = "rate limited"
    SERVER = "server error"
    CUT = "connection cut"
    LOCKED = "locked"
    TOO_LONG = "too long"
    BUDGET = "budget spent"
    MOVED_ON = "moved on"


class GithubError(GateError):
    """A request that failed; `words` say why, without the token, and fit on one line."""

    def __init__(
        self,
        kind: Kind,
        words: str,
        *,
        permission: str = "",
        ambiguous: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """`permission` is GitHub's header as it came; `ambiguous` says that a write may have been applied."""
        self.kind = kind
        self.words = words
        self.permission = permission
        self.ambiguous = ambiguous
        self.headers = headers or {}
        super().__init__(words)


def failure_of(answer: Answer) -> GithubError:
    """The failure that an answer of status 300 and above stands for; statuses as in GitHub's REST description."""
    kind = _kind(answer)
    permission = plain(answer.headers.get(PERMISSIONS_HEADER, ""))
    ambiguous = kind is Kind.SERVER
    return GithubError(
        kind, _words(kind, answer, permission), permission=permission, ambiguous=ambiguous, headers=answer.headers
    )


def _kind(answer: Answer) -> Kind:
    said = message_of(answer.content).lower()
    if answer.status == 429 or (answer.status in (403, 422) and _is_limit(answer, said)):
        return Kind.RATE_LIMITED
    if answer.status in (403, 422) and re.search(r"\block(ed|s)?\b", said):
        return Kind.LOCKED
    if answer.status in (401, 403):
        return Kind.NO_PERMISSION
    if answer.status in (404, 410):
        return Kind.NOT_FOUND
    if answer.status in (413, 422) and ("too long" in said or "maximum is" in said or answer.status == 413):
        return Kind.TOO_LONG
    return Kind.VALIDATION if answer.status < 500 and answer.status != 408 else Kind.SERVER


def _is_limit(answer: Answer, said: str) -> bool:
    if any(words in said for words in _SECONDARY):
        return True
    spent = answer.headers.get("x-ratelimit-remaining") == "0"
    return answer.status == 403 and (spent or "retry-after" in answer.headers)


def _words(kind: Kind, answer: Answer, permission: str) -> str:
    if answer.status < 400:
        return ELSEWHERE
    said = message_of(answer.content)
    quoted = f" ({said})" if said else ""
    if kind is Kind.NO_PERMISSION and answer.status == 401:
        return f"GitHub does not accept the token{quoted}"
    if kind is Kind.NO_PERMISSION:
        return f"the token lacks {permission_words(permission)}{quoted}"
    if kind is Kind.LOCKED:
        return f"the pull request is locked{quoted}"
    if kind is Kind.RATE_LIMITED:
        return f"GitHub's rate limit is reached{quoted}"
    return f"GitHub answers with status {answer.status}{quoted}"


def permission_words(header: str) -> str:
    """What a workflow's `permissions:` must say, out of GitHub's header such as `issues=write; pull_requests=write`.

    Alternatives are separated by `;`, what is needed together by `,`. Where pull requests are an alternative, only
    they are named: it is the one permission that everything on a pull request is content with.
    """
    choices = [[one.strip() for one in choice.split(",")] for choice in header.split(";") if choice.strip()]
    preferred = next((choice for choice in choices if choice[0].startswith("pull_requests=")), None)
    named = [preferred] if preferred else choices
    words = " or ".join(" and ".join(_permission(one) for one in choice) for choice in named)
    return words or "a permission that GitHub does not name"


def _permission(one: str) -> str:
    name, _, level = one.partition("=")
    return f"{name.replace('_', '-')}: {level}" if level else name


def message_of(content: object) -> str:
    """What an error answer says, with the messages of its errors, on one line."""
    errors = items_at(content, "errors")
    parts = [text_at(content, "message")]
    parts += [error if isinstance(error, str) else text_at(error, "message") for error in errors]
    return plain("; ".join(part for part in parts if part))


def plain(text: str) -> str:
    """Printable characters on one line, and no more than a reader wants."""
    line = "".join(one if one.isprintable() else " " for one in text)
    return line if len(line) <= MAX_WORDS else line[:MAX_WORDS] + " …"
