"""Reads rows of measurements: one published or own latency each, with the features of its model."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping

from policy_gate.areas.cost.device import RowLabels
from policy_gate.areas.cost.fitting.csv_table import MAX_PROBLEMS, Cell, Line, read_table
from policy_gate.errors import DocumentError, Problem
from policy_gate.frozen import dataclass
from policy_gate.model_graph.figures import Features

LABELS = ("device", "engine", "dtype", "runtime")
FEATURES = {
    "macs_excl_dw": "conv_macs",
    "macs_dw": "depthwise_macs",
    "act_bytes": "activation_bytes",
    "weight_bytes": "weight_bytes",
    "n_ops": "operators",
}
"""Columns of the table by the field of `Features` they give."""
REQUIRED = ("family", "model", *LABELS, "latency_ms", *FEATURES)
OPTIONAL = ("processor", "freq_mhz", "energy_uj", "suspect", "source_repo", "source_commit", "source_path")
MAX_FAMILIES = 40
"""Each family is left out, and each other one within that: the work grows with the square."""
MAX_NAME_CHARS = 200
MAX_COUNT = 2**62
MAX_FIGURE = 1e12
"""Largest latency and energy that is taken: 30 years in milliseconds."""

_COUNT = re.compile(r"[0-9]{1,19}")
_FIGURE = re.compile(r"(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][-+]?[0-9]{1,3})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One measurement; `energy_uj` is None where it was not measured, `line` is its line in the table."""

    line: int
    family: str
    model: str
    labels: RowLabels
    processor: str
    freq_mhz: str
    features: Features
    latency_ms: float
    energy_uj: float | None
    source: tuple[str, str, str]
    """Repository, commit and path it was published in, "" where not stated."""

    @property
    def macs(self) -> int:
        """All multiply-accumulates."""
        return self.features.conv_macs + self.features.depthwise_macs


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """A table of measurements, and how many of its lines are left out and why."""

    path: str
    rows: tuple[Row, ...]
    suspect: int
    without_features: int
    without_latency: int


def read_rows(content: bytes, path: str, *, keep_suspect: bool = False) -> Rows:
    """Read a table of measurements; rows marked suspect, without features or without latency are counted, not kept.

    Units: latency in ms, energy in uJ, features as `Features` counts them. Raises DocumentError with every wrong cell
    at its line and column, up to a limit.
    """
    kept: list[Row] = []
    problems: list[Problem] = []
    left_out = {"suspect": 0, "without_features": 0, "without_latency": 0}
    for line in read_table(content, path, REQUIRED, known=OPTIONAL):
        reason = _reason_to_leave_out(line, keep_suspect=keep_suspect)
        if reason:
            left_out[reason] += 1
            continue
        wrong = list(_problems(line, path))
        problems.extend(wrong)
        if len(problems) >= MAX_PROBLEMS:
            break
        if not wrong:
            kept.append(_row(line))
    if problems:
        raise DocumentError(problems[:MAX_PROBLEMS])
    families = {row.family for row in kept}
    if twins := list(_twins(kept, path)):
        raise DocumentError(twins[:MAX_PROBLEMS])
    if len(families) > MAX_FAMILIES:
        message = f"it has {len(families)} families, at most {MAX_FAMILIES} are read"
        raise DocumentError(Problem(message, path, hint="A family is a kind of model, not one model."))
    return Rows(path=path, rows=tuple(kept), **left_out)


def by_labels(rows: Iterable[Row]) -> dict[RowLabels, list[Row]]:
    """Group rows by device, engine, element type and runtime, sorted by these."""
    grouped: dict[RowLabels, list[Row]] = {}
    for row in rows:
        grouped.setdefault(row.labels, []).append(row)
    return dict(sorted(grouped.items(), key=lambda one: one[0].texts))


def counts(features: Features) -> tuple[int, ...]:
    """The counts of a row's features, in the order of `FEATURES`."""
    return tuple(getattr(features, field) for field in FEATURES.values())


def row_key(row: Row) -> tuple[object, ...]:
    """What makes two rows the same measurement: labels, family, counts, latency and energy."""
    return *row.labels.texts, row.family, *counts(row.features), row.latency_ms, row.energy_uj or 0.0


def figure(text: str) -> float:
    """Read a number of a cell that `is_figure`."""
    return float(text)


def is_figure(text: str) -> bool:
    """Tell whether a cell is a number above 0 and at most `MAX_FIGURE`."""
    return bool(_FIGURE.fullmatch(text)) and math.isfinite(float(text)) and 0 < float(text) <= MAX_FIGURE


def _reason_to_leave_out(line: Line, *, keep_suspect: bool) -> str:
    def text(name: str) -> str:
        return line.cells[name].text if name in line.cells else ""

    if text("suspect") and not keep_suspect:
        return "suspect"
    if not any(text(name) for name in FEATURES):
        return "without_features"
    return "" if text("latency_ms") else "without_latency"


def _problems(line: Line, path: str) -> Iterator[Problem]:
    cells = line.cells
    for name in ("family", "model", "device", "dtype", "runtime"):
        if not cells[name].text:
            yield Problem(f"{name} is empty", path, line.number, cells[name].column)
    for name in ("family", *LABELS):
        if len(cells[name].text) > MAX_NAME_CHARS:
            message = f"{name} has more than {MAX_NAME_CHARS} characters"
            yield Problem(message, path, line.number, cells[name].column)
    for name in FEATURES:
        if not _is_count(cells[name].text):
            yield _wrong(cells[name], name, "a whole number from 0", path, line.number)
    for name in ("latency_ms", "energy_uj"):
        cell = cells.get(name)
        if cell is not None and (cell.text or name == "latency_ms") and not is_figure(cell.text):
            yield _wrong(cell, name, "a number above 0, such as 12.5", path, line.number)


def _twins(rows: Iterable[Row], path: str) -> Iterator[Problem]:
    """Families that differ in case only: left out one at a time, each would be predicted by the other."""
    first: dict[str, Row] = {}
    for row in rows:
        other = first.setdefault(row.family.casefold(), row)
        if other.family != row.family:
            yield Problem(f"the family '{row.family}' is written '{other.family}' in line {other.line}", path, row.line)


def _wrong(cell: Cell, name: str, wanted: str, path: str, line: int) -> Problem:
    found = f"'{cell.text[:40]}'" if cell.text else "empty"
    return Problem(f"{name} is {found}, it should be {wanted}", path, line, cell.column)


def _is_count(text: str) -> bool:
    return bool(_COUNT.fullmatch(text)) and int(text) <= MAX_COUNT


def _row(line: Line) -> Row:
    text: Mapping[str, str] = {name: cell.text for name, cell in line.cells.items()}
    counted = {field: int(text[name]) for name, field in FEATURES.items()}
    return Row(
        line=line.number,
        family=text["family"],
        model=text["model"],
        labels=RowLabels(**{name: text[name] for name in LABELS}),
        processor=text.get("processor", ""),
        freq_mhz=text.get("freq_mhz", ""),
        features=Features(**counted, dtype=text["dtype"], dtype_share=1.0, bounded=False),
        latency_ms=float(text["latency_ms"]),
        energy_uj=float(text["energy_uj"]) if text.get("energy_uj") else None,
        source=(text.get("source_repo", ""), text.get("source_commit", ""), text.get("source_path", "")),
    )
