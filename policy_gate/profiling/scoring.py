"""Scores profiles on a table of measurements, of latency or of memory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from policy_gate.areas.cost.device_file import builtin_ids, profile_folder
from policy_gate.errors import Problem, UsageError
from policy_gate.profiled import FittedRows, MemoryScore, Scores
from policy_gate.profiling.reading import find, read_small

if TYPE_CHECKING:
    from policy_gate.areas.cost.device import DeviceProfile

WEIGHTS_PERCENT = 0.5
"""How far the bytes of our constants may be off published weights."""


def scored(path: Path, names: Sequence[str], treatment: FittedRows) -> Scores | MemoryScore:
    """Score profiles, all shipped ones where none is named, on a table of latencies, or of memory."""
    from policy_gate.areas.cost.fitting.csv_table import MAX_BYTES
    from policy_gate.areas.cost.fitting.judge import judge_rows
    from policy_gate.areas.cost.fitting.memory import is_memory_table
    from policy_gate.areas.cost.fitting.rows import read_rows

    found = [find(name) for name in names or builtin_ids()]
    content = read_small(path, MAX_BYTES)
    if is_memory_table(content):
        return _scored_memory(content, str(path), [one for one, _ in found], treatment)
    table = read_rows(content, str(path))
    folders = {one.id: folder for one, folder in found}
    return judge_rows([one for one, _ in found], table, treatment, lambda one: folders[one.id])


def _scored_memory(content: bytes, path: str, profiles: Sequence[DeviceProfile], treatment: FittedRows) -> MemoryScore:
    from statistics import median

    from policy_gate.areas.cost.fitting.memory import judge_memory, read_memory_rows, weights_errors_percent
    from policy_gate.areas.cost.fitting.refit import memory_rows_beside

    profile = next((one for one in profiles if one.memory is not None), None)
    rows = read_memory_rows(content, path)
    if profile is None or profile.memory is None or not rows:
        raise UsageError(Problem("no row has static figures, or no profile has memory", path))
    own = memory_rows_beside(profile, profile_folder())
    scored = [row for row in rows if treatment is not FittedRows.SKIP or row not in own]
    found = judge_memory(scored, own if treatment is FittedRows.REFIT else (), profile.memory)
    errors = weights_errors_percent(scored)
    return MemoryScore(
        path=path,
        runtime=profile.runtime_name,
        rows=found.rows,
        families=found.families,
        held=found.held,
        median_width=found.median_width,
        weights_within=sum(error <= WEIGHTS_PERCENT for error in errors),
        weights_median_percent=median(errors) if errors else 0.0,
        fitted=len(rows) - len(scored),
        treatment=treatment,
    )
