from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from policy_gate.policy.direction import Change, compare, meet

NUMBERS = st.integers(-5, 5) | st.floats(-5, 5, allow_nan=False)
TABLES = st.dictionaries(st.sampled_from(["a", "b", "*"]), NUMBERS, max_size=3)
SETS = st.lists(st.sampled_from("abcd"), unique=True).map(sorted)
DIRECTED = st.one_of(
    st.tuples(st.sampled_from(["lower", "higher"]), st.just(NUMBERS)),
    st.tuples(st.sampled_from(["lower", "higher"]), st.just(TABLES)),
    st.tuples(st.sampled_from(["subset", "superset"]), st.just(SETS)),
    st.tuples(st.sampled_from(["true", "false"]), st.just(st.booleans())),
)


@pytest.mark.parametrize(
    ("stricter", "before", "after", "change"),
    [
        ("lower", 4, 3, Change.STRICTER),
        ("lower", 4, 5, Change.LOOSER),
        ("lower", 4, 4.0, Change.SAME),
        ("higher", 4, 3, Change.LOOSER),
        ("lower", 1, True, Change.DIFFERENT),
        ("lower", 0, False, Change.DIFFERENT),
        ("lower", 4, "3", Change.DIFFERENT),
        ("lower", "2027-01-31", "2026-01-31", Change.STRICTER),
        ("subset", ["MIT", "0BSD"], ["MIT"], Change.STRICTER),
        ("subset", ["MIT"], ["0BSD"], Change.DIFFERENT),
        ("subset", ["MIT"], [], Change.STRICTER),
        ("superset", ["MIT"], [], Change.LOOSER),
        ("true", False, True, Change.STRICTER),
        ("true", True, False, Change.LOOSER),
        ("false", True, False, Change.STRICTER),
        ("false", False, True, Change.LOOSER),
        ("false", 0, True, Change.DIFFERENT),
        ("", 1, 2, Change.DIFFERENT),
        ("lower", {"a": 4}, {}, Change.LOOSER),
        ("lower", {}, {"a": 4}, Change.STRICTER),
        ("lower", {"a": 4}, {"*": 4}, Change.STRICTER),
        ("lower", {"a": 4, "*": 1}, {"*": 1}, Change.STRICTER),
        ("lower", {"a": 4, "*": 9}, {"*": 9}, Change.LOOSER),
        ("lower", {"a": 4, "b": 4}, {"a": 3, "b": 5}, Change.DIFFERENT),
    ],
)
def test_what_a_change_is_follows_from_its_direction(stricter, before, after, change) -> None:
    assert compare(stricter, before, after) is change


@given(st.data(), DIRECTED)
def test_what_two_values_meet_in_is_as_strict_as_both_in_any_order(data, directed) -> None:
    stricter, values = directed
    one, other, third = (data.draw(values) for _ in range(3))
    met = meet(stricter, one, other)
    assert compare(stricter, one, met).tightens
    assert compare(stricter, other, met).tightens
    results = [meet(stricter, meet(stricter, a, b), c) for a, b, c in permutations((one, other, third))]
    assert all(compare(stricter, results[0], one) is Change.SAME for one in results)


@given(st.data(), DIRECTED)
def test_a_change_back_is_the_opposite_change(data, directed) -> None:
    stricter, values = directed
    one, other = data.draw(values), data.draw(values)
    opposite = {Change.STRICTER: Change.LOOSER, Change.LOOSER: Change.STRICTER}
    change = compare(stricter, one, other)
    assert compare(stricter, other, one) is opposite.get(change, change)


@given(st.data(), DIRECTED)
def test_tightening_twice_tightens(data, directed) -> None:
    stricter, values = directed
    one, two, three = (data.draw(values) for _ in range(3))
    assume(compare(stricter, one, two).tightens and compare(stricter, two, three).tightens)
    assert compare(stricter, one, three).tightens


def test_two_values_without_direction_do_not_meet() -> None:
    with pytest.raises(ValueError, match="no direction"):
        meet("", 1, 2)
    assert meet("", 1, 1) == 1
