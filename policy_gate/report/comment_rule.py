"""One folded block of the comment for each rule: what is found, why, how to mend it, and who could waive it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from policy_gate.model import Mode, Outcome
from policy_gate.overview import Links, Overview
from policy_gate.report.body import SIGNS
from policy_gate.report.escaping import (
    clip,
    code_span,
    html_code,
    html_text,
    markdown_prose,
    markdown_text,
)
from policy_gate.report.findings import Finding, Level, Spot, amount, counted, is_file_path, limit_words, message_of
from policy_gate.report.markdown import command_line, file_url, folded, linked

MAX_SUBJECTS = 5
"""Findings of one rule whose words are shown; each has its row in the table, and every word is in the summary."""
MAX_CAUSES = 3
MAX_FIXES = 5
MAX_WORDS = 400
_NEVER_WAIVED = ("POL-", "SIG-")
"""Rules that decide who is trusted hold for everybody (docs/waivers.md)."""


def by_rule(found: Iterable[Finding]) -> list[tuple[Finding, ...]]:
    """Findings of one rule and one weight together, in the order of the first of each."""
    groups: dict[tuple[Level, str, bool], list[Finding]] = {}
    for one in found:
        groups.setdefault((one.level, one.judgement.rule, one.record is None), []).append(one)
    return [tuple(group) for group in groups.values()]


def rule_block(group: Sequence[Finding], overview: Overview, *, is_open: bool) -> str:
    """The block of one rule; it opens with a click where not `is_open`."""
    first = group[0].judgement
    about = html_code(str(first.subject)) if len(group) == 1 else counted(len(group), "finding")
    title = f"{SIGNS[group[0].level]} <b>{html_code(first.rule)} {html_text(first.title)}</b> · {about}"
    # What a fork's run reports is made of its author's words, and those make no command.
    ways_out = () if overview.reported_by_fork else _ways_out(group)
    lines = [*_found(group, overview), *_fixes(group), *ways_out]
    return folded(title, "\n".join(lines), is_open=is_open) + "\n"


def _found(group: Sequence[Finding], overview: Overview) -> Iterator[str]:
    if len(group) == 1:
        yield from _words(group[0], overview, MAX_WORDS, MAX_CAUSES)
        return
    for one in group[:MAX_SUBJECTS]:
        yield f"**{code_span(str(one.judgement.subject))}**{_release(one, overview)}"
        yield from _words(one, overview, MAX_WORDS // 2, MAX_CAUSES // 2)
    if len(group) > MAX_SUBJECTS:
        yield f"**{MAX_SUBJECTS} of {len(group):,} findings shown** in words."
        yield ""


def _release(finding: Finding, overview: Overview) -> str:
    return f" of {code_span(finding.release)}  " if finding.record is not None and len(overview.records) > 1 else "  "


def _words(finding: Finding, overview: Overview, most: int, most_causes: int) -> Iterator[str]:
    """What is found and where, then its facts; each of at most so many characters."""
    place = spot_link(finding.spot, overview.links)
    yield markdown_prose(message_of(finding.judgement), most) + (f" · {place}" if place else "")
    yield ""
    facts = [*_values(finding), *_causes(finding, most, most_causes), *_limit(finding, overview.links)]
    if finding.judgement.note:
        facts.append(f"note: {markdown_prose(finding.judgement.note, most)}")
    yield from (f"- {one}" for one in facts)
    if facts:
        yield ""


def _values(finding: Finding) -> Iterator[str]:
    """Where inside a file it is, and texts in full: the table cuts them."""
    judgement = finding.judgement
    if judgement.place.locator and finding.spot.path == judgement.place.path:
        yield f"at {code_span(judgement.place.locator)}"
    elif finding.stands:
        yield f"at {markdown_text(finding.stands)}"
    if isinstance(judgement.measured, str):
        yield f"found {code_span(amount(judgement.measured, judgement.unit))}"
    if isinstance(judgement.limit, str):
        yield f"expected {code_span(amount(judgement.limit, judgement.unit))}"


def _causes(finding: Finding, most: int, most_causes: int) -> Iterator[str]:
    causes = finding.judgement.causes
    yield from (f"cause: {markdown_prose(one, most)}" for one in causes[:most_causes])
    if len(causes) > most_causes:
        yield f"{most_causes} of {len(causes):,} causes shown"


def _limit(finding: Finding, links: Links) -> Iterator[str]:
    """The line a limit stands on, linked in the base where the policy was read from there."""
    judgement, record = finding.judgement, finding.record
    place = judgement.limit_place
    if judgement.limit is None or place is None or not place.path:
        return
    from_base = record is not None and record.policy_source.startswith("base") and place.source == "policy"
    commit = links.base if from_base and is_file_path(place.path) else ""
    shown, url = code_span(limit_words(place)), file_url(links, commit, place.path, place.line)
    yield f"the limit stands at {linked(shown, url)}"


def _fixes(group: Sequence[Finding]) -> Iterator[str]:
    """The ways to mend it, ranked by the check that knows; findings of one rule share most of them."""
    fixes = list(dict.fromkeys(fix.text for one in group[:MAX_SUBJECTS] for fix in one.judgement.fixes))
    if not fixes:
        return
    yield "**How to fix it**" if len(fixes) == 1 else "**How to fix it,** the first that fits"
    yield ""
    for number, text in enumerate(fixes[:MAX_FIXES], start=1):
        yield f"{number}. {markdown_prose(text, MAX_WORDS)}"
    yield ""
    if len(fixes) > MAX_FIXES:
        yield f"{MAX_FIXES} of {len(fixes):,} ways shown"
        yield ""


def _ways_out(group: Sequence[Finding]) -> Iterator[str]:
    """The command that explains, and the one that asks for a waiver where a waiver can cover what is found."""
    explain = command_line("policy-gate", "explain", group[0].judgement.rule)
    waive = next((waive_command(one) for one in group if can_waive(one)), "")
    commands = (("Explain", explain), ("Waive, after a review and until a day", waive))
    yield "  \n".join(f"{words}: {code_span(command, len(command))}" for words, command in commands if command)


def can_waive(finding: Finding) -> bool:
    """Whether a waiver can cover a finding: it covers a failure that blocks, never what nobody knows."""
    judgement = finding.judgement
    return (
        finding.record is not None
        and judgement.outcome is Outcome.FAIL
        and judgement.mode is Mode.ENFORCE
        and not judgement.rule.startswith(_NEVER_WAIVED)
    )


def waive_command(finding: Finding) -> str:
    """The command that drafts a waiver for a finding, "" where its names cannot stand in one line of a shell."""
    judgement, record = finding.judgement, finding.record
    path = record.release.path if record is not None else ""
    asked = ("--until", "DAY", "--reason", "WHY", "--owner", "WHO", "--approved-by", "ANOTHER")
    names = (judgement.rule, path, str(judgement.subject))
    if any(one.startswith("-") for one in names):  # a name is no option
        return ""
    return command_line("policy-gate", "waive", *names[:2], "--subject", names[2], *asked)


def spot_link(spot: Spot, links: Links) -> str:
    """The lines of a finding at the head, as a link where the repository is known."""
    if not spot.path:
        return ""
    shown = f"{clip(spot.path)}:{spot.line}" if spot.line else clip(spot.path)
    return linked(code_span(shown), file_url(links, links.head, spot.path, spot.line, spot.end_line))
