"""Comments on lines of the diff: a suggestion that one click applies, and what becomes of it once it is not needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from policy_gate.model import Judgement
from policy_gate.overview import Links, Overview, Suggestion
from policy_gate.publication import MARKER, short_digest, write_marker
from policy_gate.report.comment_suggestions import SIGN_AGAIN, deed_of, diff_of
from policy_gate.report.escaping import code_span, fence, is_plain, markdown_prose, markdown_text, utf16_units
from policy_gate.report.findings import counted
from policy_gate.report.markdown import commit_words, object_id

MAX_UNITS = 60_000
MAX_LINES = 200
"""Nobody reads a suggestion of more lines on a diff; the comment shows it."""
MAX_WORDS = 400
MAX_FINDINGS = 5


def suggestion_keys(suggestions: Sequence[Suggestion]) -> tuple[str, ...]:
    """What tells each suggestion apart over time: its file, findings and lines, and its turn among those of the same.

    The lines as they are belong to it, whatever their number: a comment stays on the lines it was made for, so that
    a suggestion for others in its place would change what nobody sees there.
    """
    turns: dict[str, int] = {}
    keys = []
    for one in suggestions:
        about = "\n".join([one.path, *sorted(one.findings), "", *one.before])
        turn = turns[about] = turns.get(about, 0) + 1
        keys.append(short_digest(about if turn == 1 else f"{about}\n{turn}"))
    return tuple(keys)


def is_clickable(one: Suggestion) -> bool:
    """Whether GitHub can show and apply a suggestion as it is: nothing in its lines hides, and it is no book."""
    lines = (*one.before, *one.after)
    return (
        bool(one.one_click and one.after and one.path)
        and len(lines) <= MAX_LINES
        and all(map(is_plain, lines))
        and is_plain(one.path)
    )


def findings_by_place(overview: Overview) -> Mapping[tuple[str, str], Judgement]:
    """What suggestions mend, by the path of the manifest and the id of the finding."""
    return {(record.release.path, one.finding_id): one for record in overview.records for one in record.judgements}


def line_comment_body(
    one: Suggestion, name: str, found: Mapping[tuple[str, str], Judgement], marker: Mapping[str, str]
) -> str:
    """The body with its marker: what is wrong, and the block that GitHub applies; `found` is of `findings_by_place`.

    A suggestion that cannot be clicked is a diff. Raises ValueError for a marker that cannot be written.
    """
    block = fence("\n".join(one.after), "suggestion") if is_clickable(one) else diff_of(one)
    start = [write_marker(marker), *_found(one, found), f"{deed_of(one)}.", ""]
    end = [
        "",
        *([f"⚠️ **{SIGN_AGAIN}**", ""] if one.changes_signed_bytes else []),
        f"<sub>{markdown_text(name)} computed this from the files of the pull request.</sub>",
    ]
    body = "\n".join([*start, block, *end])
    if utf16_units(body) <= MAX_UNITS:
        return body
    return "\n".join(
        [*start, f"{counted(len(one.after), 'line')}, too long to show: `policy-gate fix` writes it.", *end]
    )


def _found(one: Suggestion, found: Mapping[tuple[str, str], Judgement]) -> Iterator[str]:
    """What the suggestion mends: each rule with what is wrong."""
    named = [found[one.path, finding] for finding in one.findings if (one.path, finding) in found]
    for judgement in named[:MAX_FINDINGS]:
        yield f"**{code_span(judgement.rule)}** {markdown_prose(judgement.message, MAX_WORDS)}  "
    if len(named) > MAX_FINDINGS:
        yield f"{MAX_FINDINGS} of {len(named):,} findings shown  "


def fixed_body(links: Links, marker: Mapping[str, str]) -> str:
    """What a comment says once nothing is suggested for its lines any more; `marker` names the commit as `head`."""
    at = commit_words(links, marker.get("head", ""))
    return (
        f"{write_marker(marker)}\n✅ No longer reported here{f' at {at}' if at else ''}: "
        "nothing is suggested for these lines any more."
    )


def review_body(number: int) -> str:
    """What introduces the new comments of one review, which GitHub shows above them."""
    what = counted(number, "computed change")
    verb = "is" if number == 1 else "are"
    return (
        f"{what} {verb} ready to apply with one click. Each is derived from the files here, never a limit or a waiver."
    )


def line_marker(key: str, finding: str, head: str, *, is_fixed: bool = False) -> dict[str, str]:
    """The fields of a line comment's marker."""
    state = {"state": "fixed"} if is_fixed else {}
    return {"key": key, "finding": finding, "head": object_id(head), **state}


def without_marker(body: str) -> Iterator[str]:
    """The lines of a body below its marker: what changes there, somebody reads."""
    yield from (line for line in body.replace("\r\n", "\n").split("\n") if not line.startswith(f"<!-- {MARKER}"))
