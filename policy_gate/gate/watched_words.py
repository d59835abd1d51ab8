"""Words of shells, workflows and hooks by which a gate that runs counts for nothing, or does not run; pure.

They are looked for in lines that a change adds, or misses. A word too much makes a row look looser than it is, and a
person looks at it; so where in doubt a word is here. Every pattern takes time in proportion to the line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_KEYS = (
    # GitHub
    "if|paths|paths-ignore|branches|branches-ignore|types|shell|working-directory|ref|repository"
    # pre-commit
    "|exclude|skip|files|stages|default_stages|types_or|exclude_types|entry|args"
    # GitLab, Azure, CircleCI, Bitbucket
    "|rules|only|except|when|condition|enabled|filters|trigger"
)
SWITCHES_OFF = re.compile(
    rf"""fail[-_]on\W+never"""
    r"""|\|\|"""
    r"""|;\s*(true|:)(\s|;|$)|\bexit\s+0\b|\breturn\s+0\b|\bexit\(\s*0?\s*\)"""
    r"""|\bset\s+\+(\w*e|o\b)|\btrap\b|\balias\b|\bfunction\s|policy[-_]gate\s?\("""
    r"""|(continue[-_]?on[-_]?error|allow[-_]failure|soft[-_]fail)['"]?\s*:(?!\s*['"]?false\b)"""
    rf"""|(^|[\s{{,])['"]?({_KEYS})['"]?\s*:"""
    r"""|--(no-base|no-verify|config|tree|bundle|now)\b|\bSKIP\b|\bmanual\b"""
    # Another release to compare with.
    r"""|\b(record|bundle):[\w$./~]"""
    # A value that stands elsewhere, or is not written as it is read.
    r"""|<<\s*:|[:,\[{-]\s+\*\w|\\x[0-9a-f]{2}|\\u[0-9a-f]{4}""",
    re.IGNORECASE,
)
"""What makes a step that runs count for nothing, or not run."""
STARTS_LOOSER = re.compile(r"\s*(-\s+)?!\s")
"""What turns the answer of a command round."""

LOST = (
    re.compile(
        r"""\bpull_request\b|\bmerge_group\b|--base\b|--stage[=\s]\s*release|fail[-_]on\W+warned""", re.IGNORECASE
    ),
    re.compile(r"\bset\s+-\w*e|\bpipefail\b"),
)
"""What a run loses where a line that says so is gone."""

_WHO = re.compile(
    r"""(?:^|--|[\s{,"'])(base|config)['"]?(?:\s*[:=]\s*|\s+)['"]?([\w$][\w$.{}/@~^:-]{0,200})""", re.IGNORECASE
)


def who_judges(lines: Iterable[str]) -> set[tuple[str, str]]:
    """The bases and configurations that lines name, as pairs of `base` or `config` and a value."""
    return {(found[1].lower(), found[2]) for line in lines for found in _WHO.finditer(line)}
