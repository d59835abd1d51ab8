"""The verdict of a run in one line, and what was counted: the first thing every report says."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from policy_gate.frozen import dataclass
from policy_gate.model import Judgement, Record, Verdict
from policy_gate.overview import Overview
from policy_gate.report.escaping import clip
from policy_gate.report.findings import GRAVITY, SHOWN, Level, counted, level_of, tally, warnings_fail
from policy_gate.review import Direction

ALLOWED, BLOCKED, WARNED, UNJUDGED = "✅", "❌", "⚠️", "⛔"
MAX_RULES = 3
MAX_REASON = 120
"""Characters of the first problem that the verdict's own line quotes."""
NOTHING_APPLIES = "no rule of the policy applies, so nothing was judged"
_OBJECT_ID = re.compile(r"\b([0-9a-f]{7})[0-9a-f]{33}(?:[0-9a-f]{24})?\b")

Named = Callable[[str], str]
"""Makes a name from a release, or words about it, harmless where they are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """The verdict with its sign, and the counts of judgements."""

    sign: str
    words: str
    counts: str


def headline_of(overview: Overview, named: Named, prose: Named) -> Headline:
    """What became of the run and why; a run that could not judge everything never reads as one that allows."""
    fails = warnings_fail(overview)
    judgements = _judgements(overview)
    counts = tally(judgements, warnings_fail=fails) if judgements else "nothing was judged"
    sign, words = _said(overview, named, prose, fails=fails)
    return Headline(sign=sign, words=_capital(words), counts=counts)


def _judgements(overview: Overview) -> list[Judgement]:
    found = [one for record in overview.records for one in record.judgements]
    return [*found, *(overview.review.judgements if overview.review is not None else ())]


def _said(overview: Overview, named: Named, prose: Named, *, fails: bool) -> tuple[str, str]:
    if overview.problems:
        return UNJUDGED, f"Could not be judged: {_reason(overview, prose)}{_also(overview, named)}"
    if overview.exit_code not in (0, 1):
        return UNJUDGED, f"The gate itself failed, so nothing is allowed{_also(overview, named)}"
    blocked = _blocked(overview, named)
    if fails:
        verb = "fail" if len(overview.records) > 1 else "fails"
        rules = _by((one for one in _judgements(overview) if level_of(one) is Level.WARNING), named, "on")
        return BLOCKED, f"{_all(overview, named)} {verb}{rules}: the run was asked to fail on warnings"
    if overview.exit_code:
        return BLOCKED, blocked or f"{_all(overview, named)} is blocked"
    if blocked:
        return WARNED, f"{blocked}, but the run was asked never to fail"
    return ALLOWED, _allowed(overview, named)


def _reason(overview: Overview, prose: Named) -> str:
    """The first problem in its own words, and how many more there are."""
    words = prose(clip(" ".join(overview.problems[0].message.split()), MAX_REASON)) or "no message says why"
    more = len(overview.problems) - 1
    return f"{words}; {more:,} more {'problem' if more == 1 else 'problems'}" if more else words


def _also(overview: Overview, named: Named) -> str:
    blocked = _blocked(overview, named)
    return f"; {blocked}" if blocked else ""


def _blocked(overview: Overview, named: Named) -> str:
    """Which releases are blocked, and whether the change of policy is; "" where nothing is."""
    blocked = [one for one in overview.records if one.verdict is Verdict.BLOCKED]
    of_policy = overview.review is not None and overview.review.verdict is Verdict.BLOCKED
    rules = _by((one for one in _judgements(overview) if one.blocks), named)
    rules = rules or (f": {NOTHING_APPLIES}" if blocked else "")
    if not blocked:
        return f"the change of policy is blocked{rules}" if of_policy else ""
    total = len(overview.records)
    what = release_words(blocked[0], named) if total == 1 else f"{len(blocked):,} of {total:,} releases"
    also = " and the change of policy" if of_policy else ""
    return f"{what}{also} {'are' if of_policy or len(blocked) > 1 else 'is'} blocked{rules}"


def _by(judgements: Iterable[Judgement], named: Named, word: str = "by") -> str:
    """The rules of these judgements, the gravest first."""
    gravest = sorted((one for one in judgements if one.outcome in SHOWN), key=lambda one: GRAVITY.index(one.severity))
    rules = [named(one) for one in dict.fromkeys(one.rule for one in gravest)]
    if len(rules) > MAX_RULES:
        rules[MAX_RULES - 1 :] = [f"{len(rules) - MAX_RULES + 1:,} more rules"]
    return f" {word} {' and '.join(part for part in (', '.join(rules[:-1]), rules[-1]) if part)}" if rules else ""


def _allowed(overview: Overview, named: Named) -> str:
    if not overview.records:
        allowed = "the change of policy is allowed" if overview.review is not None else "There is no release to judge"
    else:
        allowed = f"{_all(overview, named)} {'is' if len(overview.records) == 1 else 'are'} allowed"
    warnings = sum(one.outcome in SHOWN and level_of(one) is Level.WARNING for one in _judgements(overview))
    is_looser = overview.review is not None and overview.review.count(Direction.LOOSER)
    return (
        allowed
        + (f" with {counted(warnings, 'warning')}" if warnings else "")
        + ("; this change loosens what judges" if is_looser else "")
    )


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
