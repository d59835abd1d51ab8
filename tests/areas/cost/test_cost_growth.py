from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_gate.areas.cost.facts import Layer, ModelInput
from policy_gate.areas.cost.growth import (
    by_operator,
    changed_layers,
    grown_layers,
    most_allowed,
    other_inputs,
    pair_inputs,
    share_percent,
    shares_percent,
    smaller_binding,
)
from policy_gate.areas.cost.pairing import pair_layers
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


shapes = st.sampled_from([("S1", 10), ("S2", 20), ("S3", 30), ("S4", 40), ("S5", 50)])


@st.composite
def structured(draw, max_size: int = 12) -> list[Layer]:
    """Layers whose amount follows from their structure, under any names, repeated ones too."""
    drawn = draw(st.lists(st.tuples(names, shapes), max_size=max_size))
    return [Layer(name=name, op="Conv", amount=amount, structure=shape) for name, (shape, amount) in drawn]


def built(name: str, amount: int, op: str = "Conv") -> Layer:
    return Layer(name=name, op=op, amount=amount, structure=f"{op}{amount}")


def renumbered(models: list[Layer], first: int = 0) -> list[Layer]:
    return [replace(one, name=f"conv_{at}") for at, one in enumerate(models, start=first)]


@given(structured())
def test_renaming_all_layers_is_no_growth(base):
    assert changed_layers(renumbered(base), base) == ()


@given(structured(), st.randoms(use_true_random=False))
def test_layers_in_another_order_are_no_growth(base, chance):
    now = [*base]
    chance.shuffle(now)
    assert changed_layers(now, base) == ()
    assert changed_layers(renumbered(now), base) == ()


@given(structured(), st.integers(0, 12), st.booleans())
def test_one_layer_put_between_others_is_blamed_alone_even_where_all_behind_it_are_renumbered(base, at, renumber):
    base = renumbered(base)
    inserted = Layer(name="inserted", op="Conv", amount=999, structure="another")
    now = [*base[:at], inserted, *base[at:]]
    (grown,) = changed_layers(renumbered(now) if renumber else now, base)
    assert (grown.layer.structure, grown.is_new, grown.increase) == ("another", True, 999)


@given(structured(), st.data())
def test_one_layer_taken_out_is_the_only_one_that_changed(base, data):
    base = [*renumbered(base), built("last", 7)]
    at = data.draw(st.integers(0, len(base) - 1))
    now = renumbered([one for position, one in enumerate(base) if position != at])
    (gone,) = changed_layers(now, base)
    assert (gone.layer.amount, gone.before) == (0, base[at].amount)


@given(structured(), st.data())
def test_one_layer_that_grew_is_found_whatever_all_are_called(base, data):
    base = [*base, built("last", 7)]
    at = data.draw(st.integers(0, len(base) - 1))
    grown = replace(base[at], amount=base[at].amount + 5, structure="wider")
    now = renumbered([*base[:at], grown, *base[at + 1 :]])
    increase = sum(one.increase for one in changed_layers(now, base))
    found = grown_layers(now, base)
    assert increase == 5
    assert [(one.layer.structure, one.is_new) for one in found] == [("wider", False)]


def test_a_layer_put_in_before_two_that_grew_takes_the_name_of_neither():
    base = renumbered([built("", 1), built("", 10), built("", 100), built("", 3)])
    now = renumbered([built("", 1), built("", 50), built("", 20), built("", 200), built("", 3)])
    found = {one.layer.name: (one.before, one.is_new) for one in grown_layers(now, base)}
    assert found == {"conv_1": (0, True), "conv_2": (10, False), "conv_3": (100, False)}


def test_a_layer_that_grew_keeps_its_name_among_others_that_grew_too():
    base = [built("a", 1), built("b", 10), built("c", 100), built("d", 3)]
    now = [built("a", 1), built("new", 10_000), built("b", 110), built("c", 120), built("d", 3)]
    found = {one.layer.name: (one.before, one.is_new) for one in grown_layers(now, base)}
    assert found == {"new": (0, True), "b": (10, False), "c": (100, False)}


def test_a_layer_that_moved_and_grew_keeps_its_name():
    base = [built("a", 10), built("k", 7, "MatMul"), built("b", 20)]
    now = [built("k", 7, "MatMul"), built("b", 21), built("a", 11)]
    assert {one.layer.name: one.before for one in grown_layers(now, base)} == {"a": 10, "b": 20}


def test_widening_every_layer_under_new_names_makes_none_new():
    base = renumbered([built("", one) for one in (10, 40, 160, 640)])
    now = [
        replace(one, name=f"layer{one.amount}", amount=4 * one.amount, structure=f"wide{one.amount}") for one in base
    ]
    assert [(one.before, one.is_new) for one in grown_layers(now, base)] == [
        (640, False), (160, False), (40, False), (10, False)
    ]  # fmt: skip


@given(layers, layers)
def test_what_changed_adds_up_to_the_change_of_the_sum(now, base):
    growth = sum(one.amount for one in now) - sum(one.amount for one in base)
    assert sum(one.increase for one in changed_layers(now, base)) == growth
    assert all(one.increase for one in changed_layers(now, base))


@given(structured(), structured())
def test_no_layer_is_new_while_one_of_its_operator_is_gone(now, base):
    paired = [before for _, before in pair_layers(now, base)]
    assert paired.count(None) == max(0, len(now) - len(base))


@given(layers, layers, st.integers(0, 10**7))
def test_shares_of_operators_add_up_to_the_whole_increase(now, base, beyond):
    grown = grown_layers(now, base)
    found = by_operator(grown)
    assert sum(one.increase for one in found) == sum(one.increase for one in grown)
    assert sum(one.share_percent for one in found) == (100 if grown else 0)
    assert sum(one.layers for one in found) == len(grown)
    whole = sum(one.increase for one in grown) + beyond
    shares = [one.share_percent for one in by_operator(grown, whole)]
    assert sum(shares) == share_percent(sum(one.increase for one in grown), whole)


@given(st.lists(st.integers(0, 2**62), max_size=9))
def test_shares_in_percent_add_up_to_100_and_are_off_by_less_than_one(parts):
    shares = shares_percent(parts)
    assert sum(shares) == (100 if sum(parts) else 0)
    assert all(
        abs(share * sum(parts) - 100 * part) < sum(parts) for share, part in zip(shares, parts, strict=True) if part
    )


class Counting(str):
    """A structure that counts how often it is compared."""

    __slots__ = ()
    compared = 0

    def __eq__(self, other):
        Counting.compared += 1
        return str.__eq__(self, other)

    __hash__ = str.__hash__


@pytest.mark.parametrize("name", ["", "conv"])
@pytest.mark.parametrize("alike", [True, False])
def test_thousands_of_layers_of_one_name_are_compared_a_bounded_number_of_times(name, alike):
    count = 5_000
    Counting.compared = 0
    base = [
        Layer(name=name, op="Conv", amount=9, structure=Counting("s" if alike else f"s{at}")) for at in range(count)
    ]
    now = [Layer(name=name, op="Conv", amount=9, structure=Counting("s" if alike else f"t{at}")) for at in range(count)]
    assert changed_layers(now, base[::-1]) == ()
    assert Counting.compared < 40 * count


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
