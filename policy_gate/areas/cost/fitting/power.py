"""Fits the mean power of a system from rows that measured energy too, and says how well it tells energy."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from policy_gate.areas.cost.device import Power
from policy_gate.areas.cost.fitting.rounding import rounded, rounded_down, rounded_up
from policy_gate.areas.cost.fitting.rows import Row

MARGIN = 1.1
"""How much further than the models seen the bounds lie: power differed by 2 to 13 % between models of most systems."""


def fit_power(rows: Sequence[Row]) -> Power | None:
    """The mean power over models, each as much as any other; None where no row has energy. Units: uJ / ms = mW."""
    powers = _power_by_model(rows)
    if not powers:
        return None
    errors = left_out_energy(rows)
    measured = sorted(powers.values())
    return Power(
        low_mw=rounded_down(measured[0] / MARGIN),
        mid_mw=rounded(math.fsum(measured) / len(measured)),
        high_mw=rounded_up(measured[-1] * MARGIN),
        supply_v=None,
        wake_uj=0.0,
        models=len(measured),
        mape_percent=rounded(100 * math.fsum(errors) / len(errors)) if errors else None,
        source=", ".join(sorted({_source(row) for row in rows if row.energy_uj is not None and row.source[0]})),
    )


def left_out_energy(rows: Sequence[Row]) -> list[float]:
    """Relative errors of energy, predicted by measured time and the mean power of the system's other models."""
    powers = _power_by_model(rows)
    if len(powers) < 2:
        return []
    total = math.fsum(powers.values())
    errors = []
    for row in rows:
        if row.energy_uj is not None:
            others = (total - powers[_model(row)]) / (len(powers) - 1)
            errors.append(abs(others * row.latency_ms / row.energy_uj - 1))
    return errors


def energy_errors(rows: Iterable[Row], power: Power) -> list[float]:
    """Relative errors of energy, predicted by measured time and the mean power of a profile."""
    return [
        abs((power.mid_mw * row.latency_ms + power.wake_uj) / row.energy_uj - 1)
        for row in rows
        if row.energy_uj is not None
    ]


def _power_by_model(rows: Iterable[Row]) -> dict[tuple[str, str], float]:
    powers: dict[tuple[str, str], list[float]] = {}
    for row in rows:
        if row.energy_uj is not None:
            powers.setdefault(_model(row), []).append(row.energy_uj / row.latency_ms)
    return {model: math.fsum(found) / len(found) for model, found in powers.items()}


def _model(row: Row) -> tuple[str, str]:
    return row.family, row.model


def _source(row: Row) -> str:
    repository, commit, _ = row.source
    return f"{repository}@{commit}" if commit else repository
