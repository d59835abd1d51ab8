"""Versions and ranges of versions: which releases a waiver is for, and which tool a pack needs."""

from __future__ import annotations

import re
from typing import Literal, TypeAlias, cast

from policy_gate.frozen import dataclass

Comparator: TypeAlias = Literal[">=", "<=", "==", ">", "<"]

MAX_VERSION_CHARS = 64
MAX_BOUNDS = 8

# Numbers without leading zeros, and identifiers of a prerelease, as in Semantic Versioning 2.0.0, items 2 and 9.
_NUMBER = "(?:0|[1-9][0-9]{0,17})"
_VERSION = re.compile(rf"({_NUMBER}(?:\.{_NUMBER}){{0,7}})(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+){{0,15}}))?")
_IDENTIFIER = re.compile(rf"{_NUMBER}|(?=.*[A-Za-z-])[0-9A-Za-z-]+")
_BOUND = re.compile(r"(>=|<=|==|>|<)(.+)")

_Key: TypeAlias = tuple[tuple[int, ...], bool, tuple[tuple[bool, int, str], ...]]


@dataclass(frozen=True, slots=True)
class Version:
    """Numbers without trailing zeros, so that 1.4 is 1.4.0, and the identifiers of a prerelease, if it is one."""

    numbers: tuple[int, ...]
    prerelease: tuple[str, ...] = ()

    @property
    def key(self) -> _Key:
        """What versions are ordered by (Semantic Versioning 2.0.0, item 11)."""
        identifiers = tuple((False, int(one), "") if one.isdigit() else (True, 0, one) for one in self.prerelease)
        return self.numbers, not self.prerelease, identifiers


@dataclass(frozen=True, slots=True)
class Bound:
    """One comparator with its version; all bounds of a range have to hold."""

    comparator: Comparator
    version: Version


Range: TypeAlias = tuple[Bound, ...]


def parse_version(text: str) -> Version:
    """Read a version such as 1.4.0 or 1.4.0-rc.1; ValueError says what it should be."""
    found = _VERSION.fullmatch(text) if len(text) <= MAX_VERSION_CHARS else None
    identifiers = tuple((found[2] or "").split(".")) if found and found[2] else ()
    if found is None or not all(_IDENTIFIER.fullmatch(one) for one in identifiers):
        raise ValueError(f"{_shown(text)} should be a version such as 1.4.0 or 1.4.0-rc.1")
    numbers = [int(one) for one in found[1].split(".")]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    return Version(tuple(numbers), identifiers)


def parse_range(text: str) -> Range:
    """Read a range such as `>=1.4.0 <1.5.0`; ValueError says what it should be."""
    parts = text.split(" ") if len(text) <= MAX_BOUNDS * MAX_VERSION_CHARS else []
    if not 1 <= len(parts) <= MAX_BOUNDS:
        raise ValueError(f"{_shown(text)} should be 1 to {MAX_BOUNDS} bounds such as '>=1.4.0 <1.5.0'")
    return tuple(_bound(part, text) for part in parts)


def _bound(part: str, whole: str) -> Bound:
    found = _BOUND.fullmatch(part)
    if found is None:
        raise ValueError(f"{_shown(whole)} should be bounds of >= > == < <= such as '>=1.4.0 <1.5.0'")
    comparator = cast("Comparator", found[1])  # the pattern has these five and no other
    return Bound(comparator, parse_version(found[2]))


def contains(within: Range, text: str) -> bool:
    """Tell whether a version lies in a range; text that is no version lies in none."""
    try:
        version = parse_version(text)
    except ValueError:
        return False
    return bool(within) and all(_holds(bound, version) for bound in within)


def _holds(bound: Bound, version: Version) -> bool:
    key, limit = version.key, bound.version.key
    match bound.comparator:
        case ">=":
            return key >= limit
        case ">":
            return key > limit
        case "<=":
            return key <= limit
        case "==":
            return key == limit
        case "<":
            # Who writes <1.5.0 does not mean 1.5.0-rc.1 (the rule of PEP 440 for exclusive comparison).
            comes_early = bool(version.prerelease) and not bound.version.prerelease
            return key < limit and not (comes_early and version.numbers == bound.version.numbers)


def at_least(version: str, minimum: str) -> bool:
    """Tell whether a version is a minimum or later; ValueError when one of the two is no version."""
    return parse_version(version).key >= parse_version(minimum).key


def _shown(text: str) -> str:
    return ascii(text if len(text) <= MAX_VERSION_CHARS else f"{text[:MAX_VERSION_CHARS]}...")
