"""Fits where a runtime's memory lies beside our plans, from published RAM and flash of built models."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median

from policy_gate.areas.cost.device import MemoryModel
from policy_gate.areas.cost.fitting.csv_table import MAX_PROBLEMS, Line, read_table
from policy_gate.areas.cost.fitting.rounding import rounded_down, rounded_up
from policy_gate.areas.cost.fitting.rows import figure, is_figure
from policy_gate.errors import DocumentError, Problem
from policy_gate.frozen import dataclass

FIGURES = (
    "activation_ram_kib",
    "runtime_ram_kib",
    "weights_flash_kib",
    "code_flash_kib",
    "static_peak_overlay_kib",
    "static_weights_kib",
)
REQUIRED = ("family", "model", "tool_version", *FIGURES)
SCRATCH_KIB = 8.0
"""Buffers of the kernels themselves, which decide below some ten KiB and are lost in the rest above."""
MARGIN = 1.1
"""How much further than all rows seen the bounds lie: without it 83 % of left-out rows were held, with it all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryRow:
    """Published RAM and flash of one built model in KiB, beside our overlay plan and the bytes of its constants."""

    family: str
    model: str
    version: str
    activation_kib: float
    runtime_kib: float
    weights_kib: float
    code_kib: float
    overlay_kib: float
    constants_kib: float


@dataclass(frozen=True, slots=True)
class Held:
    """How many rows an interval held, of how many in how many families, and its median width by the true value."""

    held: int
    rows: int
    families: int
    median_width: float


def is_memory_table(content: bytes) -> bool:
    """Tell tables of memory from tables of latency by their header."""
    return b"activation_ram_kib" in content.partition(b"\n")[0]


def read_memory_rows(content: bytes, path: str) -> tuple[MemoryRow, ...]:
    """Read a table of memory; rows without our static figures are passed over. Raises DocumentError as `read_table`."""
    kept: list[MemoryRow] = []
    problems: list[Problem] = []
    for line in read_table(content, path, REQUIRED):
        if not line.cells["static_peak_overlay_kib"].text:
            continue
        wrong = [name for name in FIGURES if not is_figure(line.cells[name].text)]
        problems.extend(
            Problem(
                f"{name} is '{line.cells[name].text[:40]}', it should be a number above 0",
                path,
                line.number,
                line.cells[name].column,
            )
            for name in wrong
        )
        if not wrong:
            kept.append(_memory_row(line))
    if problems:
        raise DocumentError(problems[:MAX_PROBLEMS])
    return tuple(kept)


def fit_memory(rows: Sequence[MemoryRow], version: str) -> MemoryModel:
    """Fit bounds to rows of one runtime, whatever its version; runtime RAM and code to those of this version.

    Activations of all rows lie inside the bounds with a margin; DocumentError where there is no row.
    """
    if not rows:
        raise DocumentError("there is no row of memory with our static figures")
    low, high = _factors(rows)
    own = [row for row in rows if row.version == version]
    found = left_out_memory(rows)
    built = own or rows
    return MemoryModel(
        low_of_overlay=low,
        high_of_overlay=high,
        scratch_kib=SCRATCH_KIB,
        runtime_ram_low_kib=rounded_down(min(row.runtime_kib for row in built) / MARGIN),
        runtime_ram_high_kib=rounded_up(max(row.runtime_kib for row in built) * MARGIN),
        code_flash_low_kib=rounded_down(min(row.code_kib for row in built) / MARGIN),
        code_flash_high_kib=rounded_up(max(row.code_kib for row in built) * MARGIN),
        rows=len(rows),
        families=len({row.family for row in rows}),
        held=found.held,
        median_width=rounded_up(found.median_width),
        screening=not own,
    )


def left_out_memory(rows: Sequence[MemoryRow]) -> Held:
    """Hold each row between bounds fitted to the other families."""
    return _held(_left_out(rows))


def judge_memory(rows: Iterable[MemoryRow], fitted: Sequence[MemoryRow], model: MemoryModel) -> Held:
    """Hold rows between the bounds of a model; those among `fitted` between bounds fitted to the other families."""
    refitted = dict(_left_out(fitted))
    whole = (model.low_of_overlay, model.high_of_overlay)
    return _held([(row, refitted.get(row, whole)) for row in rows])


def weights_errors_percent(rows: Iterable[MemoryRow]) -> list[float]:
    """How far the bytes of our constants are off the published bytes of weights, row by row, in percent."""
    return [100 * abs(row.constants_kib / row.weights_kib - 1) for row in rows]


def _factors(rows: Sequence[MemoryRow]) -> tuple[float, float]:
    low = min(row.activation_kib / row.overlay_kib for row in rows) / MARGIN
    high = max(max(row.activation_kib - SCRATCH_KIB, 0.0) / row.overlay_kib for row in rows) * MARGIN
    return rounded_down(low), rounded_up(max(high, low))


def _left_out(rows: Sequence[MemoryRow]) -> list[tuple[MemoryRow, tuple[float, float]]]:
    pairs: list[tuple[MemoryRow, tuple[float, float]]] = []
    for family in sorted({row.family for row in rows}):
        rest = [row for row in rows if row.family != family]
        if rest:
            bounds = _factors(rest)
            pairs.extend((row, bounds) for row in rows if row.family == family)
    return pairs


def _held(pairs: Sequence[tuple[MemoryRow, tuple[float, float]]]) -> Held:
    bounds = [(row, low * row.overlay_kib, high * row.overlay_kib + SCRATCH_KIB) for row, (low, high) in pairs]
    widths = [(high - low) / row.activation_kib for row, low, high in bounds]
    held = sum(low <= row.activation_kib <= high for row, low, high in bounds)
    return Held(held, len(bounds), len({row.family for row, *_ in bounds}), median(widths) if widths else 0.0)


def _memory_row(line: Line) -> MemoryRow:
    def number(name: str) -> float:
        return figure(line.cells[name].text)

    return MemoryRow(
        family=line.cells["family"].text,
        model=line.cells["model"].text,
        version=line.cells["tool_version"].text,
        activation_kib=number("activation_ram_kib"),
        runtime_kib=number("runtime_ram_kib"),
        weights_kib=number("weights_flash_kib"),
        code_kib=number("code_flash_kib"),
        overlay_kib=number("static_peak_overlay_kib"),
        constants_kib=number("static_weights_kib"),
    )
