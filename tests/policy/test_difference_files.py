"""Trust files, waivers, baselines and locks are told apart entry by entry, in any order."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_gate.document import Document, load
from policy_gate.policy.difference_of_files import baseline_difference, lock_difference, waiver_difference
from policy_gate.policy.difference_of_trust import trust_difference
from policy_gate.policy.difference_row import Sources

SOURCES = Sources(before="base", after="head")
A, B = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"
WAIVER = {"id": "W-1", "rule": "COST-005", "release": "kws", "subject": "artifact kws", "expires": "2027-01-31"}
FINDING = {"id": "COST-005:artifact:kws:/x", "rule": "COST-005", "release": "kws", "measured": 5}
KEY = {
    "id": "release-2026",
    "spki": A,
    "public_key": "…",
    "algorithm": "ed25519",
    "roles": ["releaser"],
    "sign": {"not_before": "2026-01-01", "not_after": "2026-12-31"},
    "verify": {"not_after": "2027-06-30"},
}
TRUST = {"keys": [KEY], "thresholds": {"releaser": 1}}
REVOKED = {"at": "2026-11-20", "reason": "lost laptop"}


def document(tree: Any) -> Document | None:
    return None if tree is None else load(json.dumps(tree).encode(), "file.json")


def rows(differ: Any, before: Any, after: Any) -> list[tuple[str, str]]:
    return [(one.name, one.change.value) for one in differ((document(before), document(after)), SOURCES)]


def waivers(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"waivers": list(entries)}


def test_a_waiver_more_is_looser_and_one_less_stricter() -> None:
    assert rows(waiver_difference, None, waivers(WAIVER)) == [("W-1", "looser")]
    assert rows(waiver_difference, waivers(WAIVER), waivers()) == [("W-1", "stricter")]


@pytest.mark.parametrize(
    ("changed", "change"),
    [
        ({"expires": "2027-01-30"}, "stricter"),
        ({"expires": "2027-02-01"}, "looser"),
        ({"expires": "2027-02-30"}, "stricter"),
        ({"expires": "2027-01-30", "reason": "another"}, "looser"),
        ({"accept": 1}, "looser"),
        ({"subject": "artifact other"}, "looser"),
        ({"reason": "another"}, "looser"),
    ],
)
def test_a_waiver_that_changed_is_looser_unless_it_only_ends_earlier(changed, change) -> None:
    assert rows(waiver_difference, waivers(WAIVER), waivers({**WAIVER, **changed})) == [("W-1", change)]


def test_a_waiver_that_accepts_true_is_not_one_that_accepts_1() -> None:
    before, after = ({**WAIVER, "accept": one} for one in (1, True))
    assert rows(waiver_difference, waivers(before), waivers(after)) == [("W-1", "looser")]


def test_known_findings_are_counted_by_rule_and_told_apart_by_every_word() -> None:
    other, worse = {**FINDING, "id": "COST-005:artifact:other:/x"}, {**FINDING, "measured": 9}
    assert rows(baseline_difference, {"findings": [FINDING]}, {"findings": [FINDING, other]}) == [
        ("COST-005, added", "looser")
    ]
    assert rows(baseline_difference, {"findings": [FINDING, other]}, {"findings": [other]}) == [
        ("COST-005, removed", "stricter")
    ]
    assert rows(baseline_difference, {"findings": [FINDING]}, {"findings": [worse]}) == [
        ("COST-005, added", "looser"),
        ("COST-005, removed", "stricter"),
    ]
    assert rows(baseline_difference, {"findings": [FINDING]}, {"findings": [FINDING, FINDING]}) == [
        ("COST-005, added", "looser")
    ]


def test_a_pin_that_changed_is_different_and_a_floor_that_is_none_looser() -> None:
    pinned = {"packs": [{"source": "a.yaml", "digest": A, "floor": True}]}
    moved = {"packs": [{"source": "a.yaml", "digest": B, "floor": True}]}
    loose = {"packs": [{"source": "a.yaml", "digest": A}]}
    assert rows(lock_difference, pinned, moved) == [("a.yaml digest", "different")]
    assert rows(lock_difference, pinned, loose) == [("a.yaml floor", "looser")]
    assert rows(lock_difference, loose, pinned) == [("a.yaml floor", "stricter")]
    assert rows(lock_difference, pinned, None) == [("a.yaml floor", "looser"), ("a.yaml digest", "different")]


def trust(**keys: Any) -> dict[str, Any]:
    return {**TRUST, "keys": [{**KEY, **keys}]}


def trust_rows(before: Any, after: Any) -> list[tuple[str, str]]:
    return rows(trust_difference, before, after)


def test_a_key_more_is_looser_and_one_less_stricter() -> None:
    two = {**TRUST, "keys": [KEY, {**KEY, "id": "other", "spki": B}]}
    assert trust_rows(TRUST, two) == [(f"other ({B})", "looser")]
    assert trust_rows(two, TRUST) == [(f"other ({B})", "stricter")]


@pytest.mark.parametrize(
    ("before", "after", "name"),
    [
        ({}, {"roles": ["releaser", "approver"]}, " role approver"),
        (
            {"sign": {"not_before": "2026-02-01", "not_after": "2026-12-31"}},
            {"sign": {"not_before": "2026-01-01", "not_after": "2026-12-31"}},
            " sign not_before",
        ),
        ({}, {"sign": {"not_before": "2026-01-01", "not_after": "2027-01-01"}}, " sign not_after"),
        ({}, {"verify": {"not_after": "2027-07-01"}}, " verify not_after"),
        ({"revoked": REVOKED}, {}, " revoked at"),
        ({"revoked": REVOKED}, {"revoked": {**REVOKED, "at": "2026-11-21"}}, " revoked at"),
    ],
)
def test_a_key_that_may_do_more_is_looser_and_back_is_stricter(before, after, name) -> None:
    assert trust_rows(trust(**before), trust(**after)) == [(f"release-2026 ({A}){name}", "looser")]
    assert trust_rows(trust(**after), trust(**before)) == [(f"release-2026 ({A}){name}", "stricter")]


def test_a_day_is_its_first_or_its_last_second() -> None:
    spelled = {"not_before": "2026-01-01T00:00:00Z", "not_after": "2026-12-31T23:59:59Z"}
    assert trust_rows(TRUST, trust(sign=spelled)) == []
    early = {"not_before": "2026-01-01", "not_after": "2026-12-31T12:00:00Z"}
    assert trust_rows(TRUST, trust(sign=early)) == [(f"release-2026 ({A}) sign not_after", "stricter")]


def test_a_moment_that_is_none_is_looser() -> None:
    broken = {"not_before": "2026-01-01", "not_after": "the end of time"}
    assert trust_rows(TRUST, trust(sign=broken)) == [(f"release-2026 ({A}) sign not_after", "looser")]


@pytest.mark.parametrize(
    ("before", "after", "name"),
    [
        ({"thresholds": {"releaser": 2}}, {"thresholds": {"releaser": 1}}, "threshold releaser"),
        ({"thresholds": {"releaser": 2}}, {"thresholds": {}}, "threshold releaser"),
        ({"algorithms": ["ed25519"]}, {}, "algorithm ecdsa-p256"),
        ({}, {"clock_skew_seconds": 301}, "clock_skew_seconds"),
    ],
)
def test_fewer_keys_more_algorithms_and_a_looser_clock_are_looser(before, after, name) -> None:
    one, other = ({"keys": [KEY], "thresholds": {}, **side} for side in (before, after))
    assert trust_rows(one, other) == [(name, "looser")]
    assert trust_rows(other, one) == [(name, "stricter")]


def test_what_no_comparison_knows_is_different() -> None:
    assert trust_rows(TRUST, {**TRUST, "identities": [{"issuer": "x"}]}) == [("identities", "different")]
    assert trust_rows(TRUST, trust(public_key="other")) == [(f"release-2026 ({A}) entry", "different")]
    assert trust_rows(trust(revoked=REVOKED), trust(revoked={**REVOKED, "reason": "sold"})) == [
        (f"release-2026 ({A}) revocation", "different")
    ]


@given(st.permutations([WAIVER, {**WAIVER, "id": "W-2"}, {**WAIVER, "id": "W-3"}]))
def test_the_order_of_entries_says_nothing(order) -> None:
    assert rows(waiver_difference, waivers(*sorted(order, key=lambda one: one["id"])), waivers(*order)) == []


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text("abc:", max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["keys", "waivers", "findings", "packs", "id", "spki", "roles", "sign", "revoked", "thresholds"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(ANYTHING, ANYTHING)
def test_nothing_in_a_document_makes_comparing_fail(one, other) -> None:
    for differ in (trust_difference, waiver_difference, baseline_difference, lock_difference):
        for row in differ((document(one), document(other)), SOURCES):
            assert row.before != row.after


def test_a_known_finding_that_came_stands_at_its_line_and_one_that_went_where_it_was() -> None:
    other = {**FINDING, "id": "COST-006:artifact:other:/x", "rule": "COST-006"}
    sides = document({"findings": [FINDING]}), document({"findings": [FINDING, other]})
    (row,) = baseline_difference(sides, SOURCES)
    assert row.place.pointer == "/findings/1"
    (row,) = baseline_difference((sides[1], sides[0]), SOURCES)
    assert (row.place.pointer, row.place.source) == ("/findings/1", SOURCES.before)
