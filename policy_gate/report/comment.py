"""The one comment on a pull request: the verdict and why, one table, how to mend it; everything else opens by click."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from policy_gate.frozen import dataclass
from policy_gate.model import Outcome, Verdict
from policy_gate.overview import Overview
from policy_gate.report.body import (
    base_words,
    head_part,
    problem_part,
    table_part,
    waived_part,
)
from policy_gate.report.comment_rule import by_rule, rule_block
from policy_gate.report.comment_suggestions import suggestions_part
from policy_gate.report.escaping import (
    code_cell,
    code_span,
    fence,
    markdown_prose,
    markdown_text,
    utf16_units,
)
from policy_gate.report.findings import Finding, Level, counted, findings, judged, tally, waived, warnings_fail
from policy_gate.report.fitting import Part, fitted
from policy_gate.report.headline import ALLOWED, BLOCKED, headline_of, release_words
from policy_gate.report.markdown import commit_words, folded, linked, run_url
from policy_gate.report.policy_parts import REPRODUCE_ELSEWHERE, can_paste, change_part, note_part, preview_part
from policy_gate.review import Direction

MAX_UNITS = 60_000
"""GitHub refuses a body of more than 65,536 characters as a whole; whether it counts code points nobody says."""
MAX_ROWS = 100
MAX_RULES = 40
MAX_RELEASES = 200
MAX_AREAS = 12
FORK = "📄"
UNVERIFIED = (
    "> **Nobody verified this.** The pull request's own run reports it: its code, its policy and this text may be "
    "its author's. What counts is a run that the base repository started.\n\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a comment says beside what the run found: since when, and what stands on lines of the diff already.

    `since` is what changed since the last report, `on_lines` holds positions in `Overview.suggestions`.
    """

    since: str = ""
    on_lines: Collection[int] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortened(Part):
    """A part that a short report cuts to its first entries: `beyond` more are told, and never shown."""

    beyond: int = 0

    def written(self, shown: int) -> str:
        """The part with its first `shown` entries, and how many there are of all."""
        total = len(self.entries) + self.beyond
        if not total:
            return ""
        body = f"{self.opening}{''.join(self.entries[:shown])}{self.closing}" if shown else ""
        word = self.entry if total == 1 else f"{self.entry}s"
        rest = f"**{shown:,} of {total:,} {word} shown, {total - shown:,} left out;** the job summary has more.\n\n"
        return body + (rest if shown < total else "")


def render_comment(overview: Overview, standing: Standing, budget: int = MAX_UNITS) -> str:
    """The comment's body without its marker, of at most `budget` UTF-16 units; what is left out is counted."""
    return fitted(list(_parts(overview, standing)), budget, utf16_units)


def render_green(overview: Overview, fixed_in: str) -> str:
    """Two lines for a pull request that was red: what is allowed now, and the commit that mended it."""
    headline = headline_of(overview, code_span, markdown_prose)
    fixed = commit_words(overview.links, fixed_in)
    words = [
        f"**{' · '.join(headline.counts.split(', '))}**",
        *([f"last failure fixed in {fixed}"] if fixed else []),
        *_run(overview),
    ]
    heading = _fork_heading(overview) if overview.reported_by_fork else f"### {headline.sign} {headline.words}\n\n"
    return f"{heading}{' · '.join(words)}\n"


def _parts(overview: Overview, standing: Standing) -> Iterator[Part]:
    found = findings(overview)
    yield _head(overview, standing)
    yield problem_part(overview)
    yield _shortened(table_part(overview, found), MAX_ROWS)
    yield from _rules(overview, found)
    yield suggestions_part(overview, standing.on_lines)
    yield _policy(overview)
    yield _blocked_releases(overview)
    yield _allowed_releases(overview)
    yield waived_part(waived(overview))
    yield preview_part(overview)
    yield _notes(overview)
    yield _passed(overview)
    yield _end(overview)


def _head(overview: Overview, standing: Standing) -> Part:
    """The verdict and why, the counts, and what changed since a reader last looked."""
    part = head_part(overview)
    head = "".join(part.entries)
    if overview.reported_by_fork:
        counts = " · ".join(headline_of(overview, code_span, markdown_prose).counts.split(", "))
        head = f"{_fork_heading(overview)}**{counts}**\n\n"
    return replace(part, entries=(head + (f"{standing.since}\n\n" if standing.since else ""),))


def _fork_heading(overview: Overview) -> str:
    """Never the sign of a verdict of ours: who wrote the pull request wrote this."""
    headline = headline_of(overview, code_span, markdown_prose)
    words = headline.words if headline.words.startswith("`") else f"{headline.words[0].lower()}{headline.words[1:]}"
    return f"### {FORK} The pull request's own run reports: {words}\n\n{UNVERIFIED}"


def _shortened(part: Part, most: int) -> Part:
    """The first entries of a part, and the number of the others."""
    return Shortened(
        rank=part.rank,
        entries=part.entries[:most],
        opening=part.opening,
        closing=part.closing,
        entry=part.entry,
        beyond=max(0, len(part.entries) - most),
    )


