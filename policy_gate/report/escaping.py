"""Makes text from a release harmless on a terminal: no control characters, no reversed direction."""

from __future__ import annotations

import re

_HARMFUL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f]"
)


def safe(text: str) -> str:
    """Show harmful characters as escapes; newline and tab become spaces, since a message is one line."""
    return _HARMFUL.sub(_escaped, text.replace("\n", " ").replace("\t", " "))


def safe_line(text: str) -> str:
    """As `safe`, for a line of source: every character stays one character, so that carets stay in place."""
    return _HARMFUL.sub("\N{REPLACEMENT CHARACTER}", text.replace("\t", " ").replace("\n", " "))


def safe_json(text: str) -> str:
    """Write harmful characters inside the strings of a JSON text as its own escapes: its content stays the same."""
    return _HARMFUL.sub(_json_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _json_escaped(found: re.Match[str]) -> str:
    """One escape, or two for a character beyond the first 65,536 (RFC 8259, section 7)."""
    units = found[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
