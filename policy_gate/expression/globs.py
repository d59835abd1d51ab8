"""Glob patterns over texts, matched in one pass: time grows with the length of the text alone."""

from __future__ import annotations

from functools import lru_cache

from policy_gate.expression.limits import FORMAT_TEXT_MAX, GLOB_MAX
from policy_gate.expression.values import Cause, Unknown
from policy_gate.frozen import dataclass


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A pattern as bit masks: bit i of a mask speaks of the state before item i, the last bit of the end."""

    literal: dict[str, int]  # states that move on over this character
    one: int  # `?`: moves on over any character but /
    star: int  # `*`: stays over any character but /
    stars: int  # `**`: stays over any character
    folders: int  # `**/`: enters a segment, or is left out
    segment: int  # within a segment of `**/`: ends it at a /
    end: int


def glob(text: str, pattern: str) -> bool | Unknown:
    """Whether a whole text matches: `*` within a segment, `**` over segments, `**/` any folders, `?` one character.

    Letter case counts. Unknown for a pattern over 256 or a text over 4,096 characters.
    """
    if len(pattern) > GLOB_MAX or len(text) > FORMAT_TEXT_MAX:
        limits = f"at most {GLOB_MAX} and {FORMAT_TEXT_MAX} are matched"
        return Unknown(Cause.TOO_LARGE, f"a pattern of {len(pattern)} and a text of {len(text)} characters, {limits}")
    made = _compiled(pattern)
    states = _rested(made, 1)
    for character in text:
        moved = (states & made.literal.get(character, 0)) << 1
        moved |= states & made.stars
        if character == "/":
            moved |= (states & made.segment) >> 1
        else:
            moved |= (states & made.one) << 1 | (states & made.folders) << 1
            moved |= states & (made.star | made.segment)
        if not moved:
            return False
        states = _rested(made, moved)
    return bool(states & made.end)


def _rested(made: _Pattern, states: int) -> int:
    """All states that are reached without reading a character."""
    while True:
        more = states | (states & (made.star | made.stars)) << 1 | (states & made.folders) << 2
        if more == states:
            return states
        states = more


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> _Pattern:
    literal: dict[str, int] = {}
    one = star = stars = folders = segment = 0
    bit, position = 1, 0
    while position < len(pattern):
        if pattern.startswith("**/", position):
            folders |= bit
            segment |= bit << 1
            bit, position = bit << 2, position + 3
            continue
        if pattern.startswith("**", position):
            stars |= bit
            position += 1
        elif pattern[position] == "*":
            star |= bit
        elif pattern[position] == "?":
            one |= bit
        else:
            literal[pattern[position]] = literal.get(pattern[position], 0) | bit
        bit, position = bit << 1, position + 1
    return _Pattern(literal, one, star, stars, folders, segment, bit)
