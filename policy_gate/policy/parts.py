"""What a policy is made of: its rules with their limits, its selectors, and what it is put together from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from policy_gate.document import Document
from policy_gate.frozen import dataclass
from policy_gate.model import Mode, Place, Stage
from policy_gate.policy.config import ConfigSpec
from policy_gate.policy.exceptions import NotProven
from policy_gate.policy.overlays import Proves
from policy_gate.policy.pack import Rule
from policy_gate.policy.packs import ALWAYS, Condition, Setting

PARAMETER = re.compile(r"\$([a-z][a-z0-9_]{0,63})")
CONFIGURATION = "configuration"
"""The origin of a value that the configuration sets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRule:
    """A selected rule with its limits filled in; `document` and `pointer` say where the rule is written.

    `ways` are the conditions under which it applies: all of any one way; none at all means always.
    """

    rule: Rule
    mode: Mode
    limits: Mapping[str, Setting]
    document: Document
    pointer: str
    mode_after: Mode = Mode.ENFORCE
    note: str = ""
    ways: tuple[tuple[Condition, ...], ...] = ()
    floor: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """A preset for the releases that a condition is true or unknown of."""

    condition: Condition
    preset: str


def nothing_proven(digest: str, path: str, proposer: str) -> NotProven:
    """What holds where no trust file names an approver."""
    del digest, path, proposer
    return NotProven(reason="no trust file names a key of an approver")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """All that a policy is put together from, beside the packs' bytes.

    `source` says which tree packs are read from, for the record. With `complete` off, for reading and never for
    judging, a required parameter without value stays `$name`. `floors` are packs that the lock marks as floor, `added`
    those of the command line, which may only tighten, and `stages` those that are judged beside `stage`.
    """

    names: tuple[str, ...]
    source: str
    today: str = "0001-01-01"
    stage: Stage | None = None
    spec: ConfigSpec = ConfigSpec()
    config: Document | None = None
    added: tuple[str, ...] = ()
    stages: tuple[Stage, ...] = ()
    floors: tuple[str, ...] = ()
    complete: bool = True
    proves: Proves = nothing_proven


def is_own(rule: PolicyRule) -> bool:
    """Whether a rule is one about policies themselves."""
    return rule.document.path == f"{ALWAYS}.yaml"


def place_of(document: Document, pointer: str, source: str) -> Place:
    """The place of a pointer, or of its nearest parent that is there."""
    nearest, span = document.nearest(pointer)
    absent = nearest != pointer
    return Place(
        source=source,
        path=document.path,
        pointer=pointer,
        line=span.line,
        column=span.column,
        # A parent stands in for what is absent: its first character says where to add, not what is wrong.
        end_line=span.line if absent else span.end_line,
        end_column=span.column + 1 if absent else span.end_column,
    )


def parameters_used(rule: Rule) -> Iterator[tuple[str, str]]:
    """The parameters a rule's limits use, as (limit, parameter)."""
    for name, written in rule.limits.items():
        if isinstance(written, str) and (used := PARAMETER.fullmatch(written)):
            yield name, used[1]
