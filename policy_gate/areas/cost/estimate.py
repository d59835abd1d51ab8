"""Predicts latency, energy and memory of one inference from a device profile; pure, and never an invented number."""

from __future__ import annotations

from policy_gate.areas.cost.device import (
    CostBasis,
    DeviceProfile,
    FeatureRange,
    Interval,
    MemoryModel,
    is_runtime_of,
    weakest,
)
from policy_gate.errors import EvidenceError, Reason
from policy_gate.frozen import dataclass
from policy_gate.model_graph.figures import Features, MemoryPlans, Quantisation

KIB = 1024
NS_PER_MS = 1e6
RANGE_TOLERANCE = 4
"""How far outside the fitted range a feature may lie, as a factor.

Measured on the rows of the fitted profiles, each predicted without its family: the mean error is 9 % inside the
ranges (48 rows), 15 % up to twice outside (23), 6 % up to four times (15) and 10 % beyond (11). It does not grow with
the distance, but beyond four times there is too little to say so.
"""
LEAST_DTYPE_SHARE = 0.9
"""Least share of the MACs in the profile's element type; the rest runs at a speed that the profile does not know."""
MAX_NOTE_CHARS = 200

MAX_COUNT = 2**63
"""Counts beyond are no model that a device could run, and would leave the range of floating-point numbers."""

_FIELDS = {
    "conv_macs": "MACs without depthwise",
    "depthwise_macs": "depthwise MACs",
    "activation_bytes": "activation bytes",
    "weight_bytes": "weight bytes",
    "operators": "operators",
}


@dataclass(frozen=True, slots=True)
class Estimate:
    """One predicted figure with how it is known and what is to be said of it; the unit is the function's."""

    interval: Interval
    basis: CostBasis
    notes: tuple[str, ...] = ()


def check_counts(features: Features) -> None:
    """Raise EvidenceError TOO_LARGE for a model that no device could run."""
    counts = (features.conv_macs, features.depthwise_macs, features.activation_bytes, features.weight_bytes)
    if max(counts) > MAX_COUNT:
        raise EvidenceError(Reason.TOO_LARGE, "one inference takes more than any device could do")


def together(one: Estimate, other: Estimate) -> Estimate:
    """The sum of two figures, known as the weaker one is."""
    span, more = one.interval, other.interval
    whole = Interval(low=span.low + more.low, mid=span.mid + more.mid, high=span.high + more.high)
    return Estimate(whole, weakest([one.basis, other.basis]), tuple(dict.fromkeys((*one.notes, *other.notes))))


def latency(profile: DeviceProfile, features: Features) -> Estimate:
    """Predict the milliseconds of one inference.

    Model: non-negative nanoseconds a feature, plus a fixed part, times the factors of the profile
    (docs/device-profiles.md). With features that are upper bounds only, the lower bound is 0.
    Raises EvidenceError NOT_TRUSTED when the profile has no latency, or says that this model takes no time.
    """
    model = profile.latency
    if model is None:
        raise EvidenceError(Reason.NOT_TRUSTED, f"profile {profile.id} says nothing of latency")
    rates = model.coefficients
    mid = (
        rates.ns_per_conv_mac * features.conv_macs
        + rates.ns_per_depthwise_mac * features.depthwise_macs
        + rates.ns_per_activation_byte * features.activation_bytes
        + rates.ns_per_weight_byte * features.weight_bytes
        + rates.ns_per_operator * features.operators
        + rates.fixed_ns
    ) / NS_PER_MS
    if mid <= 0:
        raise EvidenceError(Reason.NOT_TRUSTED, f"by profile {profile.id} this model takes no time, which none does")
    outside = tuple(_outside(profile, features))
    notes: tuple[str, ...] = (f"profile {profile.id} is for screening only",) if profile.screening else ()
    basis = CostBasis.SCREENING if profile.screening or outside else CostBasis.ESTIMATED
    low = 0.0 if features.bounded else mid * model.lower_factor
    if features.bounded:
        notes += ("the counts are upper bounds, so the lower bound is 0",)
    return Estimate(Interval(low=low, mid=mid, high=mid * model.upper_factor), basis, notes + outside)


def energy(profile: DeviceProfile, latency: Estimate) -> Estimate:
    """Predict the microjoules of one inference: mean power times latency, and what waking takes.

    The mean power of a system's other models misses the energy of published runs by 7 % (65 rows, 22 systems).
    Raises EvidenceError NOT_TRUSTED when the profile has no power.
    """
    power = profile.power
    if power is None:
        raise EvidenceError(Reason.NOT_TRUSTED, f"profile {profile.id} says nothing of power")
    span = latency.interval
    interval = Interval(
        low=power.low_mw * span.low + power.wake_uj,
        mid=power.mid_mw * span.mid + power.wake_uj,
        high=power.high_mw * span.high + power.wake_uj,
    )
    return Estimate(interval, latency.basis, latency.notes)


