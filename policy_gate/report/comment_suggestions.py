"""The lines that can be computed, as the comment shows them: every one, also those that stand on the diff."""

from __future__ import annotations

from collections.abc import Collection

from policy_gate.overview import Overview, Suggestion
from policy_gate.report.comment_rule import spot_link
from policy_gate.report.escaping import clip, fence, markdown_prose
from policy_gate.report.findings import Spot, counted
from policy_gate.report.fitting import Part, Written

MAX_DIFF_LINES = 30
MAX_WORDS = 400
_BY_COMMAND = "let `policy-gate fix` "
SIGN_AGAIN = "This changes signed bytes: sign the release again."


def suggestions_part(overview: Overview, on_lines: Collection[int]) -> Part:
    """Computed lines behind one click; those that nobody can apply with one click there are told apart."""
    total = len(overview.suggestions)
    clickable = sum(at in on_lines for at in range(total))
    title = f"{counted(total, 'change')} that <code>policy-gate fix</code> can compute{_clicks(clickable, total)}"
    entries = Written(
        enumerate(overview.suggestions),
        lambda numbered: _shown(numbered[1], overview, on_line=numbered[0] in on_lines),
    )
    opening = f"<details><summary>{title}</summary>\n\n"
    return Part(rank=4, entries=entries, opening=opening, closing="</details>\n\n", entry="computed change")


def _clicks(clickable: int, total: int) -> str:
    """How many of them one click on the diff applies."""
    if not clickable:
        return ""
    return " · one click on the diff" if clickable == total else f" · {clickable:,} with one click on the diff"


def deed_of(one: Suggestion) -> str:
    """What a suggestion does, as Markdown: the check's words are about the command, and here nobody types one."""
    words = one.words.replace(_BY_COMMAND, "")
    return markdown_prose(f"{words[:1].upper()}{words[1:]}", MAX_WORDS)


def _shown(one: Suggestion, overview: Overview, *, on_line: bool) -> str:
    spot = Spot(path=one.path, line=one.start_line, end_line=one.end_line)
    notes = [*(["One click on that line applies it."] if on_line else [])]
    notes += [SIGN_AGAIN] if one.changes_signed_bytes else []
    words = " ".join([f"{spot_link(spot, overview.links)}: {deed_of(one)}.", *notes])
    return f"{words}\n\n{diff_of(one)}\n\n"


def diff_of(one: Suggestion) -> str:
    """A suggestion as a block of changed lines, cut where it is long."""
    lines = [*(f"-{line}" for line in one.before), *(f"+{line}" for line in one.after)]
    shown = [clip(line, MAX_WORDS) for line in lines[:MAX_DIFF_LINES]]
    block = fence("\n".join(shown), "diff")
    return block if len(lines) <= MAX_DIFF_LINES else f"{block}\n\n{MAX_DIFF_LINES} of {len(lines):,} lines shown"
