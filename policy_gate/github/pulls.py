"""Which pull request it is, and which commit is its head now."""

from __future__ import annotations

import re

from policy_gate.errors import UsageError
from policy_gate.frozen import dataclass
from policy_gate.github.answers import number_at, text_at
from policy_gate.github.client import Client

MAX_PULL_PAGES = 3
_REPOSITORY = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}")
_OID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """One pull request of `repository` (owner/name); `number` 0 where there is none, only commits of a repository."""

    repository: str
    number: int = 0

    def path(self, *names: str | int) -> str:
        """A path below the pull request in the API."""
        return below(self.repository, "pulls", self.number, *names)

    def issue_path(self, *names: str | int) -> str:
        """A path below the issue that every pull request also is: its conversation."""
        return below(self.repository, "issues", self.number, *names)


def below(repository: str, *names: str | int) -> str:
    """A path below a repository in the API; UsageError for a name that is none."""
    if not _REPOSITORY.fullmatch(repository) or {".", ".."} & set(repository.split("/")):
        raise UsageError("a repository is named owner/name")
    return "/".join(["/repos", repository, *map(str, names)])


def object_id(oid: str) -> str:
    """The object id itself; UsageError for anything else, as it becomes part of an address."""
    if not _OID.fullmatch(oid):
        raise UsageError("a commit is named by its whole object id")
    return oid


def read_head(client: Client, pull: Pull) -> str:
    """The object id of the pull request's head as GitHub has it now; raises GithubError."""
    return text_at(client.get(pull.path()), "head", "sha")


def head_is_current(client: Client, pull: Pull, head: str) -> bool:
    """Whether nothing was pushed after `head`: else an older run would write over a newer one. Raises GithubError."""
    return read_head(client, pull) == head


def find_pulls(
    client: Client, repository: str, *, head_owner: str, head_branch: str, head_sha: str
) -> tuple[Pull, ...]:
    """Open pull requests whose head is this commit of this branch, in order of number; usually one, perhaps none.

    For the second stage of a fork's run: all three come from GitHub's own event, never from the first stage's file.
    Raises GithubError.
    """
    asked = client.pages(
        below(repository, "pulls"), most=MAX_PULL_PAGES, state="open", head=f"{head_owner}:{head_branch}"
    )
    numbers = [number_at(one, "number") for one in asked if text_at(one, "head", "sha") == object_id(head_sha)]
    return tuple(Pull(repository=repository, number=number) for number in sorted(numbers) if number > 0)
