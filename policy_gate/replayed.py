"""What another policy would have said of past releases, as frozen values: all that is rendered about it."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from policy_gate.errors import Problem
from policy_gate.frozen import dataclass
from policy_gate.model import Mode, Outcome, Place, Scalar, Severity, Stage, Subject

SCHEMA = "policy-gate/policy-replay/v1alpha1"


class Said(StrEnum):
    """What a policy says of a release, as far as its record lets it: without the facts of a rule it is not known."""

    ALLOWED = "allowed"
    BLOCKED = "blocked"
    NOT_ESTABLISHED = "not established"


class Waivable(StrEnum):
    """Whether a finding that would newly block could be excepted by a waiver."""

    YES = "yes"
    NO = "no"
    NOT_NEEDED = "not needed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayedFlip:
    """One judgement that the other policy changes; an outcome is "" where that policy has no such rule.

    `measured`, `limit` and `base` are in `unit`, as the other policy judges, or did, where the rule is gone.
    """

    rule: str
    title: str
    severity: Severity
    mode: Mode
    subject: Subject
    before: Outcome | Literal[""]
    after: Outcome | Literal[""]
    blocked_before: bool
    blocks: bool
    message: str
    place: Place
    measured: Scalar = None
    limit: Scalar = None
    base: Scalar = None
    unit: str = ""
    limit_place: Place | None = None
    waivable: Waivable = Waivable.NOT_NEEDED

    @property
    def newly_blocks(self) -> bool:
        """Whether this is what a stricter policy would have stopped."""
        return self.blocks and not self.blocked_before


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayedRelease:
    """One past release under both policies; `origin` says where its record was read, `digest` what its bytes were.

    `unsaid` are the rules that need what the record does not hold: they are in neither verdict.
    """

    name: str
    version: str
    sequence: int
    manifest_digest: str
    stage: Stage
    day: str
    origin: str
    digest: str
    before: Said
    after: Said
    flips: tuple[ReplayedFlip, ...] = ()
    unsaid: tuple[str, ...] = ()

    @property
    def newly_blocks(self) -> bool:
        """Whether something blocks it that did not."""
        return any(one.newly_blocks for one in self.flips)


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Counts over all releases; `flips` and what follows count judgements, the rest counts releases."""

    releases: int
    newly_blocked: int
    """Allowed before, blocked now."""
    newly_allowed: int
    not_established: int
    """Nothing that can be said blocks them, and something that cannot be said might."""
    flips: int
    newly_blocking: int
    waivers_needed: int
    """Findings that would newly block, and that a waiver may except."""
    not_waivable: int
    unsaid: int
    """Rules, counted for each release, that cannot be judged from its record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """Everything one replay found, in order of release; `shard` is "" for all, else such as "2/5".

    `rules_gone` and `rules_new` are those that judged some release under one policy and none under the other.
    """

    schema: str
    tool_version: str
    policy: str
    against: str
    """The other policy as it was named; "" where records are compared with what they hold."""
    shard: str
    releases: tuple[ReplayedRelease, ...]
    copies: int
    """Records left out since another has the same bytes."""
    rules_gone: tuple[str, ...]
    rules_new: tuple[str, ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]
    totals: Totals
    exit_code: int
