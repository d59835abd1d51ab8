"""Adds up what noise on the device costs: the loss of one report times the reports of a window, over all sources."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from policy_gate.area import Evidence, not_declared
from policy_gate.areas.privacy.facts_telemetry import LocalReports, LocalSpend
from policy_gate.areas.privacy.telemetry import no_telemetry, streams_of
from policy_gate.errors import Reason
from policy_gate.model import RELEASE, Basis, Fact, Missing, round_up

if TYPE_CHECKING:
    from policy_gate.areas.privacy.claims import PrivacyClaims
    from policy_gate.areas.privacy.claims_phases import Phase
    from policy_gate.areas.privacy.telemetry_claims import StreamClaims

_ROUNDING = 2.0**-46
"""More than the last bits of three logarithms of numbers within 1e-12 to 1e9, so that no loss is ever 0."""


def local_spend(evidence: Evidence) -> Iterator[Fact | Missing]:
    """One fact about the release: a device takes part in every phase and in every stream, so all of them add up."""
    from policy_gate.areas.privacy.claims import PrivacyClaims  # pydantic is loaded by now

    claims, streams = evidence.section("privacy"), streams_of(evidence)
    if not isinstance(claims, PrivacyClaims):
        what, fix = "the manifest has no privacy section", "add a `privacy` section: the claim and its phases"
        yield not_declared(LocalSpend, "/privacy", what, fix=fix)
        return
    if streams is None:
        yield no_telemetry(LocalSpend)
        return
    parts: list[LocalReports] = []
    for found in (*_of_phases(claims), *_of_streams(streams, claims)):
        if isinstance(found, Missing):
            yield found
            return
        parts.append(found)
    longest = max((part.window_days for part in parts), default=0)
    yield LocalSpend(
        subject=RELEASE,
        pointer=parts[0].pointer if parts else "/privacy/claim_type",
        basis=Basis.DECLARED,
        window_days=longest,
        epsilon=spent(parts, longest),
        parts=tuple(parts),
    )


def spent(parts: list[LocalReports], window_days: int) -> float:
    """Upper bound of what all reports of a window cost together: their epsilons add up.

    Basic composition (Dwork & Roth 2014, theorem 3.14). A part whose own window is shorter fills it as often as it
    begins in the long one.
    """
    return round_up(
        sum(part.epsilon_per_report * part.reports * math.ceil(window_days / part.window_days) for part in parts)
    )


def _of_phases(claims: PrivacyClaims) -> Iterator[LocalReports | Missing]:
    if claims.claim_type != "local-dp":
        return
    if not claims.phases:
        yield not_declared(LocalSpend, "/privacy/phases", "the manifest lists no phase in which units reported")
    records = _records_per_unit(claims)
    for position, phase in enumerate(claims.phases):
        pointer = f"/privacy/phases/{position}"
        per_report = epsilon_per_report(phase)
        if per_report is None:
            what = f"phase {phase.id}: nothing is proven of one report by {phase.mechanism}"
            yield _not_proven(f"{pointer}/mechanism", what)
        elif records is None:
            what = "the manifest does not say how many records one unit may have, and each of them reports"
            yield not_declared(LocalSpend, "/privacy/unit/max_records_per_unit", what)
        else:
            reports = (getattr(phase, "steps", None) or 1) * records
            yield _in_window(f"phase {phase.id}", per_report, reports, _window(claims), f"{pointer}/steps")


def _of_streams(streams: tuple[StreamClaims, ...], claims: PrivacyClaims) -> Iterator[LocalReports | Missing]:
    for position, stream in enumerate(streams):
        noise = stream.anonymization.local_dp if stream.anonymization is not None else None
        if noise is not None:
            pointer = f"/telemetry/{position}/anonymization/local_dp"
            window = noise.window_days or _window(claims)
            yield _in_window(f"stream {stream.id}", noise.epsilon_per_report, noise.reports_per_window, window, pointer)


def _in_window(
    source: str, per_report: float, reports: int, window_days: int | None, pointer: str
) -> LocalReports | Missing:
    """Reports of no stated window may be those of a minute."""
    if window_days is None:
        what = f"{source} does not say in how many days these are the reports"
        fix = "add `window_days` to `population`, or to `local_dp` of the stream"
        return not_declared(LocalSpend, pointer, what, fix=fix)
    return LocalReports(
        source=source,
        epsilon_per_report=round_up(per_report),
        reports=reports,
        window_days=window_days,
        pointer=pointer,
    )


def epsilon_per_report(phase: Phase) -> float | None:
    """Upper bound of the pure epsilon of one report, any two inputs compared; None where nothing is proven of it.

    krr: Kairouz, Oh, Viswanath (2014). laplace: inputs clipped to a norm are up to twice that norm apart, and
    `noise_multiplier` is the scale over the norm. rappor: Erlingsson, Pihur, Korolova (2014), theorem 1, the loss of
    the permanent response to one value, however often it is reported.
    """
    if phase.mechanism == "krr":
        keep = phase.keep_probability
        return abs(math.log(keep) - math.log1p(-keep) + math.log(phase.categories - 1)) + _ROUNDING
    if phase.mechanism == "rappor":
        wrong = phase.flip_probability / 2.0
        return 2.0 * phase.hashes * (math.log1p(-wrong) - math.log(wrong)) + _ROUNDING * phase.hashes
    if phase.mechanism == "laplace":
        return 2.0 / phase.noise_multiplier if phase.clip_norm is not None else None
    return None


def _window(claims: PrivacyClaims) -> int | None:
    return claims.population.window_days if claims.population is not None else None


def _records_per_unit(claims: PrivacyClaims) -> int | None:
    if claims.unit is None:
        return None
    return 1 if claims.unit.kind == "example" else claims.unit.max_records_per_unit


def _not_proven(pointer: str, what: str) -> Missing:
    return Missing(fact=LocalSpend.name, subject=RELEASE, pointer=pointer, reason=Reason.NOT_PROVEN, detail=what)
