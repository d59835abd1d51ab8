"""The outcome of accounting for a claim: as which mechanism, or why not; shared by everything that reads phases."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from policy_gate.errors import Reason
from policy_gate.frozen import dataclass

if TYPE_CHECKING:
    from policy_gate.areas.privacy.accounting.tuning import Run


@dataclass(frozen=True, slots=True)
class Accounted:
    """A phase that can be accounted for; `words` say as what."""

    mechanism: Run
    words: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a claim cannot be accounted for, and the pointer into the manifest where that stands."""

    pointer: str
    reason: Reason
    detail: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Setting:
    """What all phases share: the neighbours compared, and how many records one unit may hold."""

    adjacency: str
    records_per_unit: int

    def sensitivity(self, *, doubled: bool) -> float:
        """How far one unit moves a sum of clipped records, in clipping norms; `doubled` where none is clipped alone."""
        twice = doubled or self.adjacency == "replace-one"
        return self.records_per_unit * (2.0 if twice else 1.0)


Outcome: TypeAlias = Accounted | Refusal
