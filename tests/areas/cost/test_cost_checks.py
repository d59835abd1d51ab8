from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_gate.areas.cost import checks, checks_device
from policy_gate.areas.cost.device import CostBasis
from policy_gate.areas.cost.facts import (
    AssetTake,
    ClaimedCost,
    Layer,
    ModelInput,
    ModelTake,
    OperatorCoverage,
    TargetActivations,
    TargetFlash,
    TargetMacs,
    WeightCost,
)
from policy_gate.areas.cost.facts_device import ModelRoom, TargetArena
from policy_gate.areas.cost.limits import (
    ActivationBudgets,
    ClaimLimits,
    CoverageLimits,
    GrowthLimits,
    MacBudgets,
    WeightBudgets,
)
from policy_gate.errors import Reason
from policy_gate.model import RELEASE, Outcome, Subject

NODE = Subject("target", ("node",))
NODE_KWS = Subject("target", ("node", "kws"))
FIVE_PERCENT = GrowthLimits()


def inputs(extent: int) -> tuple[ModelInput, ...]:
    return (ModelInput(name="x", extents=(extent, 8), bound_axes=(0,)),)


def take(amount: int, *layers: tuple[str, int], extent: int = 1, name: str = "kws", op: str = "Conv") -> ModelTake:
    return ModelTake(
        artifact=name,
        pointer=f"/artifacts/{name}/path",
        amount=amount,
        inputs=inputs(extent),
        layers=tuple(Layer(name=layer, op=f"ai.onnx::{op}", amount=one) for layer, one in layers),
    )


def macs_of(*models: ModelTake) -> TargetMacs:
    return TargetMacs(subject=NODE, pointer="/targets/0/runs", total=sum(one.amount for one in models), models=models)


def macs(total: int, *layers: tuple[str, int], extent: int = 1) -> TargetMacs:
    return macs_of(take(total, *layers, extent=extent))


def weights(weight_bytes: int, stored_bytes: int = 0) -> TargetFlash:
    cost = WeightCost(
        subject=NODE_KWS,
        pointer="/artifacts/0/path",
        parameters=weight_bytes // 4,
        weight_bytes=weight_bytes,
        stored_bytes=stored_bytes,
        by_dtype=(),
        layers=(),
        layer_count=0,
    )
    return flash_of(take(cost.flash_bytes))


def flash_of(*models: ModelTake) -> TargetFlash:
    return TargetFlash(subject=NODE, pointer="/targets/0/runs", total=sum(one.amount for one in models), models=models)


def peaks_of(*models: ModelTake) -> TargetActivations:
    return TargetActivations(
        subject=NODE, pointer="/targets/0/runs", total=max(one.amount for one in models), models=models
    )


def activations(peak_bytes: int, extent: int = 1) -> TargetActivations:
    return peaks_of(take(peak_bytes, ("pool", peak_bytes), extent=extent, op="AveragePool"))


def arena(*peaks: int) -> TargetArena:
    """Activations whose room is the same for every planner."""
    rooms = tuple(
        ModelRoom(artifact=f"m{at}", pointer="", low=one, high=one, how=CostBasis.ESTIMATED, notes=())
        for at, one in enumerate(peaks)
    )
    return TargetArena(
        subject=NODE,
        pointer="/targets/0/runs",
        low=max(peaks),
        high=max(peaks),
        how=CostBasis.ESTIMATED,
        profile="",
        models=rooms,
    )


def test_growth_past_the_limit_fails_and_names_the_layers_with_their_exact_share():
    base = macs(11_000_000, ("/encoder/layer_7/Conv", 9_400_000), ("/stem/Conv", 1_600_000))
    now = macs(18_700_000, ("/encoder/layer_7/Conv", 16_100_000), ("/stem/Conv", 1_600_000), ("/new/Conv", 1_000_000))
    answer = checks.macs_growth(now, base=base, limits=FIVE_PERCENT)
    assert answer.outcome is Outcome.FAIL
    assert answer.causes == (
        "'/encoder/layer_7/Conv' (Conv) grew from 9.4 MMAC to 16.1 MMAC: 87% of the increase",
        "'/new/Conv' (Conv) is new and takes 1.0 MMAC: 13% of the increase",
    )
    assert answer.locator == "/encoder/layer_7/Conv"
    assert (answer.measured, answer.base, answer.limit) == (18_700_000, 11_000_000, 11_550_000)


