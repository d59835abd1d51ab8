"""What a manifest may claim about cost; budgets come from policy, never from here."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, RootModel

from policy_gate.manifest import ClaimModel, Items
from policy_gate.manifest.claims import MAX_SEQUENCE, Identifier, RelativePath

Figure = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=0, le=MAX_SEQUENCE)]


class CostEntry(ClaimModel):
    """The cost of one inference of one artifact on one target."""

    target: Identifier
    artifact: Identifier
    latency_ms: Figure | None = None
    ram_kib: Figure | None = None
    flash_kib: Figure | None = None
    energy_uj: Figure | None = None
    macs: Count | None = None
    parameters: Count | None = None
    evidence: RelativePath | None = None


class Cost(RootModel[Items[CostEntry]]):
    """The cost of every artifact on every target."""
