"""Puts together what shares one device: a target with the models and the other files it runs."""

from __future__ import annotations

from dataclasses import replace

from policy_gate.area import Evidence
from policy_gate.areas.cost.facts import ModelFile
from policy_gate.areas.cost.runs import Run, runs
from policy_gate.frozen import dataclass
from policy_gate.model import RELEASE, Missing, Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What shares one device: a target with the models and the other files it runs, and where it says so.

    `position` is the target's among those of the manifest, -1 for a release without targets.
    """

    subject: Subject
    position: int
    models: tuple[Run, ...]
    assets: tuple[Run, ...]

    @property
    def pointer(self) -> str:
        """Where the target lists what it runs."""
        return f"/targets/{self.position}/runs" if self.position >= 0 else "/artifacts"

    def at(self, pointers: list[str]) -> str:
        """Where the target's figures stand: at its only model, else where it lists them."""
        return pointers[0] if len(pointers) == 1 else self.pointer

    def missing(self, found: list[Missing], kind: str) -> Missing:
        """The first of a target's models that is not established is the reason why its total is not."""
        first = found[0]
        named = f"{first.subject.names[-1]}: {first.detail}" if len(self.models) > 1 else first.detail
        more = f"; and {len(found) - 1} more models" if len(found) > 1 else ""
        return replace(first, fact=kind, subject=self.subject, detail=f"{named}{more}")


def groups(evidence: Evidence) -> tuple[Group, ...]:
    """Every target with what it runs, in order; without targets all artifacts together. EvidenceError for too many."""
    models = {entry.subject.names[0] for entry in evidence.facts.entries(ModelFile) if entry.subject.names}
    positions = {target.id: position for position, target in enumerate(evidence.manifest.targets)}
    together: dict[str, list[Run]] = {}
    for run in runs(evidence):
        together.setdefault(run.subject.names[0] if positions else "", []).append(run)
    return tuple(
        Group(
            subject=Subject("target", (target,)) if target else RELEASE,
            position=positions.get(target, -1),
            models=tuple(run for run in found if run.artifact.id in models),
            assets=tuple(run for run in found if run.artifact.id not in models),
        )
        for target, found in together.items()
    )
