"""What a manifest claims of telemetry: which fields leave the device, how often, and how long they are kept."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, RootModel, field_validator

from policy_gate.areas.privacy.claims_documents import Day
from policy_gate.manifest.claims import ClaimModel, Identifier, Items, RelativePath, Text

MAX_FIELDS = 512
MAX_STREAMS = 64
Duration = Annotated[str, Field(pattern=r"^P(\d{1,6}[DW]|T\d{1,6}[HMS])$", description="ISO 8601, as in PT1H")]


class FieldClaims(ClaimModel):
    """One field of a stream; a stable id says after how many days it is renewed."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]{0,127}$")]
    class_: Annotated[
        Literal["measure", "category", "quasi-identifier", "time", "stable-id", "identifier"], Field(alias="class")
    ]
    cardinality_max: Annotated[int, Field(ge=1, le=10**12)] | None = None
    resolution: Annotated[str, Field(pattern=r"^P(\d+[DW]|T\d+[HMS])$", description="ISO 8601, as in PT1H")] | None = (
        None
    )
    rotation_days: Annotated[int, Field(ge=1, le=36500)] | None = None


class StreamSampling(ClaimModel):
    """Which share of devices or events reports, and where that is decided."""

    rate: Annotated[float, Field(gt=0, le=1)]
    decision: Literal["device", "server"]


class LocalDp(ClaimModel):
    """Noise added on the device; every report of the window adds its epsilon."""

    epsilon_per_report: Annotated[float, Field(gt=0, le=1e6)]
    reports_per_window: Annotated[int, Field(ge=1, le=10**9, description="reports of one device in window_days")]
    window_days: Annotated[int, Field(ge=1, le=36500)] | None = None


class Anonymization(ClaimModel):
    """How single devices are hidden: in groups of at least `k_min`, or by noise on the device."""

    k_min: Annotated[int, Field(ge=1, le=10**9)] | None = None
    method: Literal["aggregate-before-store", "generalize", "suppress"] | None = None
    local_dp: LocalDp | None = None


class OnDemand(ClaimModel):
    """Raw data fetched from single devices on request: who approves it, of what, until when, and where it is logged."""

    enabled: bool
    approver: Text | None = None
    scope: Text | None = None
    expiry: Day | None = None
    audit_log: RelativePath | None = None


class StreamClaims(ClaimModel):
    """One stream of telemetry."""

    id: Identifier
    purpose: Text
    signals: Annotated[Items[Literal["metrics", "logs", "traces", "events"]], Field(min_length=1)]
    fields: Annotated[Items[FieldClaims], Field(min_length=1, max_length=MAX_FIELDS)]
    sampling: StreamSampling
    anonymization: Anonymization | None = None
    retention_days: Annotated[int, Field(ge=0, le=36500)]
    on_demand: OnDemand | None = None
    consent: Literal["opt-in", "opt-out", "contract", "none"] | None = None
    collector_config: RelativePath | None = None


class TelemetryClaims(RootModel[Items[StreamClaims]]):
    """The `telemetry` section of a manifest; an empty list says that nothing is sent."""

    @field_validator("root")
    @classmethod
    def _ids_are_unique(cls, streams: tuple[StreamClaims, ...]) -> tuple[StreamClaims, ...]:
        ids = [stream.id for stream in streams]
        if len(set(ids)) != len(ids):
            raise ValueError("two streams have the same id")
        if len(ids) > MAX_STREAMS:
            raise ValueError(f"{len(ids)} streams; at most {MAX_STREAMS} are read")
        return streams