def test_a_long_joined_name_is_shown_by_both_its_ends():
    name = "model/activation_10/Relu;" * 8 + "model/conv2d_5/Conv2D"
    answer = checks.macs_growth(macs(200, (name, 200)), base=macs(100), limits=FIVE_PERCENT)
    assert len(answer.locator) == 61
    assert answer.locator.endswith("del/conv2d_5/Conv2D")
    assert answer.locator in answer.causes[0]


def test_growth_to_the_limit_passes_and_one_more_fails():
    assert checks.macs_growth(macs(105), base=macs(100), limits=FIVE_PERCENT).outcome is Outcome.PASS
    assert checks.macs_growth(macs(106), base=macs(100), limits=FIVE_PERCENT).outcome is Outcome.FAIL


def test_growth_from_nothing_fails_without_a_division():
    answer = checks.macs_growth(macs(1), base=macs(0), limits=GrowthLimits(max_growth=1000))
    assert answer.outcome is Outcome.FAIL
    assert "from none" in answer.message


def test_nothing_against_nothing_passes():
    assert checks.macs_growth(macs(0), base=macs(0), limits=FIVE_PERCENT).outcome is Outcome.PASS


def test_a_smaller_binding_cannot_hide_a_larger_model():
    now, base = macs(80, extent=1), macs(80, extent=8)
    assert checks.macs_growth(now, base=base, limits=FIVE_PERCENT).outcome is Outcome.FAIL
    assert checks.activations_growth(activations(9, 1), base=activations(9, 8), limits=FIVE_PERCENT).outcome is (
        Outcome.FAIL
    )


@given(st.integers(0, 2**62), st.integers(0, 2**62), st.floats(0, 1000, allow_nan=False))
def test_a_total_that_did_not_grow_always_passes_and_a_larger_limit_never_blocks_more(now, base, max_growth):
    limits = GrowthLimits(max_growth=max_growth)
    outcome = checks.macs_growth(macs(now), base=macs(base), limits=limits).outcome
    assert outcome is Outcome.PASS or now > base
    if outcome is Outcome.PASS:
        wider = GrowthLimits(max_growth=max_growth * 2)
        assert checks.macs_growth(macs(now), base=macs(base), limits=wider).outcome is Outcome.PASS


def test_constants_that_no_layer_uses_count_as_well():
    answer = checks.weights_growth(weights(100, 500), base=weights(100, 100), limits=FIVE_PERCENT)
    assert (answer.outcome, answer.measured) == (Outcome.FAIL, 500)
    budget = WeightBudgets(max_weight_kib=(("node", 0.25),))
    assert checks.weights_within_budget(weights(100, 500), limits=budget).outcome is Outcome.FAIL


def test_the_activation_peak_is_explained_without_shares_since_it_is_no_sum():
    answer = checks.activations_growth(activations(200), base=activations(100), limits=FIVE_PERCENT)
    assert answer.outcome is Outcome.FAIL
    assert answer.causes == ("'pool' (AveragePool) grew from 100 B to 200 B",)


@pytest.mark.parametrize(
    ("check", "cost", "limits"),
    [
        (checks.macs_within_budget, macs(1), MacBudgets()),
        (checks.macs_within_budget, macs(1), MacBudgets(max_macs=(("other", 5),))),
        (checks.weights_within_budget, weights(1), WeightBudgets()),
        (checks_device.activations_within_budget, arena(1), ActivationBudgets()),
    ],
)
def test_a_target_without_a_budget_is_unknown_and_never_within_it(check, cost, limits):
    answer = check(cost, limits=limits)
    assert (answer.outcome, answer.reason) == (Outcome.UNKNOWN, Reason.NOT_TRUSTED)
    assert "node" in answer.message


