from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_gate.areas.cost.facts import Layer, ModelInput
from policy_gate.areas.cost.growth import (
    grown_layers,
    most_allowed,
    other_inputs,
    pair_inputs,
    pair_layers,
    share_percent,
    smaller_binding,
)
from policy_gate.areas.cost.units import bytes_in_words, macs_in_words

names = st.sampled_from(["a", "b", "c", "d", ""])
ops = st.sampled_from(["Conv", "MatMul"])
layers = st.lists(st.builds(Layer, name=names, op=ops, amount=st.integers(1, 10**6)), max_size=8)


def layer(name: str, amount: int, op: str = "Conv") -> Layer:
    return Layer(name=name, op=op, amount=amount)


def test_renaming_every_layer_hides_no_growth_of_any():
    base = [layer("a", 10), layer("b", 20)]
    (grown,) = grown_layers([layer("x", 10), layer("y", 90)], base)
    assert (grown.layer.name, grown.before, grown.is_new) == ("y", 20, False)


def test_two_layers_that_swap_names_are_compared_by_name():
    base = [layer("a", 10), layer("b", 20)]
    (grown,) = grown_layers([layer("b", 10), layer("a", 20)], base)
    assert (grown.layer.name, grown.before) == ("a", 10)


def test_a_layer_that_keeps_its_name_under_another_operator_is_new():
    (grown,) = grown_layers([layer("a", 10, "MatMul")], [layer("a", 10, "Conv")])
    assert grown.is_new


def test_layers_of_one_name_pair_in_order():
    base = [layer("a", 1), layer("a", 100)]
    assert [before.amount for _, before in pair_layers([layer("a", 2), layer("a", 3)], base)] == [1, 100]


def test_a_new_layer_is_named_with_all_it_takes():
    (grown,) = grown_layers([layer("a", 10), layer("b", 5)], [layer("a", 10)])
    assert (grown.is_new, grown.increase) == (True, 5)


@given(layers)
def test_a_model_compared_with_itself_grew_nowhere(same):
    assert grown_layers(same, same) == ()


@given(layers, layers)
def test_pairing_uses_no_base_layer_twice_and_keeps_every_layer(now, base):
    paired = pair_layers(now, base)
    assert [one for one, _ in paired] == now
    used = [id(before) for _, before in paired if before is not None]
    assert len(used) == len(set(used)) or len({id(one) for one in base}) < len(base)
    assert all(before.op == one.op for one, before in paired if before is not None)


@given(layers, layers)
def test_the_increases_explain_at_least_the_growth_of_the_sum(now, base):
    growth = sum(one.amount for one in now) - sum(one.amount for one in base)
    assert sum(one.increase for one in grown_layers(now, base)) >= growth


@given(st.integers(0, 2**62), st.integers(0, 2**62))
def test_a_share_is_the_exact_percentage_rounded_half_up(part, whole):
    expected = 0 if whole == 0 else (Fraction(100 * part, whole) + Fraction(1, 2)).__floor__()
    assert share_percent(part, whole) == expected


@pytest.mark.parametrize(
    ("base", "max_growth", "allowed"),
    [(100, 0.29, 129), (100, 0.07, 107), (0, 0.5, 0), (10, 0, 10), (3, 0.5, 4), (2**62, 0.1, 2**62 + 2**62 // 10)],
)
def test_the_allowed_total_is_exact_for_the_decimal_that_was_written(base, max_growth, allowed):
    assert most_allowed(base, max_growth) == allowed


def image(extents: tuple[int, ...], *bound: int) -> ModelInput:
    return ModelInput(name="image", extents=extents, bound_axes=bound)


def named(name: str, extents: tuple[int, ...], *bound: int) -> ModelInput:
    return ModelInput(name=name, extents=extents, bound_axes=bound)


def test_a_dummy_input_put_first_does_not_take_the_place_of_the_one_that_is_bound_to_less():
    before, real = named("x", (16, 64), 0), named("x", (1, 64), 0)
    assert smaller_binding([named("dummy", (16, 1), 0), real], [before]) == (real, 0, 16)


@pytest.mark.parametrize(
    ("inputs", "base"),
    [
        ([named("d", (16, 1), 0), named("z", (1, 64), 0)], [named("x", (16, 64), 0)]),
        ([named("d", (16, 1)), named("z", (1, 64), 0)], [named("x", (16, 64), 0)]),
        ([named("x", (16, 64))], [named("x", (16, 64), 0), named("z", (1, 64), 0)]),
        ([named("x", (16, 1, 64), 0)], [named("x", (16, 64), 0)]),
        ([named("y", (16,))], [named("x", (16, 64), 0)]),
    ],
    ids=["added", "added and fixed", "removed", "rank", "renamed and rank"],
)
def test_inputs_of_another_number_or_rank_do_not_compare_while_an_axis_is_bound(inputs, base):
    assert other_inputs(inputs, base)


def test_inputs_that_are_only_renamed_or_all_fixed_do_compare():
    assert not other_inputs([named("y", (1, 64), 0)], [named("x", (16, 64), 0)])
    assert not other_inputs([named("y", (1, 64)), named("z", (1,))], [named("x", (16, 64))])


@given(st.lists(names, max_size=5), st.lists(names, max_size=5))
def test_pairing_inputs_loses_none_and_uses_none_of_the_base_twice(now, base):
    pairs = pair_inputs([named(one, (1,)) for one in now], before := [named(one, (1,)) for one in dict.fromkeys(base)])
    assert [one.name for one, _ in pairs] == now
    used = [id(one) for _, one in pairs if one is not None]
    assert len(used) == len(set(used)) == min(len(now), len(before))


def test_a_smaller_binding_is_found_by_position_whatever_the_input_is_called():
    before = ModelInput(name="x", extents=(8, 3), bound_axes=(0,))
    assert smaller_binding([image((1, 3), 0)], [before]) == (image((1, 3), 0), 0, 8)


def test_leaving_an_extent_open_that_was_fixed_and_binding_it_lower_is_found():
    assert smaller_binding([image((1, 3), 0)], [image((8, 3))]) is not None


def test_an_equal_or_larger_binding_and_a_fixed_extent_are_no_finding():
    assert smaller_binding([image((8, 3), 0)], [image((8, 3), 0)]) is None
    assert smaller_binding([image((9, 3), 0)], [image((8, 3), 0)]) is None
    assert smaller_binding([image((1, 3))], [image((8, 3), 0)]) is None


def test_an_axis_or_input_the_base_does_not_have_is_no_finding():
    assert smaller_binding([image((1, 3), 0, 1), image((1,), 0)], [image((1,))]) is None


@pytest.mark.parametrize(
    ("macs", "words"),
    [
        (0, "0 MAC"),
        (999, "999 MAC"),
        (1000, "1.0 kMAC"),
        (16_149_999, "16.1 MMAC"),
        (99_949_999, "99.9 MMAC"),
        (99_950_000, "100 MMAC"),
        (654_560_384, "655 MMAC"),
        (19_632_062_464, "19.6 GMAC"),
        (2**62, "4611686018 GMAC"),
    ],
)
def test_multiply_accumulates_read_well(macs, words):
    assert macs_in_words(macs) == words


def test_bytes_read_well():
    assert [bytes_in_words(count) for count in (0, 1023, 1024, 53555, 1 << 20, 3 << 30)] == [
        "0 B",
        "1023 B",
        "1.0 KiB",
        "52.3 KiB",
        "1.0 MiB",
        "3.0 GiB",
    ]
