"""Compares what telemetry sends with what policy allows."""

from __future__ import annotations

from policy_gate.areas.privacy.facts import TelemetryStream
from policy_gate.frozen import dataclass
from policy_gate.model import Answer, Fix, Outcome
from policy_gate.policy.limits import limit, number, whole_number

SHOWN_FIELDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifierLimits:
    """How long reports of one device may be told from others'."""

    max_rotation_days: int = limit(
        whole_number(minimum=1), "longest time in days until a stable id is renewed", stricter="lower", default=90
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CrowdLimits:
    """How far fields may single a device out."""

    max_quasi_identifiers: int = limit(
        whole_number(), "quasi-identifiers a stream may hold without a crowd", stricter="lower", default=1
    )
    min_crowd: int = limit(whole_number(minimum=1), "smallest group that may be stored", stricter="higher", default=11)
    max_local_epsilon: float = limit(
        number(above=0, maximum=1e6), "largest epsilon of one device's reports", stricter="lower", default=10.0
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimits:
    """Which share may report."""

    max_rate: float = limit(number(above=0, maximum=1), "largest sampling rate", stricter="lower", default=0.05)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionLimits:
    """How long reports may be kept."""

    max_days: int = limit(whole_number(), "longest retention in days", stricter="lower", default=90)


def without_identifiers(stream: TelemetryStream, limits: IdentifierLimits) -> Answer:
    """Telemetry holds no direct identifier, and stable ids are renewed in time.

    Leave the field out, or make it a `stable-id` with `rotation_days`.
    """
    most = limits.max_rotation_days
    found = (
        *((one.pointer, f"{one.field}: {one.why}") for one in stream.identifying),
        *(
            (one.pointer, f"{one.field}: renewed after {one.rotation_days} days; policy allows {most}")
            for one in stream.stable_ids
            if one.rotation_days > most
        ),
    )
    if not found:
        return Answer(outcome=Outcome.PASS, message=f"none of {stream.fields} fields identifies", measured=0)
    shown = found[:SHOWN_FIELDS]
    more = len(found) - len(shown)
    return Answer(
        outcome=Outcome.FAIL,
        message=f"{len(found)} of {stream.fields} fields identify a person or a device",
        measured=len(found),
        unit="fields",
        pointer=shown[0][0],
        causes=(*(why for _, why in shown), *([f"and {more} more"] if more else [])),
        fixes=(Fix(text=f"leave the field out, or make it a stable-id with rotation_days of at most {most}"),),
    )


def crowds(stream: TelemetryStream, limits: CrowdLimits) -> Answer:
    """Fields that identify together are stored for groups only, or carry enough noise from the device.

    Aggregate before storing with a `k_min`, or drop quasi-identifiers.
    """
    count = len(stream.quasi_identifiers)
    if count <= limits.max_quasi_identifiers:
        return Answer(outcome=Outcome.PASS, message=f"{count} quasi-identifiers in the stream", measured=count)
    if 0 < stream.local_epsilon <= limits.max_local_epsilon:
        message = f"{count} quasi-identifiers with noise from the device, epsilon {stream.local_epsilon:g}"
        return Answer(
            outcome=Outcome.PASS, message=message, measured=stream.local_epsilon, limit=limits.max_local_epsilon
        )
    fits = stream.crowd >= limits.min_crowd
    hidden = f"in groups of at least {stream.crowd}" if stream.crowd else "without a smallest group"
    return Answer(
        outcome=Outcome.PASS if fits else Outcome.FAIL,
        message=f"{count} quasi-identifiers are stored {hidden}; policy asks for {limits.min_crowd}",
        measured=stream.crowd,
        limit=limits.min_crowd,
        unit="devices",
        causes=(
            f"together they can single a device out: {', '.join(stream.quasi_identifiers[:SHOWN_FIELDS])}",
            *_too_little_noise(stream, limits),
        ),
        fixes=() if fits else (Fix(text=f"aggregate before storing with k_min: {limits.min_crowd}, or drop fields"),),
    )


def _too_little_noise(stream: TelemetryStream, limits: CrowdLimits) -> tuple[str, ...]:
    if not stream.local_epsilon:
        return ()
    spent, most = f"{stream.local_epsilon:g}", f"{limits.max_local_epsilon:g}"
    return (f"noise from the device hides nobody at epsilon {spent} for all reports of a window; at most {most} does",)


def rate_within(stream: TelemetryStream, limits: RateLimits) -> Answer:
    """No larger share of devices or events reports than policy allows.

    Lower `sampling.rate`; most questions need far fewer reports than there are devices.
    """
    fits = stream.rate <= limits.max_rate
    return Answer(
        outcome=Outcome.PASS if fits else Outcome.FAIL,
        message=f"{stream.rate:g} of events are reported; policy allows {limits.max_rate:g}",
        measured=stream.rate,
        limit=limits.max_rate,
        pointer=f"{stream.pointer}/sampling/rate" if stream.fields else None,
        fixes=() if fits else (Fix(text=f"lower sampling.rate to {limits.max_rate:g}"),),
    )


def retention_within(stream: TelemetryStream, limits: RetentionLimits) -> Answer:
    """Reports are deleted after at most as many days as policy allows.

    Lower `retention_days`, and delete what is older.
    """
    fits = stream.retention_days <= limits.max_days
    return Answer(
        outcome=Outcome.PASS if fits else Outcome.FAIL,
        message=f"reports are kept {stream.retention_days} days; policy allows {limits.max_days}",
        measured=stream.retention_days,
        limit=limits.max_days,
        unit="days",
        pointer=f"{stream.pointer}/retention_days" if stream.fields else None,
        fixes=() if fits else (Fix(text=f"lower retention_days to {limits.max_days}"),),
    )
