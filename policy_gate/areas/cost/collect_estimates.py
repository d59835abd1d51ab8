"""Collects how long a target's models take and what energy: measured where a tester says so, else predicted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from math import ceil
from typing import TYPE_CHECKING

from policy_gate.area import Evidence, not_declared, not_established
from policy_gate.areas.cost.device import CostBasis, weakest
from policy_gate.areas.cost.facts import ModelTake
from policy_gate.areas.cost.facts_device import ModelEstimate, TargetEnergy, TargetLatency, TargetPrediction
from policy_gate.areas.cost.figures import inputs_of
from policy_gate.areas.cost.groups import Group, groups
from policy_gate.areas.cost.measured import Measured, Measurements
from policy_gate.areas.cost.predicting import Predicted, figures_of, predict, profile_pointer
from policy_gate.areas.cost.target_device import device_of, target_of
from policy_gate.errors import EvidenceError
from policy_gate.frozen import dataclass
from policy_gate.model import RELEASE, Basis, Fact, Missing, round_down, round_up

if TYPE_CHECKING:
    from policy_gate.areas.cost.device import DeviceProfile
    from policy_gate.areas.cost.estimate import Estimate
    from policy_gate.areas.cost.runs import Run
    from policy_gate.areas.signature.facts import MeasuredFigure

ESTIMATES: tuple[type[Fact], ...] = (TargetLatency, TargetEnergy)
US_PER_MS = 1000


def estimates(evidence: Evidence) -> Iterator[Fact | Missing]:
    """Latency and energy of every target that runs a model."""
    try:
        found = [group for group in groups(evidence) if group.models]
    except EvidenceError as error:
        yield from (not_established(kind, RELEASE, "/targets", error) for kind in ESTIMATES)
        return
    known = Measurements(evidence)
    for group in found:
        taken = [_Taken.of(evidence, group, run, known) for run in group.models]
        yield _estimate(group, taken, TargetLatency, _Taken.latency_of)
        yield _estimate(group, taken, TargetEnergy, _Taken.energy_of)
    if not found:
        for kind in ESTIMATES:
            yield not_declared(kind, "/targets", "no target runs a model of this release")


def predictions(evidence: Evidence) -> Iterator[Fact | Missing]:
    """What every target's profile predicts, for comparing with the base, of which nothing has to be verified."""
    try:
        found = [group for group in groups(evidence) if group.models]
    except EvidenceError as error:
        yield not_established(TargetPrediction, RELEASE, "/targets", error)
        return
    for group in found:
        yield _prediction(evidence, group)
    if not found:
        yield not_declared(TargetPrediction, "/targets", "no target runs a model of this release")


@dataclass(frozen=True, slots=True)
class _Taken:
    """One model of a target: what is measured of it and what is predicted, by the profile of the target."""

    evidence: Evidence
    group: Group
    run: Run
    device: DeviceProfile | Missing
    measured: Measured
    predicted: Predicted | Missing

    @classmethod
    def of(cls, evidence: Evidence, group: Group, run: Run, known: Measurements) -> _Taken:
        """Look at one model of a target."""
        device = device_of(evidence, group, TargetLatency)
        predicted = (
            replace(device, subject=run.subject)
            if isinstance(device, Missing)
            else predict(evidence, group, run, device, TargetLatency)
        )
        return cls(
            evidence, group, run, device, _without_slips(known.of(group, run, device), device, predicted), predicted
        )

    def latency_of(self) -> ModelEstimate | Missing:
        """Milliseconds: as measured, else as predicted."""
        found = self._latency()
        return found if isinstance(found, Missing) else self._model(found)

    def energy_of(self) -> ModelEstimate | Missing:
        """Microjoules: as measured, else the latency times mean power (mW times ms)."""
        from policy_gate.areas.cost.estimate import energy

        latency = self._latency()
        joule, power = self.measured.get("energy_uj"), self.measured.get("power_mw")
        known = [] if joule is None else [_as_measured(joule)]
        if power is not None and not isinstance(latency, Missing) and latency.basis is CostBasis.MEASURED:
            known.append(_times(latency, power))
        if known:  # of two ways to know it the worse counts, as of two measurements
            return self._model(max(known, key=lambda one: (one.interval.high, one.interval.mid)))
        if isinstance(latency, Missing):
            return latency
        if isinstance(self.device, Missing):
            return replace(self.device, subject=self.run.subject)
        try:
            found = energy(self.device, latency)
        except EvidenceError as error:
            return not_established(TargetEnergy, self.run.subject, profile_pointer(self.group), error)
        # Time was measured, power was not: the product is no measurement.
        return self._model(replace(found, basis=weakest([found.basis, CostBasis.ESTIMATED])))

    def _latency(self) -> Estimate | Missing:
        time = self.measured.get("latency_ms")
        if time is not None:
            return _as_measured(time)
        return self.predicted if isinstance(self.predicted, Missing) else self.predicted.latency

    def _model(self, found: Estimate) -> ModelEstimate:
        is_measured = found.basis is CostBasis.MEASURED
        span = found.interval
        return ModelEstimate(
            artifact=self.run.artifact.id,
            pointer=self.run.pointer,
            low=round_down(span.low),
            mid=round_up(span.mid),
            high=round_up(span.high),
            how=found.basis,
            notes=(*self.measured.notes, *found.notes),
            row="" if is_measured else self._row(),
        )

    def _row(self) -> str:
        """The line that a measurement would fill; without a digest nobody could say what was measured."""
        from policy_gate.areas.cost.estimate import measuring_row

        if isinstance(self.predicted, Missing) or isinstance(self.device, Missing):
            return ""
        try:
            digest = self.evidence.digest(self.run.artifact.path).sha256
        except EvidenceError:
            return ""
        return measuring_row(self.device, self.run.artifact.id, digest, self.predicted.features)


