"""Raw data on request needs leave, scope, an end and a log; noise on the device is counted over all reports."""

from __future__ import annotations

import math
from fractions import Fraction
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from privacy_world import facts_of, only, privacy_of

from policy_gate.area import FactBook
from policy_gate.areas.lineage.facts import PersonList
from policy_gate.areas.privacy import telemetry_flow_checks as checks
from policy_gate.areas.privacy.facts_telemetry import KeyedList, LocalReports, LocalSpend, OnDemandAccess
from policy_gate.areas.privacy.keyed_lists import keyed_lists
from policy_gate.areas.privacy.local_reports import epsilon_per_report, spent
from policy_gate.errors import ManifestError, Reason
from policy_gate.model import RELEASE, Missing, Outcome, Subject

AT = "/telemetry/0/on_demand"
GRANTED = {
    "enabled": True,
    "approver": "privacy team",
    "scope": "crash dumps of node-v2",
    "expiry": "2026-12-23",
    "audit_log": "audit.log",
}


def stream_of(identifier: str = "metrics", **changes) -> dict:
    return {
        "id": identifier,
        "purpose": "latency regression",
        "signals": ["metrics"],
        "fields": [{"name": "latency_ms", "class": "measure"}],
        "sampling": {"rate": 0.01, "decision": "device"},
        "retention_days": 30,
        **changes,
    }


def access(folder, **stated) -> OnDemandAccess:
    (folder / "audit.log").write_bytes(b"")
    found = only(facts_of(folder, None, [stream_of(on_demand=stated)]), OnDemandAccess)
    assert isinstance(found, OnDemandAccess), found
    return found


def bounded(fact: OnDemandAccess, max_days: int = 30):
    return checks.on_demand_bounded(fact, checks.OnDemandLimits(max_days=max_days))


def test_raw_data_that_is_fetched_by_leave_for_a_while_and_in_writing_passes(tmp_path):
    assert bounded(access(tmp_path, **GRANTED)).outcome is Outcome.PASS
    assert bounded(access(tmp_path, enabled=False)).outcome is Outcome.PASS


@pytest.mark.parametrize("key", ["approver", "scope", "expiry", "audit_log"])
def test_raw_data_without_one_of_the_four_fails_at_its_key(tmp_path, key):
    answer = bounded(access(tmp_path, **{name: text for name, text in GRANTED.items() if name != key}))
    assert (answer.outcome, answer.pointer) == (Outcome.FAIL, f"{AT}/{key}")


@pytest.mark.parametrize("text", ["TODO", "tbd", "-", " ", "???", "123", "[placeholder]", "Scope: TBD"])
@pytest.mark.parametrize("key", ["approver", "scope"])
def test_words_that_stand_for_an_answer_to_come_are_none(tmp_path, key, text):
    answer = bounded(access(tmp_path, **{**GRANTED, key: text}))
    assert (answer.outcome, answer.pointer) == (Outcome.FAIL, f"{AT}/{key}")


@pytest.mark.parametrize(
    ("expiry", "outcome"),
    [
        ("2026-11-22", Outcome.FAIL),
        ("2026-11-23", Outcome.PASS),
        ("2026-12-23", Outcome.PASS),
        ("2026-12-24", Outcome.FAIL),
        ("9999-12-31", Outcome.FAIL),
        ("0001-01-01", Outcome.FAIL),
    ],
)
def test_a_permission_lasts_until_its_day_and_no_longer_than_policy_allows(tmp_path, expiry, outcome):
    answer = bounded(access(tmp_path, **{**GRANTED, "expiry": expiry}))
    assert answer.outcome is outcome
    assert outcome is Outcome.PASS or answer.pointer == f"{AT}/expiry"


def test_a_log_that_is_not_in_the_tree_fails_at_it(tmp_path):
    answer = bounded(access(tmp_path, **{**GRANTED, "audit_log": "gone.log"}))
    assert (answer.outcome, answer.pointer) == (Outcome.FAIL, f"{AT}/audit_log")
    assert bounded(access(tmp_path, **{**GRANTED, "audit_log": "../audit.log"})).outcome is Outcome.FAIL


@pytest.mark.parametrize("expiry", ["soon", "2026-02-30", "2026-12-1", "", "never"])
def test_a_day_that_is_none_is_no_manifest(tmp_path, expiry):
    with pytest.raises(ManifestError):
        access(tmp_path, **{**GRANTED, "expiry": expiry})


