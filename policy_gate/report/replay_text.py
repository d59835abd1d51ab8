"""What-if for a terminal: which past releases another policy judges otherwise, why, and what that comes to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from policy_gate.model import Outcome
from policy_gate.replayed import Replayed, ReplayedFlip, ReplayedRelease, Said, Totals, Waivable
from policy_gate.report.cells import width
from policy_gate.report.escaping import safe
from policy_gate.report.numbers import shown, with_unit
from policy_gate.report.text import Style

SHOWN_RULES = 8
RECORDED = "what the records hold"
NO_RULE = "no such rule"
_COLOURS = {Said.BLOCKED: "31;1", Said.NOT_ESTABLISHED: "33;1", Said.ALLOWED: "32;1"}


def render_replay(replayed: Replayed, style: Style, *, show_all: bool = False) -> str:
    """Render a replay: releases that flip or cannot be said, with `show_all` every one; then the counts."""
    return "\n".join(_lines(replayed, style, show_all=show_all)) + "\n"


def _lines(replayed: Replayed, style: Style, *, show_all: bool) -> Iterator[str]:
    part = f"  part {replayed.shard}" if replayed.shard else ""
    against = safe(replayed.against) if replayed.against else RECORDED
    yield f"policy-gate {safe(replayed.tool_version)}  what if {safe(replayed.policy)}  instead of {against}{part}"
    yield ""
    for release in replayed.releases:
        if show_all or release.flips or release.unsaid or release.before is not release.after:
            yield from _release(release, style)
            yield ""
    yield from _totals(replayed.totals)
    yield from _rules("no longer judged by", replayed.rules_gone)
    yield from _rules("newly judged by", replayed.rules_new)
    for note in _notes(replayed):
        yield f"note: {note}"
    yield ""
    yield _verdict(replayed, style)


def _release(release: ReplayedRelease, style: Style) -> Iterator[str]:
    word = style.paint(release.after.value.upper(), _COLOURS[release.after])
    was = "" if release.before is release.after else f" (was {release.before.value})"
    yield f"{word}{was} {safe(release.name)} {safe(release.version)}, sequence {release.sequence}"
    yield f"  --> {safe(release.origin)}  {safe(release.day)}  stage {release.stage.value}"
    for flip in release.flips:
        yield from _flip(flip, style)
    if release.unsaid:
        yield f"  cannot be said from this record: {_some(release.unsaid)}"


def _flip(flip: ReplayedFlip, style: Style) -> Iterator[str]:
    change = f"{flip.before or NO_RULE} -> {flip.after or NO_RULE}"
    painted = style.paint(change, "31;1" if flip.newly_blocks else "33;1")
    yield f"  {safe(flip.rule)} {safe(flip.title)}: {safe(str(flip.subject))}: {painted}{_power(flip)}"
    place = flip.place
    where = f" ({safe(place.path)}:{place.line}:{place.column})" if place.line else f" ({safe(place.path)})"
    yield f"    = {safe(flip.message)}{where if place.path else ''}"
    numbers = _numbers(flip)
    if numbers:
        yield f"    = value: {numbers}"
    if flip.newly_blocks:
        yield f"    = waivable: {flip.waivable.value}{_why_not(flip)}"


def _power(flip: ReplayedFlip) -> str:
    if flip.newly_blocks:
        return ", newly blocks"
    if flip.blocked_before:
        return ", blocks as before" if flip.blocks else ", blocks no longer"
    return f", {flip.mode.value} only" if flip.after in (Outcome.FAIL, Outcome.UNKNOWN) else ""


def _why_not(flip: ReplayedFlip) -> str:
    if flip.waivable is not Waivable.NO:
        return ""
    return " (a waiver covers fail, never unknown)" if flip.after is not Outcome.FAIL else " (the policy forbids it)"


def _numbers(flip: ReplayedFlip) -> str:
    parts = []
    if flip.measured is not None:
        parts.append(with_unit(flip.measured, flip.unit))
    if flip.limit is not None:
        where = flip.limit_place
        parts.append(f"limit {shown(flip.limit)}" + (f" ({safe(where.path)}:{where.line})" if where else ""))
    if flip.base is not None:
        parts.append(f"was {shown(flip.base)}")
    return ", ".join(parts)


def _totals(totals: Totals) -> Iterator[str]:
    rows = [
        ("releases replayed", totals.releases),
        ("newly blocked", totals.newly_blocked),
        ("blocked no longer", totals.newly_allowed),
        ("not established", totals.not_established),
        ("findings that flip", totals.flips),
        ("  newly blocking", totals.newly_blocking),
        ("    would need a waiver", totals.waivers_needed),
        ("    cannot be waived", totals.not_waivable),
        ("cannot be said from these records", totals.unsaid),
    ]
    widest = max(width(words) for words, _ in rows)
    for words, count in rows:
        yield f"{words:<{widest}}  {count:>7,}"


def _rules(words: str, rules: Sequence[str]) -> Iterator[str]:
    if rules:
        yield f"{words}: {_some(rules)}"


def _some(rules: Sequence[str]) -> str:
    more = len(rules) - SHOWN_RULES
    return ", ".join(safe(one) for one in rules[:SHOWN_RULES]) + (f" and {more} more" if more > 0 else "")


def _notes(replayed: Replayed) -> Iterator[str]:
    if replayed.copies:
        copies = "1 record is a copy" if replayed.copies == 1 else f"{replayed.copies} records are copies"
        yield f"{copies} of others to the byte, and counted once"
    if replayed.problems:
        yield f"{len(replayed.problems)} problems: what could not be read is in none of these counts"
    if replayed.totals.unsaid:
        yield "what the records lack counts neither as blocked nor as passed; `check` with the policy writes it"
    for note in replayed.notes:
        yield safe(note)


def _verdict(replayed: Replayed, style: Style) -> str:
    words, colour = _WORDS[replayed.exit_code]
    return f"{style.paint(words, colour)}: {safe(replayed.policy)}"


_WORDS = {
    0: ("NOTHING WOULD NEWLY BLOCK", "32;1"),
    1: ("SOMETHING WOULD NEWLY BLOCK", "31;1"),
    2: ("NOT EVERYTHING COULD BE SAID", "33;1"),
    3: ("A CHECK CRASHED", "31;1"),
}
