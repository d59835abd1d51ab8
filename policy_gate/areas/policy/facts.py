"""What is known of exceptions to the policy: each waiver, how many there are, the baseline."""

from __future__ import annotations

from typing import ClassVar

from policy_gate.frozen import dataclass
from policy_gate.model import Fact
from policy_gate.policy.waivers import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedWaiver(Fact):
    """One waiver of the file, for one release; its pointer is into that file, and `covers` are ids of findings.

    `days_known` is whether its days are days: else `days_left` and `lifetime_days` are 0. The basis is attested where
    a signature proves the approval. `objection` is why it is not approved, "" when it is.
    """

    name: ClassVar[str] = "policy.waiver"
    waiver: str
    rule: str
    about: str
    owner: str
    approvers: tuple[str, ...]
    objection: str
    status: Status
    message: str
    expires: str
    days_known: bool
    days_left: int
    lifetime_days: int
    days_max: int
    covers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverNumber(Fact):
    """How many waivers are listed, how many run for this release today, and how many may."""

    name: ClassVar[str] = "policy.waiver_number"
    listed: int
    running: int
    waivers_max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFindings(Fact):
    """The baseline: how many findings are as recorded, and ids of those that are better, worse, gone or never known.

    `made` is the day it was made.
    """

    name: ClassVar[str] = "policy.known_findings"
    made: str
    same: int
    better: tuple[str, ...]
    worse: tuple[str, ...]
    gone: tuple[str, ...]
    never_known: tuple[str, ...]
