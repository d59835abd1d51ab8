"""Who approves one commit by a review on GitHub: what the network read, frozen for what judges without it."""

from __future__ import annotations

from policy_gate.frozen import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One person's standing approval of one commit, by a reviewer the trust file names.

    `login` is the person, `via` what makes them a reviewer: `team acme/edge` or `user lee`; `head` is the object id
    of the commit they approve.
    """

    login: str
    via: str
    head: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviews:
    """The approvals of the commit `head`, by login and then by reviewer, and what of them could not be read.

    A person who approves by two named reviewers stands there twice. `unread` says in words what is missing, such as
    `members of team acme/edge cannot be read: members: read`; where it is not empty, an approval may be missing, and
    none is there too many.
    """

    head: str
    approving: tuple[Review, ...] = ()
    unread: tuple[str, ...] = ()
