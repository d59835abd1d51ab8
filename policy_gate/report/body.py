"""The parts of a report in Markdown: the verdict, what could not be judged, findings, waivers, what passed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from policy_gate.errors import Problem
from policy_gate.model import BaseState, Judgement, Outcome, Record, Verdict
from policy_gate.overview import Links, Overview, Suggestion
from policy_gate.report.comparing import with_base_values
from policy_gate.report.escaping import (
    clip,
    code_cell,
    code_span,
    fence,
    html_attribute,
    html_code,
    html_text,
    markdown_prose,
    markdown_text,
)
from policy_gate.report.findings import (
    MAX_CAUSES,
    MAX_FIXES,
    MAX_WORDS,
    Finding,
    Level,
    Spot,
    amount,
    counted,
    growth,
    limit_words,
    message_of,
    tally,
    warnings_fail,
    word_of,
)
from policy_gate.report.fitting import Part, Written
from policy_gate.report.headline import ALLOWED, BLOCKED, WARNED, headline_of, release_words, short_source
from policy_gate.report.markdown import file_url

SIGNS = {Level.FAILURE: BLOCKED, Level.WARNING: WARNED, Level.NOTICE: "📝"}
MAX_CELL = 60
MAX_UNIT = 16
MAX_COMMAND = 1000
OPEN = 5
"""Of so many findings that fail, the details stand open; of the others they open with a click."""
MAX_DIFF_LINES = 40
NOTHING = "-"


def head_part(overview: Overview, *, level: int = 3) -> Part:
    """The verdict as a heading, the counts, and what was judged by what; a few hundred bytes."""
    headline = headline_of(overview, code_span, markdown_prose)
    lines = [f"{'#' * level} {headline.sign} {headline.words}", ""]
    counts = " · ".join(headline.counts.split(", "))
    compared = [f"**{counts}**", *_judged_by(overview.records)]
    lines += [" · ".join(compared), ""]
    if overview.reported_by_fork:
        lines += ["This is what the fork's own run reports. Nobody else has judged it.", ""]
    return Part(rank=0, entries=("\n".join(lines) + "\n",), entry="headline")


def _judged_by(records: Sequence[Record]) -> Iterator[str]:
    if len(records) == 1:
        yield _compared(records[0])
    policies = list(dict.fromkeys(name for one in records for name in one.policy))
    if policies:
        more = f" and {len(policies) - 3} more" if len(policies) > 3 else ""
        sources = list(dict.fromkeys(short_source(one.policy_source) for one in records))
        place = f" from {code_span(sources[0])}" if len(sources) == 1 else ""
        named = ", ".join(code_span(one) for one in policies[:3])
        yield f"policy {named}{more}{place}"
    if any(one.bootstrap for one in records):
        yield "the base has no configuration yet"


def _compared(record: Record) -> str:
    if record.base is None:
        return markdown_text(record.base_note or record.base_state.value)
    return f"compared with {code_span(record.base.version)} ({code_span(short_source(record.base.source))})"


def problem_part(overview: Overview) -> Part:
    """What could not be judged, each with its place and hint."""
    opening = "**What could not be judged:**\n\n"
    return Part(rank=1, entries=Written(overview.problems, _problem), opening=opening, closing="\n", entry="problem")


def _problem(problem: Problem) -> str:
    at = ":".join([clip(problem.path), *(str(number) for number in (problem.line, problem.column) if number)])
    start = f"{code_span(at)}: " if problem.path else ""
    hint = f"  \n  {markdown_prose(problem.hint, MAX_WORDS)}" if problem.hint else ""
    return f"- {start}{markdown_prose(problem.message, MAX_WORDS)}{hint}\n"


def release_part(overview: Overview) -> Part:
    """One row for each of many releases, those that are blocked first; nothing for a single one."""
    if len(overview.records) < 2:
        return Part(rank=3, entries=())
    fails = warnings_fail(overview)
    ordered = sorted(overview.records, key=lambda one: one.verdict is not Verdict.BLOCKED)
    rows = Written(ordered, partial(_release_row, fails=fails))
    opening = "| | Release | Judgements | Base | Manifest |\n|---|---|---|---|---|\n"
    return Part(rank=3, entries=rows, opening=opening, closing="\n", entry="release")


def _release_row(record: Record, *, fails: bool) -> str:
    counts = tally(record.judgements, warnings_fail=fails)
    name, manifest = release_words(record, code_cell), code_cell(record.release.path)
    return f"| {_verdict(record)} | {name} | {counts} | {base_words(record)} | {manifest} |\n"


def base_words(record: Record) -> str:
    """In a cell, the version a release is compared with, or why there is none."""
    if record.base is not None:
        return code_cell(record.base.version)
    return "base unreadable" if record.base_state is BaseState.BROKEN else "no baseline"


def _verdict(record: Record) -> str:
    return f"{ALLOWED if record.verdict is Verdict.ALLOWED else BLOCKED}&nbsp;{record.verdict.value}"


def table_part(overview: Overview, found: Sequence[Finding]) -> Part:
    """One row for each finding: what it is about, and this release, limit and base beside each other.

    Word, rule and this release come first and on one line: on a telephone the other columns are scrolled to.
    """
    many = len(overview.records) > 1
    opening = "| Finding,&nbsp;rule&nbsp;and&nbsp;subject | This release | Limit | Base |\n|---|--:|--:|--:|\n"
    return Part(
        rank=2, entries=Written(with_base_values(found), partial(_row, many=many)), opening=opening, closing="\n"
    )


def _row(finding: Finding, *, many: bool) -> str:
    judgement = finding.judgement
    release = f"{code_cell(finding.release)} " if many and finding.record is not None else ""
    subject = f"{release}{code_cell(str(judgement.subject))}"
    said = f"{SIGNS[finding.level]}&nbsp;{word_of(judgement)}&nbsp;{code_cell(judgement.rule)}"
    cells = [
        f"{said}<br>{markdown_prose(judgement.title)}<br>{subject}",
        _now(judgement),
        _value(judgement.limit, judgement.unit) if judgement.limit is not None else NOTHING,
        _before(finding),
    ]
    return f"| {' | '.join(cells)} |\n"


def _now(judgement: Judgement) -> str:
    if judgement.measured is None:
        return (
            f"**{judgement.reason.value}**"
            if judgement.reason is not None
            else markdown_prose(judgement.message, MAX_CELL)
        )
    grown = growth(judgement)
    return f"**{_value(judgement.measured, judgement.unit)}**" + (f" ({grown})" if grown else "")


def _before(finding: Finding) -> str:
    if finding.judgement.base is not None:
        return _value(finding.judgement.base, finding.judgement.unit)
    record = finding.record
    return base_words(record) if record is not None and record.base is None else NOTHING


def _value(value: object, unit: str) -> str:
    """A value in a cell: text as code, a number on one line with its unit."""
    if isinstance(value, str):
        return code_cell(amount(value, unit), MAX_CELL // 3 if len(value) > MAX_CELL else MAX_CELL)
    number = value if isinstance(value, (int, float)) else None
    shown = markdown_text(amount(number, unit), MAX_CELL)
    return shown.replace(" ", "&nbsp;") if len(unit) <= MAX_UNIT else shown


def details_part(overview: Overview, found: Sequence[Finding]) -> Part:
    """The words of each finding: message, place, numbers, causes, and its fixes in their order."""
    return Part(rank=4, entries=Written(enumerate(found), partial(_details, overview)), entry="explanation")


def _details(overview: Overview, numbered: tuple[int, Finding]) -> str:
    at, finding = numbered
    judgement = finding.judgement
    is_open = finding.level is Level.FAILURE and at < OPEN
    release = f" of {html_code(finding.release)}" if len(overview.records) > 1 and finding.record is not None else ""
    title = f"<b>{html_code(judgement.rule)} {html_text(judgement.title)}</b>: {html_code(str(judgement.subject))}"
    where = _link(finding.spot, overview.links)
    lines = [
        f"<details{' open' if is_open else ''}><summary>{SIGNS[finding.level]} {title}{release}{where}</summary>",
        "",
        markdown_prose(message_of(judgement), MAX_WORDS),
        "",
        *_facts(finding),
        *_fixes(judgement),
        "</details>",
        "",
    ]
    return "\n".join(lines) + "\n"


def _facts(finding: Finding) -> Iterator[str]:
    judgement = finding.judgement
    facts = []
    if finding.stands:
        facts.append(f"at {markdown_text(finding.stands, MAX_WORDS)}")
    if judgement.measured is not None and isinstance(judgement.measured, str):
        facts.append(f"value {code_span(judgement.measured)}")
    if judgement.limit is not None and isinstance(judgement.limit, str):
        facts.append(f"expected {code_span(judgement.limit)}")
    if judgement.limit is not None and judgement.limit_place is not None and judgement.limit_place.path:
        facts.append(f"the limit stands at {code_span(limit_words(judgement.limit_place))}")
    facts += [f"cause: {markdown_prose(one, MAX_WORDS)}" for one in judgement.causes[:MAX_CAUSES]]
    if len(judgement.causes) > MAX_CAUSES:
        facts.append(f"{MAX_CAUSES} of {len(judgement.causes)} causes shown")
    facts += [f"note: {markdown_prose(judgement.note, MAX_WORDS)}"] if judgement.note else []
    yield from (f"- {one}" for one in facts)
    if facts:
        yield ""


def _fixes(judgement: Judgement) -> Iterator[str]:
    if not judgement.fixes:
        return
    yield "**How to mend it:**" if len(judgement.fixes) == 1 else "**How to mend it,** the first that fits:"
    yield ""
    for number, fix in enumerate(judgement.fixes[:MAX_FIXES], start=1):
        yield f"{number}. {markdown_prose(fix.text, MAX_WORDS)}"
    if len(judgement.fixes) > MAX_FIXES:
        yield f"{MAX_FIXES + 1}. {MAX_FIXES} of {len(judgement.fixes)} shown"
    yield ""


def _link(spot: Spot, links: Links) -> str:
    """The lines of a finding, as a link where it is known where the file is."""
    if not spot.path:
        return ""
    shown = html_code(f"{clip(spot.path)}:{spot.line}" if spot.line else spot.path)
    url = file_url(links, links.head, spot.path, spot.line, spot.end_line)
    return f' · <a href="{html_attribute(url)}">{shown}</a>' if url else f" · {shown}"


def suggestion_part(suggestions: Sequence[Suggestion]) -> Part:
    """What can be computed, as lines to write; it is never a budget or a waiver."""
    opening = "**What can be computed** (`policy-gate fix` writes it):\n\n"
    return Part(rank=5, entries=Written(suggestions, _suggestion), opening=opening, entry="suggestion")


def _suggestion(one: Suggestion) -> str:
    lines = [*(f"- {line}" for line in one.before), *(f"+ {line}" for line in one.after)]
    shown = [clip(line, MAX_WORDS) for line in lines[:MAX_DIFF_LINES]]
    if len(lines) > MAX_DIFF_LINES:
        shown.append(f"{MAX_DIFF_LINES} of {len(lines)} lines shown")
    at = code_span(f"{clip(one.path)}:{one.start_line}")
    sign = " This changes signed bytes: sign the release again." if one.changes_signed_bytes else ""
    return f"{at}: {markdown_prose(one.words, MAX_WORDS)}.{sign}\n\n{fence(chr(10).join(shown), 'diff')}\n\n"


def waived_part(found: Sequence[Finding]) -> Part:
    """What only a waiver or the baseline lets pass, with its words."""
    opening = (
        f"<details><summary>{counted(len(found), 'finding')} waived</summary>\n\n"
        "| Rule | Subject | Exception |\n|---|---|---|\n"
    )
    rows = Written(found, _waived_row)
    return Part(rank=6, entries=rows, opening=opening, closing="\n</details>\n\n", entry="waived finding")


def _waived_row(finding: Finding) -> str:
    one = finding.judgement
    rule = f"{code_cell(one.rule)} {markdown_prose(one.title)}"
    return f"| {rule} | {code_cell(str(one.subject))} | {markdown_prose(one.note)} |\n"


def passed_part(found: Iterable[Finding]) -> Part:
    """What passed or does not apply, folded; the counts by area stay where the rows are left out."""
    listed = [one.judgement for one in found if one.judgement.outcome in (Outcome.PASS, Outcome.NOT_APPLICABLE)]
    opening = (
        f"<details><summary>{passed_words(listed)}</summary>\n\n| | Rule | Subject | What holds |\n|---|---|---|---|\n"
    )
    rows = Written(listed, _passed_row)
    return Part(rank=8, entries=rows, opening=opening, closing="\n</details>\n\n", entry="judgement")


def _passed_row(one: Judgement) -> str:
    sign = f"{ALLOWED}&nbsp;pass" if one.outcome is Outcome.PASS else "n/a"
    return f"| {sign} | {code_cell(one.rule)} | {code_cell(str(one.subject))} | {markdown_prose(one.message)} |\n"


def passed_words(judgements: Iterable[Judgement]) -> str:
    """How many judgements passed by area: `21 passed (cost 4, fingerprint 17), 3 do not apply`."""
    listed = list(judgements)
    areas = Counter(one.area for one in listed if one.outcome is Outcome.PASS)
    by_area = ", ".join(f"{html_text(area)} {number}" for area, number in sorted(areas.items())[:12])
    apart = sum(one.outcome is Outcome.NOT_APPLICABLE for one in listed)
    not_for_it = f", {apart:,} {'does' if apart == 1 else 'do'} not apply" if apart else ""
    return f"{areas.total():,} passed" + (f" ({by_area})" if by_area else "") + not_for_it
