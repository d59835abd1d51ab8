"""What is known between two bounds is judged by both, and what a target says of its device by who is trusted."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_gate.areas.cost import checks_device as checks
from policy_gate.areas.cost.checks_files import file_accounted, shapes_agree
from policy_gate.areas.cost.device import CostBasis
from policy_gate.areas.cost.facts import ModelInput, ModelTake
from policy_gate.areas.cost.facts_device import (
    ClaimedEstimate,
    FileBytes,
    ModelEstimate,
    OtherBytes,
    OutsideOperator,
    ShapeClaim,
    ShapeClaims,
    TargetLatency,
    TargetPlacement,
    TargetPrediction,
    TargetProfile,
)
from policy_gate.areas.cost.limits import (
    ClaimedEstimateLimits,
    FileLimits,
    LatencyBudgets,
    PlacementLimits,
    PredictedGrowthLimits,
    ProfileLimits,
)
from policy_gate.errors import Reason
from policy_gate.model import Outcome, Subject
from policy_gate.policy.limits import bind_limits

NODE = Subject("target", ("node",))
TIMES = st.floats(0.001, 1000)


def latency(low: float, high: float, how: CostBasis = CostBasis.ESTIMATED, models: int = 1) -> TargetLatency:
    each = tuple(
        ModelEstimate(
            artifact=f"m{at}",
            pointer="/artifacts/0/path",
            low=low / models,
            mid=low / models,
            high=high / models,
            how=how,
            notes=("a note",),
            row=f"row {at}",
        )
        for at in range(models)
    )
    return TargetLatency(
        subject=NODE, pointer="/artifacts/0/path", low=low, mid=low, high=high, how=how, profile="board", models=each
    )


def within(span: TargetLatency, budget: float | None, *, allow_screening: bool = False):
    budgets = () if budget is None else (("node", budget),)
    limits = LatencyBudgets(max_latency_ms=budgets, allow_screening=allow_screening)
    return checks.latency_within_budget(span, limits=limits)


@given(low=TIMES, width=TIMES, budget=TIMES, how=st.sampled_from(list(CostBasis)), allowed=st.booleans())
def test_only_bounds_that_are_wholly_within_a_budget_pass_and_only_those_wholly_beyond_fail(
    low, width, budget, how, allowed
):
    answer = within(latency(low, low + width, how), budget, allow_screening=allowed)
    if low > budget:
        assert answer.outcome is Outcome.FAIL
    elif how is CostBasis.SCREENING and not allowed:
        assert (answer.outcome, answer.reason) == (Outcome.UNKNOWN, Reason.NOT_PROVEN)
    elif low + width <= budget:
        assert answer.outcome is Outcome.PASS
    else:
        assert (answer.outcome, answer.reason) == (Outcome.UNKNOWN, Reason.INTERVAL_STRADDLES)


def test_a_budget_between_the_bounds_names_the_rows_to_measure():
    answer = within(latency(8, 14, models=2), 10)
    assert "latency of 2 models together: 8 ms to 14 ms (estimated by board), of a budget of 10 ms" in answer.message
    assert [one.text for one in answer.fixes][1:] == ["the row to measure: row 0", "the row to measure: row 1"]
    assert answer.causes[0] == "'m0' takes 4 ms to 7 ms (estimated)"


def test_a_target_without_a_budget_is_unknown_and_shows_what_it_takes():
    answer = within(latency(8, 14), None)
    assert (answer.outcome, answer.reason, answer.measured) == (Outcome.UNKNOWN, Reason.NOT_TRUSTED, 14)


@pytest.mark.parametrize(
    "given", [{"max_latency_ms": {"node": 0}}, {"max_latency_ms": {"node": -1}}, {"allow_screening": 1}]
)
def test_a_budget_of_no_time_and_a_flag_that_is_none_are_refused(given):
    limits, problems = bind_limits(LatencyBudgets, given)
    assert limits is None
    assert problems


# Profiles


def profiled(profile: str, *, source: str = "builtin", device_class: str = "") -> TargetProfile:
    return TargetProfile(
        subject=NODE,
        pointer="/targets/0/device/profile",
        profile=profile,
        device_class=device_class,
        source=source if profile else "",
        digest="",
        lists="",
    )


def named(**profiles: str) -> ProfileLimits:
    return ProfileLimits(device_profiles=tuple(profiles.items()))


@pytest.mark.parametrize(
    ("now", "limits", "outcome"),
    [
        (profiled("fast"), named(node="slow"), Outcome.FAIL),
        (profiled(""), named(node="slow"), Outcome.FAIL),
        (profiled("slow", source=""), named(node="slow"), Outcome.UNKNOWN),
        (profiled("fast"), named(other="slow"), Outcome.UNKNOWN),
        (profiled("slow"), named(node="slow"), Outcome.PASS),
        (profiled("slow"), ProfileLimits(device_profiles=(("*", "slow"),)), Outcome.PASS),
        (profiled(""), named(other="slow"), Outcome.NOT_APPLICABLE),
        (profiled("fast"), named(), Outcome.NOT_APPLICABLE),
    ],
)
def test_where_the_policy_names_profiles_no_target_chooses_its_own(now, limits, outcome):
    assert checks.profile_named(now, limits=limits).outcome is outcome


@pytest.mark.parametrize(
    ("base", "now", "limits", "outcome"),
    [
        (profiled("slow"), profiled("fast"), named(), Outcome.FAIL),
        (profiled("slow"), profiled(""), named(), Outcome.FAIL),
        (profiled("slow"), profiled("fast"), named(node="slow"), Outcome.FAIL),
        (profiled("slow", device_class="a"), profiled("slow", device_class="b"), named(node="slow"), Outcome.FAIL),
        (profiled("slow", device_class="a"), profiled("slow"), named(), Outcome.FAIL),
        (profiled("slow"), profiled("fast"), named(node="fast"), Outcome.PASS),
        (profiled("slow"), profiled("slow", device_class="a"), named(), Outcome.PASS),
        (profiled(""), profiled("fast"), named(), Outcome.NOT_APPLICABLE),
        (profiled(""), profiled(""), named(), Outcome.NOT_APPLICABLE),
    ],
)
def test_a_profile_changes_only_where_the_policy_names_the_new_one_and_a_class_never(base, now, limits, outcome):
    assert checks.profile_kept(now, base=base, limits=limits).outcome is outcome


# Growth


def predicted(total: int, *, profile: str = "board", digest: str = "sha256:1", extent: int = 4) -> TargetPrediction:
    inputs = (ModelInput(name="x", extents=(extent,), bound_axes=(0,)),)
    take = ModelTake(artifact="kws", pointer="/artifacts/0/path", amount=total, inputs=inputs, layers=())
    return TargetPrediction(
        subject=NODE, pointer="/targets/0/runs", total=total, models=(take,), profile=profile, digest=digest
    )


def grown(now: TargetPrediction, base: TargetPrediction, **profiles: str):
    return checks.latency_growth(now, base=base, limits=PredictedGrowthLimits(device_profiles=tuple(profiles.items())))


def test_predictions_of_two_profiles_do_not_compare_unless_the_policy_changed_the_profile():
    now, base = predicted(100, profile="fast"), predicted(200)
    assert (grown(now, base).outcome, grown(now, base).reason) == (Outcome.UNKNOWN, Reason.BASE_UNKNOWN)
    assert grown(now, base, node="fast").outcome is Outcome.NOT_APPLICABLE
    assert grown(predicted(100, digest="sha256:2"), base).outcome is Outcome.UNKNOWN


def test_a_prediction_may_grow_by_ten_percent_and_not_by_binding_less():
    assert grown(predicted(110), predicted(100)).outcome is Outcome.PASS
    assert grown(predicted(111), predicted(100)).outcome is Outcome.FAIL
    assert grown(predicted(50, extent=2), predicted(100)).outcome is Outcome.FAIL


def test_without_a_profile_on_either_side_there_is_no_growth_to_judge():
    assert grown(predicted(0, profile=""), predicted(0, profile="")).outcome is Outcome.NOT_APPLICABLE
    assert grown(predicted(100), predicted(0, profile="")).reason is Reason.NO_BASELINE


def test_a_target_that_leaves_its_profile_out_does_not_leave_the_comparison():
    left_out = grown(predicted(0, profile=""), predicted(100))
    assert (left_out.outcome, left_out.reason) == (Outcome.UNKNOWN, Reason.BASE_UNKNOWN)
    assert left_out.message.startswith("predicted by no profile, and by board in the base")


# Placement, claims and files


def placed(nodes: int, share: float) -> TargetPlacement:
    outside = (OutsideOperator(op="tflite::CUSTOM", nodes=nodes),) if nodes else ()
    return TargetPlacement(
        subject=NODE,
        pointer="/artifacts/0/path",
        lists="profile",
        nodes=9,
        fallback_nodes=nodes,
        mac_share=share,
        outside=outside,
    )


def test_a_list_of_operators_that_only_the_manifest_has_is_called_a_claim_where_it_is_judged():
    claimed = checks.placement_within(replace(placed(1, 0.0), lists="firmware"), limits=PlacementLimits())
    assert "by the list of its firmware, as the manifest claims it" in claimed.message
    assert claimed.causes == ("not run: tflite::CUSTOM (1 call)",)


@pytest.mark.parametrize(
    ("nodes", "share", "limits", "outcome"),
    [
        (0, 0.0, PlacementLimits(), Outcome.PASS),
        (1, 0.0, PlacementLimits(), Outcome.FAIL),
        (1, 0.0, PlacementLimits(max_fallback_nodes=1), Outcome.PASS),
        (1, 0.2, PlacementLimits(max_fallback_nodes=1, max_fallback_mac_share=0.1), Outcome.FAIL),
        (1, 0.1, PlacementLimits(max_fallback_nodes=1, max_fallback_mac_share=0.1), Outcome.PASS),
    ],
)
def test_calls_outside_the_device_are_limited_by_number_and_by_share(nodes, share, limits, outcome):
    assert checks.placement_within(placed(nodes, share), limits=limits).outcome is outcome


def test_a_claim_under_what_was_measured_or_predicted_fails_and_a_rounded_one_does_not():
    claim = ClaimedEstimate(
        subject=NODE, pointer="", key="latency_ms", claimed=9.4, least=10.0, unit="ms", how=CostBasis.MEASURED
    )
    limits = ClaimedEstimateLimits()
    answer = checks.claim_plausible(claim, limits=limits)
    assert (answer.outcome, answer.message) == (
        Outcome.FAIL,
        "latency_ms is claimed as 9.4 ms; 10 ms was measured",
    )
    assert checks.claim_plausible(replace(claim, claimed=9.5), limits=limits).outcome is Outcome.PASS
    assert checks.claim_plausible(replace(claim, key=""), limits=limits).outcome is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("file_bytes", "other", "outcome"),
    [
        (100, 4096, Outcome.PASS),
        (100, 4097, Outcome.FAIL),
        (10**6, 20_000, Outcome.PASS),
        (10**6, 20_001, Outcome.FAIL),
    ],
)
def test_bytes_that_nothing_needs_may_be_a_small_share_or_a_few(file_bytes, other, outcome):
    file = FileBytes(
        subject=NODE,
        pointer="",
        path="kws.tflite",
        file_bytes=file_bytes,
        other_bytes=other,
        others=(OtherBytes(what="metadata", size_bytes=other),),
    )
    answer = file_accounted(file, limits=FileLimits())
    assert answer.outcome is outcome
    assert answer.causes[0].startswith("metadata: ")


def test_a_shape_that_the_graph_contradicts_is_named():
    claim = ShapeClaim(value="pool", claimed="1x8", computed="1x4")
    found = ShapeClaims(subject=NODE, pointer="", path="kws.onnx", wrong=7, shown=(claim,))
    answer = shapes_agree(found)
    assert (answer.outcome, answer.locator) == (Outcome.FAIL, "pool")
    assert answer.causes == ("'pool' is stated as 1x8, and computed as 1x4", "and 6 more")
    assert shapes_agree(replace(found, wrong=0, shown=())).outcome is Outcome.PASS
