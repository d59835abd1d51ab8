"""Reads what a tester's statement says of a measurement on a device: where, how often, and the figures with bounds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from policy_gate.areas.signature.facts import BoundDimension, MeasuredFigure
from policy_gate.areas.signature.steps import RefusedEnvelopeError, Step
from policy_gate.frozen import dataclass

if TYPE_CHECKING:
    from policy_gate.document import Value

MEASUREMENT = "https://policy-gate.dev/measurement/v1alpha1"
"""An identifier of what a tester states of a measurement; nothing has to answer at this address."""

WITH_BOUNDS = ("latency_ms", "energy_uj")
"""Figures given as the likeliest value and an upper one, since runs differ: {mid: 9.1, upper: 9.8}."""
PLAIN = ("power_mw", "ram_kib", "flash_kib")
MAX_FIGURE = 1e15
MAX_TEXT_CHARS = 256
MAX_DIMENSIONS = 64
MAX_COUNT = 2**53 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One measurement: `figures` hold latency_ms, and what else was measured."""

    device: str
    runtime_name: str
    runtime_version: str
    dimensions: tuple[BoundDimension, ...]
    runs: int
    figures: tuple[MeasuredFigure, ...]


def read_measurement(predicate: Mapping[str, Value]) -> Measured:
    """Read a predicate of type MEASUREMENT; RefusedEnvelopeError where a field is missing or of another shape.

    Fields that it does not know are passed over, as in-toto asks of who reads a predicate.
    """
    runtime = predicate.get("runtime")
    if not isinstance(runtime, dict):
        raise _refused("runtime should be an object with name and version")
    return Measured(
        device=_text(predicate, "device"),
        runtime_name=_text(runtime, "name"),
        runtime_version=_text(runtime, "version"),
        dimensions=_dimensions(predicate.get("dimensions", {})),
        runs=_count(predicate.get("runs"), "runs"),
        figures=tuple(_figures(predicate)),
    )


def _figures(predicate: Mapping[str, Value]) -> Iterator[MeasuredFigure]:
    if "latency_ms" not in predicate:
        raise _refused("latency_ms should be an object with mid and upper")
    for key in WITH_BOUNDS:
        if key in predicate:
            yield _bounded(predicate[key], key)
    for key in PLAIN:
        if key in predicate:
            amount = _amount(predicate[key], key)
            yield MeasuredFigure(key=key, mid=amount, upper=amount)


def _bounded(given: Value, key: str) -> MeasuredFigure:
    if not isinstance(given, dict):
        raise _refused(f"{key} should be an object with mid and upper")
    mid, upper = _amount(given.get("mid"), f"{key}.mid"), _amount(given.get("upper"), f"{key}.upper")
    if upper < mid:
        raise _refused(f"{key}.upper should be at least {key}.mid")
    return MeasuredFigure(key=key, mid=mid, upper=upper)


def _amount(given: Value, key: str) -> float:
    # Nothing takes no time, no energy and no memory at all: a zero is a field that nobody filled in.
    if isinstance(given, bool) or not isinstance(given, (int, float)) or not 0 < given <= MAX_FIGURE:
        raise _refused(f"{key} should be a number above 0")
    return float(given)


def _dimensions(given: Value) -> tuple[BoundDimension, ...]:
    if not isinstance(given, dict) or len(given) > MAX_DIMENSIONS:
        raise _refused("dimensions should be an object of names and extents")
    return tuple(
        BoundDimension(name=name, extent=_count(extent, "an extent of dimensions"))
        for name, extent in sorted(given.items())
    )


def _count(given: Value, key: str) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or not 1 <= given <= MAX_COUNT:
        raise _refused(f"{key} should be a whole number of at least 1")
    return given


def _text(fields: Mapping[str, Value], key: str) -> str:
    found = fields.get(key)
    if not isinstance(found, str) or not 0 < len(found) <= MAX_TEXT_CHARS:
        raise _refused(f"{key} should be a text of 1 to {MAX_TEXT_CHARS} characters")
    return found


def _refused(what: str) -> RefusedEnvelopeError:
    return RefusedEnvelopeError(Step.STATEMENT, what)
