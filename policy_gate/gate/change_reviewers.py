"""Reviews on GitHub as approval of a change of what judges: of the judged commit, by people whom the base names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from policy_gate.errors import GateError
from policy_gate.gate.change_approval import change_digest
from policy_gate.gate.changes import changes_of
from policy_gate.gate.trees import open_base
from policy_gate.gate.trusted import PolicyFiles, read_configuration
from policy_gate.policy.exceptions import NO_PROOF, NotProven, Proof, Proven, is_plain_name, same_person, short
from policy_gate.source import head_commit, open_revision, parents_of

if TYPE_CHECKING:
    from policy_gate.approval_reviews import Review, Reviews
    from policy_gate.areas.signature.trust import Reviewers
    from policy_gate.gate.request import Request
    from policy_gate.gate.trees import Trees

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def named_reviewers(request: Request) -> Reviewers:
    """Whose reviews would count for this request, by the base's trust file; nobody without a named base.

    Nothing is judged. Raises GateError where the base cannot be read.
    """
    from policy_gate.areas.signature.trust import NOBODY

    if not request.base:
        return NOBODY
    base = open_base(request)
    if base is None:
        return NOBODY
    with base:
        configuration = read_configuration(request.config, base, from_base=True)
        trust = PolicyFiles(configuration, request.today.isoformat()).trust()
    return trust.reviewers if trust is not None else NOBODY


def either(signed: Proof, reviewed: Callable[[], Proof]) -> Proof:
    """A signature, or else reviews; where neither proves anything, why not."""
    if isinstance(signed, Proven):
        return signed
    other = reviewed()
    if isinstance(other, Proven) or signed is NO_PROOF:
        return other
    return signed if other is NO_PROOF else NotProven(reason=f"{signed.reason}; {other.reason}")


def proof_of_reviews(request: Request, trees: Trees, files: PolicyFiles, digest: str) -> Proof:
    """Whether reviews approve the table of changes with this digest, and whose; else what is wrong with them.

    An approval is of a commit, not of a table, so that the table has to be the one that this commit makes.
    """
    reviews, trust = request.reviews, files.trust() if request.reviews is not None else None
    if reviews is None or (not reviews.approving and (trust is None or not trust.reviewers)):
        return NO_PROOF
    if trust is None or not trust.reviewers:
        return NotProven(reason="the base's trust file names no reviewers, so that no review counts")
    counted, causes = _counted(reviews, trust.reviewers)
    if len(counted) < trust.reviewers.count:
        enough = f"{len(counted)} of {trust.reviewers.count} reviews"
        found = f"{enough} by named reviewers approve commit {_short(reviews.head)}"
        return NotProven(reason="; ".join([found, *causes, *map(short, reviews.unread)]))
    objection = next(_not_judged(request, trees, reviews.head, digest), "")
    if objection:
        return NotProven(reason=objection)
    return Proven(by=tuple(f"{one.login} ({one.via})" for one in counted), reviewed=True)


def _counted(reviews: Reviews, named: Reviewers) -> tuple[list[Review], list[str]]:
    """One review of each person that counts, and why those of others do not."""
    counted: list[Review] = []
    refused: list[tuple[Review, str]] = []
    for one in sorted(reviews.approving, key=lambda review: (review.login, review.via, review.head)):
        objection = _objection(one, reviews.head, named)
        if objection:
            refused.append((one, objection))
        elif not any(same_person(one.login, other.login) for other in counted):
            counted.append(one)
    causes = (
        f"the review of {short(one.login)} {objection}"
        for one, objection in refused
        if not any(same_person(one.login, other.login) for other in counted)
    )
    return counted, list(dict.fromkeys(causes))


def _objection(review: Review, head: str, named: Reviewers) -> str:
    if not is_plain_name(review.login):
        return "is by a name that is no login"
    if review.head != head:
        return f"is of commit {_short(review.head)}, not of {_short(head)}"
    if not named.names(review.via):
        return f"is one of {short(review.via)}, which the base's trust file does not name"
    kind, _, name = review.via.partition(" ")
    return f"is not one of {short(name)}" if kind == "user" and not same_person(name, review.login) else ""


def _not_judged(request: Request, trees: Trees, head: str, digest: str) -> Iterator[str]:
    """Why a commit that was reviewed is not what is judged."""
    judged = _judged_commit(request, trees)
    if not judged:
        yield f"what is judged is no commit ({short(request.tree)}), so that no review of one approves it"
        return
    if not _COMMIT.fullmatch(head):
        yield "the reviews are of nothing that is the id of a commit"
        return
    if judged != head:
        base = trees.base.source.rpartition(":")[2] if trees.base is not None else ""
        # A pull request is tested as a merge: of the base, and of its head, which is what people review.
        if parents_of(request.root, judged) != (base, head):
            yield f"commit {_short(judged)} is judged, which is neither {_short(head)} nor its merge with the base"
            return
    if request.tree == "working" and not _makes(request, trees, judged, digest):
        yield "the working tree changes what judges in another way than the commit that was reviewed"


def _judged_commit(request: Request, trees: Trees) -> str:
    if request.tree == "working":
        return head_commit(request.root) or ""
    kind, _, oid = trees.head.source.partition(":")
    return oid if kind == "revision" else ""


def _makes(request: Request, trees: Trees, commit: str, digest: str) -> bool:
    """Whether a commit alone, without what lies beside it on disk, makes the same table."""
    if trees.base is None:
        return False
    try:
        with open_revision(request.root, commit) as committed:
            changes = changes_of(trees.base, committed, request.config, request.today.isoformat())
    except GateError:
        return False
    return change_digest(changes.rows, changes.context) == digest


def _short(oid: str) -> str:
    return oid[:12]
