"""Reads a CSV table strictly, every cell with its line and column; hostile files are refused before they cost much."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from policy_gate.errors import DocumentError, Problem
from policy_gate.frozen import dataclass

MAX_BYTES = 4 * 1024 * 1024
MAX_ROWS = 20_000
MAX_COLUMNS = 64
MAX_CELL_CHARS = 4096
MAX_PROBLEMS = 20
QUOTE = '"'
SPACES = frozenset("\t\u00a0\u1680\u202f\u205f\u3000") | {chr(code) for code in range(0x2000, 0x200B)}
"""What is no control but not printable either: a tab, and the space separators of Unicode (Zs)."""


@dataclass(frozen=True, slots=True)
class Cell:
    """The text of one cell and its column in the line, from 1."""

    text: str
    column: int


@dataclass(frozen=True, slots=True)
class Line:
    """One line below the header, by column name; `number` is its line in the file, from 1."""

    number: int
    cells: dict[str, Cell]


def read_table(content: bytes, path: str, required: Sequence[str], *, known: Sequence[str] = ()) -> list[Line]:
    """Read a CSV table with a header (RFC 4180, but no line breaks inside a cell); empty lines are passed over.

    Raises:
        DocumentError: not UTF-8, over the limits, a control character, a quote out of place, a header that repeats a
            name or lacks one of `required`, or a line that has not as many cells as the header; with line and column.
    """
    lines = _lines(content, path)
    if not lines:
        raise DocumentError(Problem("the table is empty, it should start with a header", path))
    header = _header(lines[0], path, required, known)
    found: list[Line] = []
    for number, text in enumerate(lines[1:], start=2):
        if not text:
            continue
        if len(found) == MAX_ROWS:
            raise DocumentError(Problem(f"it has more than {MAX_ROWS:,} rows", path, number))
        cells = list(_cells(text, path, number))
        if len(cells) != len(header):
            message = f"the line has {len(cells)} cells, and the header {len(header)}"
            raise DocumentError(Problem(message, path, number))
        found.append(Line(number, dict(zip(header, cells, strict=True))))
    return found


def _lines(content: bytes, path: str) -> list[str]:
    if len(content) > MAX_BYTES:
        raise DocumentError(Problem(f"it has {len(content):,} bytes, at most {MAX_BYTES:,} are read", path))
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DocumentError(Problem("a byte that is no UTF-8 text", path, line)) from error
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    lines = text.removesuffix("\n").split("\n") if text else []
    for number, one in enumerate(lines, start=1):
        odd = -1 if one.isprintable() else next((at for at, char in enumerate(one) if _is_odd(char)), -1)
        if odd >= 0:
            message = f"the character U+{ord(one[odd]):04X}, which no cell holds"
            raise DocumentError(Problem(message, path, number, odd + 1))
    return lines


def _is_odd(char: str) -> bool:
    """Tell controls, and what turns or hides text, from what tables hold; spaces of any width are harmless."""
    return not char.isprintable() and char not in SPACES


def _header(line: str, path: str, required: Sequence[str], known: Sequence[str]) -> list[str]:
    cells = list(_cells(line, path, 1))
    if len(cells) > MAX_COLUMNS:
        raise DocumentError(Problem(f"the header has {len(cells)} columns, at most {MAX_COLUMNS} are read", path, 1))
    names = [cell.text for cell in cells]
    problems = [
        Problem(f"the column '{cell.text}' is named twice", path, 1, cell.column)
        for at, cell in enumerate(cells)
        if cell.text in names[:at]
    ]
    lacking = [name for name in required if name not in names]
    if lacking:
        hint = f"It takes {', '.join((*required, *known))}."
        word = "column" if len(lacking) == 1 else "columns"
        problems.append(Problem(f"the header lacks the {word} {', '.join(lacking)}", path, 1, 0, hint))
    if problems:
        raise DocumentError(problems[:MAX_PROBLEMS])
    return names


def _cells(line: str, path: str, number: int) -> Iterator[Cell]:
    """Split a line; a quoted cell holds commas, and quotes as two."""
    at = 0
    while True:
        text, end = _quoted(line, at, path, number) if line.startswith(QUOTE, at) else _bare(line, at, path, number)
        if len(text) > MAX_CELL_CHARS:
            raise DocumentError(Problem(f"a cell has more than {MAX_CELL_CHARS:,} characters", path, number, at + 1))
        yield Cell(text, at + 1)
        if end == len(line):
            return
        at = end + 1


def _bare(line: str, at: int, path: str, number: int) -> tuple[str, int]:
    end = line.find(",", at)
    end = len(line) if end < 0 else end
    stray = line.find(QUOTE, at, end)
    if stray >= 0:
        raise DocumentError(Problem("a quote inside a cell that does not start with one", path, number, stray + 1))
    return line[at:end].strip(" "), end


def _quoted(line: str, at: int, path: str, number: int) -> tuple[str, int]:
    parts: list[str] = []
    position = at + 1
    while (end := line.find(QUOTE, position)) >= 0:
        parts.append(line[position:end])
        if line.startswith(QUOTE, end + 1):
            parts.append(QUOTE)
            position = end + 2
            continue
        if end + 1 < len(line) and line[end + 1] != ",":
            raise DocumentError(Problem("text after a quoted cell", path, number, end + 2))
        return "".join(parts), end + 1
    raise DocumentError(Problem("a quoted cell that does not end in its line", path, number, at + 1))
