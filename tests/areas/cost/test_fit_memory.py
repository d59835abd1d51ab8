"""Fitting memory and power: bounds that hold what is left out, and refusals."""

from __future__ import annotations

import dataclasses

import pytest
from fit_world import board_rows

from policy_gate.areas.cost.fitting.memory import (
    REQUIRED,
    fit_memory,
    is_memory_table,
    judge_memory,
    left_out_memory,
    read_memory_rows,
    weights_errors_percent,
)
from policy_gate.areas.cost.fitting.power import energy_errors, fit_power, left_out_energy
from policy_gate.errors import DocumentError

HEADER = ",".join(REQUIRED)


def memory_table(*rows: str) -> bytes:
    return "\n".join([HEADER, *rows]).encode()


ROWS = read_memory_rows(
    memory_table(
        "a,a1,1.0,120,10,50,60,100,50",
        "a,a2,1.0,240,12,80,61,200,80.1",
        "b,b1,1.0,160,9,30,40,100,40",
        "c,c1,0.9,105,30,20,90,100,20",
        "c,c2,0.9,,30,20,90,,20",
    ),
    "m.csv",
)


def test_rows_without_our_own_plan_are_passed_over() -> None:
    assert [one.model for one in ROWS] == ["a1", "a2", "b1", "c1"]


def test_all_rows_lie_inside_the_fitted_bounds() -> None:
    model = fit_memory(ROWS, "1.0")
    assert (judge_memory(ROWS, (), model).held, model.rows, model.families) == (4, 4, 3)
    assert (model.low_of_overlay, model.scratch_kib, model.screening) == (0.954, 8.0, False)
    assert (model.runtime_ram_low_kib, model.runtime_ram_high_kib) == (8.181, 13.2)


def test_another_version_borrows_all_rows_and_is_for_screening() -> None:
    model = fit_memory(ROWS, "2.0")
    assert model.screening
    assert (model.runtime_ram_low_kib, model.runtime_ram_high_kib) == (8.181, 33.0)


def test_a_family_is_held_by_bounds_of_the_others() -> None:
    found = left_out_memory(ROWS)
    assert (found.held, found.rows, found.families) == (2, 4, 3)  # b lies above, and c below what others know


def test_one_family_holds_nothing() -> None:
    assert left_out_memory(ROWS[:2]).rows == 0


def test_no_row_is_refused() -> None:
    with pytest.raises(DocumentError, match="no row of memory"):
        fit_memory((), "1.0")


def test_a_wrong_figure_is_named_with_line_and_column() -> None:
    with pytest.raises(DocumentError, match=r"m\.csv:2:11: activation_ram_kib is '-5', it should be a number above 0"):
        read_memory_rows(memory_table("a,a1,1.0,-5,10,50,60,100,50".replace("a,a1,", "aa,aa,")), "m.csv")


def test_tables_are_told_apart_by_their_header() -> None:
    assert is_memory_table(memory_table())
    assert not is_memory_table(b"family,model,latency_ms\nactivation_ram_kib")


def test_weights_are_compared_row_by_row() -> None:
    assert weights_errors_percent(ROWS) == pytest.approx([0, 0.125, 33.333, 0], abs=1e-3)


def powered(*milliwatt: float):
    return [
        dataclasses.replace(one, energy_uj=power * one.latency_ms)
        for one, power in zip(board_rows(), milliwatt, strict=False)
    ]


def test_power_is_the_mean_over_models_and_bounded_by_those_seen() -> None:
    power = fit_power(powered(10, 20, 30))
    assert (power.mid_mw, power.low_mw, power.high_mw, power.models) == (20, 9.09, 33.0, 3)


def test_a_model_that_was_measured_twice_counts_once() -> None:
    rows = powered(10, 30)
    assert fit_power([*rows, rows[0], rows[0]]).mid_mw == pytest.approx(20)


def test_energy_of_a_model_is_predicted_by_the_power_of_the_others() -> None:
    assert left_out_energy(powered(10, 20)) == pytest.approx([1.0, 0.5])
    assert left_out_energy(powered(10)) == []
    assert fit_power(powered(10)).mape_percent is None


def test_rows_without_energy_give_no_power() -> None:
    assert fit_power(board_rows()) is None
    assert energy_errors(board_rows(), fit_power(powered(10))) == []
    assert energy_errors(powered(10), fit_power(powered(20))) == pytest.approx([1.0])
