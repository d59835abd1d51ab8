"""Writes a device profile as the YAML that `device_file` reads; the same profile gives the same bytes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from decimal import Decimal
from typing import TypeAlias

from policy_gate.areas.cost.device import DeviceProfile, FitReport, LatencyModel
from policy_gate.manifest.claims import API_VERSION

Part: TypeAlias = "Mapping[str, Part] | Sequence[Part] | str | float | int | bool | None"
LINE_CHARS = 100


def write_profile(profile: DeviceProfile) -> str:
    """Render a profile as YAML; parts that it has not, and fields that are empty, are left out."""
    spec: dict[str, Part] = {
        "device": profile.device,
        "processor": profile.processor or None,
        "engine": profile.engine or None,
        "dtype": profile.dtype,
        "quantisation": profile.quantisation,
        "runtime": {"name": profile.runtime_name, "version": profile.runtime_version},
        "screening": profile.screening,
        "rows": _plain(profile.labels),
        "operators": list(profile.operators) or None,
        "latency": _latency(profile.latency) if profile.latency is not None else None,
        "power": _plain(profile.power) if profile.power is not None else None,
        "memory": _plain(profile.memory) if profile.memory is not None else None,
        "fit": _fit(profile.fit) if profile.fit is not None else None,
    }
    tree: dict[str, Part] = {
        "apiVersion": API_VERSION,
        "kind": "DeviceProfile",
        "metadata": {"id": profile.id, "words": profile.words},
        "spec": spec,
    }
    return "".join(f"{line}\n" for line in _lines(tree, ""))


def _plain(part: object) -> dict[str, Part]:
    return {one.name: getattr(part, one.name) for one in fields(part)}  # type: ignore[arg-type]  # a frozen dataclass


def _latency(model: LatencyModel) -> dict[str, Part]:
    return {
        **_plain(model.coefficients),
        "lower_factor": model.lower_factor,
        "upper_factor": model.upper_factor,
    }


def _fit(report: FitReport) -> dict[str, Part]:
    plain = _plain(report)
    plain["borrowed_families"] = list(report.borrowed_families) or None
    plain["families"] = list(report.families)
    plain["shape"] = report.shape or None
    plain["errors"] = _plain(report.errors) if report.errors is not None else None
    plain["ranges"] = [_plain(one) for one in report.ranges]
    return plain


def _lines(tree: Mapping[str, Part], indent: str) -> Iterator[str]:
    for key, part in tree.items():
        if part is None:
            continue
        if isinstance(part, Mapping):
            yield f"{indent}{key}:"
            yield from _lines(part, f"{indent}  ")
        elif isinstance(part, Sequence) and not isinstance(part, str):
            yield from _list(key, part, indent)
        else:
            yield f"{indent}{key}: {_scalar(part)}"


def _list(key: str, parts: Sequence[Part], indent: str) -> Iterator[str]:
    in_line = f"{indent}{key}: [{', '.join(map(_flow, parts))}]"
    if len(in_line) <= LINE_CHARS:
        yield in_line
        return
    yield f"{indent}{key}:"
    for one in parts:
        yield f"{indent}  - {_flow(one)}"


def _flow(part: Part) -> str:
    if isinstance(part, Mapping):
        return "{" + ", ".join(f"{key}: {_flow(one)}" for key, one in part.items()) + "}"
    return _scalar(part)


def _scalar(part: Part) -> str:
    if isinstance(part, bool):
        return "true" if part else "false"
    if isinstance(part, str):
        return json.dumps(part, ensure_ascii=False)
    if isinstance(part, float):
        return format(Decimal(repr(part)), "f")  # no exponent, which people misread
    return str(part)
