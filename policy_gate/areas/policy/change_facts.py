"""What a change says about how it wants to be judged: each difference from the base, and whether it can be loaded."""

from __future__ import annotations

from typing import ClassVar

from policy_gate.frozen import dataclass
from policy_gate.model import Fact
from policy_gate.review import Direction, PolicyChange

__all__ = ["Direction", "PolicyChange", "Proposal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal(Fact):
    """Whether the policy that a change proposes can be loaded; `problems` say why not, each with its place."""

    name: ClassVar[str] = "policy.proposal"
    problems: tuple[str, ...]
    source: str
    path: str
    line: int
