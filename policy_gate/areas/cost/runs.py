"""Lists which target runs which artifact with which dimensions, within bounds: one manifest must not cost minutes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from policy_gate.area import Evidence
from policy_gate.errors import EvidenceError, Reason
from policy_gate.frozen import dataclass
from policy_gate.model import Subject

if TYPE_CHECKING:
    from policy_gate.manifest import Artifact

MAX_RUNS = 2000
MAX_BINDINGS = 64
"""How many different bindings of its dimensions one model is profiled with."""
MAX_MORE_BINDINGS = 128
"""How many bindings beyond the first of each model there may be in one manifest."""


MANY_RUNS = 200
"""From here on, facts keep fewer layers, which only explain; a record holds those of every run."""


@dataclass(frozen=True, slots=True)
class Run:
    """One artifact on one target; `dimensions_pointer` is where the target binds what the model leaves open."""

    subject: Subject
    artifact: Artifact
    pointer: str
    dimensions: Mapping[str, int]
    dimensions_pointer: str


def runs(evidence: Evidence) -> tuple[Run, ...]:
    """Every artifact on every target that runs it; without targets, every artifact as it stands.

    Raises:
        EvidenceError: TOO_LARGE, before anything is read.
    """
    placed = {one.id: (position, one) for position, one in enumerate(evidence.manifest.artifacts)}
    targets = evidence.manifest.targets
    count = sum(len(target.runs) for target in targets) if targets else len(placed)
    if count > MAX_RUNS:
        detail = f"{count} pairs of a target and an artifact that it runs; at most {MAX_RUNS} are counted"
        raise EvidenceError(Reason.TOO_LARGE, detail, fix="split the release, or leave out targets that are alike")
    if not targets:
        return tuple(
            Run(Subject("artifact", (one.id,)), one, f"/artifacts/{index}/path", {}, "/targets")
            for index, one in placed.values()
        )
    return tuple(
        Run(
            Subject("target", (target.id, artifact_id)),
            placed[artifact_id][1],
            f"/artifacts/{placed[artifact_id][0]}/path",
            target.dimensions,
            f"/targets/{position}/dimensions",
        )
        for position, target in enumerate(targets)
        for artifact_id in dict.fromkeys(target.runs)
    )


class Bindings:
    """Counts the different bindings of every model, and refuses those over the bounds."""

    def __init__(self) -> None:
        self._seen: dict[str, set[tuple[tuple[str, int], ...]]] = {}
        self._more = 0

    def admit(self, path: str, bound: tuple[tuple[str, int], ...]) -> None:
        """Take in one binding of the model at a path; raises EvidenceError(TOO_LARGE)."""
        seen = self._seen.setdefault(path, set())
        if bound in seen:
            return
        if len(seen) >= MAX_BINDINGS:
            raise EvidenceError(Reason.TOO_LARGE, f"{path} is bound in more than {MAX_BINDINGS} different ways")
        if seen and self._more >= MAX_MORE_BINDINGS:
            raise EvidenceError(
                Reason.TOO_LARGE, f"the targets bind models in more than {MAX_MORE_BINDINGS} further ways"
            )
        self._more += bool(seen)
        seen.add(bound)
