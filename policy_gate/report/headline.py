"""The verdict of a run in one line, and what was counted: the first thing every report says."""

from __future__ import annotations

import re
from collections.abc import Callable

from policy_gate.frozen import dataclass
from policy_gate.model import Record, Verdict
from policy_gate.overview import Overview
from policy_gate.report.findings import GRAVITY, counted, tally, warnings_fail

ALLOWED, BLOCKED, WARNED, UNJUDGED = "✅", "❌", "⚠️", "⛔"
MAX_RULES = 3
_OBJECT_ID = re.compile(r"\b([0-9a-f]{7})[0-9a-f]{33}(?:[0-9a-f]{24})?\b")

Named = Callable[[str], str]
"""Makes a name from a release harmless where it is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """The verdict with its sign, and the counts of judgements."""

    sign: str
    words: str
    counts: str


def headline_of(overview: Overview, named: Named) -> Headline:
    """What became of the run; a run that could not judge everything never reads as one that allows."""
    fails = warnings_fail(overview)
    judgements = [one for record in overview.records for one in record.judgements]
    judgements += overview.review.judgements if overview.review is not None else ()
    counts = tally(judgements, warnings_fail=fails)
    sign, words = _said(overview, named, fails=fails)
    return Headline(sign=sign, words=_capital(words), counts=counts)


def _said(overview: Overview, named: Named, *, fails: bool) -> tuple[str, str]:
    if overview.problems:
        return UNJUDGED, f"Could not be judged: {counted(len(overview.problems), 'problem')}{_also(overview, named)}"
    if overview.exit_code not in (0, 1):
        return UNJUDGED, f"The gate itself failed, so nothing is allowed{_also(overview, named)}"
    blocked = _blocked(overview, named)
    if fails:
        return BLOCKED, f"{_all(overview, named)} fails: the run was asked to fail on warnings"
    if overview.exit_code:
        return BLOCKED, blocked or f"{_all(overview, named)} is blocked"
    if blocked:
        return WARNED, f"{blocked}, but the run was asked never to fail"
    return ALLOWED, _allowed(overview, named)


def _also(overview: Overview, named: Named) -> str:
    blocked = _blocked(overview, named)
    return f"; {blocked}" if blocked else ""


def _blocked(overview: Overview, named: Named) -> str:
    """Which releases are blocked, and whether the change of policy is; "" where nothing is."""
    blocked = [one for one in overview.records if one.verdict is Verdict.BLOCKED]
    of_policy = overview.review is not None and overview.review.verdict is Verdict.BLOCKED
    if not blocked:
        return "the change of policy is blocked" if of_policy else ""
    total = len(overview.records)
    one_of_one = f"{release_words(blocked[0], named)} is blocked{_by(blocked[0], named)}"
    many = f"{len(blocked):,} of {total:,} releases {'is' if len(blocked) == 1 else 'are'} blocked"
    return (one_of_one if total == 1 else many) + (", and the change of policy" if of_policy else "")


def _by(record: Record, named: Named) -> str:
    """The rules that block a release, the gravest first."""
    blocking = sorted((one for one in record.judgements if one.blocks), key=lambda one: GRAVITY.index(one.severity))
    rules = list(dict.fromkeys(named(one.rule) for one in blocking))
    if len(rules) > MAX_RULES:
        rules[MAX_RULES - 1 :] = [f"{len(rules) - MAX_RULES + 1:,} more rules"]
    return f" by {' and '.join(part for part in (', '.join(rules[:-1]), rules[-1]) if part)}" if rules else ""


def _allowed(overview: Overview, named: Named) -> str:
    if not overview.records:
        return "the change of policy is allowed" if overview.review is not None else "There is no release to judge"
    return f"{_all(overview, named)} {'is' if len(overview.records) == 1 else 'are'} allowed"


def _all(overview: Overview, named: Named) -> str:
    if len(overview.records) == 1:
        return release_words(overview.records[0], named)
    return f"all {len(overview.records):,} releases" if overview.records else "this run"


def release_words(record: Record, named: Named) -> str:
    """A release by name and version."""
    return named(f"{record.release.name} {record.release.version}")


def _capital(words: str) -> str:
    """Words of ours as the start of a sentence; a name keeps its first letter."""
    return f"{words[0].upper()}{words[1:]}" if words.startswith(("the change", "all ", "this run")) else words


def short_source(source: str) -> str:
    """The name of a tree with object ids as short as GitHub shows them."""
    return _OBJECT_ID.sub(r"\1", source)
