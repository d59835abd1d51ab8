"""Reads what a document says, as far as a machine can: how many words, which ids and days, what is left of a template.

Linear in the text; scripts without spaces are counted by their characters.
"""

from __future__ import annotations

import re
from itertools import chain

from policy_gate.frozen import dataclass

_WORD = re.compile(r"[^\W\d_]+")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]*")
"""What an id of the manifest or a day such as 2026-09-01 looks like, with the full stop that may follow it."""
_MARKER = re.compile(r"\b(?:TODO|TBD|TBA|FIXME|XXX)\b|\b[Ll]orem ipsum\b|[\[<{](?i:insert|fill in)\b")
_NO_ANSWER = frozenset({"asdf", "fixme", "foo", "lorem", "placeholder", "tba", "tbd", "todo", "xxx"})
_FORMATS = {
    b"%PDF-": "PDF",
    b"PK\x03\x04": "office document",
    b"\xd0\xcf\x11\xe0": "office document",
    b"\x89PNG": "scan",
    b"\xff\xd8\xff": "scan",
    b"II*\0": "scan",
    b"MM\0*": "scan",
    b"age-encryption.org/": "encrypted file",
}
"""How files begin that may hold an assessment and are no plain text."""
_OPENPGP = frozenset(b"\x84\x85\x8c\xc1\xc3")
"""Tags of a message to a key or of a passphrase (RFC 9580, sections 4.2 and 5)."""
FORMAT_BYTES = 32
_FIRST_WITHOUT_SPACES = "\u2e80"
"""From here on letters of Chinese and Japanese stand for words by themselves (Unicode, chapter 18)."""


@dataclass(frozen=True, slots=True)
class ReadText:
    """How many different words a text has, the names in it, and the first marker of an unfinished one, or ""."""

    words: int
    names: frozenset[str]
    marker: str


def read_text(content: bytes) -> ReadText | None:
    """Read a text in UTF-8; None for anything else, such as a PDF."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    if "\0" in text or content.startswith(b"%PDF-"):
        return None
    names = frozenset(name.rstrip(".:-") for name in _NAME.findall(text))
    return ReadText(words=different_words(text), names=names, marker=_marker(text))


def format_of(start: bytes) -> str:
    """What a file that is no text says it is in its first `FORMAT_BYTES`; "" for what may be a text with a flaw."""
    found = next((name for magic, name in _FORMATS.items() if start.startswith(magic)), "")
    return found or ("encrypted file" if start[:1] and start[0] in _OPENPGP else "")


def different_words(text: str) -> int:
    """How many different words a text has, whatever their case; a repeated one says nothing new."""
    return len(set(chain.from_iterable(_words_in(run) for run in _WORD.findall(text.casefold()))))


def placeholder_in(text: str) -> str:
    """The first word that stands for an answer nobody gave, or ""."""
    return next((word for word in _WORD.findall(text) if word.casefold() in _NO_ANSWER), "")


def _words_in(run: str) -> tuple[str, ...]:
    return tuple(run) if max(run) >= _FIRST_WITHOUT_SPACES else (run,)


def _marker(text: str) -> str:
    found = _MARKER.search(text)
    if found is None:
        return ""
    line = text.count("\n", 0, found.start()) + 1
    return f"line {line} still says '{found.group().strip()}'"
