"""Fitting a profile: rates that are recovered, data that are refused, and families that it has not seen."""

from __future__ import annotations

import dataclasses
import math

import pytest
from fit_world import LABELS, MODELS, RATES, board_rows, features, latency_ms, row
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_gate.areas.cost.device import RowLabels
from policy_gate.areas.cost.device_file import read_profile
from policy_gate.areas.cost.estimate import latency
from policy_gate.areas.cost.fitting.fit import FitRequest, Naming, fit_profile
from policy_gate.areas.cost.fitting.forms import predicted_ms, rates_of
from policy_gate.areas.cost.fitting.left_out import fit_rates, left_out
from policy_gate.areas.cost.fitting.scoring import Prediction, family_weights, quantile, score
from policy_gate.areas.cost.fitting.training import borrowed, gather
from policy_gate.areas.cost.fitting.writing import write_profile
from policy_gate.errors import UsageError

NAMING = Naming(
    id="board-1-int8@runtime-1.0",
    words="a board",
    processor="",
    quantisation="any",
    runtime_name="runtime",
    runtime_version="1.0.0",
)
OTHER = RowLabels(device="BOARD-1", engine="1 CPU", dtype="int8", runtime="Runtime 0.9.0")


def request(rows, **changes) -> FitRequest:
    return FitRequest(**{"rows": rows, "labels": LABELS, "naming": NAMING, **changes})


def refused(rows, **changes) -> str:
    with pytest.raises(UsageError) as error:
        fit_profile(request(rows, **changes))
    return str(error.value)


def test_latencies_that_follow_the_model_are_predicted_within_a_tenth() -> None:
    profile = fit_profile(request(board_rows()))
    for family, models in MODELS.items():
        for counts in models:
            found = latency(profile, features(counts)).interval
            assert found.mid == pytest.approx(latency_ms(counts), rel=0.1), family
            assert found.low < latency_ms(counts) < found.high


def test_few_rows_are_refused_with_what_it_takes() -> None:
    said = refused(board_rows()[:7])
    assert "BOARD-1 | 1 CPU | int8 | Runtime 1.0.0: 7 rows of 4 families" in said
    assert "at least 8 rows of 3 families" in said
    assert "--screening" in said


def test_few_families_are_refused_however_many_rows() -> None:
    rows = [one for one in board_rows() if one.family in ("plain", "light")]
    assert "12 rows of 2 families" in refused(rows * 3)


def test_rows_and_families_that_are_the_same_models_under_other_names_are_refused() -> None:
    one = board_rows()[0]
    again = [row(name, MODELS["plain"][0], one.latency_ms + at / 100) for at in range(9) for name in ("a", "b", "c")]
    assert "27 rows of 3 families, which are 1 different models of 1 families by their counts" in refused(again)
    renamed = [*board_rows(), *(dataclasses.replace(each, family=f"{each.family}-2") for each in board_rows()[:2])]
    few = [each for each in renamed if each.family in ("plain", "light", "plain-2")]
    assert "which are 4 different models of 2 families by their counts" in refused(few * 2)


def test_no_row_with_the_labels_is_refused() -> None:
    assert "no row is of BOARD-1, 1 CPU, int8, Runtime 0.9.0" in refused(board_rows(), labels=OTHER)


def test_families_that_contradict_each_other_are_refused() -> None:
    """As when two clocks or images hide under one label: the same models, five times slower in one family."""
    rows = [
        dataclasses.replace(one, latency_ms=one.latency_ms * (5 if one.family in ("plain", "dense") else 1))
        for one in board_rows()
    ]
    said = refused(rows)
    assert "are missed by" in said
    assert "at most 30 %" in said
    assert fit_profile(request(rows, screening=True)).screening


def test_screening_takes_one_row_and_says_that_its_error_is_not_known() -> None:
    profile = fit_profile(request(board_rows()[:1], screening=True))
    assert profile.fit.errors is None
    assert profile.latency.upper_factor == 2.0
    assert latency(profile, board_rows()[0].features).interval.mid == pytest.approx(
        board_rows()[0].latency_ms, rel=1e-3
    )


