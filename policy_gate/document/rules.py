"""What both loaders hold to: limits, how scalars are read, which characters and keys are refused."""

from __future__ import annotations

import math
import re
from typing import TypeAlias

from policy_gate.frozen import dataclass

Value: TypeAlias = "dict[str, Value] | list[Value] | str | int | float | bool | None"


@dataclass(frozen=True, slots=True)
class Limits:
    """Caps that hold before anything is built; a node is a key, a scalar, a list or a mapping."""

    max_bytes: int = 1024 * 1024
    max_depth: int = 64
    max_nodes: int = 200_000
    max_scalar_chars: int = 256 * 1024
    max_problems: int = 50


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one scalar or key is not taken, and what to write instead."""

    message: str
    hint: str = ""


CONSTANTS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
"""Plain words that are not text in the core schema (YAML 1.2.2 section 10.3.2); `yes`, `no`, `on`, `off` are text."""

NUMBER_STARTS = frozenset("+-.0123456789")

# An integer where no group matches, else a float.
_DECIMAL = re.compile(r"[-+]?(?:[0-9]+(\.[0-9]*)?|(\.[0-9]+))([eE][-+]?[0-9]+)?")
_BASED_INTEGER = re.compile(r"0x[0-9a-fA-F]+|0o[0-7]+")
_NAN_AND_INFINITY = frozenset(
    (".nan", ".NaN", ".NAN", *(f"{sign}.{word}" for sign in ("", "-", "+") for word in ("inf", "Inf", "INF")))
)
_SHOWN_CHARS = 40
_LONGEST_NUMBER = 64
_QUOTE_IT = "Quote it if it is text, such as a digest, a commit or a version."


def plain_number(text: str) -> str | int | float | Refusal:
    """Read a plain scalar that starts like a number by the YAML 1.2 core schema; text when it is not a number."""
    if decimal := _DECIMAL.fullmatch(text):
        digits = text.lstrip("+-")
        if digits[0] == "0" and digits[1:2].isdigit():
            hint = "Write it without the zero, or quote it if it is text."
            return Refusal(f"{shown(text)} starts with a zero, which YAML readers take for different numbers", hint)
        return bounded_integer(text) if decimal.lastindex is None else finite_float(text)
    if _BASED_INTEGER.fullmatch(text):
        return bounded_integer(text, base=0)
    if text in _NAN_AND_INFINITY:
        return Refusal(f"{text} is not a finite number", "Write a finite number, or leave the key out.")
    return text


def bounded_integer(text: str, base: int = 10) -> int | Refusal:
    """Read an integer that fits in 64 signed bits."""
    if len(text) > _LONGEST_NUMBER or not -(2**63) <= (number := int(text, base)) < 2**63:
        return Refusal(f"the integer {shown(text)} does not fit in 64 bits", _QUOTE_IT)
    return number


def finite_float(text: str) -> float | Refusal:
    """Read a float that is finite."""
    number = float(text) if len(text) <= _LONGEST_NUMBER else math.inf
    if math.isfinite(number):
        return number
    return Refusal(f"the number {shown(text)} is too large or has too many digits", _QUOTE_IT)


def unfit_key(key: str) -> Refusal | None:
    """Say why a key is refused: keys are printable ASCII, so that no two look alike."""
    if key.isascii() and key.isprintable():
        return None
    from unicodedata import name  # only a refusal pays

    char = next(char for char in key if not (char.isascii() and char.isprintable()))
    known_as = name(char, "")
    described = f"U+{ord(char):04X} ({known_as})" if known_as else f"U+{ord(char):04X}"
    return Refusal(f"the key {shown(key)} holds {described}; keys are printable ASCII")


def holds_lone_surrogate(text: str) -> bool:
    """Tell whether text holds half a surrogate pair, which no UTF-8 file can hold."""
    return not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text)


def shown(text: str) -> str:
    """Quote a piece of hostile text for a message: one short line, nothing but printable ASCII."""
    kept = text if len(text) <= _SHOWN_CHARS else text[: _SHOWN_CHARS - 1]
    return ascii(kept) if kept is text else f"{ascii(kept)[:-1]}…'"
