"""Compares what two policies say of past releases, each judged from its record: what flips, and what blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING

from policy_gate.engine.base import Exempt
from policy_gate.engine.flips import flips_between
from policy_gate.engine.replaying import not_replayable, replay
from policy_gate.errors import Reason
from policy_gate.frozen import dataclass
from policy_gate.model import Flip, Judgement, Outcome, Record, Subject
from policy_gate.policy.waivers import UNWAIVABLE_AREAS, UNWAIVABLE_PREFIXES, subject_words
from policy_gate.replayed import ReplayedFlip, ReplayedRelease, Said, Waivable

if TYPE_CHECKING:
    from policy_gate.catalogue import BoundRule
    from policy_gate.policy.exceptions import WaiverLimits

Judged = tuple[Judgement, ...]

ABOUT_POLICIES = "policy"
"""The area of rules about a change, waivers and the baseline: they judge how a release was judged, not the release."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRelease:
    """One record, where it was read, and the digest of its bytes."""

    record: Record
    origin: str
    digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayJudge:
    """Everything that judges one record again; with "" for `today` it is judged as of its own day."""

    rules: tuple[BoundRule, ...]
    limits: WaiverLimits
    own_rules: tuple[BoundRule, ...] = ()
    parameters: Mapping[str, object] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    exempt: Exempt | None = None
    today: str = ""

    def judge(self, record: Record) -> tuple[Judgement, ...]:
        """What it says of a record's release; raises PolicyError where it has no rule for its stage."""
        return replay(
            record,
            self.rules,
            own_rules=self.own_rules,
            parameters=self.parameters,
            policy_names=self.names,
            exempt=self.exempt,
            today=self.today,
        ).judgements


JudgeOf = Callable[[Record], ReplayJudge]
"""Who judges a record: its stage, its day and what its manifest claims may choose. Raises GateError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One release under both policies, and the rules that judged it under each."""

    release: ReplayedRelease
    rules_before: frozenset[str]
    rules_after: frozenset[str]


def flips_over(pasts: Iterable[PastRelease], new: JudgeOf, old: JudgeOf | None = None) -> Iterator[ReplayedRelease]:
    """What another policy would have said of past releases, one by one; as `compare`."""
    return (compare(past, new, old).release for past in pasts)


def compare(past: PastRelease, new: JudgeOf, old: JudgeOf | None = None) -> Compared:
    """One past release under another policy, beside `old` or, without it, beside what its record holds.

    A rule whose facts the record lacks says nothing of the release: it is listed in `unsaid` and is no flip. Raises
    GateError where a policy cannot judge.
    """
    record = past.record
    judge = new(record)
    earlier = _about_release(record.judgements if old is None else old(record).judge(record))
    later = _about_release(judge.judge(record))
    release = ReplayedRelease(
        name=record.release.name,
        version=record.release.version,
        sequence=record.release.sequence,
        manifest_digest=record.release.manifest_digest,
        stage=record.stage,
        day=judge.today or record.today,
        origin=past.origin,
        digest=past.digest,
        before=said(earlier),
        after=said(later),
        flips=tuple(_flips(earlier, later, judge.limits)),
        unsaid=tuple(sorted({one.rule for one in (*not_replayable(earlier), *not_replayable(later))})),
    )
    return Compared(
        release=release,
        rules_before=frozenset(one.rule for one in earlier),
        rules_after=frozenset(one.rule for one in later),
    )


def _about_release(judgements: Iterable[Judgement]) -> Judged:
    return tuple(one for one in judgements if one.area != ABOUT_POLICIES)


def said(judgements: Sequence[Judgement]) -> Said:
    """The verdict as far as it is known: what blocks decides, else what cannot be judged and might block."""
    blocking = [one.reason for one in judgements if one.blocks]
    if not judgements or any(reason is not Reason.NOT_IN_RECORD for reason in blocking):
        return Said.BLOCKED
    return Said.NOT_ESTABLISHED if blocking else Said.ALLOWED