def test_a_shape_is_scaled_and_only_for_screening() -> None:
    shape = fit_profile(request(board_rows()))
    slower = [dataclasses.replace(one, latency_ms=3 * one.latency_ms) for one in board_rows()[:3]]
    assert "takes --screening" in refused(slower, shape=shape)
    scaled = fit_profile(request(slower, shape=shape, screening=True))
    assert scaled.fit.shape == shape.id
    counts = MODELS["mixed"][0]
    assert 1.5 < latency(scaled, features(counts)).interval.mid / latency_ms(counts) < 4.5


def test_a_shape_without_latency_is_refused() -> None:
    shape = dataclasses.replace(fit_profile(request(board_rows())), latency=None)
    assert "has no latency whose shape could be scaled" in refused(board_rows(), shape=shape, screening=True)


def test_a_depthwise_mac_never_takes_less_than_another() -> None:
    rows = [row(one.family, MODELS[one.family][at % 2], 1 + at) for at, one in enumerate(board_rows())]
    rates = fit_profile(request(rows, screening=True)).latency.coefficients
    assert rates.ns_per_depthwise_mac >= rates.ns_per_conv_mac


def test_a_missing_family_is_borrowed_from_another_version_and_scaled() -> None:
    own = [one for one in board_rows() if one.family != "dense"]
    older = board_rows(OTHER, scale=1.25)
    (lent,) = borrowed(gather([*own, *older], LABELS, borrow=True))
    assert (lent.family, len(lent.rows)) == ("dense", 2)
    assert lent.scale == pytest.approx(0.8)
    larger = [row("plain", tuple(times * count for count in MODELS["plain"][0])) for times in (2, 3)]
    profile = fit_profile(request([*own, *larger, *older]))
    assert (profile.fit.rows, profile.fit.borrowed_rows, profile.fit.borrowed_families) == (8, 2, ("dense",))
    counts = MODELS["dense"][0]
    assert latency(profile, features(counts)).interval.mid == pytest.approx(latency_ms(counts), rel=0.15)


def test_nothing_is_borrowed_without_models_measured_under_both_versions() -> None:
    own = [one for one in board_rows() if one.family != "dense"]
    strange = [one for one in board_rows(OTHER) if one.family == "dense"]
    assert borrowed(gather([*own, *strange], LABELS, borrow=True)) == ()
    assert borrowed(gather([*own, *board_rows(OTHER)], LABELS, borrow=False)) == ()


def test_a_left_out_family_is_not_borrowed_back() -> None:
    """Its own rows under another version would tell the answer."""
    training = gather([*board_rows(), *board_rows(OTHER)], LABELS, borrow=True)
    alone = gather(board_rows(), LABELS, borrow=False)
    assert borrowed(training.without("dense")) == ()
    assert left_out(training, fit_rates, 1.5) == left_out(alone, fit_rates, 1.5)


def test_left_out_predictions_do_not_know_the_row() -> None:
    """Changing what was measured in a family changes nothing of what is said of that family."""
    rows = board_rows()
    changed = [
        dataclasses.replace(one, latency_ms=one.latency_ms * 7) if one.family == "mixed" else one for one in rows
    ]
    before = [one for one in left_out(gather(rows, LABELS, borrow=False), fit_rates, 1.5) if one.family == "mixed"]
    after = [one for one in left_out(gather(changed, LABELS, borrow=False), fit_rates, 1.5) if one.family == "mixed"]
    assert [(one.mid_ms, one.high_ms) for one in before] == [(one.mid_ms, one.high_ms) for one in after]


def test_the_upper_factor_grows_with_what_left_out_families_miss() -> None:
    rows = [row(one.family, MODELS[one.family][at % 2], (1 + at % 3) * 40.0) for at, one in enumerate(board_rows())]
    assert fit_profile(request(rows, screening=True)).latency.upper_factor > 2.0


