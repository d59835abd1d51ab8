"""Reads the telemetry section: which fields identify, which combine to identify, how much is kept how long."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from policy_gate.area import Evidence, not_declared
from policy_gate.areas.privacy.facts import IdentifyingField, StableId, TelemetryStream
from policy_gate.areas.privacy.field_names import names_a_person, names_a_stable_id
from policy_gate.model import RELEASE, Basis, Fact, Missing, Subject, round_up

if TYPE_CHECKING:
    from policy_gate.areas.privacy.telemetry_claims import FieldClaims, LocalDp, StreamClaims


def streams_of(evidence: Evidence) -> tuple[StreamClaims, ...] | None:
    """The streams that the manifest declares; None where it has no such section."""
    from policy_gate.areas.privacy.telemetry_claims import TelemetryClaims  # pydantic; the engine's start is without

    claims = evidence.section("telemetry")
    return claims.root if isinstance(claims, TelemetryClaims) else None


def no_telemetry(kind: type[Fact]) -> Missing:
    """Stand for a fact that only the section could give."""
    what, fix = "the manifest does not say what the device sends", "add `telemetry: []` if it sends nothing"
    return not_declared(kind, "/telemetry", what, fix=fix)


def streams(evidence: Evidence) -> Iterator[Fact | Missing]:
    """One fact per stream; an empty list is a statement too, an absent section is none."""
    claims = streams_of(evidence)
    if claims is None:
        yield no_telemetry(TelemetryStream)
        return
    if not claims:
        yield TelemetryStream(subject=RELEASE, pointer="/telemetry", basis=Basis.DECLARED)
    for position, stream in enumerate(claims):
        yield _stream(stream, f"/telemetry/{position}")


def _stream(stream: StreamClaims, pointer: str) -> TelemetryStream:
    hiding = stream.anonymization
    return TelemetryStream(
        subject=Subject("stream", (stream.id,)),
        pointer=pointer,
        basis=Basis.DECLARED,
        fields=len(stream.fields),
        identifying=tuple(
            IdentifyingField(field=field.name, why=why, pointer=f"{pointer}/fields/{position}/name")
            for position, field in enumerate(stream.fields)
            if (why := _identifies(field))
        ),
        stable_ids=tuple(
            StableId(
                field=field.name,
                rotation_days=field.rotation_days,
                pointer=f"{pointer}/fields/{position}/rotation_days",
            )
            for position, field in enumerate(stream.fields)
            if field.rotation_days is not None and not _identifies(field)
        ),
        quasi_identifiers=tuple(field.name for field in stream.fields if field.class_ == "quasi-identifier"),
        crowd=(hiding.k_min or 0) if hiding is not None else 0,
        local_epsilon=_local_epsilon(hiding.local_dp) if hiding is not None else 0.0,
        rate=stream.sampling.rate,
        retention_days=stream.retention_days,
    )


def _local_epsilon(noise: LocalDp | None) -> float:
    """Basic composition (Dwork & Roth 2014, theorem 3.14): the epsilons of the reports of one window add up."""
    return round_up(noise.epsilon_per_report * noise.reports_per_window) if noise is not None else 0.0


def _identifies(field: FieldClaims) -> str:
    """Why a field identifies, or "" when nothing says so."""
    if field.class_ == "identifier":
        return "its class is identifier"
    if names_a_person(field.name):
        return "its name is that of a direct identifier"
    if field.rotation_days is not None and field.class_ == "stable-id":
        return ""
    if field.class_ == "stable-id":
        return "a stable id without rotation_days"
    if names_a_stable_id(field.name):
        return "its name is that of a stable id, its class is not"
    return ""
