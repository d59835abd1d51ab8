"""Makes text from a release harmless on a terminal: no control characters, no reversed direction."""

from __future__ import annotations

import re

_HARMFUL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff\U000e0000-\U000e007f]"
)


def safe(text: str) -> str:
    """Show harmful characters as escapes; newline and tab become spaces, since a message is one line."""
    return _HARMFUL.sub(lambda found: f"\\u{ord(found[0]):04x}", text.replace("\n", " ").replace("\t", " "))


def safe_line(text: str) -> str:
    """As `safe`, for a line of source: tabs keep their width of one column, so that carets stay in place."""
    return _HARMFUL.sub("\N{REPLACEMENT CHARACTER}", text.replace("\t", " ").replace("\n", " "))
