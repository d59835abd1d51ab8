"""Cuts the text of an expression into tokens; whatever CEL would not read, and what is refused of CEL, is an error."""

from __future__ import annotations

import re
from functools import cache
from math import isfinite
from typing import NamedTuple

from policy_gate.expression.limits import INT_MAX, TEXT_MAX
from policy_gate.expression.values import ExpressionError
from policy_gate.expression.vocabulary import MISTAKEN_SIGNS, REFUSED_SIGNS

NAME, NUMBER, TEXT, SIGN, END = "name", "number", "text", "sign", "end"
_ESCAPES = {"\\": "\\", "'": "'", '"': '"', "n": "\n", "r": "\r", "t": "\t"}
_HEX = frozenset("0123456789abcdefABCDEF")


class Token(NamedTuple):
    """One word, number, text or sign; `start` and `end` count characters from 0. A tuple: hundreds are made a rule."""

    kind: str
    text: str
    start: int
    end: int
    scalar: int | float | str = ""

    @property
    def column(self) -> int:
        """The 1-based column."""
        return self.start + 1


@cache
def _token() -> re.Pattern[str]:
    """Compiled on first use; every alternative reads forward without going back."""
    return re.compile(
        r"""(?P<space>[ \t\r\n]+)
        |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
        |(?P<number>[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)
        |(?P<quote>'''|\"\"\"|['"])
        |(?P<sign>&&|\|\||[=!<>]=|//|[<>!+*()\[\].,-])""",
        re.VERBOSE | re.ASCII,
    )


def tokens_of(text: str, start: int = 0, end: int | None = None) -> list[Token]:
    """Tokens of a text, or of a part of it, closed by one of kind `end`.

    Raises:
        ExpressionError: at the first character that cannot be read, and for a text over 2,048 characters.
    """
    end = len(text) if end is None else end
    if end - start > TEXT_MAX:
        raise ExpressionError(f"the expression has {end - start} characters, at most {TEXT_MAX} are read", 1)
    found: list[Token] = []
    position, token_at = start, _token().match
    while position < end:
        match = token_at(text, position, end)
        if match is None:
            raise _unreadable(text, position)
        kind, piece = str(match.lastgroup), match.group()
        if kind == "space":
            position = match.end()
            continue
        if kind == "quote":
            token = _quoted(text, position, end, piece)
        elif kind == "number":
            token = _number(text, match, end)
        else:
            token = Token(kind, piece, position, match.end())
        position = token.end
        if kind == "sign" and piece in REFUSED_SIGNS:
            raise refused_sign(piece, token.column)
        if kind == "name" and text[position : position + 1] in {"'", '"'} and piece in {"r", "R", "b", "B", "rb", "br"}:
            raise ExpressionError(f"the prefix {piece} of a text is not part of this language", token.column)
        found.append(token)
    found.append(Token(END, "the end", end, end))
    return found


def refused_sign(sign: str, column: int) -> ExpressionError:
    """The error for a sign CEL has and this language has not."""
    what, hint = REFUSED_SIGNS[sign]
    return ExpressionError(f"{what} is not part of this language", column, hint)


def _unreadable(text: str, position: int) -> ExpressionError:
    character = text[position]
    if character in REFUSED_SIGNS:
        return refused_sign(character, position + 1)
    named = f"'{character}'" if character.isprintable() else "a character"
    message = f"{named} (U+{ord(character):04X}) is not part of this language"
    return ExpressionError(message, position + 1, MISTAKEN_SIGNS.get(character, ""))


def _number(text: str, match: re.Match[str], end: int) -> Token:
    piece, column = match.group(), match.start() + 1
    following = text[match.end() : min(match.end() + 1, end)]
    if following and (following.isalnum() or following in "_."):
        raise ExpressionError(f"'{piece}{following}' does not begin a number", column, "write decimals: 16, 0.5, 1e-5")
    if len(piece) > 1 and piece[0] == "0" and piece[1].isdigit():
        raise ExpressionError(f"the number {piece} begins with a zero", column, "leave the zero out")
    if not piece.isdigit():
        number = float(piece)
        if not isfinite(number):
            raise ExpressionError(f"the number {piece} is too large", column)
        if not number and piece.lower().partition("e")[0].strip("0."):
            raise ExpressionError(f"the number {piece} is too small to differ from zero", column)
        return Token(NUMBER, piece, match.start(), match.end(), number)
    # One more than the largest may stand behind a minus sign; the parser looks.
    if len(piece) > 19 or int(piece) > INT_MAX + 1:
        raise ExpressionError("the integer is beyond 64 bits", column)
    return Token(NUMBER, piece, match.start(), match.end(), int(piece))


def _quoted(text: str, start: int, end: int, quote: str) -> Token:
    if len(quote) == 3:
        raise refused_sign(quote, start + 1)
    parts: list[str] = []
    position = start + 1
    while position < end:
        character = text[position]
        if character == quote:
            return Token(TEXT, text[start : position + 1], start, position + 1, "".join(parts))
        if character == "\\":
            piece, position = _escape(text, position, end)
            parts.append(piece)
            continue
        if not character.isprintable():
            message = f"the text holds an invisible character (U+{ord(character):04X})"
            raise ExpressionError(message, position + 1, "write it as \\n, \\t or \\u200b")
        parts.append(character)
        position += 1
    raise ExpressionError("the text is not closed", start + 1, f"close it with {quote}")


def _escape(text: str, position: int, end: int) -> tuple[str, int]:
    """The character an escape stands for, and where the text goes on."""
    letter = text[position + 1 : min(position + 2, end)]
    if letter in _ESCAPES and letter:
        return _ESCAPES[letter], position + 2
    digits = text[position + 2 : min(position + 6, end)]
    if letter == "u" and len(digits) == 4 and _HEX.issuperset(digits):
        code = int(digits, 16)
        if not 0xD800 <= code <= 0xDFFF:
            return chr(code), position + 6
    known = "\\\\ \\' \\\" \\n \\r \\t and \\uXXXX"
    raise ExpressionError("'\\' begins no escape of this language", position + 1, f"known are {known}")
