"""Collects the memory that a target's models take: activations, all RAM with the runtime's own, all flash with code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import ceil, floor
from typing import TYPE_CHECKING

from policy_gate.area import Evidence, not_declared, not_established
from policy_gate.areas.cost.device import CostBasis, weakest
from policy_gate.areas.cost.facts import TargetFlash
from policy_gate.areas.cost.facts_device import ModelRoom, TargetArena, TargetRam, TargetStorage
from policy_gate.areas.cost.groups import Group, groups
from policy_gate.areas.cost.measured import Measured, Measurements
from policy_gate.areas.cost.predicting import features_of, figures_of, plans_of, profile_pointer
from policy_gate.areas.cost.target_device import device_of
from policy_gate.errors import EvidenceError
from policy_gate.frozen import dataclass
from policy_gate.model import RELEASE, Basis, Fact, Missing

if TYPE_CHECKING:
    from policy_gate.areas.cost.device import DeviceProfile
    from policy_gate.areas.cost.estimate import Estimate
    from policy_gate.areas.cost.runs import Run
    from policy_gate.model_graph.figures import MemoryPlans

ROOMS: tuple[type[Fact], ...] = (TargetArena, TargetRam, TargetStorage)
KIB = 1024


def rooms(evidence: Evidence) -> Iterator[Fact | Missing]:
    """Activations, RAM and flash of every target that runs a model."""
    try:
        found = [group for group in groups(evidence) if group.models]
    except EvidenceError as error:
        yield from (not_established(kind, RELEASE, "/targets", error) for kind in ROOMS)
        return
    known = Measurements(evidence)
    for group in found:
        taken = [_Room.of(evidence, group, run, known) for run in group.models]
        yield _largest(group, taken, [one.arena() for one in taken], TargetArena)
        yield _largest(group, taken, [one.ram() for one in taken], TargetRam)
        yield _storage(evidence, group, taken)
    if not found:
        for kind in ROOMS:
            yield not_declared(kind, "/targets", "no target runs a model of this release")


@dataclass(frozen=True, slots=True)
class _Room:
    """One model of a target: the plans of its memory, the profile that is about it, what is measured of it."""

    group: Group
    run: Run
    plans: MemoryPlans | Missing
    device: DeviceProfile | Missing
    measured: Measured

    @classmethod
    def of(cls, evidence: Evidence, group: Group, run: Run, known: Measurements) -> _Room:
        """Look at one model of a target."""
        device = device_of(evidence, group, TargetRam)
        about = known.of(group, run, device)
        if not isinstance(device, Missing):
            features = features_of(evidence, group, run, device, TargetRam)
            device = features if isinstance(features, Missing) else device
        plans = plans_of(figures_of(evidence, run, TargetArena))
        if not isinstance(plans, Missing):
            about = about.without_slips("ram_kib", plans.overlay / KIB)
        return cls(group, run, plans, device, about)

    @property
    def profile(self) -> DeviceProfile | None:
        """The profile that is about this model on this runtime, None where none is."""
        return None if isinstance(self.device, Missing) else self.device

    def arena(self) -> ModelRoom | Missing:
        """Bytes of activations; a profile that is for screening only does not replace what holds for every planner."""
        from policy_gate.areas.cost.estimate import ram

        if isinstance(self.plans, Missing):
            return self.plans
        found = ram(self.profile, self.plans)
        if found.basis is CostBasis.SCREENING:
            found = ram(None, self.plans)
        room = self._room(found)
        whole = self.measured.get("ram_kib")
        if whole is None or whole.upper * KIB > room.high:
            return room
        high = ceil(whole.upper * KIB)  # all RAM was measured, and the activations are a part of it
        return replace(room, low=min(room.low, high), high=high, notes=(*self.measured.notes, *room.notes))

    def ram(self) -> ModelRoom | Missing:
        """Bytes of RAM with the runtime's own: as measured, else both estimates together."""
        from policy_gate.areas.cost.estimate import ram, runtime_ram, together

        whole = self.measured.get("ram_kib")
        if whole is not None:
            return self._measured(whole.mid, whole.upper)
        if isinstance(self.plans, Missing):
            return self.plans
        if isinstance(self.device, Missing):
            return replace(self.device, subject=self.run.subject)
        try:
            room = self._room(together(ram(self.device, self.plans), runtime_ram(self.device)))
        except EvidenceError as error:
            return not_established(TargetRam, self.run.subject, profile_pointer(self.group), error)
        return replace(room, notes=(*self.measured.notes, *room.notes))

    def flash(self, constants: int) -> ModelRoom | None:
        """Bytes of flash as measured, with the runtime's code; None where nobody measured what can hold `constants`."""
        whole = self.measured.without_slips("flash_kib", constants / KIB).get("flash_kib")
        return None if whole is None else self._measured(whole.mid, whole.upper)

    def _room(self, found: Estimate) -> ModelRoom:
        return ModelRoom(
            artifact=self.run.artifact.id,
            pointer=self.run.pointer,
            low=floor(found.interval.low),
            high=ceil(found.interval.high),
            how=found.basis,
            notes=found.notes,
        )

    def _measured(self, low_kib: float, high_kib: float) -> ModelRoom:
        return ModelRoom(
            artifact=self.run.artifact.id,
            pointer=self.run.pointer,
            low=floor(low_kib * KIB),
            high=ceil(high_kib * KIB),
            how=CostBasis.MEASURED,
            notes=self.measured.notes,
        )


