"""Lists the shipped profiles, and lays one out for a reader."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from policy_gate.areas.cost.device_file import builtin_profiles
from policy_gate.profiled import ProfileLine, SheetPart

if TYPE_CHECKING:
    from policy_gate.areas.cost.device import DeviceProfile, LeftOutErrors

QUANTISED = {"any": "in any way", "per_tensor": "per tensor", "per_channel": "per channel"}


def listed() -> tuple[ProfileLine, ...]:
    """The shipped profiles, those that promise something first."""
    lines = [_line(one) for one in builtin_profiles()]
    return tuple(sorted(lines, key=lambda one: (one.screening, one.id)))


def sheet(profile: DeviceProfile) -> tuple[SheetPart, ...]:
    """Everything a profile says, in parts for a reader."""
    about = [
        ("id", profile.id),
        ("for", profile.words),
        ("device", ", ".join(one for one in (profile.device, profile.processor, profile.engine) if one)),
        ("element type", f"{profile.dtype}, weights quantised {QUANTISED[profile.quantisation]}"),
        ("runtime", f"name: {profile.runtime_name}, version: {profile.runtime_version}"),
        ("rows say", " | ".join(one or "-" for one in profile.labels.texts)),
        ("use", "sorting only (screening)" if profile.screening else "estimates that a gate may rely on"),
        ("from", profile.source),
        ("digest", profile.digest),
    ]
    parts = [SheetPart("Profile", tuple(about))]
    parts += [SheetPart("Latency", tuple(_latency_lines(profile)))]
    parts += [SheetPart("Fit", tuple(_fit_lines(profile)))]
    parts += [SheetPart("Power", tuple(_power_lines(profile))), SheetPart("Memory", tuple(_memory_lines(profile)))]
    return tuple(one for one in parts if one.lines)


def _line(profile: DeviceProfile) -> ProfileLine:
    fit, latency = profile.fit, profile.latency
    return ProfileLine(
        id=profile.id,
        words=profile.words,
        runtime=f"{profile.runtime_name} {profile.runtime_version}",
        source=profile.source,
        screening=profile.screening,
        rows=fit.rows if fit is not None else 0,
        families=len(fit.families) if fit is not None else 0,
        mape_percent=fit.errors.mape_percent if fit is not None and fit.errors is not None else None,
        upper_factor=latency.upper_factor if latency is not None else None,
        has_power=profile.power is not None,
        has_memory=profile.memory is not None,
    )


def _latency_lines(profile: DeviceProfile) -> Iterator[tuple[str, str]]:
    if profile.latency is None:
        return
    rates = profile.latency.coefficients
    yield "a MAC", f"{rates.ns_per_conv_mac:g} ns, a depthwise one {rates.ns_per_depthwise_mac:g} ns"
    yield "a byte", f"{rates.ns_per_activation_byte:g} ns of activations, {rates.ns_per_weight_byte:g} ns of weights"
    yield "an operator", f"{rates.ns_per_operator / 1000:g} us"
    yield "an inference", f"{rates.fixed_ns / 1000:g} us"
    yield "bounds", f"{profile.latency.lower_factor:g} x to {profile.latency.upper_factor:g} x the estimate"


def _fit_lines(profile: DeviceProfile) -> Iterator[tuple[str, str]]:
    fit = profile.fit
    if fit is None:
        return
    yield "rows", f"{fit.rows} of {len(fit.families)} families: {', '.join(fit.families)}"
    if fit.borrowed_rows:
        lent = ", ".join(fit.borrowed_families)
        yield "borrowed", f"{fit.borrowed_rows} rows of other runtime versions: {lent}"
    if fit.shape:
        yield "shape", f"coefficients of {fit.shape}, scaled"
    if fit.errors is None:
        yield "error", "not known: no family could be left out"
    else:
        yield from _error_lines(fit.errors)
    for one in fit.ranges:
        yield one.feature.replace("_", " "), f"{one.least:,} to {one.most:,}"
    yield "data", fit.data_sha256


def _error_lines(errors: LeftOutErrors) -> Iterator[tuple[str, str]]:
    yield "left out", f"{errors.rows} rows, each predicted without its family"
    yield "mean error", f"{errors.mape_percent:.1f} % (MACs alone: {errors.naive_mape_percent:.1f} %)"
    yield "within 20 %", f"{errors.within_20_percent:.0f} %"
    yield "under the bound", f"{errors.covered} of {errors.rows}"
    yield "bound / measured", f"{errors.median_upper_over_measured:.2f} (median)"


def _power_lines(profile: DeviceProfile) -> Iterator[tuple[str, str]]:
    power = profile.power
    if power is None:
        return
    yield "inferring", f"{power.mid_mw:g} mW, between {power.low_mw:g} and {power.high_mw:g} mW"
    if power.supply_v is not None:
        yield "supply", f"{power.supply_v:g} V"
    off = "not known" if power.mape_percent is None else f"{power.mape_percent:.1f} %, each by the power of the others"
    yield "mean error", f"{off} ({power.models} models)"
    if power.source:
        yield "published in", power.source


def _memory_lines(profile: DeviceProfile) -> Iterator[tuple[str, str]]:
    memory = profile.memory
    if memory is None:
        return
    high = f"{memory.high_of_overlay:g} x + {memory.scratch_kib:g} KiB"
    yield "activations", f"{memory.low_of_overlay:g} x to {high} the overlay plan"
    yield "runtime RAM", f"{memory.runtime_ram_low_kib:g} to {memory.runtime_ram_high_kib:g} KiB"
    yield "code", f"{memory.code_flash_low_kib:g} to {memory.code_flash_high_kib:g} KiB of flash"
    held = f"{memory.held} of {memory.rows} rows of {memory.families} families, each left out"
    yield "held", f"{held}; median width {memory.median_width:.2f} of the true value"
    if memory.screening:
        yield "use", "sorting only: the rows are of other runtime versions"
