"""Fits one device profile to rows of measurements, and refuses where they do not support a promise."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from policy_gate.areas.cost.device import (
    Coefficients,
    DeviceProfile,
    FeatureRange,
    FitReport,
    LatencyModel,
    LeftOutErrors,
    MemoryModel,
    RowLabels,
)
from policy_gate.areas.cost.fitting.forms import coefficients, fit_naive, rates_of
from policy_gate.areas.cost.fitting.left_out import (
    LEAST_FAMILIES,
    LEAST_UPPER_FACTOR,
    SCREENING_UPPER_FACTOR,
    Fitter,
    factors,
    fit_rates,
    left_out,
    scaled_shape,
)
from policy_gate.areas.cost.fitting.power import fit_power
from policy_gate.areas.cost.fitting.rounding import rounded, rounded_down, rounded_up
from policy_gate.areas.cost.fitting.rows import FEATURES, Row, row_key
from policy_gate.areas.cost.fitting.scoring import score
from policy_gate.areas.cost.fitting.training import Training, borrowed, different_models, gather, own_sums
from policy_gate.errors import Problem, UsageError
from policy_gate.frozen import dataclass

LEAST_ROWS = 8
MOST_ERROR_PERCENT = 30.0
"""A fit that misses kinds of models it has not seen by more than this is no estimate."""
METHOD = "policy-gate profile fit, method 1"
"""Changes when the same rows would give another profile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """What a profile is called and what it is about, as far as its rows do not say it."""

    id: str
    words: str
    processor: str
    quantisation: str
    runtime_name: str
    runtime_version: str
    operators: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FitRequest:
    """What to fit: `rows` may hold other labels too, to borrow from; `shape` is scaled instead of fitting anew."""

    rows: Sequence[Row]
    labels: RowLabels
    naming: Naming
    screening: bool = False
    borrow: bool = True
    shape: DeviceProfile | None = None
    memory: MemoryModel | None = None


def fit_profile(request: FitRequest) -> DeviceProfile:
    """Fit a profile; its digest and source are empty until it is written.

    Raises UsageError where the rows are too few, of too few families, or contradict each other, unless `screening`.
    """
    training = gather(request.rows, request.labels, borrow=request.borrow and request.shape is None)
    if not training.own:
        raise UsageError(f"no row is of {', '.join(one for one in request.labels.texts if one)}")
    _refuse_shape(request)
    if not request.screening:
        _refuse_too_few(training, request.labels)
    fit, least_upper = _fitter(request), SCREENING_UPPER_FACTOR if request.screening else LEAST_UPPER_FACTOR
    errors = score(left_out(training, fit, least_upper))
    if not request.screening:
        _refuse_contradiction(errors, request.labels)
    bounds = factors(training, fit, least_upper)
    naming = request.naming
    return DeviceProfile(
        id=naming.id,
        words=naming.words,
        device=request.labels.device,
        processor=naming.processor,
        engine=request.labels.engine,
        dtype=request.labels.dtype,
        quantisation=naming.quantisation,
        runtime_name=naming.runtime_name,
        runtime_version=naming.runtime_version,
        screening=request.screening,
        latency=LatencyModel(
            coefficients=_rounded(fit(training)),
            lower_factor=rounded_down(bounds.lower),
            upper_factor=rounded_up(bounds.upper),
        ),
        power=fit_power(training.rows),
        memory=request.memory,
        operators=naming.operators,
        fit=_report(training, request, errors),
        labels=request.labels,
        digest="",
        source="",
    )


def _fitter(request: FitRequest) -> Fitter:
    shape = request.shape.latency if request.shape is not None else None
    return scaled_shape(shape.coefficients) if shape is not None else fit_rates


def _refuse_shape(request: FitRequest) -> None:
    if request.shape is None:
        return
    if request.shape.latency is None:
        raise UsageError(f"profile {request.shape.id} has no latency whose shape could be scaled")
    if not request.screening:
        raise UsageError("a scaled shape says nothing of other kinds of models: it takes --screening")


def _refuse_too_few(training: Training, labels: RowLabels) -> None:
    models = different_models(training.own, LEAST_ROWS)
    families = len({one.family for one in models})
    if len(models) >= LEAST_ROWS and families >= LEAST_FAMILIES:
        return
    found = f"{_about(labels)}: {len(training.rows)} rows of {len(training.own)} families"
    if len(models) < min(len(training.rows), LEAST_ROWS) or families < len(training.own):
        found += f", which are {len(models)} different models of {families} families by their counts"
    hint = "Measure more kinds of models, or fit for sorting only: --screening."
    message = f"{found}, and a profile takes at least {LEAST_ROWS} rows of {LEAST_FAMILIES} families, all different"
    raise UsageError(Problem(message, hint=hint))


def _refuse_contradiction(errors: LeftOutErrors | None, labels: RowLabels) -> None:
    if errors is not None and errors.mape_percent <= MOST_ERROR_PERCENT:
        return
    found = f"{errors.mape_percent:.0f} %" if errors is not None else "an unknown error"
    message = (
        f"{_about(labels)}: kinds of models that are left out are missed by {found}, "
        f"and a profile by at most {MOST_ERROR_PERCENT:.0f} %"
    )
    hint = "Look for rows of another runtime or clock under this label, or fit for sorting only: --screening."
    raise UsageError(Problem(message, hint=hint))


def _about(labels: RowLabels) -> str:
    return " | ".join(one or "-" for one in labels.texts)


def _rounded(rates: Coefficients) -> Coefficients:
    return coefficients([rounded(rate) for rate in rates_of(rates)])


def _report(training: Training, request: FitRequest, errors: LeftOutErrors | None) -> FitReport:
    lent = borrowed(training)
    used = [*training.rows, *(row for one in lent for row in one.rows)]
    return FitReport(
        rows=len(training.rows),
        families=tuple(training.own),
        borrowed_rows=len(used) - len(training.rows),
        borrowed_families=tuple(one.family for one in lent),
        shape=request.shape.id if request.shape is not None else "",
        naive_ns_per_mac=rounded(fit_naive(own_sums(training))),
        errors=_rounded_errors(errors) if errors is not None else None,
        ranges=tuple(_range(field, used) for field in FEATURES.values()),
        data_sha256=rows_digest(used),
        tool=METHOD,
    )


def _rounded_errors(errors: LeftOutErrors) -> LeftOutErrors:
    return LeftOutErrors(
        rows=errors.rows,
        mape_percent=rounded(errors.mape_percent),
        within_20_percent=rounded(errors.within_20_percent),
        covered=errors.covered,
        median_upper_over_measured=rounded(errors.median_upper_over_measured),
        naive_mape_percent=rounded(errors.naive_mape_percent),
    )


def _range(field: str, rows: Iterable[Row]) -> FeatureRange:
    amounts = [getattr(row.features, field) for row in rows]
    return FeatureRange(feature=field, least=min(amounts), most=max(amounts))


def rows_digest(rows: Iterable[Row]) -> str:
    """The digest of measurements, whatever their order."""
    import hashlib

    lines = sorted(repr(row_key(row)) for row in rows)
    return f"sha256:{hashlib.sha256(chr(10).join(lines).encode('utf-8', 'backslashreplace')).hexdigest()}"
