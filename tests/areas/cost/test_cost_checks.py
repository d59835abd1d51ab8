from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_gate.areas.cost import checks
from policy_gate.areas.cost.facts import (
    ActivationCost,
    ClaimedCost,
    Layer,
    MacCost,
    ModelInput,
    OperatorCoverage,
    WeightCost,
)
from policy_gate.areas.cost.limits import (
    ActivationBudgets,
    ClaimLimits,
    CoverageLimits,
    GrowthLimits,
    MacBudgets,
    WeightBudgets,
)
from policy_gate.errors import Reason
from policy_gate.model import Outcome, Subject

NODE_KWS = Subject("target", ("node", "kws"))
FIVE_PERCENT = GrowthLimits()


def macs(total: int, *layers: tuple[str, int], extent: int = 1) -> MacCost:
    return MacCost(
        subject=NODE_KWS,
        pointer="/artifacts/0/path",
        macs=total,
        bounded=False,
        inputs=(ModelInput(name="x", extents=(extent, 8), bound_axes=(0,)),),
        layers=tuple(Layer(name=name, op="ai.onnx::Conv", amount=amount) for name, amount in layers),
        layer_count=len(layers),
    )


def weights(weight_bytes: int, stored_bytes: int = 0) -> WeightCost:
    return WeightCost(
        subject=NODE_KWS,
        pointer="/artifacts/0/path",
        parameters=weight_bytes // 4,
        weight_bytes=weight_bytes,
        stored_bytes=stored_bytes,
        by_dtype=(),
        layers=(),
        layer_count=0,
    )


def activations(peak_bytes: int, extent: int = 1) -> ActivationCost:
    return ActivationCost(
        subject=NODE_KWS,
        pointer="/artifacts/0/path",
        peak_bytes=peak_bytes,
        inputs=(ModelInput(name="x", extents=(extent, 8), bound_axes=(0,)),),
        layers=(Layer(name="pool", op="ai.onnx::AveragePool", amount=peak_bytes),),
        layer_count=1,
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
        (checks.activations_within_budget, activations(1), ActivationBudgets()),
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
    assert checks.activations_within_budget(activations(1536), limits=kib).outcome is Outcome.PASS
    assert checks.activations_within_budget(activations(1537), limits=kib).outcome is Outcome.FAIL


def test_a_model_that_no_target_runs_is_held_to_the_budget_of_all_others():
    cost = replace(macs(50), subject=Subject("artifact", ("node",)))
    limits = MacBudgets(max_macs=(("*", 10), ("node", 99)))
    assert checks.macs_within_budget(cost, limits=limits).outcome is Outcome.FAIL


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