def ram(profile: DeviceProfile | None, plans: MemoryPlans) -> Estimate:
    """Predict the bytes of activations with scratch, without the runtime's own RAM.

    Without a memory model the planner is not known: between the plan that shares most and the one that shares none.
    """
    memory = profile.memory if profile is not None else None
    if profile is None or memory is None:
        note = "no profile says how the runtime plans memory"
        if profile is not None:
            note = f"profile {profile.id} does not say how the runtime plans memory"
        low, high = sorted((float(plans.overlay), float(plans.no_fusion)))
        interval = Interval(low=low, mid=min(max(low, float(plans.in_place)), high), high=high)
        return Estimate(interval, CostBasis.ESTIMATED, (f"{note}: between our overlay and our no-fusion plan",))
    low = memory.low_of_overlay * plans.overlay
    high = memory.high_of_overlay * plans.overlay + memory.scratch_kib * KIB
    interval = Interval(low=low, mid=min(max(low, float(plans.overlay)), high), high=high)
    return Estimate(interval, *_memory_basis(profile))


def runtime_ram(profile: DeviceProfile) -> Estimate:
    """Bytes of RAM that the runtime takes beside activations; EvidenceError NOT_TRUSTED without a memory model."""
    memory = _memory(profile)
    return _between(profile, memory.runtime_ram_low_kib, memory.runtime_ram_high_kib)


def code_flash(profile: DeviceProfile) -> Estimate:
    """Bytes of flash that the runtime's code takes; EvidenceError NOT_TRUSTED without a memory model."""
    memory = _memory(profile)
    return _between(profile, memory.code_flash_low_kib, memory.code_flash_high_kib)


def mismatch(
    profile: DeviceProfile, features: Features, quantisation: Quantisation, runtime_name: str, runtime_version: str
) -> str:
    """Say why a profile is not about this model and runtime; "" when it is.

    A runtime's name is compared without case, its version exactly: another version is another device.
    """
    if not is_runtime_of(profile, runtime_name, runtime_version):
        wanted = f"{profile.runtime_name} '{profile.runtime_version}'"
        return (
            f"the profile is for runtime {wanted}, and the target's is {_cut(runtime_name)} '{_cut(runtime_version)}'"
        )
    if not features.dtype:
        return f"the profile is for {profile.dtype}, and the model has no kernel whose element type could be told"
    if features.dtype != profile.dtype:
        return f"the profile is for {profile.dtype}, and most MACs of the model are {_cut(features.dtype)}"
    if features.dtype_share < LEAST_DTYPE_SHARE:
        return f"the profile is for {profile.dtype}, and only {features.dtype_share:.0%} of the model's MACs are"
    if profile.quantisation not in ("any", quantisation.value):
        return f"the profile is for weights quantised {profile.quantisation}, and the model's are {quantisation.value}"
    return ""


def measuring_row(profile: DeviceProfile, artifact: str, digest: str, features: Features) -> str:
    """The row of `profile fit` that a measurement of this model would fill: its `family` and `latency_ms` are empty."""
    cells = {
        "model": artifact,
        "model_key": digest,
        "dtype": profile.labels.dtype,
        "device": profile.labels.device,
        "engine": profile.labels.engine,
        "runtime": profile.labels.runtime,
        "macs_excl_dw": str(features.conv_macs),
        "macs_dw": str(features.depthwise_macs),
        "act_bytes": str(features.activation_bytes),
        "weight_bytes": str(features.weight_bytes),
        "n_ops": str(features.operators),
    }
    return ",".join(_cell(cells.get(column, "")) for column in MEASURING_COLUMNS)


MEASURING_COLUMNS = (
    "family",
    "model",
    "model_key",
    "dtype",
    "device",
    "engine",
    "runtime",
    "latency_ms",
    "macs_excl_dw",
    "macs_dw",
    "act_bytes",
    "weight_bytes",
    "n_ops",
)
"""The header above `measuring_row`."""


def outside_ranges(ranges: tuple[FeatureRange, ...], features: Features) -> tuple[str, ...]:
    """Say which features lie more than `RANGE_TOLERANCE` times outside what a profile was fitted on."""
    found = []
    for one in ranges:
        amount = getattr(features, one.feature)
        if amount > one.most * RANGE_TOLERANCE or amount * RANGE_TOLERANCE < one.least:
            fitted = f"{one.least:,} to {one.most:,}"
            found.append(f"{_FIELDS[one.feature]} {amount:,} lie far outside the fitted range {fitted}")
    return tuple(found)


def _outside(profile: DeviceProfile, features: Features) -> tuple[str, ...]:
    return outside_ranges(profile.fit.ranges, features) if profile.fit is not None else ()


def _memory_basis(profile: DeviceProfile) -> tuple[CostBasis, tuple[str, ...]]:
    if profile.memory is not None and not profile.memory.screening:
        return CostBasis.ESTIMATED, ()
    return CostBasis.SCREENING, (f"profile {profile.id} takes its memory from other runtime versions",)


def _memory(profile: DeviceProfile) -> MemoryModel:
    if profile.memory is None:
        raise EvidenceError(Reason.NOT_TRUSTED, f"profile {profile.id} says nothing of memory")
    return profile.memory


def _between(profile: DeviceProfile, low_kib: float, high_kib: float) -> Estimate:
    low, high = low_kib * KIB, high_kib * KIB
    return Estimate(Interval(low=low, mid=(low + high) / 2, high=high), *_memory_basis(profile))


def _cut(text: str) -> str:
    return text if len(text) <= MAX_NOTE_CHARS else f"{text[: MAX_NOTE_CHARS - 1]}…"


def _cell(text: str) -> str:
    """One CSV cell (RFC 4180); a spreadsheet takes what starts like a formula for one, so that gets an apostrophe."""
    if text.startswith(("=", "+", "-", "@", "\t", "\r")):
        text = f"'{text}"
    if any(mark in text for mark in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text