def test_saying_nothing_of_raw_data_is_no_answer_and_an_empty_list_is_one(tmp_path):
    missing = only(facts_of(tmp_path, None, [stream_of()]), OnDemandAccess)
    assert (missing.reason, missing.pointer) == (Reason.NOT_DECLARED, AT)
    assert only(facts_of(tmp_path, None), OnDemandAccess).reason is Reason.NOT_DECLARED
    assert bounded(only(facts_of(tmp_path, None, []), OnDemandAccess)).outcome is Outcome.PASS


# What one unit's reports cost together.


def noise(per_report: float, reports: int, **more) -> dict:
    return {"local_dp": {"epsilon_per_report": per_report, "reports_per_window": reports, **more}}


def krr(**changes) -> dict:
    phase = {"id": "words", "mechanism": "krr", "keep_probability": 0.75, "categories": 4, "steps": 3, **changes}
    return {key: one for key, one in phase.items() if one is not None}


def local(**changes) -> dict:
    return privacy_of(claim_type="local-dp", phases=[krr()], **changes)


def spend(folder, privacy: dict | None = None, *streams: dict) -> LocalSpend | Missing:
    return only(facts_of(folder, privacy or privacy_of(), list(streams)), LocalSpend)


def within(fact, **limits):
    return checks.local_reports_within(fact, checks.LocalLimits(**limits))


def test_the_reports_of_a_window_multiply_what_one_costs(tmp_path):
    fact = spend(tmp_path, None, stream_of(anonymization=noise(3.89, 30, window_days=1)))
    answer = within(fact)
    assert (answer.outcome, fact.epsilon) == (Outcome.FAIL, 116.7)
    assert answer.message.startswith("stream metrics: 3.89 x 30 reports in 1 day: epsilon 116.7; policy allows 10")
    assert answer.pointer == "/telemetry/0/anonymization/local_dp"


def test_streams_add_up_since_one_device_is_in_all_of_them(tmp_path):
    streams = [stream_of(f"s{n}", anonymization=noise(2.5, 1, window_days=1)) for n in range(5)]
    assert spend(tmp_path, None, *streams).epsilon == 12.5
    assert within(spend(tmp_path, None, *streams[:4])).outcome is Outcome.PASS
    assert within(spend(tmp_path, None, *streams)).outcome is Outcome.FAIL


def test_a_short_window_is_filled_as_often_as_it_begins_in_the_longest(tmp_path):
    streams = [
        stream_of("daily", anonymization=noise(1.0, 1, window_days=1)),
        stream_of("monthly", anonymization=noise(1.0, 1, window_days=30)),
    ]
    assert spend(tmp_path, None, *streams).epsilon == 31.0


def test_a_window_that_nobody_states_is_unknown_and_that_of_the_population_counts(tmp_path):
    unstated = {"population": {"id": "people", "size": 85000}}
    missing = spend(tmp_path, privacy_of(**unstated), stream_of(anonymization=noise(1.0, 1)))
    assert (missing.reason, missing.pointer) == (Reason.NOT_DECLARED, "/telemetry/0/anonymization/local_dp")
    assert spend(tmp_path, None, stream_of(anonymization=noise(1.0, 1))).window_days == 365


def test_a_window_shorter_than_policy_asks_for_fails(tmp_path):
    fact = spend(tmp_path, None, stream_of(anonymization=noise(0.1, 1, window_days=1)))
    answer = within(fact, min_window_days=30)
    assert (answer.outcome, answer.measured, answer.limit) == (Outcome.FAIL, 1, 30)


def test_a_local_claim_counts_its_phases_too(tmp_path):
    fact = spend(tmp_path, local())
    assert fact.epsilon == pytest.approx(3 * math.log(0.75 / 0.25 * 3), rel=1e-5)
    assert within(fact).outcome is Outcome.PASS
    twice = spend(tmp_path, local(unit={"kind": "user", "max_records_per_unit": 2}))
    assert twice.epsilon == pytest.approx(2 * fact.epsilon, rel=1e-5)


def test_nothing_local_is_nothing_to_judge(tmp_path):
    assert within(spend(tmp_path)).outcome is Outcome.NOT_APPLICABLE
    assert within(spend(tmp_path, None, stream_of())).outcome is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("phases", "pointer"),
    [
        ([], "/privacy/phases"),
        ([{"id": "x", "mechanism": "declared", "epsilon": 0.1}], "/privacy/phases/0/mechanism"),
        ([{"id": "x", "mechanism": "zcdp", "rho": 0.1}], "/privacy/phases/0/mechanism"),
        ([{"id": "x", "mechanism": "laplace", "noise_multiplier": 1.0, "steps": 1}], "/privacy/phases/0/mechanism"),
        ([krr(), {"id": "x", "mechanism": "declared"}], "/privacy/phases/1/mechanism"),
    ],
)
def test_a_local_claim_over_what_nothing_is_proven_of_is_unknown(tmp_path, phases, pointer):
    missing = spend(tmp_path, {**local(), "phases": phases})
    assert isinstance(missing, Missing)
    assert missing.pointer == pointer


