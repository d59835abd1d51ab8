"""Which layers, operators and peaks a comparison with the base names, and in which words."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cost_world import collected, dense, write

from policy_gate.areas.cost.answers import growth_causes, operator, peak_cause
from policy_gate.areas.cost.checks import activations_growth, macs_growth
from policy_gate.areas.cost.facts import Layer, ModelTake, TargetActivations, TargetMacs
from policy_gate.areas.cost.growth import grown_layers, peak_layer
from policy_gate.areas.cost.limits import GrowthLimits
from policy_gate.areas.cost.units import ACTIVATIONS, MACS
from policy_gate.model import Outcome, Subject

NODE = Subject("target", ("node",))


def layers(*amounts: int, op: str = "Conv") -> list[Layer]:
    return [
        Layer(name=f"{op.lower()}{at}", op=f"ai.onnx::{op}", amount=one, structure=f"{op}{at} {one}")
        for at, one in enumerate(amounts)
    ]


def causes(now: list[Layer], base: list[Layer]) -> tuple[str, ...]:
    growth = sum(one.amount for one in now) - sum(one.amount for one in base)
    return growth_causes(MACS, growth, grown_layers(now, base))


def test_few_layers_are_named_one_by_one_with_shares_of_the_whole_increase() -> None:
    assert causes(layers(100, 300, 50), layers(100, 200, 25)) == (
        "'conv1' (Conv) grew from 200 MAC to 300 MAC: 80% of the increase",
        "'conv2' (Conv) grew from 25 MAC to 50 MAC: 20% of the increase",
    )


def test_where_many_grew_each_operator_has_its_share() -> None:
    now = [*layers(*[200] * 5), *layers(500, 500, op="Gemm"), *layers(110, op="MatMul")]
    base = [*layers(*[100] * 5), *layers(400, 400, op="Gemm"), *layers(100, op="MatMul")]
    found = causes(now, base)
    assert len(found) == 4
    assert found[3] == "by operator: Conv 71% in 5 layers, Gemm 28% in 2 layers, MatMul 1% in 1 layer"


def test_what_shrank_meanwhile_stands_apart_and_takes_nothing_off_the_shares() -> None:
    assert causes(layers(1000, 100), layers(100, 900)) == (
        "'conv0' (Conv) grew from 100 MAC to 1.0 kMAC: 100% of the increase",
        "everything else takes 800 MAC less than before",
    )


def test_growth_that_no_layer_explains_is_said() -> None:
    found = growth_causes(MACS, 400, grown_layers(layers(200), layers(100)))
    assert found == (
        "'conv0' (Conv) grew from 100 MAC to 200 MAC: 25% of the increase",
        "no layer listed takes the other 300 MAC: 75% of the increase",
    )


def test_a_long_name_is_shown_at_both_ends_also_of_a_layer_that_grew() -> None:
    name = "begins" + "n" * 500 + "ends"
    now, base = (Layer(name=name, op="ai.onnx::Conv", amount=one) for one in (20, 10))
    (cause,) = causes([now], [base])
    assert cause.startswith("'beginsn")
    assert "nends' (Conv) grew from" in cause
    assert len(cause) < 140


@pytest.mark.parametrize(
    ("op", "words"),
    [("ai.onnx::Conv", "Conv"), ("tflite::CONV_2D", "CONV_2D"), ("com.acme::Conv", "com.acme::Conv")],
)
def test_an_operator_of_a_standard_goes_without_its_domain(op, words) -> None:
    assert operator(op) == words


def test_a_peak_is_said_with_the_layer_that_set_it_before_where_that_was_another() -> None:
    here, there = layers(10, 20)
    assert peak_cause(ACTIVATIONS, here, 2048, None, 1024) == (
        "'conv0' (Conv) sets the peak: 2.0 KiB while it runs, 1.0 KiB in the base"
    )
    assert peak_cause(ACTIVATIONS, here, 2048, there, 1024).endswith("1.0 KiB in the base, where 'conv1' set it")


def target(kind: type, amount: int, *found: Layer):
    model = ModelTake(artifact="kws", pointer="/artifacts/0/path", amount=amount, inputs=(), layers=found)
    return kind(subject=NODE, pointer="/targets/0/runs", total=amount, models=(model,))


def test_growth_of_the_peak_names_the_layer_that_sets_it_first_and_points_there() -> None:
    now = [replace(layers(100)[0], name="early"), replace(layers(150)[0], name="late", sets_peak=True)]
    base = [replace(layers(90)[0], name="early", sets_peak=True), replace(layers(50)[0], name="late")]
    answer = activations_growth(
        target(TargetActivations, 400, *now), base=target(TargetActivations, 200, *base), limits=GrowthLimits()
    )
    assert answer.outcome is Outcome.FAIL
    assert answer.locator == "late"
    assert answer.causes[0] == (
        "'late' (Conv) sets the peak: 400 B while it runs, 200 B in the base, where 'early' set it"
    )


def test_a_renamed_layer_that_still_sets_the_peak_is_the_same_layer() -> None:
    now, base = (replace(one, name=name, sets_peak=True) for one, name in ((layers(90)[0], "b"), (layers(50)[0], "a")))
    answer = activations_growth(
        target(TargetActivations, 90, now), base=target(TargetActivations, 50, base), limits=GrowthLimits()
    )
    assert answer.causes[0] == "'b' (Conv) sets the peak: 90 B while it runs, 50 B in the base"


def test_without_the_layer_that_sets_the_peak_those_that_grew_are_named() -> None:
    answer = activations_growth(
        target(TargetActivations, 90, *layers(90)),
        base=target(TargetActivations, 50, *layers(50)),
        limits=GrowthLimits(),
    )
    assert answer.causes == ("'conv0' (Conv) grew from 50 B to 90 B",)


def found_in(folder, kind: type, content: bytes):
    write(folder, "model/kws.onnx", content)
    (entry,) = collected(folder).entries(kind)
    return entry


def test_a_model_with_other_names_has_layers_of_the_same_structure(tmp_path) -> None:
    before = found_in(tmp_path, TargetMacs, dense(4, 8, 2)).models[0].layers
    after = found_in(tmp_path, TargetMacs, dense(4, 8, 2, name="renamed")).models[0].layers
    wider = found_in(tmp_path, TargetMacs, dense(4, 9, 2)).models[0].layers
    assert [one.structure for one in before] == [one.structure for one in after]
    assert [one.name for one in before] != [one.name for one in after]
    assert all(one.structure for one in before)
    assert not {one.structure for one in before} & {one.structure for one in wider}


def test_one_layer_of_a_model_sets_the_peak(tmp_path) -> None:
    found = found_in(tmp_path, TargetActivations, dense(4, 8, 300, 6, 2)).models[0].layers
    assert [one.sets_peak for one in found] == [False, True, False, False]
    assert peak_layer(found) is found[1]


def test_the_gate_blames_the_layer_put_between_others_and_none_behind_it(tmp_path) -> None:
    base = found_in(tmp_path, TargetMacs, dense(4, 8, 8, 2))
    now = found_in(tmp_path, TargetMacs, dense(4, 8, 64, 8, 8, 2))
    answer = macs_growth(now, base=base, limits=GrowthLimits())
    assert answer.outcome is Outcome.FAIL
    assert [cause.partition(" ")[0] for cause in answer.causes] == ["'/fc1'", "'/fc2'"]
    assert all(" is new and takes 512 MAC: 50% of the increase" in cause for cause in answer.causes)