def _without_slips(measured: Measured, device: DeviceProfile | Missing, predicted: Predicted | Missing) -> Measured:
    """What was measured, but for figures that are far below what is predicted."""
    from policy_gate.areas.cost.estimate import energy

    if isinstance(predicted, Missing) or isinstance(device, Missing):
        return measured
    # Outside what a profile was fitted on its fixed part weighs too much: there only a mistaken unit is that far off.
    trust = 1.0 if predicted.latency.basis is CostBasis.ESTIMATED else 0.1
    timed = measured.without_slips("latency_ms", trust * predicted.latency.interval.low)
    if device.power is None:
        return timed
    least = trust * energy(device, predicted.latency).interval.low
    return timed.without_slips("energy_uj", least).without_slips("power_mw", trust * device.power.low_mw)


def _as_measured(figure: MeasuredFigure) -> Estimate:
    from policy_gate.areas.cost.device import Interval
    from policy_gate.areas.cost.estimate import Estimate

    return Estimate(Interval(low=figure.mid, mid=figure.mid, high=figure.upper), CostBasis.MEASURED)


def _times(latency: Estimate, power: MeasuredFigure) -> Estimate:
    span = latency.interval
    scaled = replace(span, low=span.low * power.mid, mid=span.mid * power.mid, high=span.high * power.upper)
    return replace(latency, interval=scaled)


def _estimate(
    group: Group,
    taken: Sequence[_Taken],
    kind: type[TargetLatency | TargetEnergy],
    figure: Callable[[_Taken], ModelEstimate | Missing],
) -> Fact | Missing:
    found = [(figure(one), one.measured) for one in taken]
    missing = [_why(one, kind, seen) for one, seen in found if isinstance(one, Missing)]
    if missing:
        return group.missing(missing, kind.name)
    models = tuple(one for one, _ in found if isinstance(one, ModelEstimate))
    how = weakest([one.how for one in models])
    device = taken[0].device
    return kind(
        subject=group.subject,
        pointer=group.at([one.pointer for one in models]),
        basis=Basis.ATTESTED if how is CostBasis.MEASURED else Basis.RECOMPUTED,
        low=round_down(sum(one.low for one in models)),
        mid=round_up(sum(one.mid for one in models)),
        high=round_up(sum(one.high for one in models)),
        how=how,
        profile="" if isinstance(device, Missing) else device.id,
        models=models,
    )


def _why(missing: Missing, kind: type[Fact], seen: Measured) -> Missing:
    """Say also why a measurement that the manifest names did not help."""
    noted = "".join(f"; {note}" for note in seen.notes)
    return replace(missing, fact=kind.name, detail=f"{missing.detail}{noted}")


def _prediction(evidence: Evidence, group: Group) -> Fact | Missing:
    target = target_of(evidence.manifest, group)
    if target is None or target.device is None or target.device.profile is None:
        return TargetPrediction(subject=group.subject, pointer=group.pointer, total=0, models=(), profile="", digest="")
    device = device_of(evidence, group, TargetPrediction)
    if isinstance(device, Missing):
        return device
    found = [(run, predict(evidence, group, run, device, TargetPrediction)) for run in group.models]
    missing = [one for _, one in found if isinstance(one, Missing)]
    if missing:
        return group.missing(missing, TargetPrediction.name)
    models = tuple(_upper(evidence, run, one) for run, one in found if isinstance(one, Predicted))
    return TargetPrediction(
        subject=group.subject,
        pointer=group.at([one.pointer for one in models]),
        total=sum(one.amount for one in models),
        models=models,
        profile=device.id,
        digest=device.digest,
    )


def _upper(evidence: Evidence, run: Run, predicted: Predicted) -> ModelTake:
    profiled = figures_of(evidence, run, TargetPrediction)
    return ModelTake(
        artifact=run.artifact.id,
        pointer=run.pointer,
        amount=ceil(round_up(predicted.latency.interval.high * US_PER_MS)),
        inputs=() if isinstance(profiled, Missing) else inputs_of(profiled),
        layers=(),
    )