def test_a_budget_holds_to_the_last_unit():
    limits = MacBudgets(max_macs=(("*", 99), ("node", 10)))
    assert checks.macs_within_budget(macs(10), limits=limits).outcome is Outcome.PASS
    assert checks.macs_within_budget(macs(11), limits=limits).outcome is Outcome.FAIL
    kib = ActivationBudgets(max_activation_kib=(("*", 1.5),))
    assert checks_device.activations_within_budget(arena(1536), limits=kib).outcome is Outcome.PASS
    assert checks_device.activations_within_budget(arena(1537), limits=kib).outcome is Outcome.FAIL


def test_a_release_without_targets_is_held_to_the_budget_of_all_others():
    cost = replace(macs(50), subject=RELEASE)
    limits = MacBudgets(max_macs=(("*", 10), ("node", 99), ("release", 99)))
    assert checks.macs_within_budget(cost, limits=limits).outcome is Outcome.FAIL


KWS, VAD = take(88 * 1024, ("conv", 88 * 1024)), take(80 * 1024, ("conv", 80 * 1024), name="vad")


def test_two_models_that_fit_one_by_one_do_not_fit_the_flash_of_their_target_together():
    limits = WeightBudgets(max_weight_kib=(("node", 128),))
    assert checks.weights_within_budget(flash_of(KWS), limits=limits).outcome is Outcome.PASS
    assert checks.weights_within_budget(flash_of(VAD), limits=limits).outcome is Outcome.PASS
    answer = checks.weights_within_budget(flash_of(KWS, VAD), limits=limits)
    assert (answer.outcome, answer.measured) == (Outcome.FAIL, 168 * 1024)
    assert "2 models together" in answer.message
    assert answer.causes == ("'kws' takes 88.0 KiB", "'vad' takes 80.0 KiB")


def test_two_models_share_the_multiply_accumulates_of_their_target():
    limits = MacBudgets(max_macs=(("node", 150_000),))
    assert checks.macs_within_budget(macs_of(KWS), limits=limits).outcome is Outcome.PASS
    assert checks.macs_within_budget(macs_of(KWS, VAD), limits=limits).outcome is Outcome.FAIL


def test_of_two_activation_peaks_the_larger_counts_since_models_run_one_at_a_time():
    limits = ActivationBudgets(max_activation_kib=(("node", 88),))
    answer = checks_device.activations_within_budget(arena(80 * 1024, 88 * 1024), limits=limits)
    assert (answer.outcome, answer.measured) == (Outcome.PASS, 88 * 1024)
    assert "one at a time" in answer.message
    less = ActivationBudgets(max_activation_kib=(("node", 87),))
    assert checks_device.activations_within_budget(arena(80 * 1024, 88 * 1024), limits=less).outcome is Outcome.FAIL


@pytest.mark.parametrize(("check", "of"), [(checks.macs_growth, macs_of), (checks.weights_growth, flash_of)])
def test_growth_that_went_into_a_second_model_counts_and_names_its_layer(check, of):
    half, more = take(50, ("a", 50)), take(56, ("b", 56), name="more")
    answer = check(of(half, more), base=of(take(100, ("a", 50), ("b", 50))), limits=FIVE_PERCENT)
    assert (answer.outcome, answer.measured, answer.base) == (Outcome.FAIL, 106, 100)
    assert (answer.pointer, answer.locator) == ("/artifacts/more/path", "b")
    assert "'more: b' (Conv) is new" in answer.causes[0]


def test_a_model_cut_in_two_without_growth_passes():
    half, rest = take(50, ("a", 50)), take(50, ("b", 50), name="rest")
    base = macs_of(take(100, ("a", 50), ("b", 50)))
    assert checks.macs_growth(macs_of(half, rest), base=base, limits=FIVE_PERCENT).outcome is Outcome.PASS


