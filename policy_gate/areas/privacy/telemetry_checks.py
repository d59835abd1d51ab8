"""Compares what telemetry sends with what policy allows."""

from __future__ import annotations

from policy_gate.areas.privacy.facts import TelemetryStream
from policy_gate.frozen import dataclass
from policy_gate.model import Answer, Fix, Outcome
from policy_gate.policy.limits import limit, number, whole_number

SHOWN_FIELDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class CrowdLimits:
    """How far fields may single a device out."""

    max_quasi_identifiers: int = limit(
        whole_number(), "quasi-identifiers a stream may hold without a crowd", stricter="lower", default=1
    )
    min_crowd: int = limit(whole_number(minimum=1), "smallest group that may be stored", stricter="higher", default=11)


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimits:
    """Which share may report."""

    max_rate: float = limit(number(above=0, maximum=1), "largest sampling rate", stricter="lower", default=0.05)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionLimits:
    """How long reports may be kept."""

    max_days: int = limit(whole_number(), "longest retention in days", stricter="lower", default=90)


def without_identifiers(stream: TelemetryStream) -> Answer:
    """Telemetry holds no direct identifier, and stable ids are renewed.

    Leave the field out, or make it a `stable-id` with `rotation_days`.
    """
    if not stream.identifying:
        return Answer(outcome=Outcome.PASS, message=f"none of {stream.fields} fields identifies", measured=0)
    shown = stream.identifying[:SHOWN_FIELDS]
    more = len(stream.identifying) - len(shown)
    return Answer(
        outcome=Outcome.FAIL,
        message=f"{len(stream.identifying)} of {stream.fields} fields identify a person or a device",
        measured=len(stream.identifying),
        limit=0,
        unit="fields",
        pointer=shown[0].pointer,
        causes=(*(f"{one.field}: {one.why}" for one in shown), *([f"and {more} more"] if more else [])),
        fixes=(Fix(text="leave the field out, or make it a stable-id with rotation_days"),),
    )


def crowds(stream: TelemetryStream, limits: CrowdLimits) -> Answer:
    """Fields that identify together are stored for groups only, or carry noise from the device.

    Aggregate before storing with a `k_min`, or drop quasi-identifiers.
    """
    count = len(stream.quasi_identifiers)
    if count <= limits.max_quasi_identifiers:
        return Answer(outcome=Outcome.PASS, message=f"{count} quasi-identifiers in the stream", measured=count)
    if stream.local_dp:
        return Answer(outcome=Outcome.PASS, message=f"{count} quasi-identifiers with noise from the device")
    fits = stream.crowd >= limits.min_crowd
    hidden = f"in groups of at least {stream.crowd}" if stream.crowd else "without a smallest group"
    return Answer(
        outcome=Outcome.PASS if fits else Outcome.FAIL,
        message=f"{count} quasi-identifiers are stored {hidden}; policy asks for {limits.min_crowd}",
        measured=stream.crowd,
        limit=limits.min_crowd,
        unit="devices",
        causes=(f"together they can single a device out: {', '.join(stream.quasi_identifiers[:SHOWN_FIELDS])}",),
        fixes=() if fits else (Fix(text=f"aggregate before storing with k_min: {limits.min_crowd}, or drop fields"),),
    )


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
