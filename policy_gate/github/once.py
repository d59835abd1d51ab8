"""A write that must not be made twice, over a connection that may lose its answer."""

from __future__ import annotations

from collections.abc import Callable

from policy_gate.github.client import Client
from policy_gate.github.failure import GithubError

MAX_ATTEMPTS = 3
SETTLE_SECONDS = 2.0
"""How long GitHub gets before we look whether a write whose answer was lost was made after all."""


def write_once(client: Client, write: Callable[[], object], stands: Callable[[], bool]) -> None:
    """Write; where the answer is lost, look whether it stands there, and write again only when it does not.

    A server error or a cut connection says nothing of whether the write was applied, so repeating it blindly makes
    two. Raises the GithubError of the last attempt, or one that says that nobody knows.
    """
    lost: GithubError | None = None
    for _ in range(MAX_ATTEMPTS):
        try:
            write()
        except GithubError as failure:
            if not failure.ambiguous:
                raise
            lost = failure
        else:
            return
        if _stands(client, lost, stands):
            return
    if lost is not None:
        raise lost


def _stands(client: Client, lost: GithubError, stands: Callable[[], bool]) -> bool:
    try:
        client.pause(SETTLE_SECONDS)
        return stands()
    except GithubError as failure:
        words = f"{lost.words}, and whether it was written after all is not known: {failure.words}"
        raise GithubError(lost.kind, words) from failure