def _largest(
    group: Group,
    taken: Sequence[_Room],
    found: Sequence[ModelRoom | Missing],
    kind: type[TargetArena | TargetRam],
) -> Fact | Missing:
    """The largest of a target's models, since they run one at a time; each bound by itself."""
    missing = [one for one in found if isinstance(one, Missing)]
    if missing:
        return group.missing(missing, kind.name)
    models = tuple(one for one in found if isinstance(one, ModelRoom))
    how = weakest([one.how for one in models])
    return kind(
        subject=group.subject,
        pointer=group.at([one.pointer for one in models]),
        basis=_basis(how),
        low=max(one.low for one in models),
        high=max(one.high for one in models),
        how=how,
        profile=_profile_id(taken),
        models=models,
    )


def _storage(evidence: Evidence, group: Group, taken: Sequence[_Room]) -> Fact | Missing:
    """Constants and files are exact; code lies between the profile's bounds, unless all was measured together."""
    from policy_gate.areas.cost.estimate import code_flash

    flash = evidence.facts.get(TargetFlash, group.subject)
    if isinstance(flash, Missing):
        return replace(flash, fact=TargetStorage.name)
    constants = {one.artifact: one.amount for one in flash.models}
    models: list[ModelRoom] = []
    code: list[Estimate] = []
    for one in taken:
        count = constants.get(one.run.artifact.id, 0)
        room = one.flash(count)
        if room is None and isinstance(one.device, Missing):
            return group.missing([replace(one.device, subject=one.run.subject)], TargetStorage.name)
        if room is None and not isinstance(one.device, Missing):
            try:
                code = [code_flash(one.device)]
            except EvidenceError as error:
                missing = not_established(TargetStorage, one.run.subject, profile_pointer(group), error)
                return group.missing([missing], TargetStorage.name)
            room = _constants(one, count)
        if room is not None:
            models.append(room)
    files = sum(one.size_bytes for one in flash.assets)
    code_low = sum(floor(one.interval.low) for one in code)
    code_high = sum(ceil(one.interval.high) for one in code)
    how = weakest([*(one.how for one in models), *(one.basis for one in code)])
    return TargetStorage(
        subject=group.subject,
        pointer=group.at([one.pointer for one in models]),
        basis=_basis(how),
        low=sum(one.low for one in models) + files + code_low,
        high=sum(one.high for one in models) + files + code_high,
        how=how,
        profile=_profile_id(taken),
        models=tuple(models),
        files=files,
        code_low=code_low,
        code_high=code_high,
    )


def _constants(one: _Room, count: int) -> ModelRoom:
    return ModelRoom(
        artifact=one.run.artifact.id,
        pointer=one.run.pointer,
        low=count,
        high=count,
        how=CostBasis.ESTIMATED,
        notes=one.measured.without_slips("flash_kib", count / KIB).notes,
    )


def _profile_id(taken: Sequence[_Room]) -> str:
    return next((one.profile.id for one in taken if one.profile is not None), "")


def _basis(how: CostBasis) -> Basis:
    return Basis.ATTESTED if how is CostBasis.MEASURED else Basis.RECOMPUTED
