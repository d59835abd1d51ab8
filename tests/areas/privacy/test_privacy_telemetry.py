"""What leaves the device: identifiers by class and by whole word, crowds, rates and retention."""

from __future__ import annotations

import pytest
from privacy_world import facts_of, only

from policy_gate.areas.privacy import telemetry_checks as checks
from policy_gate.areas.privacy.facts import TelemetryStream
from policy_gate.areas.privacy.field_names import names_a_person, names_a_stable_id
from policy_gate.errors import Reason
from policy_gate.model import Outcome


def stream_of(*fields: dict, **changes) -> dict:
    return {
        "id": "metrics",
        "purpose": "latency regression",
        "signals": ["metrics"],
        "fields": list(fields) or [{"name": "latency_ms", "class": "measure"}],
        "sampling": {"rate": 0.01, "decision": "device"},
        "retention_days": 90,
        **changes,
    }


def fact(folder, *fields, **changes) -> TelemetryStream:
    return only(facts_of(folder, None, [stream_of(*fields, **changes)]), TelemetryStream)


def field(name: str, kind: str = "measure", **more) -> dict:
    return {"name": name, "class": kind, **more}


@pytest.mark.parametrize(
    "name",
    ["email", "user_email", "userEmail", "EMAIL", "imei", "client.ip", "ipv4", "gps_lat", "macAddress", "first_name"],
)
def test_a_name_with_the_word_of_an_identifier_is_found(name):
    assert names_a_person(name)


@pytest.mark.parametrize(
    "name",
    ["email_send_latency_ms", "ip_count", "macs_total", "description", "shipment", "relationship", "latency_ms", "zip"],
)
def test_a_measure_or_a_word_that_only_contains_one_is_not(name):
    assert not names_a_person(name)


@pytest.mark.parametrize("name", ["device_id", "deviceId", "deviceid", "user_hash", "androidId", "installation_uuid"])
def test_the_name_of_a_stable_id_is_found(name):
    assert names_a_stable_id(name)


@pytest.mark.parametrize("name", ["model_id", "layer_id", "device_model", "device_id_count", "user_count"])
def test_ids_of_things_are_not_ids_of_people(name):
    assert not names_a_stable_id(name)


@pytest.mark.parametrize(
    "claimed",
    [
        field("token", "identifier"),
        field("email"),
        field("device_id"),
        field("device_id", "category"),
        field("session", "stable-id"),
        field("email", "stable-id", rotation_days=1),
        field("device_id", "measure", rotation_days=1),
    ],
    ids=str,
)
def test_a_field_that_identifies_fails_at_its_line(tmp_path, claimed):
    stream = fact(tmp_path, field("latency_ms"), claimed)
    answer = checks.without_identifiers(stream, limits=checks.IdentifierLimits())
    assert (answer.outcome, answer.pointer) == (Outcome.FAIL, "/telemetry/0/fields/1/name")


def test_a_stable_id_that_is_renewed_passes(tmp_path):
    stream = fact(tmp_path, field("device_id", "stable-id", rotation_days=7))
    assert checks.without_identifiers(stream, limits=checks.IdentifierLimits()).outcome is Outcome.PASS


def test_a_stable_id_that_is_renewed_too_late_fails_at_its_days(tmp_path):
    late = field("device_id", "stable-id", rotation_days=91)
    stream = fact(tmp_path, field("latency_ms"), field("hour_id", "stable-id", rotation_days=90), late)
    answer = checks.without_identifiers(stream, limits=checks.IdentifierLimits())
    assert (answer.outcome, answer.pointer) == (Outcome.FAIL, "/telemetry/0/fields/2/rotation_days")
    assert (answer.measured, answer.causes) == (1, ("device_id: renewed after 91 days; policy allows 90",))
    assert checks.without_identifiers(stream, checks.IdentifierLimits(max_rotation_days=91)).outcome is Outcome.PASS


def test_noise_that_hides_nobody_is_said_to_and_replaces_no_crowd(tmp_path):
    fields = [field(f"f{n}", "quasi-identifier") for n in range(2)]
    noise = {"epsilon_per_report": 1e6, "reports_per_window": 10**9}
    weak = fact(tmp_path, *fields, anonymization={"local_dp": noise})
    answer = checks.crowds(weak, limits=checks.CrowdLimits())
    assert (answer.outcome, weak.local_epsilon) == (Outcome.FAIL, 1e15)
    assert "epsilon 1e+15" in answer.causes[1]
    crowd = fact(tmp_path, *fields, anonymization={"local_dp": noise, "k_min": 11})
    assert checks.crowds(crowd, limits=checks.CrowdLimits()).outcome is Outcome.PASS


def test_many_identifying_fields_are_counted_and_five_are_shown(tmp_path):
    stream = fact(tmp_path, *(field(f"email_{letter}") for letter in "abcdefgh"))
    answer = checks.without_identifiers(stream, limits=checks.IdentifierLimits())
    assert answer.measured == 8
    assert answer.causes[-1] == "and 3 more"


@pytest.mark.parametrize(
    ("count", "hiding", "outcome"),
    [
        (1, None, Outcome.PASS),
        (2, None, Outcome.FAIL),
        (2, {"k_min": 10}, Outcome.FAIL),
        (2, {"k_min": 11}, Outcome.PASS),
        (2, {"method": "suppress"}, Outcome.FAIL),
        (2, {"local_dp": {"epsilon_per_report": 1.0, "reports_per_window": 1}}, Outcome.PASS),
        (2, {"local_dp": {"epsilon_per_report": 1.0, "reports_per_window": 10}}, Outcome.PASS),
        (2, {"local_dp": {"epsilon_per_report": 1.0, "reports_per_window": 11}}, Outcome.FAIL),
        (2, {"local_dp": {"epsilon_per_report": 10.1, "reports_per_window": 1}}, Outcome.FAIL),
    ],
)
def test_fields_that_identify_together_need_a_crowd(tmp_path, count, hiding, outcome):
    changes = {"anonymization": hiding} if hiding else {}
    stream = fact(tmp_path, *(field(f"f{n}", "quasi-identifier") for n in range(count)), **changes)
    assert checks.crowds(stream, limits=checks.CrowdLimits()).outcome is outcome


def test_rate_and_retention_above_policy_fail_at_their_line(tmp_path):
    stream = fact(tmp_path, sampling={"rate": 0.06, "decision": "device"}, retention_days=91)
    rate = checks.rate_within(stream, limits=checks.RateLimits())
    kept = checks.retention_within(stream, limits=checks.RetentionLimits())
    assert (rate.outcome, rate.pointer) == (Outcome.FAIL, "/telemetry/0/sampling/rate")
    assert (kept.outcome, kept.pointer) == (Outcome.FAIL, "/telemetry/0/retention_days")
    assert checks.rate_within(fact(tmp_path), limits=checks.RateLimits()).outcome is Outcome.PASS
    assert checks.retention_within(fact(tmp_path), limits=checks.RetentionLimits()).outcome is Outcome.PASS


def test_an_absent_section_is_unknown_and_an_empty_list_is_a_statement(tmp_path):
    assert only(facts_of(tmp_path, None), TelemetryStream).reason is Reason.NOT_DECLARED
    nothing = only(facts_of(tmp_path, None, []), TelemetryStream)
    assert checks.without_identifiers(nothing, limits=checks.IdentifierLimits()).outcome is Outcome.PASS
    assert checks.rate_within(nothing, limits=checks.RateLimits()).outcome is Outcome.PASS
