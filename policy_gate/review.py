"""What a change does to its judge, as one frozen value: every report about it is rendered from it and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import ClassVar

from policy_gate.frozen import dataclass
from policy_gate.model import Fact, Flip, Judgement, Preview, Verdict
from policy_gate.replayed import Said

SCHEMA = "policy-gate/policy-review/v1alpha1"


class Direction(StrEnum):
    """What a change is for whoever is judged: it may block less, block more, or block otherwise."""

    LOOSER = "looser"
    STRICTER = "stricter"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyChange(Fact):
    """One thing a change does to what judges; values are words, and `line` is 1-based, 0 where none is known.

    `approved_by` are labels of the approvers whose keys signed the table of all changes. `reviewed_by` are the people
    whose reviews of the judged commit approve it, such as `lee (team acme/edge)`; then the basis is attested.
    `objection` says why a signature or a review that was given proves nothing.
    """

    name: ClassVar[str] = "policy.change"
    kind: str
    what: str
    before: str
    after: str
    direction: Direction
    source: str
    path: str
    line: int
    approved_by: tuple[str, ...] = ()
    objection: str = ""
    reviewed_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PastFlip:
    """What the proposed policy would have changed about one release of the past."""

    release: str
    version: str
    sequence: int
    before: Said
    after: Said
    flips: tuple[Flip, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyReview:
    """Everything one change does to its judge; `base` and `head` are the names of the two trees.

    `digest` is that of the table of changes: what an approver signs. `previews` are by the name of the release;
    `notes` are what else a reader should know, such as permissions of the base that end soon.
    """

    schema: str
    tool_version: str
    base: str
    head: str
    today: str
    changes: tuple[PolicyChange, ...]
    judgements: tuple[Judgement, ...]
    verdict: Verdict
    digest: str
    previews: Mapping[str, Preview] = field(default_factory=dict)
    flips: tuple[PastFlip, ...] = ()
    records_replayed: int = 0
    notes: tuple[str, ...] = ()

    def count(self, direction: Direction) -> int:
        """How many changes go one way."""
        return sum(one.direction is direction for one in self.changes)
