"""Tells digests that some file may have from words that only look like one."""

from __future__ import annotations

import re

_EMPTY_FILE = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
"""SHA-256 of no bytes (FIPS 180-4)."""
_REPEATED_BLOCK = re.compile(r"(.{1,32}?)\1+")
_FEWEST_DIGITS = 9
"""64 random hex digits have fewer different ones with a chance below 1e-15 (12,870 choices of 8 in 16, each 2^-64)."""


def placeholder(digest: str) -> str:
    """Say why no real file has this digest (`sha256:` and 64 hex digits), or ""."""
    digits = digest.removeprefix("sha256:")
    if digits == _EMPTY_FILE:
        return "it is the digest of an empty file"
    if _REPEATED_BLOCK.fullmatch(digits):
        return "it repeats one block of digits"
    if len(set(digits)) < _FEWEST_DIGITS:
        return f"it has only {len(set(digits))} different digits"
    return ""
