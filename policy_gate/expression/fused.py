"""Closures for what nearly every rule does: compare a plain path below a root or a variable with a literal.

One closure looks the path up and compares. Whatever is no plain map, or not of the literal's type, goes the slow way.
"""

from __future__ import annotations

from collections.abc import Callable

from policy_gate.expression.comparing import Comparison
from policy_gate.expression.kleene import Steps
from policy_gate.expression.paths import NOT_PLAIN
from policy_gate.expression.values import Unknown

Keys = tuple[str, ...]
Scalar = float | str
Truth = Callable[[Steps], bool | Unknown]


def compare_path(slot: int, keys: Keys, comparison: Comparison, literal: Scalar, slow: Truth) -> Truth:
    """A path of one to three names against a text, or a number below 2^53 where rounding changes nothing."""
    if len(keys) == 1:
        return _one(slot, keys[0], comparison, literal, slow)
    if len(keys) == 2:
        return _two(slot, keys, comparison, literal, slow)
    return _three(slot, keys, comparison, literal, slow)


def _one(slot: int, key: str, comparison: Comparison, literal: Scalar, slow: Truth) -> Truth:
    kind, is_number = _accepted(literal)

    def decide(frame: Steps) -> bool | Unknown:
        try:
            found = frame[slot][key]
        except NOT_PLAIN:
            return slow(frame)
        if type(found) is kind or (is_number and type(found) is float and found - found == 0.0):
            return comparison(found, literal)
        return slow(frame)

    return decide


def _two(slot: int, keys: Keys, comparison: Comparison, literal: Scalar, slow: Truth) -> Truth:
    first, second = keys
    kind, is_number = _accepted(literal)

    def decide(frame: Steps) -> bool | Unknown:
        try:
            found = frame[slot][first][second]
        except NOT_PLAIN:
            return slow(frame)
        if type(found) is kind or (is_number and type(found) is float and found - found == 0.0):
            return comparison(found, literal)
        return slow(frame)

    return decide


def _three(slot: int, keys: Keys, comparison: Comparison, literal: Scalar, slow: Truth) -> Truth:
    first, second, third = keys
    kind, is_number = _accepted(literal)

    def decide(frame: Steps) -> bool | Unknown:
        try:
            found = frame[slot][first][second][third]
        except NOT_PLAIN:
            return slow(frame)
        if type(found) is kind or (is_number and type(found) is float and found - found == 0.0):
            return comparison(found, literal)
        return slow(frame)

    return decide


def _accepted(literal: Scalar) -> tuple[type, bool]:
    """The type that is compared at once, and whether finite decimals are too."""
    return (str, False) if isinstance(literal, str) else (int, True)
