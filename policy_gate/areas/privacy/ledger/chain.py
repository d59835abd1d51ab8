"""The lines of a ledger: read from its bytes, linked by digest, extended at the end and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from policy_gate.areas.privacy.ledger.entry import FIRST, LedgerEntry, digest_of, line_of, read_line
from policy_gate.errors import DocumentError, Problem
from policy_gate.frozen import dataclass

MAX_LEDGER_BYTES = 4 * 1024 * 1024
MAX_LINES = 4096
MAX_PROBLEMS = 20
MEND = "restore the lines of the base, then run `policy-gate privacy ledger append`"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file: its number from 1, its bytes without the line end, and what they say."""

    path: str
    number: int
    content: bytes
    entry: LedgerEntry


def read_ledger(content: bytes, path: str) -> tuple[Line, ...]:
    """Read every line and check that each links to the one before it; raises DocumentError with all that is wrong.

    No bytes are a ledger without lines. `path` is what problems name.
    """
    raw = split_lines(content, path)
    lines: list[Line] = []
    problems: list[Problem] = []
    for number, one in enumerate(raw, 1):
        try:
            lines.append(Line(path, number, one, read_line(one, path, number)))
        except DocumentError as error:
            problems.extend(error.problems)
        if len(problems) >= MAX_PROBLEMS:
            break
    problems.extend(_broken_links(lines, raw))
    problems.extend(_repeated(lines))
    if problems:
        raise DocumentError(sorted(problems, key=lambda one: (one.line, one.column))[:MAX_PROBLEMS])
    return tuple(lines)


def split_lines(content: bytes, path: str) -> list[bytes]:
    """The raw lines of a file, bounded; raises DocumentError for one that is cut short, or too large."""
    if len(content) > MAX_LEDGER_BYTES:
        message = f"the ledger has {len(content)} bytes; at most {MAX_LEDGER_BYTES} are read"
        raise DocumentError(Problem(message, path))
    if not content:
        return []
    number = content.count(b"\n")
    if number > MAX_LINES:
        raise DocumentError(Problem(f"the ledger has {number} lines; at most {MAX_LINES} are read", path))
    lines = content.split(b"\n")
    if lines[-1]:
        message = "the last line has no line end: the file was cut short"
        raise DocumentError(Problem(message, path, len(lines), len(lines[-1]) + 1))
    return lines[:-1]


def _broken_links(lines: Sequence[Line], raw: Sequence[bytes]) -> Iterator[Problem]:
    for line in lines:
        wanted = digest_of(raw[line.number - 2]) if line.number > 1 else FIRST
        if line.entry.previous != wanted:
            before = f"line {line.number - 1}" if line.number > 1 else "no line, as the first does"
            message = f"`previous` should be the digest of {before}: the chain breaks here"
            yield Problem(message, line.path, line.number, 1)


def _repeated(lines: Sequence[Line]) -> Iterator[Problem]:
    first: dict[tuple[str, int], Line] = {}
    for line in lines:
        known = first.setdefault(line.entry.identity, line)
        if known is not line:
            message = f"release {line.entry.words} has a line already: line {known.number}"
            yield Problem(message, line.path, line.number, 1)


def previous_of(content: bytes, path: str = "") -> str:
    """The digest that a line appended to these bytes has under `previous`; raises DocumentError as `split_lines`."""
    lines = split_lines(content, path)
    return digest_of(lines[-1]) if lines else FIRST


def append(content: bytes, entry: LedgerEntry) -> bytes:
    """The bytes of a ledger with one line more; raises DocumentError where the line does not link to the last one."""
    if entry.previous != previous_of(content):
        raise DocumentError(Problem("the new line does not link to the last one"))
    return content + line_of(entry) + b"\n"


@dataclass(frozen=True, slots=True)
class Edited:
    """A line of the base that another ledger does not have at its place; `number` is the line's in the base."""

    number: int
    message: str


def edited_line(base: bytes, head: bytes) -> Edited | None:
    """The first way in which `head` is not `base` and more lines; None where it is. Never raises."""
    if head.startswith(base) and (not base or base.endswith(b"\n")):
        return None
    old, new = base.split(b"\n"), head.split(b"\n")
    kept = [one for one in new if one]
    for number, one in enumerate(old, 1):
        here = new[number - 1] if number <= len(new) else b""
        if here == one or not one:
            continue
        if not here:
            return Edited(number, f"line {number} of the base is missing")
        if one in kept:
            return Edited(number, f"line {number} of the base stands in line {new.index(one) + 1}")
        if here in old:
            return Edited(number, f"line {number} of the base is missing")
        return Edited(number, f"line {number} is not the base's line {number}")
    last = len([one for one in old if one])
    return Edited(last, f"line {last} has no line end")