def _flips(before: Judged, after: Judged, limits: WaiverLimits) -> Iterator[ReplayedFlip]:
    before, after = _where_unlike(_sayable(before, after), _sayable(after, before))
    if not before and not after:
        return
    blocked = {(one.rule, one.subject) for one in before if one.blocks}
    old, new = _by_words(before), _by_words(after)
    for flip in flips_between(before, after):
        shown = (new if flip.after else old)[_words(flip, flip.after or flip.before)]
        yield _shown(flip, shown, limits, blocked_before=(flip.rule, flip.subject) in blocked)


def _where_unlike(before: Judged, after: Judged) -> tuple[Judged, Judged]:
    """The judgements of the rules that two policies judge differently: of most rules nothing can have flipped."""
    old, new = _by_rule(before), _by_rule(after)
    unlike = {rule for rule in {*old, *new} if not _are_alike(old.get(rule, ()), new.get(rule, ()))}
    return (
        tuple(one for one in before if one.rule in unlike),
        tuple(one for one in after if one.rule in unlike),
    )


def _by_rule(judgements: Iterable[Judgement]) -> dict[str, list[Judgement]]:
    found: dict[str, list[Judgement]] = {}
    for one in judgements:
        found.setdefault(one.rule, []).append(one)
    return found


def _are_alike(before: Sequence[Judgement], after: Sequence[Judgement]) -> bool:
    return len(before) == len(after) and all(
        one.outcome is other.outcome
        and one.mode is other.mode
        and (one.subject is other.subject or one.subject == other.subject)
        for one, other in zip(before, after, strict=True)
    )


def _sayable(judgements: Judged, others: Judged) -> Judged:
    """What can be compared: a rule that cannot be judged on one side says nothing on the other either."""
    lacking = [*not_replayable(judgements), *not_replayable(others)]
    if not lacking:
        return judgements
    subjects = {(one.rule, one.subject) for one in lacking}
    rules = {one.rule for one in lacking}
    judged = {one.rule for one in others if one.reason is not Reason.NOT_IN_RECORD}
    return tuple(
        one
        for one in judgements
        if one.rule not in rules or (one.rule in judged and (one.rule, one.subject) not in subjects)
    )


Words = tuple[str, Subject, str, str, str]


def _by_words(judgements: Iterable[Judgement]) -> dict[Words, Judgement]:
    found: dict[Words, Judgement] = {}
    for one in judgements:
        found.setdefault((one.rule, one.subject, one.place.pointer, one.outcome, one.message), one)
    return found


def _words(flip: Flip, outcome: str) -> Words:
    return flip.rule, flip.subject, flip.pointer, outcome, flip.message


def _shown(flip: Flip, shown: Judgement, limits: WaiverLimits, *, blocked_before: bool) -> ReplayedFlip:
    newly = flip.blocks and not blocked_before
    return ReplayedFlip(
        rule=flip.rule,
        title=shown.title,
        severity=shown.severity,
        mode=shown.mode,
        subject=flip.subject,
        before=flip.before,
        after=flip.after,
        blocked_before=blocked_before,
        blocks=flip.blocks,
        message=shown.message,
        place=shown.place,
        measured=shown.measured,
        limit=shown.limit,
        base=shown.base,
        unit=shown.unit,
        limit_place=shown.limit_place,
        waivable=_waivable(shown, limits) if newly else Waivable.NOT_NEEDED,
    )


def _waivable(judgement: Judgement, limits: WaiverLimits) -> Waivable:
    """Whether a waiver may except a finding: a failure, of a rule and a subject that a waiver may name."""
    rule = judgement.rule
    may = (
        judgement.outcome is Outcome.FAIL
        and judgement.area not in UNWAIVABLE_AREAS
        and not rule.startswith(UNWAIVABLE_PREFIXES)
        and rule not in limits.protected
        and (isinstance(limits.waivable, str) or rule in limits.waivable)
        and subject_words(judgement.subject) != ""
    )
    return Waivable.YES if may else Waivable.NO
