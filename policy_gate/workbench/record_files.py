"""Finds the files that hold records of past releases, and gives their documents one by one with their places."""

from __future__ import annotations

import os.path
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from policy_gate.errors import EvidenceError, GateError, Problem, UsageError
from policy_gate.frozen import dataclass
from policy_gate.policy.globs import matches
from policy_gate.source import Tree, open_working_tree

SUFFIXES = (".json", ".jsonl", ".ndjson")
MAX_DOCUMENT_BYTES = 128 * 1024**2
"""Of one line, or of a document over several lines: a report of some 1,500 releases."""
STANDARD_INPUT = "-"
_CHUNK_BYTES = 1024**2
_MARKS = ("*", "?")


class Text(NamedTuple):
    """One JSON document: the file and the line it starts at, and its bytes; one that cannot be read is a problem."""

    file: str
    line: int
    content: bytes
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class RecordFile:
    """One file of records: what a reader calls it, and where it lies; `content` is what standard input gave."""

    name: str
    folder: Path
    path: str
    content: bytes | None = None

    @property
    def size_bytes(self) -> int:
        """How much there is to read, for planning; 0 where that is not known."""
        if self.content is not None:
            return len(self.content)
        try:
            return (self.folder / self.path).lstat().st_size
        except OSError:
            return 0


def find_record_files(named: Sequence[str], start: Path, standard_input: bytes = b"") -> tuple[RecordFile, ...]:
    """The files that are named: files, folders (all below whose suffix is one of SUFFIXES), globs, `-`.

    Raises UsageError where a name stands for no file at all: nothing is left out silently.
    """
    files: dict[str, RecordFile] = {}
    problems: list[Problem] = []
    for name in named:
        try:
            found = list(_named(name, start, standard_input))
        except GateError as error:
            problems.extend(error.problems)
            continue
        if not found:
            problems.append(
                Problem("no file of records", name, hint=f"records are files named *{', *'.join(SUFFIXES)}")
            )
        for one in found:
            files.setdefault(os.path.join(one.folder, one.path), one)  # noqa: PTH118  # a key, not a path
    if problems:
        raise UsageError(problems)
    return tuple(files.values())


def _named(name: str, start: Path, standard_input: bytes) -> Iterator[RecordFile]:
    if name == STANDARD_INPUT:
        yield RecordFile("standard input", Path(), STANDARD_INPUT, standard_input)
        return
    path = start / name
    if path.is_dir():
        yield from _below(name.rstrip("/\\") or name, path, "")
    elif os.path.lexists(path) or not any(mark in name for mark in _MARKS):
        yield RecordFile(name.replace("\\", "/") if os.sep == "\\" else name, path.parent, path.name)
    else:
        fixed, pattern = _split_glob(name.replace(os.sep, "/"))
        yield from _below(fixed, start / fixed, pattern)


def _split_glob(name: str) -> tuple[str, str]:
    """A glob as the folder before its first mark and the pattern below that folder."""
    parts = name.split("/")
    first = next(at for at, part in enumerate(parts) if any(mark in part for mark in _MARKS))
    return "/".join(parts[:first]) or ("/" if name.startswith("/") else ""), "/".join(parts[first:])


def _below(name: str, folder: Path, pattern: str) -> Iterator[RecordFile]:
    """Files below a folder; everything on disk is looked at, also what git ignores."""
    real = Path(os.path.realpath(folder))
    if not real.is_dir():
        return
    with open_working_tree(real.parent) as tree:
        try:
            entries = tree.list(real.name)
        except EvidenceError as error:
            raise UsageError(Problem(f"{error.reason.value}: {error.detail}", name)) from error
    for entry in entries:
        path = entry.path.removeprefix(f"{real.name}/")
        if matches(path, (pattern,)) if pattern else path.lower().endswith(SUFFIXES):
            yield RecordFile(f"{name}/{path}" if name not in ("", ".") else path, real, path)


class Reading:
    """Reads many files, of each folder through one tree."""

    def __init__(self) -> None:
        """Open nothing yet."""
        self._trees: dict[Path, Tree] = {}

    def texts(self, file: RecordFile) -> Iterator[Text]:
        """The documents of one file: each line, or the whole file where its first line only opens an object.

        What cannot be read is given as a problem with its place, and ends the file.
        """
        if file.content is not None:
            yield from _documents(file.name, iter([file.content]))
            return
        try:
            if file.folder not in self._trees:
                self._trees[file.folder] = open_working_tree(file.folder)
            with self._trees[file.folder].open(file.path) as opened:
                yield from _documents(file.name, iter(lambda: opened.read(_CHUNK_BYTES), b""))
        except EvidenceError as error:
            message = f"{error.reason.value}: {error.detail}"
            yield Text(file.name, 0, b"", Problem(message, file.name, hint=error.fix))
        except GateError as error:
            yield from (Text(file.name, 0, b"", problem) for problem in error.problems)


def _documents(name: str, chunks: Iterator[bytes]) -> Iterator[Text]:
    lines = _lines(chunks)
    first = next((one for one in lines if one[1].strip()), None)
    if first is None:
        yield Text(name, 0, b"", Problem("the file is empty: it holds no record", name))
        return
    number, line = first
    if line.strip() == b"{":
        yield _whole(name, number, line, lines)
        return
    while True:
        if len(line) > MAX_DOCUMENT_BYTES:
            yield Text(name, number, b"", _too_long(name, number))
            return
        if content := line.strip():
            yield Text(name, number, content)
        following = next(lines, None)
        if following is None:
            return
        number, line = following


def _whole(name: str, number: int, line: bytes, lines: Iterator[tuple[int, bytes]]) -> Text:
    """A document over several lines."""
    parts, size = [line], len(line)
    for _, more in lines:
        parts.append(more)
        size += len(more)
        if size > MAX_DOCUMENT_BYTES:
            return Text(name, number, b"", _too_long(name, number))
    return Text(name, number, b"\n".join(parts))


def _too_long(name: str, number: int) -> Problem:
    hint = "write one record a line: jq -c '.records[]'"
    return Problem(f"a document of more than {MAX_DOCUMENT_BYTES:,} bytes is not read", name, number, hint=hint)


def _lines(chunks: Iterator[bytes]) -> Iterator[tuple[int, bytes]]:
    """Lines with their numbers; one that is too long is given as far as it was read, and is the last."""
    rest: list[bytes] = []
    size, number = 0, 0
    for chunk in chunks:
        *ended, last = chunk.split(b"\n")
        for line in ended:
            number += 1
            yield number, b"".join((*rest, line))
            rest, size = [], 0
        rest.append(last)
        size += len(last)
        if size > MAX_DOCUMENT_BYTES:
            break
    if any(rest):
        yield number + 1, b"".join(rest)
