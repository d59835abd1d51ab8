"""Privacy accounts and ledgers as text: bounds hold as they are shown, and nothing hostile reaches a terminal."""

from __future__ import annotations

from dataclasses import replace

import pytest

from policy_gate.report.privacy_ledger_text import render_sheet, render_verified
from policy_gate.report.privacy_text import render_account, render_epsilon, spend_lines
from policy_gate.spent import (
    Account,
    Advice,
    Detection,
    Exposure,
    Interval,
    LedgerFault,
    LedgerLine,
    LedgerSheet,
    LedgerVerified,
    NoInterval,
    NoiseToUse,
    OtherWay,
    PhaseSpend,
    Spend,
    Verdict,
)

HOSTILE = "a\x1b[31m\u202eb\nc"
TIGHT = Interval(lower=2.38101, upper=2.38109, method="composed privacy loss")
REFUSED = NoInterval(reason="not proven", detail=HOSTILE, fix=HOSTILE)
SPEND = Spend(
    population="people",
    releases=3,
    since="2026-01-01",
    until="2026-06-01",
    delta=1e-6,
    epsilon=TIGHT,
    plain_sum=7.5,
    max_epsilon=8.0,
    rule="PRIV-009",
    room=2,
    forecast=(5.0, 6.0, 9.0),
    leaves="2027-01-01",
)
ACCOUNT = Account(
    path="release.yaml",
    delta=1e-6,
    protects="one user, added or removed",
    claimed_epsilon=2.0,
    verdict=Verdict.REFUTED,
    epsilon=TIGHT,
    phases=(PhaseSpend(id="train", accounted_as="Gaussian noise 1", epsilon=TIGHT),),
    exposure=Exposure(advantage_upper=0.5, detection=(Detection(false_alarm_rate=0.001, found_rate_upper=0.0123),)),
    advice=Advice(epsilon_to_claim=2.38109, noise=(NoiseToUse(phase="train", noise_multiplier=1.23451),)),
    window=SPEND,
)


def test_an_interval_is_rounded_outward_and_one_without_a_lower_end_says_so() -> None:
    assert render_epsilon(TIGHT) == "2.381 to 2.382"
    assert render_epsilon(replace(TIGHT, lower=0.0)) == "at most 2.382"
    assert render_epsilon(Interval(lower=2.5, upper=2.5, method="")) == "2.5"


def test_a_refuted_claim_names_what_would_hold_instead() -> None:
    text = render_account(ACCOUNT)
    assert "claim     2 is refuted: no accountant can prove this claim for these parameters\n" in text
    assert "advice    claim epsilon 2.382\n" in text
    assert "or train with noise_multiplier 1.235 in train, which proves 2\n" in text
    assert "is right at most 75 % of the time" in text
    assert "finds at most 1.23 % of those who took part, with 0.1 % false alarms" in text


def test_what_the_tight_accountant_could_not_say_is_shown() -> None:
    text = render_account(replace(ACCOUNT, epsilon=replace(TIGHT, unresolved="delta is below its resolution")))
    assert "the tight accountant cannot say more: delta is below its resolution" in text


@pytest.mark.parametrize(
    ("room", "forecast", "said"),
    [
        (0, (9.0,), "no more release like the newest fits (9)"),
        (1, (7.0, 9.0), "1 more like the newest fits (7, 9)"),
        (2, (5.0, 6.0, 9.0), "2 more like the newest fit (5, 6, 9)"),
        (4, (5.0, 6.0, 7.0, 8.0), "at least 4 more like the newest fit (5, 6, 7, 8)"),
    ],
)
def test_a_forecast_says_how_many_fit_and_the_figure_that_does_not(room, forecast, said) -> None:
    assert said in list(spend_lines(replace(SPEND, room=room, forecast=forecast)))


def test_a_spend_shows_the_plain_sum_beside_the_joint_one_and_whose_limit_it_is() -> None:
    first = next(spend_lines(SPEND))
    assert first == (
        "3 releases about people, 2026-01-01 to 2026-06-01: 2.381 to 2.382 (plain sum 7.5); PRIV-009 allows 8"
    )
    for lower, said in (
        (1.0, "PRIV-009 allows 2.3, and this may be more"),
        (2.35, "PRIV-009 allows 2.3, and this is more"),
    ):
        over = replace(SPEND, max_epsilon=2.3, epsilon=replace(TIGHT, lower=lower))
        assert next(spend_lines(over)).endswith(said)
    assert "8 is usual" in next(spend_lines(replace(SPEND, rule="")))
    assert "plain sum" not in next(spend_lines(replace(SPEND, releases=1)))


def test_nothing_hostile_of_a_manifest_or_a_ledger_is_shown_as_it_is() -> None:
    spend = replace(SPEND, population=HOSTILE, note=HOSTILE, since=HOSTILE, leaves=HOSTILE)
    account = replace(
        ACCOUNT,
        path=HOSTILE,
        protects=HOSTILE,
        epsilon=REFUSED,
        phases=tuple(PhaseSpend(id=HOSTILE, accounted_as=HOSTILE, epsilon=REFUSED) for _ in range(2)),
        other_ways=(OtherWay(words=HOSTILE, stated=True, epsilon=REFUSED),),
        advice=Advice(epsilon_to_claim=1.0, noise=(NoiseToUse(phase=HOSTILE, noise_multiplier=1.0),)),
        notes=(HOSTILE,),
        window=spend,
    )
    line = LedgerLine(
        source=HOSTILE,
        line=1,
        release=HOSTILE,
        sequence=1,
        date="2026-01-01",
        population=HOSTILE,
        claimed_epsilon=1.0,
        delta=1e-6,
        phases=1,
        in_window=True,
    )
    fault = LedgerFault(path=HOSTILE, line=1, message=HOSTILE, fix=HOSTILE)
    for text in (
        render_account(account),
        render_sheet(LedgerSheet(path="l.jsonl", window_days=365, lines=(line,), spends=(spend,))),
        render_verified(LedgerVerified(path=HOSTILE, lines=1, base=HOSTILE, base_lines=1, faults=())),
        render_verified(LedgerVerified(path=HOSTILE, lines=1, base=HOSTILE, base_lines=1, faults=(fault,))),
    ):
        assert "\\u001b" in text
        assert not any(mark in text for mark in ("\x1b", "\u202e", "b\nc"))
