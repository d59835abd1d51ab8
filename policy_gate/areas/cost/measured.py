"""Chooses the measurement that stands for a model on a target, and says of every other why it does not."""

from __future__ import annotations

from dataclasses import replace

from policy_gate.area import Evidence
from policy_gate.areas.cost import reading
from policy_gate.areas.cost.device import DeviceProfile, is_runtime_of
from policy_gate.areas.cost.groups import Group
from policy_gate.areas.cost.runs import Run
from policy_gate.areas.cost.target_device import device_name, target_of
from policy_gate.areas.signature.facts import BoundDimension, MeasuredFigure, Measurement
from policy_gate.artifact_model import model_of
from policy_gate.errors import EvidenceError
from policy_gate.frozen import dataclass
from policy_gate.model import Fact, Missing, Subject
from policy_gate.source.paths import shown

MAX_NOTES = 8
LEAST_SHARE = 0.1
"""Least share of the lower bound that a measurement may be: seconds written as milliseconds are a thousandth.

Compilers that compress weights and planners that work by patches save less than ten times.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a tester measured of a model on this target: figures by key; none where no measurement is about it.

    `notes` say what was measured, or why what the manifest names was not used.
    """

    figures: tuple[MeasuredFigure, ...] = ()
    notes: tuple[str, ...] = ()

    def get(self, key: str) -> MeasuredFigure | None:
        """One figure, or None where it was not measured."""
        return next((one for one in self.figures if one.key == key), None)

    def without_slips(self, key: str, least: float) -> Measured:
        """The same without a figure that is far below the least that is predicted: its unit was mistaken."""
        found, counts = self.get(key), LEAST_SHARE * least
        if found is None or found.upper >= counts:
            return self
        why = f"by the prediction it is in another unit; from {counts:.3g} it would"
        return replace(
            self,
            figures=tuple(one for one in self.figures if one is not found),
            notes=(f"{key} of {found.upper:g} does not count: {why}", *self.notes)[:MAX_NOTES],
        )


class Measurements:
    """The measurements that a manifest names, by what they are about."""

    def __init__(self, evidence: Evidence) -> None:
        """Sort what was collected, once for all targets."""
        self._evidence = evidence
        self._by_subject: dict[Subject, list[Fact | Missing]] = {}
        for entry in evidence.facts.entries(Measurement):
            self._by_subject.setdefault(entry.subject, []).append(entry)

    def of(self, group: Group, run: Run, profile: DeviceProfile | Missing) -> Measured:
        """The measurement of a model on a target; of several that are about it the worst of each figure."""
        usable: list[Measurement] = []
        notes: list[str] = []
        for entry in self._by_subject.get(run.subject, ()):
            if not isinstance(entry, Measurement):
                why = f"{entry.reason.value}, {shown(entry.detail)}" if isinstance(entry, Missing) else "none"
                notes.append(f"no measurement: {why}")
                continue
            why = _not_about(self._evidence, group, run, profile, entry)
            if why:
                notes.append(f"{shown(entry.path)} does not count: {why}")
            else:
                usable.append(entry)
                notes.append(f"measured in {entry.runs} {'runs' if entry.runs > 1 else 'run'}: {shown(entry.path)}")
        return Measured(figures=_worst(usable), notes=tuple(notes[:MAX_NOTES]))


def _not_about(evidence: Evidence, group: Group, run: Run, profile: DeviceProfile | Missing, found: Measurement) -> str:
    """Why a measurement is about something else; "" when it is about this model, device and runtime."""
    if not found.is_about_artifact:
        return "it is about another file, by its digest"
    target = target_of(evidence.manifest, group)
    name = device_name(target, profile)
    if not name:
        return "no trusted profile and no class says which device the target is"
    if found.device.casefold() != name.casefold():
        return f"it was made on '{shown(found.device)}', and the target is '{shown(name)}'"
    runtime = target.runtime if target is not None else None
    if runtime is None:
        return "the target does not name its runtime"
    if (found.runtime_name.casefold(), found.runtime_version) != (runtime.name.casefold(), runtime.version):
        made = _runtime_words(found.runtime_name, found.runtime_version)
        return f"it was made with {made}, and the target runs {_runtime_words(runtime.name, runtime.version)}"
    if not isinstance(profile, Missing) and not is_runtime_of(profile, runtime.name, runtime.version):
        wanted = _runtime_words(profile.runtime_name, profile.runtime_version)
        return f"the target runs {_runtime_words(runtime.name, runtime.version)}, and its profile is for {wanted}"
    try:
        bound = reading.bound_dimensions(model_of(evidence, run.artifact), run.dimensions)
    except EvidenceError as error:
        return error.detail
    if found.dimensions != tuple(BoundDimension(name=name, extent=extent) for name, extent in bound):
        return f"it was made with dimensions {_words(found.dimensions)}, and the target binds {_bound_words(bound)}"
    return ""


def _worst(found: list[Measurement]) -> tuple[MeasuredFigure, ...]:
    by_key: dict[str, MeasuredFigure] = {}
    for one in (figure for measurement in found for figure in measurement.figures):
        other = by_key.get(one.key)
        if other is None or (one.upper, one.mid) > (other.upper, other.mid):
            by_key[one.key] = one
    return tuple(by_key[key] for key in sorted(by_key))


def _runtime_words(name: str, version: str) -> str:
    return f"{shown(name)} '{shown(version)}'"


def _words(dimensions: tuple[BoundDimension, ...]) -> str:
    return _bound_words(tuple((one.name, one.extent) for one in dimensions))


def _bound_words(dimensions: tuple[tuple[str, int], ...]) -> str:
    return ", ".join(f"{shown(name)}: {extent}" for name, extent in dimensions[:8]) or "none"
