"""The baseline of a tree: what would be known, what never can be, and what changed since the one that is there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from policy_gate.area import FactBook
from policy_gate.document import load_json
from policy_gate.engine import Exempt
from policy_gate.errors import EvidenceError, GateError, Problem, SourceError, UsageError
from policy_gate.excepting.findings import Findings, Found
from policy_gate.frozen import dataclass
from policy_gate.gate.exempting import read_exceptions
from policy_gate.model import Judgement, Outcome, Record
from policy_gate.policy.baseline import (
    LIMITS,
    Baseline,
    KnownState,
    KnownStatus,
    apply_baseline,
    load_baseline,
    make_baseline,
)
from policy_gate.policy.waivers import UNWAIVABLE_AREAS, UNWAIVABLE_PREFIXES

BASELINE_FILE = "policy-gate.baseline.json"
STALE = (KnownStatus.GONE, KnownStatus.BETTER, KnownStatus.NEVER_KNOWN)
"""What should be taken out of a baseline, or tightened in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A baseline as JSON, what it knows by rule, and what it never can: those findings stay as they are."""

    text: str
    known: tuple[str, ...]
    never: tuple[Judgement, ...]
    new: tuple[Judgement, ...]
    """Findings that the baseline which is there does not cover: new, or worse than recorded."""
    stale: tuple[KnownState, ...]
    replaces: bool
    """Whether there was a baseline that could be read, so that `new` and `stale` say what changed."""


def baseline_path(findings: Findings, output: str) -> str:
    """Where the baseline is: as asked, as the configuration says, or at its usual place."""
    return output or findings.configuration.beside(findings.configuration.spec.baseline or BASELINE_FILE)


def plan_baseline(findings: Findings, path: str, *, only_some: bool) -> Made:
    """Make the baseline of everything that was judged; raises GateError where it would be incomplete.

    With `only_some`, not every manifest was judged: what a baseline knows of others must not get lost.
    """
    if findings.problems:
        hint = "no baseline is made of a part: mend what cannot be judged first"
        raise UsageError([*findings.problems, Problem("not everything could be judged", hint=hint)])
    protected = findings.policy.exceptions.protected
    records = records_under_waivers(findings)
    old = _old_baseline(findings, path, must_be_readable=only_some)
    if old is not None and only_some:
        _refuse_loss(old, records, path)
    text = make_baseline(records, protected)
    made = load_baseline(load_json(text.encode(), path, LIMITS))
    return Made(
        text=text,
        known=tuple(one.rule for one in made.findings),
        never=tuple(one for record in records for one in record.judgements if _is_never_known(one, protected)),
        new=tuple(_uncovered(records, old, protected)) if old is not None else (),
        stale=tuple(stale_states(records, old, protected, only_some=only_some)) if old is not None else (),
        replaces=old is not None,
    )


def check_baseline(findings: Findings, path: str, *, only_some: bool) -> tuple[KnownState, ...]:
    """The entries of the baseline that are stale; raises GateError where there is none to read."""
    if findings.problems:
        raise UsageError(findings.problems)
    baseline = _read_baseline(findings, path)
    records = records_under_waivers(findings)
    return tuple(stale_states(records, baseline, findings.policy.exceptions.protected, only_some=only_some))


def records_under_waivers(findings: Findings) -> tuple[Record, ...]:
    """The records with waivers applied: what a waiver covers for some days must not be known for ever."""
    exceptions = read_exceptions(findings.files("baseline"))
    return tuple(_waived(one, exceptions.for_release(one.record.release, one.policy)) for one in findings.releases)


def _waived(found: Found, exempt: Exempt | None) -> Record:
    if exempt is None:
        return found.record
    exempted = exempt(found.record.judgements, FactBook(found.record.facts))
    return replace(found.record, judgements=exempted.judgements)


def stale_states(
    records: Sequence[Record], baseline: Baseline, protected: frozenset[str], *, only_some: bool
) -> Iterator[KnownState]:
    """Entries whose finding is gone or better, or that no baseline covers; also those of releases that are gone."""
    judged = {record.release.name for record in records}
    for record in records:
        states = apply_baseline(record.judgements, record.release, baseline, protected).states
        yield from (one for one in states if one.status in STALE)
    if only_some:
        return
    for one in baseline.findings:
        if one.release not in judged:
            message = f"there is no release {one.release} any more"
            yield KnownState(id=one.id, rule=one.rule, status=KnownStatus.GONE, message=message)


def _uncovered(records: Sequence[Record], baseline: Baseline, protected: frozenset[str]) -> Iterator[Judgement]:
    for record in records:
        known = apply_baseline(record.judgements, record.release, baseline, protected)
        for one in known.judgements:
            if one.outcome in (Outcome.FAIL, Outcome.UNKNOWN) and not _is_never_known(one, protected):
                yield one


def _is_never_known(judgement: Judgement, protected: frozenset[str]) -> bool:
    if judgement.outcome is Outcome.ERROR:
        return True
    if judgement.outcome not in (Outcome.FAIL, Outcome.UNKNOWN):
        return False
    rule = judgement.rule
    return rule.startswith(UNWAIVABLE_PREFIXES) or judgement.area in UNWAIVABLE_AREAS or rule in protected


def _old_baseline(findings: Findings, path: str, *, must_be_readable: bool) -> Baseline | None:
    """The baseline that would be replaced; None where there is none, or none that can be read."""
    if not findings.configuration.tree.exists(path):
        return None
    try:
        return _read_baseline(findings, path)
    except GateError:
        if must_be_readable:
            raise
        return None


def _read_baseline(findings: Findings, path: str) -> Baseline:
    try:
        content = findings.configuration.tree.read(path, LIMITS.max_bytes)
    except EvidenceError as error:
        hint = error.fix or "`policy-gate baseline` makes it"
        raise SourceError(Problem(f"{error.reason.value}: {error.detail}", path, hint=hint)) from error
    return load_baseline(load_json(content, path, LIMITS))


def _refuse_loss(old: Baseline, records: Sequence[Record], path: str) -> None:
    judged = {record.release.name for record in records}
    others = sorted({one.release for one in old.findings} - judged)
    if others:
        hint = "name no manifest, so that all of them are judged"
        what = f"holds findings of {', '.join(others)} too, which would get lost"
        raise UsageError(Problem(what, path, hint=hint))
