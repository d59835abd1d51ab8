"""Estimates: never a number that nothing supports, and a note where the model lies outside what was measured."""

from __future__ import annotations

import dataclasses
import math

import pytest
from fit_world import features
from hypothesis import given
from hypothesis import strategies as st

from policy_gate.areas.cost.device import CostBasis, FeatureRange, Power
from policy_gate.areas.cost.device_file import builtin_profile
from policy_gate.areas.cost.estimate import (
    MEASURING_COLUMNS,
    code_flash,
    energy,
    latency,
    measuring_row,
    mismatch,
    outside_ranges,
    ram,
    runtime_ram,
)
from policy_gate.areas.cost.fitting.rows import REQUIRED, read_rows
from policy_gate.errors import EvidenceError, Reason
from policy_gate.model_graph.figures import MemoryPlans, Quantisation

FITTED = builtin_profile("stm32h747-cortex-m7-int8@cubeai-8.1")
SCREENING = builtin_profile("stm32l4r5-cortex-m4-int8@cubeai-9.0")
WITHOUT_MEMORY = builtin_profile("stm32n6570-npu-int8@stedgeai-2.0")
IC = features((12_501_632, 0, 273_566, 78_752, 15))
"""The MLPerf Tiny image classification model, quantised."""
PLANS = MemoryPlans(no_fusion=49_152, pad_fused=49_152, in_place=49_152, overlay=32_768)


def test_a_model_inside_the_ranges_is_estimated() -> None:
    found = latency(FITTED, IC)
    assert (found.basis, found.notes) == (CostBasis.ESTIMATED, ())
    assert found.interval.low < 36 < found.interval.high  # the model zoo publishes 35.96 ms for nearly this graph


def test_a_model_far_outside_a_range_is_screening_and_names_the_feature() -> None:
    found = latency(FITTED, features((12_501_632, 0, 273_566, 40_000_000, 15)))
    assert found.basis is CostBasis.SCREENING
    assert found.notes == ("weight bytes 40,000,000 lie far outside the fitted range 10,328 to 832,156",)


@pytest.mark.parametrize(("amount", "outside"), [(25, False), (24, True), (100, False), (4000, False), (4001, True)])
def test_ranges_hold_up_to_four_times_outside(amount, outside) -> None:
    ranges = (FeatureRange(feature="operators", least=100, most=1000),)
    assert bool(outside_ranges(ranges, features((0, 0, 0, 0, amount)))) is outside


def test_a_feature_of_zero_is_outside_a_range_that_has_none() -> None:
    ranges = (FeatureRange(feature="depthwise_macs", least=100, most=1000),)
    assert outside_ranges(ranges, features((1, 0, 1, 1, 1)))


def test_counts_that_are_upper_bounds_give_no_lower_bound() -> None:
    found = latency(FITTED, dataclasses.replace(IC, bounded=True))
    assert found.interval.low == 0
    assert found.interval.high == latency(FITTED, IC).interval.high
    assert found.notes == ("the counts are upper bounds, so the lower bound is 0",)


def test_a_screening_profile_never_estimates() -> None:
    assert latency(SCREENING, IC).basis is CostBasis.SCREENING
    assert energy(SCREENING, latency(SCREENING, IC)).basis is CostBasis.SCREENING


def test_a_model_that_would_take_no_time_is_not_predicted() -> None:
    rates = dict.fromkeys(("ns_per_conv_mac", "ns_per_operator", "ns_per_activation_byte", "fixed_ns"), 0.0)
    model = FITTED.latency
    assert model is not None
    idle = dataclasses.replace(model, coefficients=dataclasses.replace(model.coefficients, **rates))
    with pytest.raises(EvidenceError, match="takes no time, which none does"):
        latency(dataclasses.replace(FITTED, latency=idle), dataclasses.replace(IC, weight_bytes=0))


def test_energy_is_power_times_time_with_both_bounds() -> None:
    power = Power(low_mw=10, mid_mw=20, high_mw=30, supply_v=1.8, wake_uj=5, models=3, mape_percent=None, source="")
    profile = dataclasses.replace(FITTED, power=power)
    time = latency(profile, IC).interval
    found = energy(profile, latency(profile, IC)).interval
    assert (found.low, found.mid, found.high) == (10 * time.low + 5, 20 * time.mid + 5, 30 * time.high + 5)


@pytest.mark.parametrize("lacking", ["latency", "power", "memory"])
def test_what_a_profile_does_not_say_is_never_invented(lacking) -> None:
    profile = dataclasses.replace(SCREENING, **{lacking: None})
    asked = {
        "latency": [lambda: latency(profile, IC)],
        "power": [lambda: energy(profile, latency(SCREENING, IC))],
        "memory": [lambda: runtime_ram(profile), lambda: code_flash(profile)],
    }[lacking]
    for ask in asked:
        with pytest.raises(EvidenceError, match=f"says nothing of {lacking}") as error:
            ask()
        assert error.value.reason is Reason.NOT_TRUSTED