def test_a_model_that_shrank_does_not_hide_that_another_grew():
    base = macs_of(take(100, ("a", 100)), take(100, ("b", 100), name="vad"))
    now = macs_of(take(50, ("a", 50)), take(120, ("b", 120), name="vad"))
    answer = checks.macs_growth(now, base=base, limits=FIVE_PERCENT)
    assert (answer.outcome, answer.pointer, answer.measured) == (Outcome.FAIL, "/artifacts/vad/path", 120)
    assert "of vad" in answer.message
    assert checks.activations_growth(
        peaks_of(*now.models[1:], take(200)), base=peaks_of(take(200), *base.models[1:]), limits=FIVE_PERCENT
    ).outcome is (Outcome.FAIL)


def test_a_model_under_another_id_is_unknown_unless_the_total_already_fails():
    base = macs_of(take(100, ("a", 100)))
    answer = checks.macs_growth(macs_of(take(100, ("a", 100), name="new")), base=base, limits=FIVE_PERCENT)
    assert (answer.outcome, answer.reason) == (Outcome.UNKNOWN, Reason.BASE_UNKNOWN)
    grown = checks.macs_growth(macs_of(take(200, ("a", 200), name="new")), base=base, limits=FIVE_PERCENT)
    assert grown.outcome is Outcome.FAIL
    assert grown.causes == ("'a' (Conv) grew from 100 MAC to 200 MAC: 100% of the increase",)


def test_taking_a_model_away_is_no_growth():
    base = macs_of(take(100), take(100, name="vad"))
    assert checks.macs_growth(macs_of(take(100)), base=base, limits=FIVE_PERCENT).outcome is Outcome.PASS


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=6), st.integers(0, 10**7))
def test_however_a_model_is_cut_into_pieces_the_same_budget_holds(pieces, budget):
    limits = MacBudgets(max_macs=(("node", budget),))
    cut = macs_of(*(take(one, name=f"part{number}") for number, one in enumerate(pieces)))
    whole = macs(sum(pieces))
    assert checks.macs_within_budget(cut, limits=limits).outcome is (
        checks.macs_within_budget(whole, limits=limits).outcome
    )


def test_a_model_with_a_dummy_input_before_the_bound_one_does_not_pass_as_no_growth():
    base, now = macs(80, extent=16), macs(80, extent=16)
    dummy = ModelInput(name="d", extents=(16, 1), bound_axes=(0,))
    (model,) = now.models
    hidden = ModelInput(name="z", extents=(1, 8), bound_axes=(0,))
    now = macs_of(replace(model, inputs=(dummy, hidden)))
    answer = checks.macs_growth(now, base=base, limits=FIVE_PERCENT)
    assert (answer.outcome, answer.reason) == (Outcome.UNKNOWN, Reason.BASE_UNKNOWN)
    assert "do not compare" in answer.message


def test_a_new_model_that_is_bound_to_less_than_the_one_it_may_relieve_does_not_pass():
    base = macs_of(take(100, ("a", 100), extent=16))
    now = macs_of(take(0, extent=16), take(100, ("b", 100), extent=1, name="real"))
    answer = checks.macs_growth(now, base=base, limits=FIVE_PERCENT)
    assert (answer.outcome, answer.pointer) == (Outcome.UNKNOWN, "/artifacts/real/path")


def with_assets(flash: TargetFlash, **sizes: int) -> TargetFlash:
    assets = tuple(AssetTake(artifact=name, pointer=f"/{name}", size_bytes=size) for name, size in sizes.items())
    return replace(flash, assets=assets, total=flash.total + sum(sizes.values()))


