"""The words of the gate as frozen data: subjects, facts, answers, judgements, the record."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import ClassVar, Literal

from policy_gate.errors import Reason
from policy_gate.frozen import dataclass

Scalar = str | int | float | bool | None
"""A value shown beside a judgement; None means there is nothing to show."""


class Outcome(StrEnum):
    """What one rule says of one subject."""

    PASS = "pass"  # noqa: S105  # a word of the product
    FAIL = "fail"
    UNKNOWN = "unknown"
    WAIVED = "waived"
    NOT_APPLICABLE = "not_applicable"
    ERROR = "error"


class Severity(StrEnum):
    """How findings are sorted; never decides."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Mode(StrEnum):
    """Whether a rule blocks, annotates or only records."""

    ENFORCE = "enforce"
    WARN = "warn"
    AUDIT = "audit"


class Stage(StrEnum):
    """Whether the bytes may still change (a pull request) or not (a tag, a publish job)."""

    CANDIDATE = "candidate"
    RELEASE = "release"


ReleaseEvent = Literal["tag", "publish"]
"""What happens to a release beside a change of a branch: it is tagged, or published."""

FailOn = Literal["blocked", "warned", "never"]
"""When a command fails: on a release that is blocked, also on one that only warns, or never."""


def stricter_fail_on(one: FailOn, other: FailOn | None) -> FailOn:
    """The stricter of two; None asks for nothing."""
    order: tuple[FailOn, ...] = ("never", "blocked", "warned")
    return one if other is None else max(one, other, key=order.index)


class Basis(StrEnum):
    """How a fact is known."""

    RECOMPUTED = "recomputed"
    ATTESTED = "attested"
    DECLARED = "declared"


class Verdict(StrEnum):
    """What the gate says of a release."""

    ALLOWED = "allowed"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True, order=True)
class Subject:
    """What a fact or judgement is about, such as `artifact kws` or `target node-v2 x kws`."""

    kind: str
    names: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Render as words for a reader."""
        return f"{self.kind} {' x '.join(self.names)}" if self.names else self.kind


RELEASE = Subject("release")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One value computed from evidence, about one subject; `pointer` is a JSON pointer into the manifest."""

    name: ClassVar[str] = ""
    subject: Subject
    pointer: str
    basis: Basis = Basis.RECOMPUTED


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """One way to mend a finding; a derived `replacement` for `pointer` is one that `fix` can write."""

    text: str
    pointer: str = ""
    replacement: Scalar = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A fact that could not be established, and why."""

    fact: str
    subject: Subject
    pointer: str
    reason: Reason
    detail: str
    fixes: tuple[Fix, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something stands: lines and columns are 1-based; `locator` names a node or tensor inside a model."""

    source: str
    path: str
    pointer: str = ""
    line: int = 0
    column: int = 0
    end_line: int = 0
    end_column: int = 0
    locator: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a check says of one fact, before the engine adds rule and place.

    `measured`, `limit` and `base` are in `unit`. `pointer` overrides the fact's own where a more exact one is known.
    """

    outcome: Outcome
    message: str
    reason: Reason | None = None
    measured: Scalar = None
    limit: Scalar = None
    base: Scalar = None
    unit: str = ""
    pointer: str | None = None
    locator: str = ""
    causes: tuple[str, ...] = ()
    fixes: tuple[Fix, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """Outcome of one rule for one subject, with all a reader needs to act on it."""

    rule: str
    title: str
    area: str
    severity: Severity
    mode: Mode
    subject: Subject
    outcome: Outcome
    reason: Reason | None
    message: str
    place: Place
    limit_place: Place | None = None
    basis: Basis | None = None
    measured: Scalar = None
    limit: Scalar = None
    base: Scalar = None
    unit: str = ""
    causes: tuple[str, ...] = ()
    fixes: tuple[Fix, ...] = ()
    waiver: str = ""
    """Id of the waiver, or `baseline`, that covers this finding; empty where nothing does."""
    note: str = ""
    """What a reader should know beside the message: from when a rule blocks, what covers it and until when."""

    @property
    def finding_id(self) -> str:
        """Identity of a finding over time: rule, subject and pointer; no line, no text."""
        return f"{self.rule}:{self.subject.kind}:{'/'.join(self.subject.names)}:{self.place.pointer}"

    @property
    def blocks(self) -> bool:
        """Whether this judgement alone blocks the release."""
        return self.outcome is Outcome.ERROR or (
            self.mode is Mode.ENFORCE and self.outcome in (Outcome.FAIL, Outcome.UNKNOWN)
        )


class BaseState(StrEnum):
    """What is known of the release this one replaces."""

    FOUND = "compared with its base release"
    FIRST_RELEASE = "no baseline: the base holds no release of this name"
    NO_BASE = "no baseline: there is no base revision"
    BROKEN = "the base release could not be read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """One judgement that another policy changes; an outcome is "" where that policy has no such rule."""

    rule: str
    subject: Subject
    pointer: str
    before: Outcome | Literal[""]
    after: Outcome | Literal[""]
    message: str
    blocks: bool
    """Whether the judgement blocks under the other policy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What the policy that a change proposes would say; it decides nothing. `verdict` is None when it cannot judge."""

    source: str
    verdict: Verdict | None
    flips: tuple[Flip, ...] = ()
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One file that decided: its role (manifest, policy, configuration, trust …), where it came from, its digest."""

    role: str
    source: str
    path: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseIdentity:
    """A release is its name and sequence plus the digest of its manifest, never a path."""

    name: str
    version: str
    sequence: int
    manifest_digest: str
    path: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Everything one evaluation decided; every report is rendered from it and nothing else."""

    schema: str
    tool_version: str
    release: ReleaseIdentity
    base: ReleaseIdentity | None
    base_state: BaseState
    base_note: str
    stage: Stage
    today: str
    policy: tuple[str, ...]
    policy_source: str
    bootstrap: bool
    claims: Mapping[str, object]
    facts: tuple[Fact, ...]
    missing: tuple[Missing, ...]
    judgements: tuple[Judgement, ...]
    verdict: Verdict
    base_claims: Mapping[str, object] = field(default_factory=dict)
    base_facts: tuple[Fact, ...] = ()
    base_missing: tuple[Missing, ...] = ()
    inputs: tuple[Input, ...] = ()
    limits: tuple[str, ...] = field(default=())
    preview: Preview | None = None


def round_up(number: float) -> float:
    """Round an upper bound outward to six significant digits, so that records are equal on every platform."""
    return _round_outward(number, upward=True)


def round_down(number: float) -> float:
    """Round a lower bound outward to six significant digits."""
    return _round_outward(number, upward=False)


def _round_outward(number: float, *, upward: bool) -> float:
    if number == 0 or not math.isfinite(number):
        return number
    from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal  # costs 3 ms; only bounds pay it

    # Twelve digits first: the last few bits differ between platforms' libm and would flip the sixth digit.
    settled = Context(prec=12).create_decimal(Decimal(number))
    return float(Context(prec=6, rounding=ROUND_CEILING if upward else ROUND_FLOOR).create_decimal(settled))