def test_what_is_written_is_read_back_the_same() -> None:
    profile = fit_profile(request(board_rows()))
    text = write_profile(profile)
    again = read_profile(text.encode(), "board.yaml")
    assert dataclasses.replace(again, digest="", source="") == profile
    assert write_profile(again) == text


MEASURED = st.floats(min_value=0.01, max_value=1e5, allow_nan=False)
LATENCIES = st.lists(MEASURED, min_size=8, max_size=8)


@settings(deadline=None, max_examples=15)
@given(LATENCIES)
def test_rates_are_never_negative_and_predictions_never_nan(measured) -> None:
    rows = [dataclasses.replace(one, latency_ms=ms) for one, ms in zip(board_rows(), measured, strict=True)]
    profile = fit_profile(request(rows, screening=True))
    assert all(rate >= 0 and math.isfinite(rate) for rate in rates_of(profile.latency.coefficients))
    assert read_profile(write_profile(profile).encode(), "p.yaml").screening
    for one in rows:
        assert 0 <= predicted_ms(profile.latency.coefficients, one) < math.inf


@settings(deadline=None, max_examples=10)
@given(st.permutations(range(8)), LATENCIES)
def test_the_order_of_rows_changes_no_byte(order, measured) -> None:
    rows = [dataclasses.replace(one, latency_ms=ms) for one, ms in zip(board_rows(), measured, strict=True)]
    mixed = [rows[at] for at in order]
    assert write_profile(fit_profile(request(mixed, screening=True))) == write_profile(
        fit_profile(request(rows, screening=True))
    )


@pytest.mark.parametrize("factor", [0.125, 2.0, 64.0])
def test_a_board_that_is_slower_by_a_factor_has_rates_larger_by_it(factor) -> None:
    plain = fit_profile(request(board_rows())).latency.coefficients
    slower = fit_profile(request(board_rows(scale=factor))).latency.coefficients
    assert rates_of(slower) == pytest.approx([factor * rate for rate in rates_of(plain)], rel=1e-4)


def test_rows_that_stand_twice_change_no_prediction() -> None:
    plain = fit_profile(request(board_rows()))
    doubled = fit_profile(request(board_rows() * 2))
    assert rates_of(doubled.latency.coefficients) == pytest.approx(rates_of(plain.latency.coefficients), rel=0.2)
    assert doubled.latency.upper_factor == plain.latency.upper_factor


def test_a_family_of_many_rows_weighs_as_much_as_one_of_few() -> None:
    many = [*board_rows(), *[one for one in board_rows() if one.family == "plain"] * 20]
    assert rates_of(fit_rates(gather(many, LABELS, borrow=False))) == pytest.approx(
        rates_of(fit_rates(gather(board_rows(), LABELS, borrow=False))), rel=0.2
    )


def test_scores_weigh_families_the_same() -> None:
    points = [
        Prediction(family="a", measured_ms=10, mid_ms=10, high_ms=15, naive_ms=20),
        Prediction(family="a", measured_ms=10, mid_ms=10, high_ms=15, naive_ms=20),
        Prediction(family="a", measured_ms=10, mid_ms=10, high_ms=15, naive_ms=20),
        Prediction(family="b", measured_ms=10, mid_ms=5, high_ms=7.5, naive_ms=10),
    ]
    found = score(points)
    assert (found.mape_percent, found.within_20_percent) == pytest.approx((25.0, 50.0))
    assert (found.covered, found.rows, found.naive_mape_percent) == (3, 4, 50.0)
    assert score([]) is None


def test_quantiles_are_of_the_amounts_themselves_and_not_between_them() -> None:
    weights = family_weights(["a", "a", "b"])
    assert weights == [0.25, 0.25, 0.5]
    assert [quantile([3.0, 1.0, 2.0], weights, share) for share in (0.0, 0.25, 0.5, 0.75, 1.0)] == [1, 1, 2, 2, 3]


def test_the_board_of_these_tests_has_the_rates_it_says() -> None:
    assert latency_ms((1_000_000, 0, 0, 0, 0)) == pytest.approx((RATES[0] * 1e6 + RATES[5]) / 1e6)