def test_a_file_that_is_no_model_counts_against_the_flash_and_is_named():
    limits = WeightBudgets(max_weight_kib=(("node", 128),))
    answer = checks.weights_within_budget(with_assets(flash_of(KWS), blob=50_000_000, labels=57), limits=limits)
    assert (answer.outcome, answer.measured) == (Outcome.FAIL, 50_000_057 + 88 * 1024)
    assert answer.message.startswith("constants and 2 other files together: 47.8 MiB")
    assert answer.causes == ("'blob' takes 47.7 MiB", "'kws' takes 88.0 KiB", "'labels' takes 57 B")


def test_a_file_that_grew_is_named_as_the_cause_and_a_small_one_does_not_fail_by_itself():
    base = with_assets(flash_of(KWS), blob=1000, labels=10)
    grown = checks.weights_growth(with_assets(flash_of(KWS), blob=9000, labels=10), base=base, limits=FIVE_PERCENT)
    assert (grown.outcome, grown.pointer, grown.locator) == (Outcome.FAIL, "/blob", "")
    assert grown.causes == ("'blob' (file) grew from 1000 B to 8.8 KiB: 100% of the increase",)
    labels = with_assets(flash_of(KWS), blob=1000, labels=30)
    assert checks.weights_growth(labels, base=base, limits=FIVE_PERCENT).outcome is Outcome.PASS


def test_a_target_of_files_without_a_model_has_a_flash_budget_too():
    limits = WeightBudgets(max_weight_kib=(("node", 1),))
    answer = checks.weights_within_budget(with_assets(flash_of(), blob=2000), limits=limits)
    assert (answer.outcome, answer.message) == (Outcome.FAIL, "1 other file together: 2.0 KiB of a budget of 1.0 KiB")


def covered(*unknown: str) -> OperatorCoverage:
    return OperatorCoverage(
        subject=NODE_KWS, pointer="/artifacts/0/path", known=10 - len(unknown), total=10, unknown=unknown
    )


def test_an_unknown_operator_fails_unless_the_policy_names_it():
    fact = covered("com.acme::Magic", "com.acme::Other")
    assert checks.operators_known(fact, limits=CoverageLimits()).outcome is Outcome.FAIL
    one = CoverageLimits(allowed_unknown=("com.acme::Magic",))
    answer = checks.operators_known(fact, limits=one)
    assert answer.outcome is Outcome.FAIL
    assert answer.causes == ("not understood: com.acme::Other",)
    both = CoverageLimits(allowed_unknown=("com.acme::Magic", "com.acme::Other"))
    assert checks.operators_known(fact, limits=both).outcome is Outcome.PASS
    assert checks.operators_known(covered(), limits=CoverageLimits()).outcome is Outcome.PASS


def claim(claimed: float, computed: float, *, exact: bool = True) -> ClaimedCost:
    return ClaimedCost(
        subject=NODE_KWS,
        pointer="/cost/0/macs",
        key="macs" if exact else "flash_kib",
        claimed=claimed,
        computed=computed,
        unit="MAC" if exact else "KiB",
        exact=exact,
    )


def test_a_claim_that_differs_by_one_fails_with_the_computed_figure_as_fix():
    answer = checks.claim_matches(claim(2656767.0, 2656768.0), limits=ClaimLimits())
    assert answer.outcome is Outcome.FAIL
    assert (answer.fixes[0].pointer, answer.fixes[0].replacement) == ("/cost/0/macs", 2656768)
    assert checks.claim_matches(claim(2656768.0, 2656768.0), limits=ClaimLimits()).outcome is Outcome.PASS


def test_flash_may_be_claimed_above_the_weights_and_never_under_them():
    assert checks.claim_matches(claim(52.0, 61.2, exact=False), limits=ClaimLimits()).outcome is Outcome.FAIL
    assert checks.claim_matches(claim(70.0, 61.2, exact=False), limits=ClaimLimits()).outcome is Outcome.PASS
    compressing = ClaimLimits(min_flash_share=0.5)
    assert checks.claim_matches(claim(52.0, 61.2, exact=False), limits=compressing).outcome is Outcome.PASS
