"""From bytes to text: UTF-8 without tricks, so that every reader counts the same lines and sees the same characters."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from policy_gate.errors import DocumentError, Problem

if TYPE_CHECKING:
    from policy_gate.document.rules import Limits

_PLAIN_ASCII = bytes((0x09, 0x0A, 0x0D, *range(0x20, 0x7F)))
_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")

# NEL, LS and PS are line ends to YAML 1.1 only; the bidirectional controls reorder what a reviewer sees
# (CVE-2021-42574); U+FFFE and U+FFFF are no characters; a lone CR is a line end to some editors only.
REFUSED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]|\r(?!\n)"
)


def decode(content: bytes, path: str, limits: Limits) -> str:
    """Decode a document's bytes; DocumentError names every byte or character that is refused (at most 50)."""
    if len(content) > limits.max_bytes:
        raise DocumentError(Problem(f"the file has {len(content)} bytes; at most {limits.max_bytes} are read", path))
    if content.startswith(_UTF8_MARK):
        raise DocumentError(
            Problem("the file starts with a byte order mark", path, 1, 1, "Save it as UTF-8 without one.")
        )
    if content.startswith(_UTF16_MARKS):
        raise DocumentError(Problem("the file is UTF-16; it should be UTF-8", path, 1, 1))
    text = _utf8(content, path)
    if content.isascii() and b"\r" not in content and not content.translate(None, _PLAIN_ASCII):
        return text
    refuse_characters(text, path, limits)
    return text


def _utf8(content: bytes, path: str) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8")
        byte = content[error.start]
        line, column = position(before, len(before))
        raise DocumentError(
            Problem(f"byte 0x{byte:02X} is not UTF-8", path, line, column, "Save the file as UTF-8.")
        ) from None


def refuse_characters(text: str, path: str, limits: Limits) -> None:
    """Raise DocumentError for control characters, odd line ends and bidirectional controls, with their places."""
    problems = []
    for found in REFUSED.finditer(text):
        problems.append(_character_problem(text, found.start(), path))
        if len(problems) == limits.max_problems:
            break
    if problems:
        raise DocumentError(problems)


def _character_problem(text: str, offset: int, path: str) -> Problem:
    line, column = position(text, offset)
    if text[offset] == "\r":
        return Problem("the line ends in a bare carriage return", path, line, column, "End lines with LF or CRLF.")
    hint = "Remove it, or write it as an escape in double quotes."
    return Problem(f"character U+{ord(text[offset]):04X} is not allowed", path, line, column, hint)


def position(text: str, offset: int) -> tuple[int, int]:
    """Give the 1-based line and column (in characters) of an offset."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)
