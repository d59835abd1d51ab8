"""Fits one profile to a table: picks the rows, names the profile, and says what to pick where that is not clear."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from policy_gate.errors import Problem, UsageError
from policy_gate.frozen import dataclass
from policy_gate.profiling.reading import find, read_small

if TYPE_CHECKING:
    from policy_gate.areas.cost.device import DeviceProfile, MemoryModel, RowLabels
    from policy_gate.areas.cost.fitting.fit import Naming
    from policy_gate.areas.cost.fitting.rows import Row, Rows

MAX_LISTED = 20

_VERSION = re.compile(r"(?P<name>.*?)[ /_-]*\bv?(?P<version>[0-9].*)")
_NOT_IN_ID = re.compile(r"[^a-z0-9.]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked of a fit: "" where the rows or a rule decide."""

    device: str = ""
    engine: str = ""
    dtype: str = ""
    runtime: str = ""
    id: str = ""
    words: str = ""
    processor: str = ""
    quantisation: str = "any"
    runtime_name: str = ""
    runtime_version: str = ""
    shape: str = ""
    memory: str = ""
    screening: bool = False
    borrow: bool = True
    keep_suspect: bool = False


def fit(path: Path, asked: Asked) -> DeviceProfile:
    """Fit one profile to the rows of a table that the selectors leave; raises GateError with the reason it cannot."""
    from policy_gate.areas.cost.fitting.csv_table import MAX_BYTES
    from policy_gate.areas.cost.fitting.fit import FitRequest, fit_profile
    from policy_gate.areas.cost.fitting.rows import read_rows

    table = read_rows(read_small(path, MAX_BYTES), str(path), keep_suspect=asked.keep_suspect)
    labels = _chosen(table, asked)
    naming = _naming([row for row in table.rows if row.labels == labels], labels, asked)
    return fit_profile(
        FitRequest(
            rows=table.rows,
            labels=labels,
            naming=naming,
            screening=asked.screening,
            borrow=asked.borrow,
            shape=find(asked.shape)[0] if asked.shape else None,
            memory=_memory(asked.memory, naming.runtime_version),
        )
    )


def written(profile: DeviceProfile) -> str:
    """The YAML of a profile, read back once: what is written is what a gate accepts."""
    from policy_gate.areas.cost.device_file import read_profile
    from policy_gate.areas.cost.fitting.writing import write_profile

    text = write_profile(profile)
    read_profile(text.encode(), f"{profile.id}.yaml")
    return text


def _chosen(table: Rows, asked: Asked) -> RowLabels:
    """The one group of rows that the selectors leave."""
    from policy_gate.areas.cost.fitting.rows import by_labels

    grouped = by_labels(table.rows)
    wanted = (asked.device, asked.engine, asked.dtype, asked.runtime)
    found = [
        labels
        for labels in grouped
        if all(not text or text == one for text, one in zip(wanted, labels.texts, strict=True))
    ]
    if len(found) == 1:
        return found[0]
    if not grouped:
        raise UsageError(Problem("it has no row with features and a latency", table.path))
    what = f"{len(found)} groups of rows fit" if found else "no row fits the selectors"
    listed = [f"{_selectors(labels)}: {len(grouped[labels])} rows" for labels in (found or grouped)]
    more = [f"and {len(listed) - MAX_LISTED} more"] if len(listed) > MAX_LISTED else []
    message = f"{what}, and a profile is of one device, engine, dtype and runtime"
    raise UsageError([Problem(one, table.path) for one in (message, *listed[:MAX_LISTED], *more)])


def _selectors(labels: RowLabels) -> str:
    """The options that pick a group, as a shell takes them."""
    from shlex import quote

    names = ("--device", "--engine", "--dtype", "--runtime")
    return " ".join(f"{name} {quote(text)}" for name, text in zip(names, labels.texts, strict=True) if text)


def _naming(rows: Sequence[Row], labels: RowLabels, asked: Asked) -> Naming:
    from policy_gate.areas.cost.fitting.fit import Naming

    read = _VERSION.fullmatch(labels.runtime)
    name = asked.runtime_name or (_slug(read["name"]) if read else "")
    version = asked.runtime_version or (read["version"] if read else "")
    if not name or not version:
        hint = "Say both: --runtime-name tflite --runtime-version 2.11.0"
        message = f"the runtime '{labels.runtime}' names no version, and another version is another device"
        raise UsageError(Problem(message, hint=hint))
    about = "-".join(part for part in (_slug(labels.device), _slug(labels.engine), labels.dtype) if part)
    processors = sorted({f"{row.processor} at {row.freq_mhz} MHz" for row in rows if row.processor and row.freq_mhz})
    return Naming(
        id=asked.id or f"{about[:63]}@{f'{name}-{_slug(version)}'[:63]}",
        words=asked.words or f"{labels.device} with {labels.dtype} models by {labels.runtime}",
        processor=asked.processor or (processors[0] if len(processors) == 1 else ""),
        quantisation=asked.quantisation,
        runtime_name=name,
        runtime_version=version,
    )


def _slug(text: str) -> str:
    return _NOT_IN_ID.sub("-", text.lower()).strip("-.")


def _memory(path: str, version: str) -> MemoryModel | None:
    from policy_gate.areas.cost.fitting.csv_table import MAX_BYTES
    from policy_gate.areas.cost.fitting.memory import fit_memory, read_memory_rows

    return fit_memory(read_memory_rows(read_small(Path(path), MAX_BYTES), path), version) if path else None
