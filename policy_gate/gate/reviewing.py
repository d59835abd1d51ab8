"""The result of its own that a change of what judges gets: its table, its preview, and what it would have changed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from policy_gate.catalogue import fact_types
from policy_gate.engine import base_of
from policy_gate.engine.past import PastRelease, ReplayJudge, compare
from policy_gate.engine.record_reading import RecordReader, bundle_of, parse_document
from policy_gate.errors import EvidenceError, GateError
from policy_gate.gate.change_approval import approval_of, change_digest
from policy_gate.gate.change_review import review_changes
from policy_gate.gate.change_reviewers import either, proof_of_reviews
from policy_gate.gate.changes import changes_of
from policy_gate.gate.proposal import judges_at
from policy_gate.model import Flip, Preview, Record, Stage
from policy_gate.policy.globs import matches
from policy_gate.policy.overlays import EXPIRING_DAYS, Permission
from policy_gate.review import PastFlip, PolicyReview

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy_gate.gate.judge import Judges
    from policy_gate.gate.proposal import Proposal
    from policy_gate.gate.request import Request
    from policy_gate.gate.trees import Trees
    from policy_gate.gate.trusted import PolicyFiles
    from policy_gate.policy.loading import Policy
    from policy_gate.replayed import ReplayedRelease
    from policy_gate.source import Tree

MAX_PAST_RECORDS = 50
MAX_RECORD_BYTES = 4 * 1024 * 1024


def review(
    request: Request,
    trees: Trees,
    files: PolicyFiles,
    judges: Judges,
    proposal: Proposal | None,
    *,
    previews: Mapping[str, Preview],
) -> PolicyReview | None:
    """What this change does to its judge, judged by the base's own rules about that; None where it does nothing."""
    if trees.base is None:
        return None
    changes = changes_of(trees.base, trees.head, request.config, request.today.isoformat())
    if not changes.rows and not changes.problems:
        return None
    pasts, unread = _past_records(trees.base, files.configuration.spec.records)
    flips = tuple(_flips(pasts, request, files, proposal))
    digest = change_digest(changes.rows, changes.context)
    return review_changes(
        changes,
        judges.usual.own_rules,
        base=trees.base.source,
        head=trees.head.source,
        today=request.today.isoformat(),
        proof=either(approval_of(files, trees.head, digest), lambda: proof_of_reviews(request, trees, files, digest)),
        previews=previews,
        flips=flips,
        records_replayed=len(pasts) if _can_judge(proposal) else 0,
        notes=(*permission_notes(judges.usual.policy), *unread),
    )


def permission_notes(policy: Policy) -> tuple[str, ...]:
    """Permissions to be looser that a reader should know of: out of force, of no use, or ending soon."""
    return tuple(
        f"the permission to loosen {one.what} is {one.state.value}: {one.detail}"
        for one in policy.loosenings
        if one.state is not Permission.IN_FORCE or one.days_left <= EXPIRING_DAYS
    )


def _can_judge(proposal: Proposal | None) -> bool:
    return proposal is not None and bool(proposal.by_stage)


def _past_records(base: Tree, patterns: tuple[str, ...]) -> tuple[list[PastRelease], list[str]]:
    """The last records that the base keeps, by release and sequence, and a note for each that cannot be read."""
    if not patterns:
        return [], []
    reader = RecordReader(fact_types())
    found: list[PastRelease] = []
    unread: list[str] = []
    for path in sorted(entry.path for entry in base.list() if matches(entry.path, patterns)):
        try:
            trees = bundle_of(parse_document(base.read(path, MAX_RECORD_BYTES))).records
            found.extend(PastRelease(record=reader.read(one), origin=path) for one in trees)
        except (EvidenceError, GateError) as error:
            unread.append(f"the past record {path} cannot be read: {error}")
    found.sort(key=lambda one: (one.record.release.sequence, one.record.release.name, one.origin))
    return found[-MAX_PAST_RECORDS:], unread


def _flips(
    pasts: list[PastRelease], request: Request, files: PolicyFiles, proposal: Proposal | None
) -> Iterator[PastFlip]:
    if proposal is None or not proposal.by_stage or not pasts:
        return
    trusted = {stage: judges_at(request, files, stage) for stage in Stage}
    for past in pasts:
        try:
            compared = compare(past, partial(_judge_of, proposal.by_stage), partial(_judge_of, trusted)).release
        except GateError:
            continue  # one of the two has no rule for its stage, which the table says
        if compared.flips or compared.before is not compared.after:
            yield _past_flip(past.record, compared)


def _judge_of(by_stage: Mapping[Stage, Judges], record: Record) -> ReplayJudge:
    judge = by_stage[record.stage].of(record.claims, base_of(record))
    return ReplayJudge(
        rules=judge.rules,
        limits=judge.policy.exceptions,
        parameters=judge.parameters,
        names=judge.policy.names,
    )


def _past_flip(record: Record, compared: ReplayedRelease) -> PastFlip:
    return PastFlip(
        release=record.release.name,
        version=record.release.version,
        sequence=record.release.sequence,
        before=compared.before,
        after=compared.after,
        flips=tuple(
            Flip(
                rule=one.rule,
                subject=one.subject,
                pointer=one.place.pointer,
                before=one.before,
                after=one.after,
                message=one.message,
                blocks=one.blocks,
            )
            for one in compared.flips
        ),
    )