def test_activation_ram_lies_between_two_bounds_of_the_overlay_plan() -> None:
    found = ram(FITTED, PLANS)
    assert found.basis is CostBasis.ESTIMATED
    assert (found.interval.low, found.interval.high) == pytest.approx((0.88 * 32_768, 1.78 * 32_768 + 8 * 1024))
    assert found.interval.low < 45.41 * 1024 < found.interval.high  # published for nearly this graph


@pytest.mark.parametrize("profile", [None, WITHOUT_MEMORY])
def test_without_a_memory_model_ram_lies_between_our_plans(profile) -> None:
    found = ram(profile, PLANS)
    assert (found.interval.low, found.interval.mid, found.interval.high) == (32_768, 49_152, 49_152)
    assert "between our overlay and our no-fusion plan" in found.notes[0]


def test_memory_of_another_version_is_screening() -> None:
    profile = builtin_profile("stm32h747-cortex-m7-int8@cubeai-10.0")
    for found in (ram(profile, PLANS), runtime_ram(profile), code_flash(profile)):
        assert found.basis is CostBasis.SCREENING
        assert found.notes == (f"profile {profile.id} takes its memory from other runtime versions",)


def test_runtime_ram_and_code_are_bytes() -> None:
    assert runtime_ram(FITTED).interval.high > 30 * 1024
    assert code_flash(FITTED).interval.low > 30 * 1024


COUNTS = st.integers(min_value=0, max_value=2**62)


@given(st.tuples(COUNTS, COUNTS, COUNTS, COUNTS, COUNTS), st.booleans())
def test_no_count_makes_an_interval_that_is_none(counts, bounded) -> None:
    time = latency(SCREENING, features(counts, bounded=bounded))
    plans = MemoryPlans(*counts[:4])
    for found in (time, energy(SCREENING, time), ram(SCREENING, plans), ram(None, plans)):
        span = found.interval
        assert 0 <= span.low <= span.mid <= span.high < math.inf


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, ""),
        ({"runtime_name": "STM32Cube-AI"}, ""),
        ({"runtime_version": "8.1"}, "is for runtime stm32cube-ai '8.1.0', and the target's is stm32cube-ai '8.1'"),
        ({"runtime_name": "tflite"}, "and the target's is tflite '8.1.0'"),
        ({"runtime_name": ""}, "and the target's is  '8.1.0'"),
        (
            {"features": features((1, 1, 1, 1, 1), dtype="float32")},
            "is for int8, and most MACs of the model are float32",
        ),
        ({"features": features((1, 1, 1, 1, 1), share=0.6)}, "only 60% of the model's MACs are"),
    ],
)
def test_a_profile_is_about_its_own_runtime_and_element_type(changes, said) -> None:
    asked = {
        "features": IC,
        "quantisation": Quantisation.PER_CHANNEL,
        "runtime_name": "stm32cube-ai",
        "runtime_version": "8.1.0",
        **changes,
    }
    found = mismatch(FITTED, **asked)
    assert said in found
    assert bool(found) is bool(said)


def test_granularity_is_held_against_the_model_where_the_profile_depends_on_it() -> None:
    npu = builtin_profile("stm32mp257-npu-int8@openvx-x-linux-ai-5.1")
    same = (npu, IC, Quantisation.PER_CHANNEL, "openvx", "x-linux-ai-5.1.0")
    assert mismatch(*same) == ""
    assert "quantised per_channel, and the model's are per_tensor" in mismatch(
        npu, IC, Quantisation.PER_TENSOR, *same[3:]
    )
    assert "and the model's are mixed" in mismatch(npu, IC, Quantisation.MIXED, *same[3:])


def test_a_model_without_a_kernel_is_of_no_element_type_and_not_said_to_be_of_one() -> None:
    idle = features((0, 0, 0, 0, 0), dtype="", share=0.0)
    assert "no kernel whose element type" in mismatch(FITTED, idle, Quantisation.NONE, "stm32cube-ai", "8.1.0")


def test_a_hostile_name_stays_short_in_what_is_said() -> None:
    assert len(mismatch(FITTED, IC, Quantisation.NONE, "x" * 100_000, "1")) < 400


def test_the_row_to_measure_is_one_that_profile_fit_reads_once_it_is_filled() -> None:
    line = measuring_row(FITTED, "kws", "sha256:" + "a" * 64, IC)
    text = ",".join(MEASURING_COLUMNS) + "\n" + line + "\n"
    assert set(REQUIRED) <= set(MEASURING_COLUMNS)
    assert read_rows(text.encode(), "rows.csv").without_latency == 1
    filled = text.replace("8.1.0,,", "8.1.0,12.5,").replace("\n,kws", "\nresnetv1,kws")
    (row,) = read_rows(filled.encode(), "rows.csv").rows
    assert (row.features, row.labels, row.latency_ms) == (IC, FITTED.labels, 12.5)


def test_the_row_to_measure_holds_no_formula() -> None:
    profile = dataclasses.replace(FITTED, labels=dataclasses.replace(FITTED.labels, device='=HYPERLINK("x,y")'))
    line = measuring_row(profile, "@kws", "-1", IC)
    assert ",'@kws,'-1," in line
    assert '"\'=HYPERLINK(""x,y"")"' in line
