from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_gate.policy.versions import at_least, contains, parse_range, parse_version

IN_ORDER = [
    # The example of Semantic Versioning 2.0.0, item 11, between two neighbours.
    *("0.9", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11"),
    *("1.0.0-rc.1", "1.0.0", "1.0.1", "1.2", "1.10", "2", "10"),
]


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "1.", ".1", "1..2", "v1", "1.x", "*", "1.*", "latest", "01", "1.02", "1 ", " 1", "1\n", "-1", "+1"),
        *("1.4.0-", "1.4.0-a..b", "1.4.0-01", "1.4.0+build", "1,4", "1e3", "0x1", "1.4.0-ä", "٣", "１.4", "1_0"),
        *("1" * 19, "1." * 30 + "1", "1.2.3.4.5.6.7.8.9", "9" * 4000, "1-" + "a" * 4000),
    ],
)
def test_what_is_no_version_is_refused_and_lies_in_no_range(text) -> None:
    with pytest.raises(ValueError, match="should be a version"):
        parse_version(text)
    assert not contains(parse_range(">=0"), text)
    with pytest.raises(ValueError):
        at_least(text, "1")
    with pytest.raises(ValueError):
        at_least("1", text)


@pytest.mark.parametrize(
    "text",
    ["", " ", ">=", "1.4.0", "=1.4.0", "~1.4", "^1.4", "!=1.4.0", ">= 1.4.0", ">=1.4.0,<2", ">=1.4.0  <2", ">=1.4.0 <2 ",
     "*", ">=*", "=>1.4", ">=1.4 || <1", ">=v1", " ".join([">=1"] * 9), ">=" + "1" * 5000],
)  # fmt: skip
def test_what_is_no_range_is_refused(text) -> None:
    with pytest.raises(ValueError, match="should be"):
        parse_range(text)


def test_versions_are_ordered_as_semantic_versioning_orders_them() -> None:
    for position, lower in enumerate(IN_ORDER):
        for higher in IN_ORDER[position + 1 :]:
            assert at_least(higher, lower)
            assert not at_least(lower, higher)
            assert contains(parse_range(f">={lower}"), higher)
            assert contains(parse_range(f">{lower}"), higher)
            assert not contains(parse_range(f"<={lower}"), higher)
            assert not contains(parse_range(f"=={lower}"), higher)


def test_trailing_zeros_do_not_make_another_version() -> None:
    assert parse_version("1.4") == parse_version("1.4.0") != parse_version("1.4.0.1")
    assert parse_version("0") == parse_version("0.0")
    assert contains(parse_range("==1.4.0"), "1.4")


@pytest.mark.parametrize(
    ("version", "lies_in"),
    [
        *(("1.4.0", True), ("1.4.99", True), ("1.4.1-rc.1", True), ("1.4.0-rc.1", False)),
        *(("1.5.0", False), ("1.5", False), ("1.3.9", False), ("1.5.0-rc.1", False), ("1.5-alpha", False)),
    ],
)
def test_a_range_to_before_a_version_ends_before_its_prereleases(version, lies_in) -> None:
    assert contains(parse_range(">=1.4.0 <1.5.0"), version) is lies_in


def test_a_bound_that_is_a_prerelease_takes_earlier_prereleases() -> None:
    assert contains(parse_range("<1.5.0-rc.2"), "1.5.0-rc.1")
    assert not contains(parse_range("<1.5.0-rc.2"), "1.5.0-rc.2")


def test_bounds_that_contradict_each_other_and_no_bounds_take_nothing() -> None:
    assert not contains(parse_range(">=2 <1"), "1.5")
    assert not contains((), "1.5")


numbers = st.lists(st.integers(0, 12), min_size=1, max_size=4).map(lambda parts: ".".join(map(str, parts)))
versions = st.tuples(numbers, st.sampled_from(["", "-rc.1", "-rc.2", "-1", "-x-y"])).map("".join)


@given(versions, versions)
def test_the_order_is_total_and_a_version_is_at_least_itself(one, other) -> None:
    assert at_least(one, one)
    assert at_least(one, other) or at_least(other, one)
    if at_least(one, other) and at_least(other, one):
        assert parse_version(one) == parse_version(other)


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_text_is_either_read_or_refused_with_a_value_error(bounds, version) -> None:
    try:
        within = parse_range(bounds)
    except ValueError:
        return
    assert contains(within, version) in (True, False)
