"""What a model takes on one device by its profile: latency, energy, memory and what the runtime does not run there."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from policy_gate.areas.cost import estimate
from policy_gate.areas.cost.device import CostBasis, DeviceProfile, Interval
from policy_gate.areas.cost.device_file import builtin_profiles, decode_profile, find_profile
from policy_gate.areas.cost.estimate import Estimate, together
from policy_gate.areas.cost.placing import place
from policy_gate.document import DEFAULT_LIMITS, load
from policy_gate.errors import EvidenceError, Problem, Reason, UsageError
from policy_gate.inspected import Estimated, Outside, Placement, TargetFigures, Unknown, Why
from policy_gate.inspection.tables import share_percent, total
from policy_gate.inspection.words import cut, notes_of, unknown
from policy_gate.model_graph.figures import Features, MemoryPlans, ModelProfile, Unestablished, WeightCounts
from policy_gate.source import open_working_tree

T = TypeVar("T")

PROFILE_FILES = (".yaml", ".yml", ".json")
MOST_OUTSIDE = 20


def profiles_named(names: Sequence[str]) -> tuple[DeviceProfile, ...]:
    """The profiles of these ids or files, each once.

    Raises UsageError for an id that nobody ships, PolicyError and DocumentError for a file that is no profile.
    """
    return tuple(_profile(name) for name in dict.fromkeys(names))


def target_figures(profile: DeviceProfile, found: ModelProfile) -> TargetFigures:
    """What a model takes on one device; every figure by itself is known, or says why not."""
    mismatch = _mismatch(profile, found)
    features = _because(Reason.NOT_TRUSTED, mismatch) if mismatch else _known(found.features)
    return TargetFigures(
        profile=cut(profile.id),
        words=cut(profile.words),
        device=cut(profile.device),
        engine=cut(profile.engine),
        dtype=cut(profile.dtype),
        runtime=cut(f"{profile.runtime_name} {profile.runtime_version}"),
        screening=profile.screening,
        source=cut(profile.source),
        digest=profile.digest,
        mismatch=cut(mismatch, 200),
        latency_ms=_with(features, lambda known: _latency(profile, known)),
        energy_uj=_with(features, lambda known: estimate.energy(profile, _latency(profile, known))),
        ram_bytes=_doubted(mismatch, _with(_known(found.plans), lambda plans: _ram(profile, plans), parts=1)),
        flash_bytes=_doubted(
            mismatch, _with(_known(found.weights), lambda weights: _flash(profile, weights, found), parts=1)
        ),
        placement=_placement(profile, found),
    )


def _profile(name: str) -> DeviceProfile:
    path = Path(name)
    if not name.lower().endswith(PROFILE_FILES):
        try:
            return find_profile(name, builtin_profiles())
        except EvidenceError as error:
            message = f"--target {cut(name)}: {error.detail}, and it is no path that ends in .yaml, .yml or .json"
            raise UsageError(Problem(message, hint=error.fix)) from error
    try:
        with open_working_tree(path.parent) as tree:
            content = tree.read(path.name, DEFAULT_LIMITS.max_bytes)
    except EvidenceError as error:
        raise UsageError(Problem(f"--target: {error.detail}", name, hint=error.fix)) from error
    return decode_profile(load(content, name), name)


def _mismatch(profile: DeviceProfile, found: ModelProfile) -> str:
    """Why a profile is not about this model; whoever names the profile here means its runtime."""
    if isinstance(found.features, Unestablished):
        return ""
    return estimate.mismatch(profile, found.features, found.quantisation, profile.runtime_name, profile.runtime_version)


def _latency(profile: DeviceProfile, features: Features) -> Estimate:
    estimate.check_counts(features)
    return estimate.latency(profile, features)


def _ram(profile: DeviceProfile, plans: MemoryPlans) -> Estimate:
    """Activations and the runtime's own; without the second, the first, and a note."""
    return _sum(profile, estimate.ram(profile, plans), estimate.runtime_ram, "the runtime's own RAM")


def _flash(profile: DeviceProfile, weights: WeightCounts, found: ModelProfile) -> Estimate:
    """Constants and the runtime's code; without the second, the first, and a note."""
    count = float(max(weights.total_bytes, found.stored_constant_bytes))
    constants = Estimate(Interval(low=count, mid=count, high=count), CostBasis.ESTIMATED)
    return _sum(profile, constants, estimate.code_flash, "the runtime's code")


def _sum(profile: DeviceProfile, first: Estimate, second: Callable[[DeviceProfile], Estimate], what: str) -> Estimate:
    try:
        more = second(profile)
    except EvidenceError:
        return Estimate(first.interval, first.basis, (*first.notes, f"without {what}, which the profile does not tell"))
    return together(first, more)


def _doubted(mismatch: str, figure: Estimated | Unknown) -> Estimated | Unknown:
    """What a profile says of memory, of a model that it is not about, is no promise."""
    if not mismatch or isinstance(figure, Unknown):
        return figure
    return replace(figure, basis=CostBasis.SCREENING.value, notes=notes_of((*figure.notes, mismatch)))


def _known(figure: T | Unestablished) -> T | Unknown:
    return unknown(figure) if isinstance(figure, Unestablished) else figure


def _with(needed: T | Unknown, predict: Callable[[T], Estimate], *, parts: int = 1000) -> Estimated | Unknown:
    """A prediction from what it needs, rounded outward to so many parts of its unit."""
    if isinstance(needed, Unknown):
        return needed
    try:
        found = predict(needed)
    except EvidenceError as error:
        return _because(error.reason, error.detail, error.fix)
    span = found.interval
    if not all(map(math.isfinite, (span.low, span.mid, span.high))):
        return _because(Reason.TOO_LARGE, "the prediction is no finite number")
    return Estimated(
        low=math.floor(span.low * parts) / parts,
        mid=round(span.mid * parts) / parts,
        high=math.ceil(span.high * parts) / parts,
        basis=found.basis.value,
        notes=notes_of(found.notes),
    )


def _placement(profile: DeviceProfile, found: ModelProfile) -> Placement | Unknown:
    if not profile.operators:
        return _because(Reason.NOT_DECLARED, "the profile does not list the operators that its runtime runs")
    placed = place(found, frozenset(profile.operators))
    outside = tuple(
        Outside(operator=cut(op), calls=count, macs=total(row.macs for row in found.rows if row.op == op))
        for op, count in placed.outside[:MOST_OUTSIDE]
    )
    everything = total(row.macs for row in found.rows)
    macs = everything if placed.outside_macs is None else placed.outside_macs
    return Placement(
        outside=outside,
        outside_operators=len(placed.outside),
        outside_calls=placed.outside_calls,
        calls=placed.calls,
        outside_macs=macs,
        mac_share_percent=share_percent(macs, everything),
    )


def _because(reason: Reason, detail: str, fix: str = "") -> Unknown:
    return Unknown(unknown=(Why(reason=reason, call="", operator="", detail=cut(detail, 200), fix=cut(fix, 200)),))