@pytest.mark.parametrize("section", [None, "absent telemetry"])
def test_without_a_section_nothing_is_known(tmp_path, section):
    found = facts_of(tmp_path, None, []) if section is None else facts_of(tmp_path, privacy_of())
    assert only(found, LocalSpend).reason is Reason.NOT_DECLARED


def test_one_report_costs_the_largest_ratio_of_its_probabilities():
    from policy_gate.areas.privacy.claims_phases import KrrPhase, LaplacePhase, RapporPhase

    for keep, categories in [(0.5, 2), (0.9, 10), (1e-6, 3), (0.25, 4)]:
        phase = KrrPhase(id="x", mechanism="krr", keep_probability=keep, categories=categories, steps=1)
        other = (1 - Fraction(keep)) / (categories - 1)
        ratio = max(Fraction(keep) / other, other / Fraction(keep))
        assert math.log(ratio) <= epsilon_per_report(phase) <= math.log(ratio) + 1e-12
        assert epsilon_per_report(phase) > 0
    laplace = LaplacePhase(id="x", mechanism="laplace", noise_multiplier=4.0, clip_norm=1.0, steps=1)
    assert epsilon_per_report(laplace) == 0.5  # any two inputs are up to twice the norm apart
    rappor = RapporPhase(id="x", mechanism="rappor", hashes=2, flip_probability=0.5, steps=1)
    assert epsilon_per_report(rappor) == pytest.approx(4 * math.log(3))


REPORTS = st.builds(
    LocalReports,
    source=st.just("x"),
    epsilon_per_report=st.floats(1e-6, 1e6),
    reports=st.integers(1, 10**9),
    window_days=st.integers(1, 36500),
    pointer=st.just(""),
)


@given(st.lists(REPORTS, min_size=1, max_size=5), REPORTS)
def test_more_reports_never_cost_less(parts, another):
    longest = max(part.window_days for part in parts)
    assert spent(parts, longest) >= sum(part.epsilon_per_report * part.reports for part in parts) * (1 - 1e-9)
    assert spent([*parts, another], max(longest, another.window_days)) >= spent(parts, longest)


# Lists that stand for people's records.


def lists(*found: tuple[str, str]) -> list:
    """What is judged of lists, each given by its key and whose records it has."""
    facts = [
        PersonList(
            subject=Subject("dataset", (f"d{n}",)), pointer=f"/{n}", node=f"d{n}", file=f"{n}", holds=holds, key_id=key
        )
        for n, (key, holds) in enumerate(found)
    ]
    evidence = SimpleNamespace(facts=FactBook(facts))
    return [checks.lists_keyed(one) for one in keyed_lists(evidence)]


@pytest.mark.parametrize(
    ("key", "holds", "outcome"),
    [
        ("k1", "personal", Outcome.PASS),
        ("k1", "unstated", Outcome.PASS),
        ("k1", "none", Outcome.PASS),
        ("", "none", Outcome.PASS),
        ("", "personal", Outcome.FAIL),
        ("", "unstated", Outcome.UNKNOWN),
    ],
)
def test_digests_of_people_need_a_key(key, holds, outcome):
    (answer,) = lists((key, holds))
    assert answer.outcome is outcome


def test_lists_of_people_under_two_keys_cannot_be_compared():
    first, second, third = lists(("k1", "personal"), ("k2", "unstated"), ("k1", "personal"))
    assert [one.outcome for one in (first, second, third)] == [Outcome.PASS, Outcome.FAIL, Outcome.PASS]
    assert second.message.startswith("1 was made with the key k2, and 0 with k1")
    assert [one.outcome for one in lists(("k2", "none"), ("k1", "personal"))] == [Outcome.PASS, Outcome.PASS]


def test_a_list_that_cannot_be_read_stays_missing():
    gone = Missing(
        fact=PersonList.name, subject=RELEASE, pointer="/x", reason=Reason.NOT_IN_TREE, detail="gone.list is not there"
    )
    (entry,) = keyed_lists(SimpleNamespace(facts=FactBook([gone])))
    assert (entry.fact, entry.reason, entry.pointer) == (KeyedList.name, Reason.NOT_IN_TREE, "/x")