def _rules(overview: Overview, found: Sequence[Finding]) -> Iterator[Part]:
    """A block for each rule that fails; those that only warn or record stand together behind one more click."""
    groups = by_rule(found)
    failing = [group for group in groups if group[0].level is Level.FAILURE]
    others = [group for group in groups if group[0].level is not Level.FAILURE]
    yield _blocks(overview, failing, rank=3)
    total = sum(map(len, others))
    levels = {group[0].level for group in others}
    word = "warning" if levels == {Level.WARNING} else "finding that blocks nothing"
    title = counted(total, word) if word == "warning" or total == 1 else f"{total:,} findings that block nothing"
    opening = f"<details><summary>How to fix {title}</summary>\n\n"
    yield replace(_blocks(overview, others, rank=5), opening=opening, closing="</details>\n\n")


def _blocks(overview: Overview, groups: Sequence[Sequence[Finding]], *, rank: int) -> Part:
    is_open = len(groups) == 1 and len(groups[0]) == 1
    entries = tuple(rule_block(group, overview, is_open=is_open) for group in groups[:MAX_RULES])
    return Shortened(rank=rank, entries=entries, entry="rule", beyond=max(0, len(groups) - MAX_RULES))


def _policy(overview: Overview) -> Part:
    """What the change does to its judge; what judges less comes first."""
    review = overview.review
    if review is None:
        return change_part(None)
    order = (Direction.LOOSER, Direction.DIFFERENT, Direction.STRICTER)
    changes = tuple(sorted(review.changes, key=lambda one: order.index(one.direction)))
    return _shortened(change_part(replace(review, changes=changes)), MAX_ROWS)


def _blocked_releases(overview: Overview) -> Part:
    """One row for each release that is blocked, where there are many."""
    blocked = [one for one in overview.records if one.verdict is Verdict.BLOCKED]
    if len(overview.records) < 2 or not blocked:
        return Part(rank=2, entries=())
    fails = warnings_fail(overview)
    rows = tuple(
        f"| {BLOCKED}&nbsp;{release_words(one, code_cell)} | {tally(one.judgements, warnings_fail=fails)} "
        f"| {base_words(one)} | {code_cell(one.release.path)} |\n"
        for one in blocked[:MAX_RELEASES]
    )
    opening = "| Release | Judgements | Base | Manifest |\n|---|---|---|---|\n"
    beyond = max(0, len(blocked) - MAX_RELEASES)
    return Shortened(rank=2, entries=rows, opening=opening, closing="\n", entry="blocked release", beyond=beyond)


def _allowed_releases(overview: Overview) -> Part:
    """The releases of a fleet that are allowed, a line each, behind a click."""
    allowed = [one for one in overview.records if one.verdict is Verdict.ALLOWED]
    if len(overview.records) < 2 or not allowed:
        return Part(rank=7, entries=())
    lines = tuple(
        f"- {ALLOWED} {release_words(one, code_span)} · {tally(one.judgements)}\n" for one in allowed[:MAX_RELEASES]
    )
    opening = f"<details><summary>{counted(len(allowed), 'release')} allowed</summary>\n\n"
    beyond = max(0, len(allowed) - MAX_RELEASES)
    return Shortened(
        rank=7, entries=lines, opening=opening, closing="\n</details>\n\n", entry="allowed release", beyond=beyond
    )


def _notes(overview: Overview) -> Part:
    """Notes are folded, but where the change of policy blocks: a review that could not be read is said here."""
    part = note_part(overview)
    is_blocked = overview.review is not None and overview.review.verdict is Verdict.BLOCKED
    opening = f"<details{' open' if is_blocked else ''}><summary>{counted(len(part.entries), 'note')}</summary>\n\n"
    return _shortened(replace(part, opening=opening, closing="\n</details>\n\n"), MAX_ROWS)


def _passed(overview: Overview) -> Part:
    """How many passed, and by area; the rows are in the job summary."""
    counts = Counter(one.judgement.outcome for one in judged(overview))
    passed, apart = counts[Outcome.PASS], counts[Outcome.NOT_APPLICABLE]
    if not passed and not apart:
        return Part(rank=1, entries=())
    areas = Counter(one.judgement.area for one in judged(overview) if one.judgement.outcome is Outcome.PASS)
    shown = [f"{markdown_text(area)} {number:,}" for area, number in sorted(areas.items())[:MAX_AREAS]]
    more = [f"{len(areas) - MAX_AREAS:,} more areas"] if len(areas) > MAX_AREAS else []
    by_area = f"By area: {', '.join([*shown, *more])}. " if shown else ""
    title = f"{passed:,} passed" + (f", {apart:,} {'does' if apart == 1 else 'do'} not apply" if apart else "")
    return Part(rank=1, entries=(f"{folded(title, f'{by_area}Each is in the job summary.')}\n",), entry="line")


def _end(overview: Overview) -> Part:
    """The command that gives the same again, the run, the commit, what made this and the day it was judged by."""
    made = [f"policy-gate {code_span(overview.tool_version)}"]
    days = ", ".join(dict.fromkeys(one.today for one in overview.records))
    head = commit_words(overview.links, overview.links.head)
    words = [*_run(overview), *([head] if head else []), *made]
    words += [f"as of {code_span(days)}"] if days else []
    return Part(rank=0, entries=(f"{_reproduce(overview)}{' · '.join(words)}\n",), entry="line")


def _run(overview: Overview) -> Iterator[str]:
    url = run_url(overview.links)
    if url:
        yield linked("full report", url)


def _reproduce(overview: Overview) -> str:
    command = overview.reproduce
    if not command:
        return ""
    if not can_paste(command):
        return f"{REPRODUCE_ELSEWHERE}\n\n"
    return f"{folded('Reproduce', fence(command, 'sh'))}\n"
