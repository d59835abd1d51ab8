"""Fits a profile again from the rows beside it: a shipped figure that its own data do not give is no figure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from policy_gate.areas.cost.device import DeviceProfile, MemoryModel
from policy_gate.areas.cost.device_file import builtin_profile
from policy_gate.areas.cost.fitting.fit import FitRequest, Naming, fit_profile
from policy_gate.areas.cost.fitting.memory import MemoryRow, fit_memory, read_memory_rows
from policy_gate.areas.cost.fitting.rows import Row, read_rows


def refit(profile: DeviceProfile, rows: Sequence[Row], memory: MemoryModel | None = None) -> DeviceProfile:
    """Fit a profile again, under the same names, to other rows or the same."""
    shape = profile.fit.shape if profile.fit is not None else ""
    return fit_profile(
        FitRequest(
            rows=rows,
            labels=profile.labels,
            naming=Naming(
                id=profile.id,
                words=profile.words,
                processor=profile.processor,
                quantisation=profile.quantisation,
                runtime_name=profile.runtime_name,
                runtime_version=profile.runtime_version,
                operators=profile.operators,
            ),
            screening=profile.screening,
            shape=builtin_profile(shape) if shape else None,
            memory=memory,
        )
    )


def refit_shipped(profile: DeviceProfile, folder: Path) -> DeviceProfile:
    """Fit a shipped profile again from `ID.csv` and, if it has memory, `RUNTIME.memory.csv` in its folder."""
    memory = None
    if profile.memory is not None:
        memory = fit_memory(memory_rows_beside(profile, folder), profile.runtime_version)
    return refit(profile, rows_beside(profile, folder), memory)


def rows_beside(profile: DeviceProfile, folder: Path) -> tuple[Row, ...]:
    """The rows a profile was fitted on, and those it could borrow from: `ID.csv` in its folder; () without it."""
    table = folder / f"{profile.id}.csv"
    return read_rows(table.read_bytes(), table.name).rows if table.is_file() else ()


def memory_rows_beside(profile: DeviceProfile, folder: Path) -> tuple[MemoryRow, ...]:
    """The published memory that a profile's runtime was fitted on: `RUNTIME.memory.csv` in its folder; () without."""
    table = folder / f"{profile.runtime_name}.memory.csv"
    return read_memory_rows(table.read_bytes(), table.name) if table.is_file() else ()
