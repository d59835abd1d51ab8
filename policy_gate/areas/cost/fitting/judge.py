"""Judges profiles by rows of measurements: each row by the profile of its labels, pooled with families equal."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from policy_gate.areas.cost.device import CostBasis, DeviceProfile
from policy_gate.areas.cost.device_file import builtin_profile
from policy_gate.areas.cost.estimate import latency
from policy_gate.areas.cost.fitting.fit import rows_digest
from policy_gate.areas.cost.fitting.left_out import (
    LEAST_UPPER_FACTOR,
    SCREENING_UPPER_FACTOR,
    fit_rates,
    left_out,
    predict,
    scaled_shape,
)
from policy_gate.areas.cost.fitting.power import energy_errors, left_out_energy
from policy_gate.areas.cost.fitting.refit import rows_beside
from policy_gate.areas.cost.fitting.rows import Row, Rows, by_labels, row_key
from policy_gate.areas.cost.fitting.scoring import Prediction, score
from policy_gate.areas.cost.fitting.training import gather
from policy_gate.errors import UsageError
from policy_gate.frozen import dataclass
from policy_gate.profiled import Accuracy, EnergyAccuracy, FittedRows, ProfileScore, Scores

Predict = Callable[[Row], Prediction | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One profile's predictions and errors of energy, with what is told of them."""

    told: ProfileScore
    predictions: tuple[Prediction, ...]
    energy: tuple[float, ...]


def judge_rows(
    profiles: Sequence[DeviceProfile], table: Rows, treatment: FittedRows, folder_of: Callable[[DeviceProfile], Path]
) -> Scores:
    """Score every profile that has rows in the table; `folder_of` says where a profile's own rows lie.

    Raises UsageError when rows are to be predicted by a refit and the profile's own rows are not there.
    """
    grouped = by_labels(table.rows)
    judged = [_judge(one, grouped[one.labels], treatment, folder_of(one)) for one in profiles if one.labels in grouped]
    known = {one.labels for one in profiles}
    promising = [one for one in judged if not one.told.screening]
    screening = [one for one in judged if one.told.screening]
    return Scores(
        path=table.path,
        rows=len(table.rows),
        families=len({row.family for row in table.rows}),
        suspect=table.suspect,
        without_features=table.without_features,
        without_latency=table.without_latency,
        unmatched=sum(len(rows) for labels, rows in grouped.items() if labels not in known),
        treatment=treatment,
        profiles=tuple(one.told for one in judged),
        promising=accuracy([point for one in promising for point in one.predictions]),
        screening=accuracy([point for one in screening for point in one.predictions]),
        energy=_energy([one.energy for one in judged]),
        energy_left_out=_energy([left_out_energy(rows) for rows in grouped.values()]),
    )


def accuracy(predictions: Sequence[Prediction]) -> Accuracy | None:
    """Score predictions; None when there are none."""
    errors = score(predictions)
    if errors is None:
        return None
    return Accuracy(
        rows=errors.rows,
        families=len({one.family for one in predictions}),
        mape_percent=errors.mape_percent,
        within_20_percent=errors.within_20_percent,
        covered=errors.covered,
        median_upper_over_measured=errors.median_upper_over_measured,
        naive_mape_percent=errors.naive_mape_percent,
    )


def _judge(profile: DeviceProfile, rows: Sequence[Row], treatment: FittedRows, folder: Path) -> Judged:
    own = rows_beside(profile, folder)
    fitted, note = _fitted(profile, own, rows)
    scored = [row for row in rows if treatment is not FittedRows.SKIP or row_key(row) not in fitted]
    refit = treatment is FittedRows.REFIT and bool(fitted)
    predict_row = _refitted(profile, own) if refit else _as_it_is(profile)
    pairs = [(row, point) for row in scored if (point := predict_row(row)) is not None]
    new = [row for row, _ in pairs if treatment is FittedRows.COUNT or row_key(row) not in fitted]
    energy = energy_errors(new, profile.power) if profile.power is not None else []
    told = ProfileScore(
        id=profile.id,
        screening=profile.screening,
        accuracy=accuracy([point for _, point in pairs]),
        energy=_energy([energy]),
        fitted=len(rows) - len(pairs),
        outside=sum(_is_outside(profile, row) for row, _ in pairs),
        note=note,
    )
    return Judged(told=told, predictions=tuple(point for _, point in pairs), energy=tuple(energy))


def _fitted(profile: DeviceProfile, own: Sequence[Row], rows: Sequence[Row]) -> tuple[set[tuple[object, ...]], str]:
    """Keys of the rows a profile was fitted on, and a note where that cannot be told."""
    if own or profile.fit is None:
        return {row_key(row) for row in own}, ""
    if rows_digest(rows) == profile.fit.data_sha256:
        return {row_key(row) for row in rows}, ""
    return set(), f"whether it was fitted on some of these rows is not known: there is no {profile.id}.csv beside it"


def _as_it_is(profile: DeviceProfile) -> Predict:
    model, fit = profile.latency, profile.fit
    naive = fit.naive_ns_per_mac if fit is not None else 0.0

    def one(row: Row) -> Prediction | None:
        return predict(row, model.coefficients, model.upper_factor, naive) if model is not None else None

    return one


def _refitted(profile: DeviceProfile, own: Sequence[Row]) -> Predict:
    if not own:
        raise UsageError(f"profile {profile.id} cannot be fitted again: there is no {profile.id}.csv beside it")
    shape_id = profile.fit.shape if profile.fit is not None else ""
    shape = builtin_profile(shape_id).latency if shape_id else None
    training = gather(own, profile.labels, borrow=not shape_id)
    least = SCREENING_UPPER_FACTOR if profile.screening else LEAST_UPPER_FACTOR
    points = left_out(training, scaled_shape(shape.coefficients) if shape is not None else fit_rates, least)
    keys = [row_key(row) for row in training.rows]
    by_key = dict(zip(keys, points, strict=True)) if points else dict.fromkeys(keys)
    new = _as_it_is(profile)

    def one(row: Row) -> Prediction | None:
        key = row_key(row)
        return by_key[key] if key in by_key else new(row)

    return one


def _is_outside(profile: DeviceProfile, row: Row) -> bool:
    return not profile.screening and latency(profile, row.features).basis is CostBasis.SCREENING


def _energy(systems: Iterable[Sequence[float]]) -> EnergyAccuracy | None:
    measured = [errors for errors in systems if errors]
    errors = [error for one in measured for error in one]
    if not errors:
        return None
    return EnergyAccuracy(rows=len(errors), systems=len(measured), mape_percent=100 * math.fsum(errors) / len(errors))
