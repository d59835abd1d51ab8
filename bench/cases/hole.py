"""A hole seen in a nearby tool, beside our own cases of it."""

from __future__ import annotations

from dataclasses import dataclass

from gate_cases import Case


@dataclass(frozen=True, kw_only=True)
class Hole:
    """Its name, the tool that had it, what that tool did there, and cases that ours must not let through."""

    words: str
    tool: str
    did: str
    cases: tuple[Case, ...]
