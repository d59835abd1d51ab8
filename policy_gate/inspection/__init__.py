"""Looks at a model file: what it computes, costs and changed since another; no policy, no verdict."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from policy_gate import __version__
from policy_gate.frozen import dataclass
from policy_gate.inspected import SCHEMA, Compared, Fingerprint, Inspected, NamedCount, TargetFigures
from policy_gate.inspection.figures import (
    coverage_of,
    file_of,
    macs_of,
    peaks_of,
    traffic_of,
    unknown_operators_of,
    weights_of,
)
from policy_gate.inspection.seeing import Seen, see
from policy_gate.inspection.tables import costliest_calls, operator_rows
from policy_gate.inspection.words import cut, notes_of, whys
from policy_gate.source.paths import shown

MOST_LISTED = 100
"""Entries of any list but that of the calls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked of which model; `targets` are ids of profiles or paths of their files, `top` bounds the tables."""

    path: Path
    dimensions: Mapping[str, int]
    base: Path | None = None
    targets: tuple[str, ...] = ()
    top: int = 10
    fingerprint: bool = False


def inspect_model(asked: Asked) -> Inspected:
    """Look at a model file on disk, external data beside it included, and at its base where one is named.

    Raises:
        UsageError: a file cannot be read as a model, or a profile is not found; the message says why and where.
        PolicyError, DocumentError: a file given as a target is no device profile.
    """
    seen = see(asked.path, asked.dimensions, fingerprint=asked.fingerprint)
    before = see(asked.base, asked.dimensions, fingerprint=False) if asked.base is not None else None
    targets, targets_before = _on_targets(asked, seen, before)
    profile = seen.profile
    operators, operators_left_out = operator_rows(profile, asked.top)
    return Inspected(
        schema=SCHEMA,
        tool_version=__version__,
        path=shown(seen.path),
        format=seen.model.format,
        opsets=tuple(
            NamedCount(name=cut(domain) or "ai.onnx", count=version)
            for domain, version in sorted(seen.model.opsets.items())[:MOST_LISTED]
        ),
        dimensions=tuple(NamedCount(name=cut(name), count=extent) for name, extent in sorted(asked.dimensions.items())),
        macs=macs_of(profile),
        weights=weights_of(profile),
        file=file_of(seen.model, profile),
        activations=peaks_of(profile),
        traffic=traffic_of(profile),
        quantisation=profile.quantisation.value,
        call_count=profile.node_count,
        coverage=coverage_of(profile),
        unknown_operators=unknown_operators_of(profile),
        unknown=whys(profile.unknown, MOST_LISTED),
        unbound_dimensions=tuple(map(cut, profile.unbound_dimensions[:MOST_LISTED])),
        operators=operators,
        operators_left_out=operators_left_out,
        costliest=costliest_calls(profile, asked.top),
        targets=targets,
        base=_compared(seen, before, targets, targets_before, asked.top),
        fingerprint=_fingerprint(seen),
        notes=notes_of((*seen.model.notes, *profile.notes)),
    )


def _on_targets(
    asked: Asked, seen: Seen, before: Seen | None
) -> tuple[tuple[TargetFigures, ...], tuple[TargetFigures, ...]]:
    """The figures of every target asked for, of the model and of its base."""
    if not asked.targets:
        return (), ()
    from policy_gate.inspection.targets import profiles_named, target_figures  # only who names a target pays

    profiles = profiles_named(asked.targets)
    now = tuple(target_figures(one, seen.profile) for one in profiles)
    return now, tuple(target_figures(one, before.profile) for one in profiles) if before is not None else ()


def _compared(
    seen: Seen,
    before: Seen | None,
    targets: tuple[TargetFigures, ...],
    targets_before: tuple[TargetFigures, ...],
    top: int,
) -> Compared | None:
    if before is None:
        return None
    from policy_gate.inspection.comparing import compared  # only a comparison pays

    return compared(seen, before, targets, targets_before, top)


def _fingerprint(seen: Seen) -> Fingerprint | None:
    found = seen.identity
    if found is None:
        return None
    return Fingerprint(
        scheme=found.scheme,
        weights=found.weights,
        structure=found.structure,
        bound=found.bound,
        interface=found.interface,
        operators=found.operators,
    )
