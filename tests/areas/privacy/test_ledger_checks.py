"""What the checks about the ledger say of facts made by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from policy_gate.areas.privacy.checks_ledger import (
    ForecastLimits,
    KeptLimits,
    WindowLimits,
    ledger_kept,
    next_release_fits,
    window_within,
)
from policy_gate.areas.privacy.facts import NoiseAdvice
from policy_gate.areas.privacy.facts_ledger import LedgerFault, LedgerKept, WindowForecast, WindowSpend
from policy_gate.errors import Reason
from policy_gate.model import RELEASE, Outcome

KEPT = LedgerKept(subject=RELEASE, pointer="/privacy/ledger", path="privacy/ledger.jsonl", lines=3, new_lines=1)
SPEND = WindowSpend(
    subject=RELEASE,
    pointer="/privacy/population",
    population="kws-users",
    window_days=365,
    releases=3,
    counted=("kws 1", "kws 2", "kws 3, this release"),
    delta=1e-6,
    epsilon_lower=7.4415,
    epsilon_upper=7.4419,
    method="composed privacy loss",
    claims_sum=14.7,
    leaves="2027-01-10",
)
FORECAST = WindowForecast(
    subject=RELEASE,
    pointer="/privacy/population",
    population="kws-users",
    window_days=365,
    releases=1,
    with_more=(5.8, 7.1, 8.2),
    leaves="2027-01-10",
)


def test_a_ledger_that_is_kept_passes() -> None:
    answer = ledger_kept(KEPT, KeptLimits())
    assert (answer.outcome, answer.measured) == (Outcome.PASS, 3)
    assert answer.message == "privacy/ledger.jsonl has 3 lines, 1 of them new, and the chain holds"


@pytest.mark.parametrize("fault", [one for one in LedgerFault if one is not LedgerFault.NONE])
def test_every_fault_fails_and_says_what_to_do(fault) -> None:
    answer = ledger_kept(replace(KEPT, fault=fault, line=2, detail="why"), KeptLimits())
    assert answer.outcome is Outcome.FAIL
    assert answer.message == f"privacy/ledger.jsonl:2: {fault.value} (why)"
    assert len(answer.fixes) == 1


@pytest.mark.parametrize(("days", "outcome"), [(30, Outcome.PASS), (31, Outcome.FAIL)])
def test_a_new_line_has_thirty_days_to_land(days, outcome) -> None:
    assert ledger_kept(replace(KEPT, oldest_new_days=days), KeptLimits()).outcome is outcome


@pytest.mark.parametrize(
    ("lower", "upper", "outcome", "reason"),
    [
        (7.9, 8.0, Outcome.PASS, None),
        (7.9, 8.1, Outcome.UNKNOWN, Reason.INTERVAL_STRADDLES),
        (8.0, 8.1, Outcome.UNKNOWN, Reason.INTERVAL_STRADDLES),
        (8.05, 8.1, Outcome.FAIL, None),
        (0.0, 1e9, Outcome.UNKNOWN, Reason.INTERVAL_STRADDLES),
    ],
)
def test_the_window_passes_only_at_the_upper_end_and_fails_only_at_the_lower(lower, upper, outcome, reason) -> None:
    answer = window_within(replace(SPEND, epsilon_lower=lower, epsilon_upper=upper), WindowLimits())
    assert (answer.outcome, answer.reason, answer.measured, answer.limit) == (outcome, reason, upper, 8.0)
    assert bool(answer.fixes) is (outcome is not Outcome.PASS)


def test_the_message_has_the_figure_and_what_a_sum_would_say() -> None:
    message = window_within(SPEND, WindowLimits()).message
    assert message.startswith("3 releases in 365 days cost kws-users 7.4419 at most together")
    assert message.endswith("their claims add up to 14.7; policy allows 8")


def test_one_release_has_no_sum() -> None:
    message = window_within(replace(SPEND, releases=1), WindowLimits()).message
    assert message == "1 release in 365 days cost kws-users 7.4419 at most; policy allows 8"


def test_a_refusal_names_the_noise_and_the_day() -> None:
    advised = replace(SPEND, epsilon_upper=9.0, noise_advice=(NoiseAdvice(phase="train", noise_multiplier=1.4),))
    assert [fix.text for fix in window_within(advised, WindowLimits()).fixes] == [
        "raise noise_multiplier of train to 1.4, and train again",
        "wait until 2027-01-10, when the oldest release leaves the window",
    ]
    alone = replace(SPEND, epsilon_upper=9.0, leaves="")
    assert len(window_within(alone, WindowLimits()).fixes) == 1


def test_other_names_and_old_bytes_are_among_the_causes() -> None:
    causes = window_within(replace(SPEND, also_called=("old-users",), repeats="kws 1"), WindowLimits()).causes
    assert "old-users" in causes[0]
    assert "ships the bytes of kws 1 again" in causes[1]


@pytest.mark.parametrize(("days", "outcome"), [(365, Outcome.PASS), (364, Outcome.FAIL), (1000, Outcome.PASS)])
def test_a_window_shorter_than_policy_asks_fails_at_its_own_place(days, outcome) -> None:
    answer = window_within(replace(SPEND, window_days=days), WindowLimits())
    assert answer.outcome is outcome
    assert answer.pointer == (None if outcome is Outcome.PASS else "/privacy/population/window_days")


@pytest.mark.parametrize(
    ("with_more", "outcome", "words"),
    [
        ((5.8, 7.1, 8.2), Outcome.PASS, "at least 2 more like this one: it would come to 5.8"),
        ((8.0,), Outcome.PASS, "at least 1 more"),
        ((8.1,), Outcome.FAIL, "no more like this one, until a release leaves the window on 2027-01-10"),
        ((), Outcome.FAIL, "no more like this one"),
    ],
)
def test_the_forecast_says_how_many_more_fit(with_more, outcome, words) -> None:
    answer = next_release_fits(replace(FORECAST, with_more=with_more), ForecastLimits())
    assert answer.outcome is outcome
    assert words in answer.message
