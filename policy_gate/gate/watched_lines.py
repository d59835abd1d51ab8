"""What changed in a file that runs the gate, line by line: its pin, what switches it off, and everything else; pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from policy_gate.frozen import dataclass
from policy_gate.gate.watched_words import LOST, STARTS_LOOSER, SWITCHES_OFF, who_judges
from policy_gate.policy.difference_row import ABSENT, bounded
from policy_gate.policy.direction import Change

MAX_CHANGED_LINES = 1000
"""More lines that changed together are not compared one by one: the time would grow with their square."""
MAX_LINE_CHARS = 4096
"""A longer line is read by nobody, so that a change of it counts as looser."""
MENTION = re.compile(r"policy[-_]gate", re.IGNORECASE)
"""What speaks of the gate by its own name."""

_BREAK = re.compile("\r\n|\n|\r|\x85|\u2028|\u2029")
"""Where YAML ends a line, in version 1.1 or 1.2."""
_COMMENT = re.compile(r"(^|\s)#.*")
_USES = re.compile(r"""\buses['"]?\s*:\s*['"]?([^'"@\s]{1,200})@([^'"\s#]{1,200})""", re.IGNORECASE)
_REPO = re.compile(r"""\brepo['"]?\s*:\s*['"]?([^'"\s#]+)""")
_REVISION = re.compile(r"""\brev['"]?\s*:\s*['"]?([^'"\s#]+)""")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_REFERENCE = re.compile(r"(^|\s)[&*]\w|<<\s*:")
"""An anchor, an alias or a merge: what is written here may count elsewhere."""
_NAME = re.compile(r"(-\s+)?name\s*:")
_ASKS_FOR_MORE = re.compile(
    r"\s(--stage[ =]release|--fail-on[ =]warned|-v|--verbose|-q|--quiet|--format[ =](?:text|json))(?=\s|$)"
)
"""What may be added to a command that runs the gate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineChange:
    """Some lines that changed together; `line` is 1-based, in the new text, or in the old one where `is_gone`."""

    name: str
    before: str
    after: str
    change: Change
    line: int
    is_gone: bool = False


def mentions_gate(text: str, mention: re.Pattern[str] = MENTION) -> bool:
    """Whether a file runs the gate, or speaks of it."""
    return mention.search(text) is not None


def line_changes(
    before: str, after: str, *, in_entries: bool = False, in_blocks: bool = False, mention: re.Pattern[str] = MENTION
) -> Iterator[LineChange]:
    """Compare two texts of a file that runs the gate; the pin is apart from the lines around it.

    With `in_entries`, for a list of hooks, or `in_blocks`, for lines between blank ones, those that do not mention
    the gate are left out. `mention` finds what speaks of the gate, by its name or that of a script which runs it.
    """
    old, new = (_Text(one, mention, in_entries=in_entries, in_blocks=in_blocks) for one in (before, after))
    yield from _pin_changes(old, new)
    yield from _hunks(old, new, mention)


class _Text:
    """One text by lines: which are about the gate, the pins they hold, and what is compared of each."""

    def __init__(self, text: str, mention: re.Pattern[str], *, in_entries: bool, in_blocks: bool) -> None:
        self.lines = _BREAK.split(text)
        groups = _entries(self.lines) if in_entries else _blocks(self.lines) if in_blocks else []
        self.apart = {
            number for group in groups for number in group if not any(mention.search(self.lines[one]) for one in group)
        }
        self.pins: dict[str, list[tuple[str, int]]] = {}
        self.compared = list(self.lines)
        for number, line in enumerate(self.lines):
            for found in _USES.finditer(_code(line)):
                if MENTION.search(found[1]):
                    self._pin(found[1], found[2], number)
        for group in groups:
            self._hook_pin(group)

    def _hook_pin(self, group: range) -> None:
        repos = [found[1] for number in group if (found := _REPO.search(_code(self.lines[number])))]
        for number in group:
            revision = _REVISION.search(_code(self.lines[number]))
            if revision is not None and len(repos) == 1 and mentions_gate(repos[0]):
                self._pin(repos[0], revision[1], number)

    def _pin(self, name: str, revision: str, number: int) -> None:
        self.pins.setdefault(name, []).append((revision, number))
        self.compared[number] = self.compared[number].replace(revision, "…", 1)


def _code(line: str) -> str:
    """A line without its comment; nothing is read out of one that is too long."""
    return _COMMENT.sub("", line) if len(line) <= MAX_LINE_CHARS else ""


def _is_comment(line: str) -> bool:
    stripped = line.strip()
    return stripped.startswith("#") and not stripped.startswith("#!")


def _blocks(lines: Sequence[str]) -> list[range]:
    """The stretches of lines between blank ones."""
    blanks = [-1, *(number for number, line in enumerate(lines) if not line.strip()), len(lines)]
    return [range(start + 1, stop) for start, stop in pairwise(blanks) if stop - start > 1]


def _entries(lines: Sequence[str]) -> list[range]:
    """The items below `repos:` as ranges of lines; none where the file is not plainly written so."""
    tops = [number for number, line in enumerate(lines) if re.fullmatch(r"repos:\s*(#.*)?", line)]
    if len(tops) != 1 or any(_REFERENCE.search(line) for line in lines):
        return []
    starts: list[int] = []
    indent = -1
    end = tops[0] + 1
    for number in range(tops[0] + 1, len(lines)):
        stripped = lines[number].strip()
        depth = len(lines[number]) - len(lines[number].lstrip())
        if not stripped or stripped.startswith("#"):
            continue
        is_item = stripped.startswith("- ")
        if indent < 0 and not is_item:
            return []
        indent = depth if indent < 0 else indent
        if depth < indent or (depth == indent and not is_item):
            break
        if depth == indent:
            starts.append(number)
        end = number + 1
    stops = [*starts[1:], end] if starts else []
    return [range(start, stop) for start, stop in zip(starts, stops, strict=True)]


def _pin_changes(old: _Text, new: _Text) -> Iterator[LineChange]:
    for name in sorted({*old.pins, *new.pins}):
        was, now = old.pins.get(name, []), new.pins.get(name, [])
        before, after = sorted(one[0] for one in was), sorted(one[0] for one in now)
        if before != after:
            line = (now or was)[0][1] + 1
            yield LineChange(
                name=bounded(f"pin {name}"),
                before=bounded(", ".join(before)) or ABSENT,
                after=bounded(", ".join(after)) or ABSENT,
                change=_pin_change(before, after),
                line=line,
                is_gone=not now,
            )


def _pin_change(before: list[str], after: list[str]) -> Change:
    """A use that is gone, or one that no commit pins any more, is looser; which code a commit holds is not known."""
    if len(after) < len(before):
        return Change.LOOSER
    was_fixed, is_fixed = (all(_COMMIT.fullmatch(one) for one in side) for side in (before, after))
    return Change.LOOSER if before and was_fixed and not is_fixed else Change.DIFFERENT


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hunk:
    """Lines that changed together: as they are written, as they are compared, and what is new in the whole text."""

    was: Sequence[str]
    now: Sequence[str]
    was_compared: Sequence[str]
    now_compared: Sequence[str]
    added: Counter[str]
    removed: Counter[str]


def _hunks(old: _Text, new: _Text, mention: re.Pattern[str]) -> Iterator[LineChange]:
    before, after = (Counter(line.strip() for line in side.compared) for side in (old, new))
    whole = _Hunk(was=(), now=(), was_compared=(), now_compared=(), added=after - before, removed=before - after)
    for old_start, old_end, new_start, new_end in _opcodes(old.compared, new.compared):
        if {*range(old_start, old_end)} <= old.apart and {*range(new_start, new_end)} <= new.apart:
            continue
        hunk = replace(
            whole,
            was=old.lines[old_start:old_end],
            now=new.lines[new_start:new_end],
            was_compared=old.compared[old_start:old_end],
            now_compared=new.compared[new_start:new_end],
        )
        if not any(line.strip() for line in (*hunk.was, *hunk.now)):
            continue
        is_gone = new_start == new_end
        line = (old_start if is_gone else new_start) + 1
        yield LineChange(
            name=f"line {line}, gone" if is_gone else f"line {line}",
            before=_shown(hunk.was),
            after=_shown(hunk.now),
            change=Change.LOOSER if _is_looser(hunk, mention) else Change.DIFFERENT,
            line=line,
            is_gone=is_gone,
        )


def _shown(lines: Sequence[str]) -> str:
    return bounded(" ⏎ ".join(line.strip() for line in lines if line.strip()) or ABSENT)


def _is_looser(hunk: _Hunk, mention: re.Pattern[str]) -> bool:
    """Whether lines may make the gate count for less; what runs it and is written otherwise cannot be compared."""
    if max(len(hunk.was), len(hunk.now)) > MAX_CHANGED_LINES:
        return True
    if any(len(line) > MAX_LINE_CHARS for line in (*hunk.was, *hunk.now)):
        return True
    if any(_count(one, hunk.was) > _count(one, hunk.now) for one in (mention, *LOST)):
        return True
    lines = zip(hunk.now, hunk.now_compared, strict=True)
    written = [line for line, compared in lines if hunk.added[compared.strip()] and not _is_comment(line)]
    if any(SWITCHES_OFF.search(line) or STARTS_LOOSER.match(line) for line in written):
        return True
    return _is_rewritten(hunk, mention) or _is_judged_by_another(hunk)


def _is_rewritten(hunk: _Hunk, mention: re.Pattern[str]) -> bool:
    """Whether a line that runs the gate is written otherwise than by asking for more: `echo` may stand before it."""
    now: dict[str, set[frozenset[str]]] = {}
    for line in hunk.now_compared:
        plain, options = _command(line)
        now.setdefault(plain, set()).add(options)
    for line in hunk.was_compared:
        if hunk.removed[line.strip()] and mention.search(_code(line)) and not _NAME.match(line.strip()):
            plain, options = _command(line)
            if not any(options <= other for other in now.get(plain, ())):
                return True
    return False


def _command(line: str) -> tuple[str, frozenset[str]]:
    """A line without what only asks for more, and that."""
    return " ".join(_ASKS_FOR_MORE.sub("", line).split()), frozenset(_ASKS_FOR_MORE.findall(line))


def _is_judged_by_another(hunk: _Hunk) -> bool:
    """Whether another base, or another configuration, is named."""
    was, now = who_judges(map(_code, hunk.was)), who_judges(map(_code, hunk.now))
    lost = {one for one in was - now if one[0] == "base"}
    return bool(lost) or any(one[0] == "config" for one in was ^ now)


def _count(pattern: re.Pattern[str], lines: Sequence[str]) -> int:
    return sum(len(pattern.findall(_code(line))) for line in lines)


def _opcodes(old: list[str], new: list[str]) -> Iterator[tuple[int, int, int, int]]:
    """Stretches that differ, as offsets of lines; texts that differ in too many lines are one stretch."""
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    was, now = old[start : len(old) - end], new[start : len(new) - end]
    if len(was) > MAX_CHANGED_LINES or len(now) > MAX_CHANGED_LINES:
        yield start, len(old) - end, start, len(new) - end
        return
    from difflib import SequenceMatcher  # only a change of such a file pays

    # Lines that stand there often are no anchors: without that, their number would count to the third power.
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, was, now, autojunk=True).get_opcodes():
        if tag != "equal":
            yield start + i1, start + i2, start + j1, start + j2
