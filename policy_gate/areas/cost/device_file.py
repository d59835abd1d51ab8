"""Reads device profiles: strictly, with the place of every problem; the shipped ones from beside this module."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from policy_gate.areas.cost.device import (
    Coefficients,
    DeviceProfile,
    FeatureRange,
    FitReport,
    LatencyModel,
    LeftOutErrors,
    MemoryModel,
    Power,
    RowLabels,
)
from policy_gate.document import bind, load, problem
from policy_gate.errors import EvidenceError, PolicyError, Reason

if TYPE_CHECKING:
    from pydantic import BaseModel

    from policy_gate.areas.cost.device_schema import FitSection, ProfileSection
    from policy_gate.document import Document
    from policy_gate.errors import Problem

BUILTIN = "builtin"
LEAST_ROWS = 8
LEAST_FAMILIES = 3
NEAREST = 3


def decode_profile(document: Document, source: str) -> DeviceProfile:
    """Decode a profile; `source` says where it is from. Raises PolicyError with every problem and its place."""
    import hashlib

    from policy_gate.areas.cost.device_schema import ProfileFile

    bound = bind(document, ProfileFile, error=PolicyError)
    spec = bound.spec
    if problems := list(_problems(document, spec)):
        raise PolicyError(sorted(problems, key=lambda one: (one.line, one.column, one.message)))
    return DeviceProfile(
        id=bound.metadata.id,
        words=bound.metadata.words,
        device=spec.device,
        processor=spec.processor,
        engine=spec.engine,
        dtype=spec.dtype,
        quantisation=spec.quantisation,
        runtime_name=spec.runtime.name,
        runtime_version=spec.runtime.version,
        screening=spec.screening,
        latency=_latency(spec),
        power=Power(**_fields(spec.power)) if spec.power is not None else None,
        memory=MemoryModel(**_fields(spec.memory)) if spec.memory is not None else None,
        operators=tuple(sorted(set(spec.operators))),
        fit=_fit(spec.fit) if spec.fit is not None else None,
        labels=RowLabels(**_fields(spec.rows)),
        digest=f"sha256:{hashlib.sha256(document.content).hexdigest()}",
        source=source,
    )


def read_profile(content: bytes, path: str, source: str = "") -> DeviceProfile:
    """Load and decode the bytes of a profile file; raises GateError with every problem and its place."""
    return decode_profile(load(content, path), source or path)


def profile_folder() -> Path:
    """Where the shipped profiles lie, each `ID.yaml` beside the rows it was fitted on, `ID.csv`."""
    return Path(__file__).resolve().parent / "profiles"


def builtin_ids() -> tuple[str, ...]:
    """Ids of the shipped profiles, sorted."""
    return tuple(sorted(path.stem for path in profile_folder().glob("*.yaml")))


@lru_cache(maxsize=256)
def builtin_profile(profile_id: str) -> DeviceProfile:
    """One shipped profile, without reading the others; EvidenceError NOT_TRUSTED where there is none of this id."""
    if profile_id not in builtin_ids():
        raise _unknown(profile_id, builtin_ids())
    name = f"{profile_id}.yaml"
    return read_profile((profile_folder() / name).read_bytes(), name, BUILTIN)


def builtin_profiles() -> tuple[DeviceProfile, ...]:
    """All shipped profiles, sorted by id."""
    return tuple(map(builtin_profile, builtin_ids()))


def find_profile(profile_id: str, profiles: Iterable[DeviceProfile]) -> DeviceProfile:
    """The profile of an id; EvidenceError NOT_TRUSTED with the nearest ids where none has it, or two have."""
    listed = list(profiles)
    found = [one for one in listed if one.id == profile_id]
    if len(found) > 1:
        where = " and ".join(sorted(one.source for one in found))
        raise EvidenceError(Reason.NOT_TRUSTED, f"the device profile '{profile_id}' is defined twice: {where}")
    if not found:
        raise _unknown(profile_id, [one.id for one in listed])
    return found[0]


def _unknown(profile_id: str, known: Sequence[str]) -> EvidenceError:
    from difflib import get_close_matches

    near = get_close_matches(profile_id[:200], known, n=NEAREST, cutoff=0.5)
    fix = f"Nearest: {', '.join(near)}." if near else "`policy-gate profile list` names the shipped ones."
    return EvidenceError(Reason.NOT_TRUSTED, f"no trusted device profile is called '{profile_id[:200]}'", fix=fix)


def _fields(section: BaseModel) -> dict[str, Any]:  # Any: pydantic has checked each field by the same annotation
    return {name: getattr(section, name) for name in type(section).model_fields}


def _latency(spec: ProfileSection) -> LatencyModel | None:
    if spec.latency is None:
        return None
    rates = _fields(spec.latency)
    lower, upper = spec.latency.lower_factor, spec.latency.upper_factor
    del rates["lower_factor"], rates["upper_factor"]
    return LatencyModel(coefficients=Coefficients(**rates), lower_factor=lower, upper_factor=upper)


def _fit(section: FitSection) -> FitReport:
    fields = _fields(section)
    fields["errors"] = LeftOutErrors(**_fields(section.errors)) if section.errors is not None else None
    fields["ranges"] = tuple(FeatureRange(**_fields(one)) for one in section.ranges)
    return FitReport(**fields)


def _problems(document: Document, spec: ProfileSection) -> Iterator[Problem]:
    yield from _disordered(document, spec)
    yield from _unsupported(document, spec)
    if spec.latency is None and spec.power is None and spec.memory is None:
        yield problem(document, "/spec", "it has neither latency nor power nor memory, so it predicts nothing")
    if spec.latency is not None and not any(_latency_rates(spec)):
        yield problem(document, "/spec/latency", "every rate is 0, so every model would take no time")
    if spec.rows.dtype != spec.dtype:
        yield problem(document, "/spec/rows/dtype", f"the rows are {spec.rows.dtype}, and the profile is {spec.dtype}")


def _latency_rates(spec: ProfileSection) -> list[float]:
    latency = spec.latency
    if latency is None:
        return []
    return [getattr(latency, name) for name in type(latency).model_fields if not name.endswith("_factor")]


def _disordered(document: Document, spec: ProfileSection) -> Iterator[Problem]:
    """Name bounds in the wrong order: an interval would be empty, or its middle outside."""
    ordered: list[tuple[str, float, float]] = []
    if spec.power is not None:
        ordered += [("power/low_mw", spec.power.low_mw, spec.power.mid_mw)]
        ordered += [("power/high_mw", spec.power.mid_mw, spec.power.high_mw)]
    memory = spec.memory
    if memory is not None:
        ordered += [("memory/high_of_overlay", memory.low_of_overlay, memory.high_of_overlay)]
        ordered += [("memory/runtime_ram_high_kib", memory.runtime_ram_low_kib, memory.runtime_ram_high_kib)]
        ordered += [("memory/code_flash_high_kib", memory.code_flash_low_kib, memory.code_flash_high_kib)]
        ordered += [("memory/held", memory.held, memory.rows)]
    if spec.fit is not None:
        ordered += [(f"fit/ranges/{at}", one.least, one.most) for at, one in enumerate(spec.fit.ranges)]
        if spec.fit.errors is not None:
            ordered += [("fit/errors/covered", spec.fit.errors.covered, spec.fit.errors.rows)]
    for pointer, low, high in ordered:
        if low > high:
            yield problem(document, f"/spec/{pointer}", f"the bounds are out of order: {low:g} is above {high:g}")


def _unsupported(document: Document, spec: ProfileSection) -> Iterator[Problem]:
    """A latency that promises something says what it was fitted on, and that is enough."""
    fit = spec.fit
    if fit is not None:
        features = [one.feature for one in fit.ranges]
        for at, feature in enumerate(features):
            if feature in features[:at]:
                yield problem(document, f"/spec/fit/ranges/{at}", f"the range of {feature} is given twice")
    if spec.screening or spec.latency is None:
        return
    hint = "Say `screening: true`, or fit it again with `policy-gate profile fit`."
    if fit is None:
        yield problem(document, "/spec", "its latency does not say what it was fitted on (`fit`)", hint)
    elif fit.rows < LEAST_ROWS or len(set(fit.families)) < LEAST_FAMILIES or fit.errors is None or fit.shape:
        found = f"{fit.rows} rows of {len(set(fit.families))} families"
        wanted = f"{LEAST_ROWS} rows of {LEAST_FAMILIES} families, with the errors of families left out"
        yield problem(document, "/spec/fit", f"{found} support no promise: it takes {wanted}", hint)
