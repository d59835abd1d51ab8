"""What two trust files say differently about whose reviews count: more people or fewer reviews are looser."""

from __future__ import annotations

import pytest
from test_difference_files import TRUST, trust_rows

REVIEWERS = {"teams": ["acme/edge"], "users": ["lee"], "count": 2}


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"teams": ["acme/edge", "acme/other"]}, "reviewer team acme/other"),
        ({"users": ["lee", "kim"]}, "reviewer user kim"),
        ({"count": 1}, "reviewers count"),
    ],
)
def test_one_more_reviewer_or_fewer_reviews_are_looser_and_back_is_stricter(changes, name) -> None:
    one, other = {**TRUST, "reviewers": REVIEWERS}, {**TRUST, "reviewers": {**REVIEWERS, **changes}}
    assert trust_rows(one, other) == [(name, "looser")]
    assert trust_rows(other, one) == [(name, "stricter")]


def test_the_first_reviewers_are_looser_one_by_one_and_taking_them_away_is_stricter() -> None:
    named = {**TRUST, "reviewers": REVIEWERS}
    assert sorted(trust_rows(TRUST, named)) == [
        ("reviewer team acme/edge", "looser"),
        ("reviewer user lee", "looser"),
    ]
    assert {change for _, change in trust_rows(named, TRUST)} == {"stricter"}


@pytest.mark.parametrize("count", ["2", None, True, 1.5, [2]])
def test_a_number_of_reviews_that_is_none_is_looser(count) -> None:
    named = {**TRUST, "reviewers": REVIEWERS}
    assert trust_rows(named, {**TRUST, "reviewers": {**REVIEWERS, "count": count}}) == [("reviewers count", "looser")]
