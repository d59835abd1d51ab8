"""Reads lists of record digests: how many there are, and under which key they were made."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from policy_gate.errors import EvidenceError, Reason
from policy_gate.frozen import dataclass

if TYPE_CHECKING:
    from policy_gate.area import Evidence
    from policy_gate.source import BinaryFile

MAX_LIST_BYTES = 256 * 1024 * 1024
"""About four million records; the list is read once, block by block."""

HEADER = "# hmac-sha256 key=NAME"
"""How the first line of a keyed list reads (HMAC: RFC 2104); the key itself stays with whoever makes the lists."""

_BLOCK_BYTES = 1024 * 1024
_MAX_LINE_BYTES = 4096
_PLAIN_LINE = re.compile(rb"(?:sha256:)?([0-9a-f]{64})(?:[ \t].*)?\r?", re.DOTALL)
"""As `sha256sum` prints it: a digest, then perhaps a name."""
_KEYED_LINE = re.compile(rb"([0-9a-f]{64})\r?")
_HEADER_LINE = re.compile(rb"# hmac-sha256 key=([A-Za-z][A-Za-z0-9._-]{0,63})\r?")
_LIKE_A_KEY = re.compile(rb"[0-9A-Fa-f]{16,}|[A-Za-z0-9_-]{43,}")


@dataclass(frozen=True, slots=True)
class DigestList:
    """How many different digests a list has; `key_id` names the key they were made with, "" where none is named."""

    count: int
    key_id: str


def digest_list(evidence: Evidence, claimed: str) -> DigestList:
    """The list at a path that the manifest names, read once per tree; raises EvidenceError as `read_digests`."""

    def read() -> DigestList | EvidenceError:
        try:
            with evidence.open(claimed) as file:
                return read_digests(file, claimed)
        except EvidenceError as error:
            return error

    # Messages spell the path as the manifest does, so the spelling is part of the key.
    found = evidence.tree.memo(f"lineage.digests:{evidence.tree_path(claimed)}:{claimed}", read)
    if isinstance(found, EvidenceError):
        raise found
    return found


def named_key(evidence: Evidence, claimed: str) -> str:
    """The key that the first line of a list names, "" where it names none, whatever the other lines are.

    Raises EvidenceError where the file cannot be opened, or its first line is a comment of another kind.
    """
    with evidence.open(claimed) as file:
        first = file.read(_MAX_LINE_BYTES).partition(b"\n")[0]
    return _key_of(first, claimed) if first.startswith(b"#") else ""


def read_digests(file: BinaryFile, path: str) -> DigestList:
    """Read a list of different SHA-256 digests, one a line, each above the one before it, after a header or none.

    In that order a record that is listed twice is seen without keeping the others in memory. No message holds
    anything of a line but its number: a digest may stand for a person.
    Raises EvidenceError: TOO_LARGE beyond `MAX_LIST_BYTES`, UNREADABLE for any other list.
    """
    reader, rest, left = _Reader(path), b"", MAX_LIST_BYTES
    while block := file.read(_BLOCK_BYTES):
        left -= len(block)
        if left < 0:
            raise EvidenceError(Reason.TOO_LARGE, f"{path} has more than {MAX_LIST_BYTES} bytes; no more are read")
        *lines, rest = (rest + block).split(b"\n")
        reader.take(lines)
        if len(rest) > _MAX_LINE_BYTES:
            raise _no_digest(reader.lines + 1, path)
    reader.take([rest] if rest else [])  # the last line may lack its end
    return DigestList(reader.lines - bool(reader.key_id), reader.key_id)


class _Reader:
    """What of a list is read: the lines so far, the last digest, the key that the first line names."""

    def __init__(self, path: str) -> None:
        """Nothing is read yet."""
        self._path = path
        self._last = b""
        self._line = _PLAIN_LINE
        self.lines = 0
        self.key_id = ""

    def take(self, lines: list[bytes]) -> None:
        """Read the next lines."""
        if self.lines == 0 and lines and lines[0].startswith(b"#"):
            self.key_id = _key_of(lines[0], self._path)
            self._line, self.lines = _KEYED_LINE, 1
            del lines[0]
        for number, line in enumerate(lines, self.lines + 1):
            found = self._line.fullmatch(line)
            if found is None:
                raise self._refused(line, number)
            digest = found[1]
            if digest <= self._last:
                raise _not_rising(number, self._path, repeats=digest == self._last)
            self._last = digest
        self.lines += len(lines)

    def _refused(self, line: bytes, number: int) -> EvidenceError:
        if self.key_id and _PLAIN_LINE.fullmatch(line):
            what = f"line {number} of {self._path} has more than a digest; a keyed list names nothing else"
            return EvidenceError(Reason.UNREADABLE, what, fix="list the bare digests, without file names")
        return _no_digest(number, self._path)


def _key_of(line: bytes, path: str) -> str:
    found = _HEADER_LINE.fullmatch(line)
    if found is None:
        what = f"line 1 of {path} is a comment, and not one that names a key"
        raise EvidenceError(Reason.UNREADABLE, what, fix=f"write it as `{HEADER}`, or leave it out")
    if _LIKE_A_KEY.fullmatch(found[1]):
        what = f"line 1 of {path} has what looks like the key itself, where its name should be"
        raise EvidenceError(Reason.UNREADABLE, what, fix="make a new key, keep it out of the repository, and name it")
    return found[1].decode("ascii")


def _no_digest(line: int, path: str) -> EvidenceError:
    return EvidenceError(Reason.UNREADABLE, f"line {line} of {path} is no SHA-256 digest, so its records are not known")


def _not_rising(line: int, path: str, *, repeats: bool) -> EvidenceError:
    what = "repeats the digest before it" if repeats else "is not in the order of the digests"
    return EvidenceError(
        Reason.UNREADABLE,
        f"line {line} of {path} {what}, so its different records cannot be counted",
        fix="list the digest of every record once, in rising order, as `sort -u` does",
    )
